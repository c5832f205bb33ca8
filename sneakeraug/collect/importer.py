"""Rows of what shops and teams export as products: each one good, or rejected with its reason.

Folders of pictures, and tables and feeds of any shop; each of them alone or in a zip. No address is
fetched here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from sneakeraug.collect.bundle import DAMAGED, Bundle, path_inside
from sneakeraug.collect.feeds import TABLES, read_records
from sneakeraug.collect.values import clean_text, join_address, read_gender, read_price
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import GENDERS, SNEAKER_TYPES

PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".tif", ".tiff", ".bmp")
MOST_ROWS: Final = 2_000_000

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "product_id": ("product_id", "id", "sku", "variant sku", "handle", "item_id", "style_id"),
    "name": ("name", "shoe_name", "title", "product_name", "productname"),
    "brand": ("brand", "shoe_brand", "vendor", "manufacturer"),
    "gender": ("gender", "shoe_gender", "google shopping / gender"),
    "sneaker_type": ("sneaker_type", "product_type", "type", "category"),
    "colour": ("colour", "color", "option1 value", "colorway"),
    "price": ("price", "sale_price", "variant price", "price_cents"),
    "currency": ("currency", "price_currency"),
    "image": ("image", "image_link", "image link", "image src", "image_url", "picture", "path"),
    "availability": ("availability", "in_stock", "stock", "variant inventory qty"),
}
"""Headers a field is found under, lower case, the most telling first."""

TYPE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "running": ("running", "run", "jogging"),
    "basketball": ("basketball",),
    "training": ("training", "gym", "fitness", "trainer"),
    "skate": ("skate", "skateboarding"),
    "trail_hiking": ("trail", "hiking", "outdoor"),
    "tennis_court": ("tennis", "court"),
    "high_top": ("high top", "high-top", "hightop", "mid top"),
    "lifestyle": ("lifestyle", "casual", "fashion", "sneaker", "sneakers"),
}


@dataclass(frozen=True)
class ImportedProduct:
    """A row that can be used; `image` is a path inside the import, or an http(s) address."""

    row: int
    product_id: str
    name: str
    brand: str
    gender: str
    sneaker_type: str
    colour: str
    price_cents: int | None
    currency: str
    in_stock: bool
    image: str


@dataclass(frozen=True)
class Reject:
    """A row that cannot be used, and why."""

    row: int
    product_id: str
    reason: str


Row = ImportedProduct | Reject


class Source:
    """An import's rows; `files` has the pictures it carries.

    Parameters
    ----------
    path
        A folder, a table, or a zip of either.
    columns
        Header of the file for fields of `SYNONYMS`, where it is another than those known.

    Raises
    ------
    InputError
        If there is no such file, its kind is unknown, a field is unknown, or a zip is unsafe.
    """

    def __init__(self, path: Path, columns: Mapping[str, str] | None = None) -> None:
        self.columns = dict(columns or {})
        for field in self.columns:
            if field not in SYNONYMS:
                raise InputError(
                    f"Unknown field {field[:40]!r}; expected any of: {', '.join(SYNONYMS)}. "
                    "Map columns as field=Header."
                )
        self.files = Bundle(path)
        self.tables = self._named(TABLES)
        self.pictures = self._named(PICTURES)
        if not self.tables and path.is_file() and not self.files.is_zip:
            raise InputError(
                f"{path.name!r} is no table or zip; a folder, or one of "
                f"{', '.join((*TABLES, '.zip'))} is expected."
            )
        if not self.tables and not self.pictures:
            raise InputError(f"{path.name!r} holds neither a table nor a picture.")

    def _named(self, suffixes: tuple[str, ...]) -> list[str]:
        return [n for n in self.files.names if PurePosixPath(n).suffix.lower() in suffixes]

    def count_rows(self) -> int:
        """Return how many rows there are, good and bad, by reading the tables once."""
        return sum(1 for _ in self.rows())

    def rows(self) -> Iterator[Row]:
        """Yield every row, of the tables where there are any, else one for each picture."""
        seen: set[str] = set()
        found = (
            (row for name in self.tables for row in self._table_rows(name))
            if self.tables
            else self._picture_rows()
        )
        for number, row in enumerate(found):
            if number >= MOST_ROWS:
                raise InputError(f"More than {MOST_ROWS:,} rows; split the file.")
            if isinstance(row, ImportedProduct):
                if row.product_id in seen:
                    yield Reject(row.row, row.product_id, "this product id stands there twice")
                    continue
                seen.add(row.product_id)
            yield row

    def _picture_rows(self) -> Iterator[Row]:
        for number, name in enumerate(self.pictures, start=1):
            title = clean_text(PurePosixPath(name).stem.replace("_", " ").replace("-", " "))
            yield _checked(number, {"product_id": name, "name": title, "image": name})

    def _table_rows(self, name: str) -> Iterator[Row]:
        try:
            with self.files.open(name) as file:
                yield from self._products(read_records(file, name))
        except DAMAGED as exc:
            raise InputError(
                f"{name[:80]!r} cannot be read to its end ({type(exc).__name__}). Export or pack "
                "it again; what was imported stays."
            ) from exc

    def _products(self, records: Iterator[tuple[int, object]]) -> Iterator[Row]:
        """Rows in our fields; a Shopify row that only adds a picture is passed over."""
        find: Callable[[Mapping[str, object], str], object] | None = None
        for number, record in records:
            if isinstance(record, str):
                yield Reject(number, "", record)
                continue
            if not isinstance(record, dict):
                yield Reject(number, "", "an object with named fields is expected")
                continue
            lowered = {str(k).strip().lower().removeprefix("g:"): v for k, v in record.items()}
            if find is None:
                find = self._finder(lowered)
            if "handle" in lowered and not clean_text(lowered.get("title")):
                continue
            yield _checked(number, {field: find(lowered, field) for field in SYNONYMS})

    def _finder(self, first: Mapping[str, object]) -> Callable[[Mapping[str, object], str], object]:
        """How a field is found in a record; says which of the columns named are not there."""
        for field, header in self.columns.items():
            if header.strip().lower() not in first:
                raise InputError(
                    f"There is no column {header[:60]!r} for {field}; there is: "
                    f"{', '.join(list(first)[:30])}."
                )

        def find(record: Mapping[str, object], field: str) -> object:
            named = self.columns.get(field)
            keys = (named.strip().lower(),) if named else SYNONYMS[field]
            for key in keys:
                value = read_cell(record.get(key))
                if value not in (None, "", []):
                    return _from_cents(value) if key == "price_cents" else value
            return None

        return find


def _checked(number: int, values: Mapping[str, object]) -> Row:
    """A row in our form, or why it cannot be used."""
    product_id = clean_text(values.get("product_id"), 200)
    name = clean_text(values.get("name"))
    image = values.get("image")
    image = image[0] if isinstance(image, list) and image else image
    for field, value in (("product id", product_id), ("name", name), ("image", image)):
        if not value:
            return Reject(number, product_id, f"no {field}")
    address = str(image).strip()
    if "://" in address:
        address = join_address(address, address)
    elif path_inside(address) is None:
        address = ""
    if not address:
        return Reject(number, product_id, "the image is neither a path in here nor an address")
    cents, currency = read_price(values.get("price"))
    if values.get("price") not in (None, "") and cents is None:
        return Reject(number, product_id, f"price {clean_text(values['price'], 40)!r} is no price")
    named = clean_text(values.get("currency"), 3).upper()
    return ImportedProduct(
        row=number,
        product_id=product_id,
        name=name,
        brand=clean_text(values.get("brand"), 120),
        gender=_gender(values.get("gender"), name),
        sneaker_type=read_sneaker_type(values.get("sneaker_type"), name),
        colour=clean_text(values.get("colour"), 120),
        price_cents=cents,
        currency=named or currency or "USD",
        in_stock=_is_in_stock(values.get("availability")),
        image=address,
    )


def read_sneaker_type(*values: object) -> str:
    """Return the first of our sneaker types that any of some texts names; lifestyle else."""
    for value in values:
        text = clean_text(value).lower()
        if text.replace(" ", "_") in SNEAKER_TYPES:
            return text.replace(" ", "_")
        words = f" {' '.join(text.replace('/', ' ').replace('>', ' ').split())} "
        for kind, known in TYPE_WORDS.items():
            if any(f" {word} " in words for word in known):
                return kind
    return "lifestyle"


def read_cell(value: object) -> object:
    """Return a cell without the apostrophe that keeps a spreadsheet from calculating it."""
    if isinstance(value, str) and value[:1] == "'" and value[1:2] in ("=", "+", "-", "@"):
        return value[1:]
    return value


def _from_cents(value: object) -> object:
    """A price in minor units as one in units; anything else as it is."""
    text = str(value).strip()
    return f"{int(text) / 100:.2f}" if text.isdecimal() and len(text) < 12 else value


def _gender(*values: object) -> str:
    found = read_gender(*values)
    return found if found in GENDERS else "unisex"


def _is_in_stock(value: object) -> bool:
    text = clean_text(value, 40).lower().replace("_", " ")
    return text not in ("out of stock", "0", "false", "no", "sold out", "discontinued")
