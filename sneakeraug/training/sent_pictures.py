"""The pictures a history says were sent, as network and measures see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, UInt8Array
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.catalog.products import Catalog
from sneakeraug.dataset.history import History
from sneakeraug.dataset.photos import PhotoRow, difference_hash, group_products
from sneakeraug.embed.encoder import Encoder
from sneakeraug.errors import InputError, PhotoError, StoreError
from sneakeraug.limits import Limits
from sneakeraug.progress import Report
from sneakeraug.score.design import FeatureRows
from sneakeraug.score.features import PictureRows, Projection, build_features, measure_picture
from sneakeraug.training.collection import NAMED_UNREADABLE, read_small
from sneakeraug.vocabulary import AUGMENTATIONS

PICTURES_PER_PASS: Final = 64

ORIGINAL: Final = AUGMENTATIONS.index("original")


@dataclass(frozen=True)
class Sends:
    """A history with the pictures that were sent, as models see them.

    Attributes
    ----------
    history
        Its ``n`` rows whose picture can be read.
    pictures
        Distinct pictures, ``m`` of them.
    products
        Number of the product group of each picture, shape ``(m,)``; near-identical photos are one
        group.
    groups
        Product names of each group.
    of_row
        Which picture each row sent, shape ``(n,)``.
    """

    history: History = field(repr=False)
    pictures: PictureRows = field(repr=False)
    products: IntArray = field(repr=False)
    groups: tuple[tuple[str, ...], ...] = field(repr=False)
    of_row: IntArray = field(repr=False)

    def __len__(self) -> int:
        """Rows."""
        return len(self.of_row)

    @property
    def groups_of_rows(self) -> IntArray:
        """Product group of each row, shape ``(n,)``."""
        return self.products[self.of_row]

    def take(self, rows: IntArray) -> Sends:
        """Some rows; pictures keep their numbers."""
        return replace(self, history=self.history.take(rows), of_row=self.of_row[rows])

    def features_on_demand(self, rows: IntArray, projection: Projection) -> FeatureRows:
        """Return what `features` returns, made only when some of it is asked for."""
        return _OnDemand(self, rows, projection)

    def features(
        self, rows: IntArray, projection: Projection, is_all_original: bool = False
    ) -> FloatArray:
        """Return feature rows of some rows, shape ``(k, d)``, by the function that serves.

        Parameters
        ----------
        rows
            Which, shape ``(k,)``.
        projection
            The model's own.
        is_all_original
            Whether every picture is taken for the unedited photo it was made from.
        """
        pictures = self.pictures.take(self.of_row[rows])
        if is_all_original:
            edits = np.zeros_like(pictures.edits)
            edits[:, ORIGINAL] = 1
            pictures = replace(pictures, edits=edits, measures=pictures.sources)
        contexts = {name: codes[rows] for name, codes in self.history.contexts.items()}
        return build_features(pictures, contexts, projection)


@dataclass(frozen=True)
class _OnDemand:
    """Feature rows that are never all in memory."""

    sends: Sends
    rows: IntArray
    projection: Projection

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: slice, /) -> FloatArray:
        return self.sends.features(self.rows[rows], self.projection)


def encode_sent(
    history: History,
    images: Path,
    catalog: Catalog,
    encoder: Encoder,
    report: Report,
) -> Sends:
    """Read and encode every picture a history names.

    A file is the picture as it was sent. Where rows name several augmentations for one file, it is
    the photo they were made from, and they are made again; so it is with a product's picture from
    the catalog. An edited picture belongs to the original of its product that looks most like it;
    where there is none, to itself.

    Parameters
    ----------
    history
        Its rows.
    images
        Folder of the pictures.
    catalog
        Has the pictures of rows that name only a product.
    encoder
        The network.
    report
        Called with a line of progress, and with the name of each picture that cannot be read.

    Raises
    ------
    InputError
        If none of the pictures can be read.
    """
    codes = history.pictures * (len(AUGMENTATIONS) + 1) + history.augmentations + 1
    pairs, of_row = np.unique(codes, return_inverse=True)
    picture, label = np.divmod(pairs, len(AUGMENTATIONS) + 1)
    label = label - 1
    n_named = np.bincount(picture[label >= 0], minlength=len(history.images))
    is_photo = ~history.is_path | (n_named > 1)
    views = _Views()
    for batch in _batches(np.unique(picture)):
        first = len(views.bases)
        pixels: list[UInt8Array] = []
        for i in batch.tolist():
            photo = _read(history, i, images, catalog, views, report)
            if photo is None:
                continue
            views.begin(i, photo, len(pixels) + views.n_encoded)
            pixels.append(photo)
            named = slice(*np.searchsorted(picture, [i, i + 1]))
            for edit in label[named].tolist() if is_photo[i] else ():
                if edit not in (-1, ORIGINAL):
                    views.made[i, edit] = len(pixels) + views.n_encoded
                    pixels.append(apply_augmentation(photo, AUGMENTATIONS[edit]).photo)
        views.encode(pixels, encoder)
        if len(views.bases) // 2048 != first // 2048:
            report(f"encoded {len(views.bases):,} pictures")
    if not views.bases:
        raise InputError(
            f"None of the {len(history.images):,} pictures of the history can be read; check "
            "--images and try again."
        )
    if views.n_missing:
        report(f"{views.n_missing:,} pictures cannot be read; their sends are left out")
    there = np.array([i in views.bases for i in picture.tolist()])
    kept = np.flatnonzero(there)
    number = np.full(len(pairs), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    rows, products, groups = views.join(history, picture[kept], label[kept], is_photo)
    sent = number[of_row]
    used = np.flatnonzero(sent >= 0)
    return Sends(history.take(used), rows, products, groups, sent[used])


def _batches(pictures: IntArray) -> Iterator[IntArray]:
    for start in range(0, len(pictures), PICTURES_PER_PASS):
        yield pictures[start : start + PICTURES_PER_PASS]


def _read(
    history: History,
    i: int,
    images: Path,
    catalog: Catalog,
    views: _Views,
    report: Report,
) -> UInt8Array | None:
    """A picture's pixels; None where there are none, which is said."""
    name = history.images[i]
    try:
        path = images / name if history.is_path[i] else catalog.image_path(catalog.find(name))
        return read_small(path, Limits())
    except (PhotoError, StoreError, OSError) as exc:
        views.n_missing += 1
        if views.n_missing <= NAMED_UNREADABLE:
            report(f"left out: {exc}")
        return None


class _Views:
    """What was encoded: base pictures as they are in their files, and edits made of them."""

    def __init__(self) -> None:
        self.bases: dict[int, int] = {}
        self.made: dict[tuple[int, int], int] = {}
        self.hashes: list[BoolArray] = []
        self.n_encoded = self.n_missing = 0
        self._outputs: list[FloatArray] = []
        self._embeddings: list[FloatArray] = []
        self._measures: list[FloatArray] = []

    def begin(self, picture: int, photo: UInt8Array, row: int) -> None:
        """Keep where a picture of the history will stand."""
        self.bases[picture] = row
        self.hashes.append(difference_hash(photo))

    def encode(self, pixels: list[UInt8Array], encoder: Encoder) -> None:
        """Send a batch through the network."""
        if pixels:
            encoded = encoder.encode(pixels)
            self._outputs.append(encoded.outputs)
            self._embeddings.append(encoded.embeddings)
            self._measures += [measure_picture(picture) for picture in pixels]
            self.n_encoded += len(pixels)

    def join(
        self, history: History, picture: IntArray, label: IntArray, is_photo: BoolArray
    ) -> tuple[PictureRows, IntArray, tuple[tuple[str, ...], ...]]:
        """What models are told of each sent picture, its product group, and the groups' names."""
        outputs, embeddings = np.concatenate(self._outputs), np.concatenate(self._embeddings)
        measures = np.stack(self._measures)
        names = list(self.bases)
        listed = [PhotoRow(Path(history.images[i]), history.products[i], "") for i in names]
        group_of = dict(zip(names, group_products(listed, self.hashes), strict=True))
        numbers = picture.tolist()
        group_names, products = np.unique([group_of[i] for i in numbers], return_inverse=True)
        base = np.array([self.bases[i] for i in numbers])
        own = np.array(
            [
                self.made.get((i, edit), row)
                for i, edit, row in zip(numbers, label.tolist(), base.tolist(), strict=True)
            ]
        )
        edits = np.eye(len(AUGMENTATIONS), dtype=np.float32)[label]
        edits[label < 0] = outputs[own[label < 0]]
        is_edited = (edits.argmax(axis=1) != ORIGINAL) & ~is_photo[picture]
        source = _sources(base, is_edited, [history.products[i] for i in numbers], embeddings)
        members: dict[str, set[str]] = {name: set() for name in group_names.tolist()}
        for i, group in group_of.items():
            members[group].add(history.products[i])
        return (
            PictureRows(edits, measures[own], measures[source], embeddings[source]),
            products.astype(np.int64),
            tuple(tuple(sorted(members[name])) for name in group_names.tolist()),
        )


def _sources(
    base: IntArray, is_edited: BoolArray, products: list[str], embeddings: FloatArray
) -> IntArray:
    """The row of the photo that each picture was made from, as far as that is known."""
    originals: dict[str, list[int]] = {}
    for row, edited, product in zip(base.tolist(), is_edited.tolist(), products, strict=True):
        if not edited:
            originals.setdefault(product, []).append(row)
    source = base.copy()
    for i in np.flatnonzero(is_edited).tolist():
        candidates = originals.get(products[i], [])
        if candidates:
            likeness = embeddings[candidates] @ embeddings[base[i]]
            source[i] = candidates[int(likeness.argmax())]
    return source
