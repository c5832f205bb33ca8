"""One's own products: rows in the database, pictures in a folder under their content's hash."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from sneakeraug.catalog.products import Catalog
from sneakeraug.files import only_run, write_bytes
from sneakeraug.records import Product
from sneakeraug.settings import Settings
from sneakeraug.store.db import open_database, reading, transaction
from sneakeraug.store.tables import PictureRow, ProductRow, RevisionRow

FIELDS: Final = tuple(name for name in Product.model_fields if name in ProductRow.__table__.columns)
"""What a product and its row have in common."""

_REVISION: Final = select(RevisionRow.token).where(RevisionRow.name == "products")


@dataclass(frozen=True)
class Picture:
    """A checked picture file.

    Attributes
    ----------
    sha256
        Of the file.
    suffix
        Such as ``.jpg``, by what it holds.
    width, height
        Upright, in pixels.
    difference_hash
        256 bits that near-identical pictures share, packed.
    """

    sha256: str
    suffix: str
    width: int
    height: int
    difference_hash: bytes

    @property
    def file(self) -> str:
        """Its name in the folder of pictures."""
        return f"{self.sha256}{self.suffix}"


@dataclass(frozen=True)
class Stats:
    """How much there is."""

    n_products: int
    n_pictures: int
    n_in_stock: int
    by_sneaker_type: dict[str, int]
    by_gender: dict[str, int]
    by_brand: dict[str, int]


class OwnCatalog:
    """Products of one's own.

    Parameters
    ----------
    engine
        From `store.db.open_database`.
    folder
        Where the pictures are.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder

    def find_picture(self, sha256: str) -> Picture | None:
        """Return a picture that was taken in before; None where it was not, or its file is gone."""
        with reading(self.engine) as session:
            row = session.get(PictureRow, sha256)
            if row is None or row.difference_hash is None:
                return None
            if not (self.folder / row.file).is_file():
                return None
            suffix = Path(row.file).suffix
            return Picture(sha256, suffix, row.width, row.height, row.difference_hash)

    def keep_picture(self, picture: Picture, data: bytes) -> None:
        """Put a picture's file in its place.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        write_bytes(self.folder / picture.file, data)

    def put(self, products: Sequence[tuple[Product, Picture]]) -> tuple[int, int]:
        """Add products whose pictures are kept, all of them or none; a known id is written anew.

        Returns
        -------
        n_added, n_changed
            Products that were not there before, and that were there and differ now.
        """
        n_added = n_changed = 0
        with transaction(self.engine) as session:
            for product, picture in products:
                row = ProductRow(
                    **product.model_dump(include=set(FIELDS)), picture_sha256=picture.sha256
                )
                session.merge(
                    PictureRow(
                        sha256=picture.sha256,
                        file=picture.file,
                        width=picture.width,
                        height=picture.height,
                        difference_hash=picture.difference_hash,
                    )
                )
                session.flush()
                before = session.get(ProductRow, product.product_id)
                if before is None:
                    session.add(row)
                    n_added += 1
                elif _values(before) != _values(row):
                    session.merge(row)
                    n_changed += 1
            if n_added or n_changed:
                _mark_change(session)
        return n_added, n_changed

    def remove(self, product_ids: Iterable[str]) -> int:
        """Take products out, and the files of pictures that no product shows any more.

        Returns
        -------
        n_removed

        Raises
        ------
        StoreError
            If an import is under way: it may be about to show one of the pictures again.
        """
        with only_run(self.folder):
            return self._remove(product_ids)

    def _remove(self, product_ids: Iterable[str]) -> int:
        with transaction(self.engine) as session:
            rows = [session.get(ProductRow, product_id) for product_id in set(product_ids)]
            gone = [row for row in rows if row is not None]
            for row in gone:
                session.delete(row)
            session.flush()
            if gone:
                _mark_change(session)
            shown = select(ProductRow.picture_sha256)
            unseen = session.scalars(select(PictureRow).where(PictureRow.sha256.not_in(shown)))
            files = [row.file for row in unseen]
            session.execute(delete(PictureRow).where(PictureRow.sha256.not_in(shown)))
        for file in files:
            (self.folder / file).unlink(missing_ok=True)
        return len(gone)

    def revision(self) -> str:
        """Return a token that every change of the products replaces; costs next to nothing."""
        with reading(self.engine) as session:
            return session.scalar(_REVISION) or ""

    def picture_hashes(self) -> dict[str, bytes]:
        """Return the difference hash of each picture file that has one, by the file's name."""
        with reading(self.engine) as session:
            rows = session.execute(select(PictureRow.file, PictureRow.difference_hash))
            return {file: bits for file, bits in rows if bits is not None}

    def keep_hashes(self, hashes: Mapping[str, bytes]) -> None:
        """Keep the difference hash of picture files, by the file's name."""
        with transaction(self.engine) as session:
            for file, bits in hashes.items():
                session.execute(
                    update(PictureRow).where(PictureRow.file == file).values(difference_hash=bits)
                )

    def catalog(self) -> Catalog:
        """Return all products, in the order of their ids."""
        with reading(self.engine) as session:
            revision = session.scalar(_REVISION) or ""
            rows = session.execute(
                select(ProductRow, PictureRow.file).join(
                    PictureRow, PictureRow.sha256 == ProductRow.picture_sha256
                )
            )
            products = [
                Product(**{name: getattr(row, name) for name in FIELDS}, image=file)
                for row, file in rows
            ]
        products.sort(key=lambda product: product.product_id)  # databases sort each its own way
        return Catalog(self.folder, tuple(products), is_named_by_hash=True, revision=revision)

    def stats(self) -> Stats:
        """Count."""
        with reading(self.engine) as session:

            def count(column: object) -> dict[str, int]:
                rows = session.execute(select(column, func.count()).group_by(column))  # type: ignore[call-overload]
                counts = {str(value): int(n) for value, n in rows}
                return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

            products = select(func.count()).select_from(ProductRow)
            return Stats(
                n_products=session.scalar(products) or 0,
                n_pictures=session.scalar(select(func.count()).select_from(PictureRow)) or 0,
                n_in_stock=session.scalar(products.where(ProductRow.in_stock)) or 0,
                by_sneaker_type=count(ProductRow.sneaker_type),
                by_gender=count(ProductRow.gender),
                by_brand=count(ProductRow.brand),
            )


def _mark_change(session: Session) -> None:
    session.execute(update(RevisionRow).values(token=uuid.uuid4().hex))


def _values(row: ProductRow) -> list[object]:
    return [getattr(row, column.name) for column in ProductRow.__table__.columns]


def open_own_catalog(settings: Settings) -> OwnCatalog:
    """Return one's own catalog.

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """
    return OwnCatalog(open_database(settings.database), settings.pictures_dir)


def own_catalog(settings: Settings) -> Catalog:
    """Return one's own products; none where nothing was ever imported, and no database is made.

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """
    if settings.has_database:
        return open_own_catalog(settings).catalog()
    return Catalog(settings.pictures_dir, ())
