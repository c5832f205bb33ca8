"""Files that shops and teams export to products: each row good, or rejected with its reason.

Folders of pictures, CSV and TSV (also Google Merchant's and Shopify's), JSON lines, Merchant XML;
each of them alone or in a zip. Nothing is unpacked to disk and no address is fetched here.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from lxml import etree

from sneakeraug.collect.values import clean_text, join_address, read_gender, read_price
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import GENDERS, SNEAKER_TYPES

PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".tif", ".tiff", ".bmp")
TABLES: Final = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xml")

MOST_ROWS: Final = 2_000_000
MOST_FIELD_CHARS: Final = 131_072
MOST_MEMBERS: Final = 200_000
MOST_EXPANDED: Final = 8_000_000_000
MOST_RATIO: Final = 200
"""Of a zip's expanded to its packed size, per member, above a megabyte."""

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
    """An import's rows, and the bytes of the pictures it carries.

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
        self.path, self.columns = path, dict(columns or {})
        for field in self.columns:
            if field not in SYNONYMS:
                raise InputError(
                    f"Unknown field {field[:40]!r}; expected any of: {', '.join(SYNONYMS)}. "
                    "Map columns as field=Header."
                )
        if not path.exists():
            raise InputError(f"There is no file or folder {str(path)!r}. Check it and try again.")
        self._zip: zipfile.ZipFile | None = None
        if path.is_file() and zipfile.is_zipfile(path):
            self._zip = _open_zip(path)
        elif path.is_file() and path.suffix.lower() not in TABLES:
            raise InputError(
                f"{path.name!r} is no table or zip; a folder, or one of "
                f"{', '.join((*TABLES, '.zip'))} is expected."
            )
        self.names = self._list()
        self._known = frozenset(self.names)
        self.tables = [n for n in self.names if PurePosixPath(n).suffix.lower() in TABLES]
        self.pictures = [n for n in self.names if PurePosixPath(n).suffix.lower() in PICTURES]
        if not self.tables and not self.pictures:
            raise InputError(f"{path.name!r} holds neither a table nor a picture.")

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

    def read_picture(self, image: str, most_bytes: int) -> bytes:
        """Return the bytes of a picture the import carries.

        Raises
        ------
        InputError
            If it carries none under that name, or it is too large.
        """
        name = _inner(image)
        if name is None or name not in self._known:
            raise InputError(f"The import carries no picture {image[:100]!r}.")
        with self._open(name) as file:
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise InputError(f"The picture {image[:100]!r} is over {most_bytes / 1e6:.0f} MB.")
        return data

    def _list(self) -> list[str]:
        if self._zip is not None:
            return sorted(info.filename for info in self._zip.infolist() if not info.is_dir())
        if self.path.is_dir():
            root = self.path.resolve()
            files = (p for p in sorted(self.path.rglob("*")) if p.is_file())
            inside = (p for p in files if p.resolve().is_relative_to(root))
            return [str(PurePosixPath(p.relative_to(self.path))) for p in inside]
        return [self.path.name]

    def _open(self, name: str) -> BinaryIO:
        if self._zip is not None:
            return self._zip.open(name)  # type: ignore[return-value]
        return ((self.path if self.path.is_dir() else self.path.parent) / name).open("rb")

    def _picture_rows(self) -> Iterator[Row]:
        for number, name in enumerate(self.pictures, start=1):
            title = clean_text(PurePosixPath(name).stem.replace("_", " ").replace("-", " "))
            yield _checked(number, {"product_id": name, "name": title, "image": name})

    def _table_rows(self, name: str) -> Iterator[Row]:
        kind = PurePosixPath(name).suffix.lower()
        with self._open(name) as file:
            if kind == ".xml":
                records = _xml_records(file)
            elif kind in (".jsonl", ".ndjson"):
                records = _json_records(file)
            else:
                records = _csv_records(file)
            yield from self._products(records)

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
    elif _inner(address) is None:
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


def _inner(name: str) -> str | None:
    """A path inside the import in its own form; None where it leads out of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
        return None
    return str(path)


def _open_zip(path: Path) -> zipfile.ZipFile:
    """A zip whose members stay inside and expand to what a disk can hold."""
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as exc:
        raise InputError(f"{path.name!r} is no readable zip. Pack it again.") from exc
    members = opened.infolist()
    if len(members) > MOST_MEMBERS:
        raise InputError(f"{path.name!r} holds {len(members):,} files; at most {MOST_MEMBERS:,}.")
    for info in members:
        if _inner(info.filename) is None:
            raise InputError(
                f"{path.name!r} holds {info.filename[:80]!r}, which leads out of it. "
                "Pack it again without such paths."
            )
        if info.flag_bits & 1:
            raise InputError(f"{path.name!r} is encrypted. Pack it again without a password.")
        if info.file_size > max(1_000_000, MOST_RATIO * info.compress_size):
            raise InputError(f"{info.filename[:80]!r} in {path.name!r} expands too far (a bomb).")
    if sum(info.file_size for info in members) > MOST_EXPANDED:
        raise InputError(f"{path.name!r} expands to more than {MOST_EXPANDED // 10**9} GB.")
    return opened


def _csv_records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Records of a CSV or TSV, whichever its first line is; numbered as a spreadsheet would."""
    csv.field_size_limit(MOST_FIELD_CHARS)
    with io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="") as text:
        head = text.readline(MOST_FIELD_CHARS)
        delimiter = max("\t,;|", key=head.count)
        header = next(csv.reader([head], delimiter=delimiter), [])
        reader = csv.reader(text, delimiter=delimiter)
        number = 1
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield number, f"cannot be read ({exc})"
                continue
            if not any(cells):
                continue
            if len(cells) > len(header):
                yield number, f"{len(cells)} cells under {len(header)} headers"
                continue
            yield number, dict(zip(header, cells, strict=False))


def _json_records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """One record a line."""
    number = 0
    while line := file.readline(MOST_FIELD_CHARS * 8):
        number += 1
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, "the line is no JSON"


def _xml_records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Items of a Merchant feed (RSS 2.0 or Atom), one in memory at a time."""
    number = 0
    events = etree.iterparse(
        file,
        tag=("{*}item", "{*}entry"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
    )
    try:
        for _, item in events:
            number += 1
            record: dict[str, object] = {}
            for child in item:
                if isinstance(child.tag, str):
                    record.setdefault(etree.QName(child).localname, "".join(child.itertext()))
            yield number, record
            item.clear()
            while item.getprevious() is not None:
                del item.getparent()[0]
    except etree.XMLSyntaxError as exc:
        yield number + 1, f"the feed breaks off here ({str(exc)[:80]})"
