"""Which photos there are, which product each shows, and on which side of a split it falls."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np

from sneakeraug.arrays import BoolArray, UInt8Array
from sneakeraug.errors import InputError

SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".tif", ".tiff", ".bmp")

TABLES: Final = ("images.csv", "products.csv")
"""Tables that name a folder's photos; the second is what collecting writes."""

Split = Literal["train", "validation", "test"]

KINDS: Final = ("sneaker", "shoe")
"""Kinds of product, where a table tells, that the shipped network is for."""

VIEWS_WITHOUT_UP: Final = ("top", "outsole")
"""Photos a table gives one of these views are left out: no quarter turn can be told of them."""

TEST_SHARE, VALIDATION_SHARE = 0.15, 0.05

NEAR_DUPLICATE_BITS = 8
"""Photos whose 256-bit difference hashes differ in at most this many bits show one product."""


@dataclass(frozen=True)
class PhotoRow:
    """One photo of a collection.

    Attributes
    ----------
    path
        The file.
    product_id
        What it shows; photos of one product share it.
    source
        The folder it came from, for figures by source.
    brand, gender, name
        Of the product, where a table tells.
    """

    path: Path
    product_id: str
    source: str
    brand: str = ""
    gender: str = ""
    name: str = ""


def list_photos(images: Path, kinds: Sequence[str] = KINDS) -> list[PhotoRow]:
    """List the photos of a folder, or of a CSV that names them.

    Parameters
    ----------
    images
        A folder, scanned recursively (an ``images.csv`` or ``products.csv`` in it is used
        instead), or a CSV with the column ``path`` or ``image`` (relative to the CSV) and any of
        ``product_id``, ``item_id``, ``brand``, ``gender``, ``name`` (also with ``shoe_`` before
        them), ``kind``, ``view``.
    kinds
        Rows of another ``kind`` are left out; rows without one stay.

    Returns
    -------
    rows
        Sorted by path. Without product columns every file is its own product.

    Raises
    ------
    InputError
        If there is no such folder or CSV, or no photo in it.
    """
    if images.is_dir():
        images = next((images / t for t in TABLES if (images / t).is_file()), images)
    if images.is_dir():
        files = sorted(p for p in images.rglob("*") if p.suffix.lower() in SUFFIXES)
        rows = [PhotoRow(p, str(p.relative_to(images)), p.parent.name) for p in files]
    elif images.is_file():
        rows = _read_csv(images, kinds)
    else:
        raise InputError(
            f"There is no folder or CSV {str(images)!r}; photos are expected there. "
            "Check --images and try again."
        )
    if not rows:
        raise InputError(
            f"No photo found in {str(images)!r}; files ending in {', '.join(SUFFIXES)} are "
            "expected. Check --images and try again."
        )
    return sorted(rows, key=lambda row: str(row.path))


def list_others(images: Sequence[Path], kinds: Sequence[str] = KINDS) -> dict[str, list[Path]]:
    """List the photos that tables say show something else, by kind.

    Parameters
    ----------
    images
        As in `list_photos`; folders without a table hold none.
    kinds
        What is not something else.
    """
    found: dict[str, list[Path]] = {}
    for path in images:
        table = path / TABLES[0] if path.is_dir() else path
        if not table.is_file():
            continue
        with table.open(newline="", encoding="utf-8") as file:
            for record in csv.DictReader(file):
                kind = record.get("kind")
                if kind and kind not in kinds:
                    found.setdefault(kind, []).append(table.parent / record["path"])
    return found


def _read_csv(path: Path, kinds: Sequence[str]) -> list[PhotoRow]:
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for number, record in enumerate(csv.DictReader(file), start=2):
            if "path" not in record and "image" not in record:
                raise InputError(f"{path.name} has no column 'path'; one is expected. Add it.")
            file_name = record.get("path") or record.get("image")
            if not file_name:
                raise InputError(
                    f"{path.name} row {number} names no file. Fill it in and try again."
                )
            if record.get("kind") and record["kind"] not in kinds:
                continue
            if record.get("view") in VIEWS_WITHOUT_UP:
                continue
            brand, gender, name = (
                record.get(field) or record.get(f"shoe_{field}") or ""
                for field in ("brand", "gender", "name")
            )
            product = (
                record.get("product_id")
                or (f"{brand}: {name}" if brand and name else "")
                or record.get("item_id")
                or file_name
            )
            parts = Path(file_name).parts
            source = parts[0] if len(parts) > 1 else path.resolve().parent.name
            rows.append(PhotoRow(path.parent / file_name, product, source, brand, gender, name))
    return rows


def difference_hash(photo: UInt8Array) -> BoolArray:
    """Return 256 bits that survive rescaling and compression.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.

    Returns
    -------
    bits
        Shape ``(256,)``: whether each cell of a 16 × 16 grid is darker than its right neighbour
        (Krawetz, "Kind of like that", 2013).
    """
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.asarray(small[:, 1:] > small[:, :-1] + 1, dtype=np.bool_).ravel()


def pack_bits(bits: BoolArray) -> bytes:
    """Return a difference hash as 32 bytes."""
    return np.packbits(bits).tobytes()


def unpack_bits(data: bytes) -> BoolArray:
    """Return a difference hash from its 32 bytes."""
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(np.bool_)


def group_products(rows: Sequence[PhotoRow], hashes: Sequence[BoolArray]) -> list[str]:
    """Name each photo's group: one product, or products joined by near-identical photos.

    Parameters
    ----------
    rows
        Photos.
    hashes
        Their `difference_hash`, one each.

    Returns
    -------
    groups
        One name per row: the first product id of the group. Two photos of the same product, or
        within `NEAR_DUPLICATE_BITS` of each other, are always in one group.
    """
    parent = {row.product_id: row.product_id for row in rows}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for i, j in _near_pairs(np.stack(hashes)):
        a, b = root(rows[i].product_id), root(rows[j].product_id)
        if a != b:
            parent[max(a, b)] = min(a, b)
    return [root(row.product_id) for row in rows]


def _near_pairs(bits: BoolArray) -> Iterator[tuple[int, int]]:
    """Every two rows that differ in at most `NEAR_DUPLICATE_BITS`, some of them more than once.

    Such rows are alike in all bits of at least one of `NEAR_DUPLICATE_BITS` + 1 disjoint sets of
    them, so only rows that share such a set are compared (Norouzi et al., "Fast search in Hamming
    space with multi-index hashing", 2012). The sets are drawn: whole rows of a plain background
    are alike in every photo.
    """
    words = np.packbits(bits, axis=1).view(np.uint64)
    drawn = np.random.default_rng(0).permutation(bits.shape[1])
    for chosen in np.array_split(drawn, NEAR_DUPLICATE_BITS + 1):
        keys = np.ascontiguousarray(np.packbits(bits[:, chosen], axis=1)).view(np.uint32).ravel()
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        left, step = np.arange(len(keys) - 1), 1
        while True:
            left = left[left + step < len(keys)]
            left = left[keys[left] == keys[left + step]]
            if len(left) == 0:
                break
            a, b = order[left], order[left + step]
            near = np.bitwise_count(words[a] ^ words[b]).sum(axis=1) <= NEAR_DUPLICATE_BITS
            yield from zip(a[near].tolist(), b[near].tolist(), strict=True)
            step += 1


def split_of(group: str, seed: int) -> Split:
    """Return the side of the split a product group falls on; the same on every machine.

    Parameters
    ----------
    group
        From `group_products`.
    seed
        Another seed is another split.
    """
    share = share_of(group, seed)
    if share < TEST_SHARE:
        return "test"
    return "validation" if share < TEST_SHARE + VALIDATION_SHARE else "train"


def share_of(group: str, seed: int) -> float:
    """Return a number in [0, 1) drawn for a product group; the same on every machine."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
