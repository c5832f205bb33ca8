"""Joins one's own catalog and the dataset's grouping: products that show (nearly) one picture."""

from __future__ import annotations

from collections.abc import Callable

from sneakeraug.catalog.own import OwnCatalog
from sneakeraug.catalog.products import Catalog
from sneakeraug.dataset.photos import (
    PhotoRow,
    difference_hash,
    group_products,
    pack_bits,
    unpack_bits,
)
from sneakeraug.errors import PhotoError
from sneakeraug.intake.decode import decode_photo, read_photo_bytes
from sneakeraug.intake.quality import MEASURED_SIDE_PX
from sneakeraug.limits import Limits
from sneakeraug.progress import Step
from sneakeraug.records import Product

HASHED_AT_ONCE = 200
"""Hashes kept in one transaction."""


def find_duplicates(
    own: OwnCatalog,
    catalog: Catalog,
    limits: Limits,
    report: Callable[[str], None] = lambda _line: None,
) -> list[list[Product]]:
    """Return groups of products whose pictures are the same, or differ by size or compression.

    Parameters
    ----------
    own
        Keeps the hashes of pictures; those taken in before there were any are hashed now.
    catalog
        Its products.
    limits
        Checked before a picture is decoded.
    report
        Called with a line of progress now and then.

    Returns
    -------
    groups
        Two products or more each, the largest group first; a picture that cannot be read is in
        none.
    """
    hashes = own.picture_hashes()
    _hash_missing(own, catalog, limits, hashes, report)
    products = [product for product in catalog.products if product.image in hashes]
    if len(products) < 2:
        return []
    names = group_products(
        [PhotoRow(catalog.image_path(product), product.product_id, "") for product in products],
        [unpack_bits(hashes[product.image]) for product in products],
    )
    groups: dict[str, list[Product]] = {}
    for name, product in zip(names, products, strict=True):
        groups.setdefault(name, []).append(product)
    return sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)


def _hash_missing(
    own: OwnCatalog,
    catalog: Catalog,
    limits: Limits,
    hashes: dict[str, bytes],
    report: Callable[[str], None],
) -> None:
    """Hash the pictures that are not hashed yet, into `hashes` and the database."""
    missing = sorted({product.image for product in catalog.products} - hashes.keys())
    for start in range(0, len(missing), HASHED_AT_ONCE):
        fresh = {}
        for file in missing[start : start + HASHED_AT_ONCE]:
            path = catalog.folder / file
            try:
                data = read_photo_bytes(path, limits)
                photo = decode_photo(data, limits, file, MEASURED_SIDE_PX)
            except (PhotoError, OSError) as exc:
                report(f"left out: {exc}")
                continue
            fresh[file] = pack_bits(difference_hash(photo.pixels))
        own.keep_hashes(fresh)
        hashes |= fresh
        report(Step(min(len(missing), start + HASHED_AT_ONCE), len(missing), "pictures compared"))
