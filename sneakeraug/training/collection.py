"""Photos decoded once, kept small, grouped by product and split; what training starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sneakeraug.arrays import UInt8Array
from sneakeraug.background import shrink_photo
from sneakeraug.dataset.photos import (
    KINDS,
    PhotoRow,
    difference_hash,
    group_products,
    list_photos,
    split_of,
)
from sneakeraug.errors import InputError, PhotoError
from sneakeraug.intake.decode import decode_photo, read_photo_bytes
from sneakeraug.limits import Limits
from sneakeraug.progress import Report

KEPT_SIDE_PX: Final = 320
"""Longer side photos are kept at in memory while training and evaluating."""

NAMED_UNREADABLE: Final = 20
"""Unreadable files that are named; the others are counted."""

LEFT_OUT: Final = "left out"
"""The split of photos of sources that are left out."""


@dataclass(frozen=True)
class Collection:
    """Decoded photos with the product group and split side of each.

    Attributes
    ----------
    rows
        What each photo is.
    photos
        RGB uint8, longer side at most `KEPT_SIDE_PX`.
    groups
        Product group names, see `dataset.photos.group_products`.
    splits
        ``train``, ``validation``, ``test``, or ``left out``.
    n_unreadable
        Files left out because they could not be decoded.
    """

    rows: list[PhotoRow]
    photos: list[UInt8Array]
    groups: list[str]
    splits: list[str]
    n_unreadable: int

    def indices(self, split: str) -> list[int]:
        """Positions of one side of the split, in order."""
        return [i for i, side in enumerate(self.splits) if side == split]

    def require(self, split: str) -> list[int]:
        """Return the positions of one side of the split.

        Raises
        ------
        InputError
            If there is none.
        """
        positions = self.indices(split)
        if not positions:
            raise InputError(f"No photo falls on the {split} side of the split; give more photos.")
        return positions


def read_small(path: Path, limits: Limits) -> UInt8Array:
    """Return a photo at most `KEPT_SIDE_PX` large.

    Raises
    ------
    PhotoError
        If it cannot be read or is over a limit.
    """
    pixels = decode_photo(read_photo_bytes(path, limits), limits, path.name).pixels
    return shrink_photo(pixels, KEPT_SIDE_PX)


def load_collection(
    images: Sequence[Path],
    split_seed: int,
    report: Report,
    leave_out: Sequence[str] = (),
    kinds: Sequence[str] = KINDS,
) -> Collection:
    """Decode photos once, keep them small, and split them by product.

    Parameters
    ----------
    images
        Folders or CSVs, see `dataset.photos.list_photos`.
    split_seed
        Seed of the split.
    report
        Called with a line of progress, and with the name of each file that cannot be read.
    leave_out
        Sources whose products, wherever else they are shown, are on no side of the split.
    kinds
        Kinds of product, where a table tells.

    Returns
    -------
    Collection

    Raises
    ------
    InputError
        If a folder holds no photo, none can be read, or a source to leave out is not there.
    """
    rows, photos, n_unreadable, limits = [], [], 0, Limits()
    for row in [row for path in images for row in list_photos(path, kinds)]:
        try:
            photo = read_small(row.path, limits)
        except (PhotoError, OSError) as exc:
            n_unreadable += 1
            if n_unreadable <= NAMED_UNREADABLE:
                report(f"left out: {exc}")
            continue
        rows.append(row)
        photos.append(photo)
        if len(rows) % 2000 == 0:
            report(f"decoded {len(rows)} photos")
    if not rows:
        raise InputError("None of the photos could be read; check --images and try again.")
    groups = group_products(rows, [difference_hash(photo) for photo in photos])
    sources = {row.source for row in rows}
    for source in leave_out:
        if source not in sources:
            raise InputError(
                f"There is no source {source!r} to leave out; there is: "
                f"{', '.join(sorted(sources))}. Choose among them."
            )
    left_out = {
        group for group, row in zip(groups, rows, strict=True) if row.source in set(leave_out)
    }
    splits = [
        LEFT_OUT if group in left_out else str(split_of(group, split_seed)) for group in groups
    ]
    report(
        f"{len(rows)} photos of {len(set(groups))} products: "
        + ", ".join(
            f"{splits.count(side)} {side}"
            for side in ("train", "validation", "test", LEFT_OUT)
            if side != LEFT_OUT or leave_out
        )
        + (f"; {n_unreadable} unreadable left out" if n_unreadable else "")
    )
    return Collection(rows, photos, groups, splits, n_unreadable)
