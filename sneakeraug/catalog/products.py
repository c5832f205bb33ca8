"""Catalog products and their pictures; the demo catalog ships with the package."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from sneakeraug.errors import ProductError, StoreError
from sneakeraug.files import file_sha256
from sneakeraug.records import Product
from sneakeraug.vocabulary import GENDERS, SNEAKER_TYPES

DEMO: Final = Path(__file__).resolve().parent / "demo"


@dataclass(frozen=True)
class Catalog:
    """Products in a folder of pictures.

    Attributes
    ----------
    folder
        Where the pictures are.
    products
        In the order they are offered in.
    is_named_by_hash
        Whether each picture's file is named by its sha256.
    revision
        Of the database of one's own products when this was read; empty where there was none.
    """

    folder: Path
    products: tuple[Product, ...]
    is_named_by_hash: bool = False
    revision: str = ""

    def __len__(self) -> int:
        """Products."""
        return len(self.products)

    def has(self, product_id: str) -> bool:
        """Whether there is a product of that id."""
        return product_id in self._by_id

    def find(self, product_id: str) -> Product:
        """Return a product by its id.

        Raises
        ------
        StoreError
            If there is none.
        """
        product = self._by_id.get(product_id)
        if product is None:
            raise StoreError(f"There is no product {product_id[:60]!r} in the catalog.")
        return product

    @cached_property
    def _by_id(self) -> dict[str, Product]:
        return {product.product_id: product for product in self.products}

    @property
    def state(self) -> tuple[str, str]:
        """What tells it from other catalogs, and from itself before a change."""
        return str(self.folder), self.revision if self.is_named_by_hash else ""

    def image_path(self, product: Product) -> Path:
        """Return the path of a product's picture, always inside the catalog's folder."""
        return self.folder / Path(product.image).name

    def picture_sha256(self, product: Product) -> str:
        """Return the sha256 of a product's picture file.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        path = self.image_path(product)
        try:
            return path.stem if self.is_named_by_hash else file_sha256(path)
        except OSError as exc:
            raise StoreError(f"The catalog picture {path.name!r} cannot be read.") from exc

    def image_bytes(self, product_id: str) -> bytes:
        """Return a product's picture as its file holds it.

        Raises
        ------
        StoreError
            If there is no such product, or its picture cannot be read.
        """
        path = self.image_path(self.find(product_id))
        try:
            return path.read_bytes()
        except OSError as exc:
            raise StoreError(f"The catalog picture {path.name!r} cannot be read.") from exc


def load_catalog(folder: Path = DEMO) -> Catalog:
    """Read a catalog folder: ``products.csv`` and the pictures it names.

    Raises
    ------
    StoreError
        If there is no such folder.
    ProductError
        If a row is wrong; names row and field.
    """
    path = folder / "products.csv"
    if not path.is_file():
        raise StoreError(f"There is no catalog in {folder}; a products.csv is expected there.")
    products: list[Product] = []
    with path.open(newline="", encoding="utf-8") as file:
        for number, record in enumerate(csv.DictReader(file), start=2):
            products.append(_product(number, record))
    seen: set[str] = set()
    for number, product in enumerate(products, start=2):
        if product.product_id in seen:
            raise ProductError(number, "product_id", f"{product.product_id!r} stands there twice.")
        seen.add(product.product_id)
    return Catalog(folder, tuple(products))


def _product(number: int, record: dict[str, str]) -> Product:
    """One row, checked."""
    try:
        product = Product.model_validate({k: v for k, v in record.items() if v != ""})
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ProductError(number, str(first["loc"][0]), first["msg"]) from exc
    for field, value, known in (
        ("gender", product.gender, GENDERS),
        ("sneaker_type", product.sneaker_type, SNEAKER_TYPES),
    ):
        if value not in known:
            raise ProductError(number, field, f"{value!r} is not one of: {', '.join(known)}.")
    return product
