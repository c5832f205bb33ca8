"""Joins collecting, intake and the catalog: pictures are kept only where we can read them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sneakeraug.catalog.own import FIELDS, OwnCatalog, Picture, open_own_catalog
from sneakeraug.collect.fetch import Politeness, PoliteSession
from sneakeraug.collect.importer import ImportedProduct, Reject, Source
from sneakeraug.collect.shop import CACHE, Collected, collect_shop
from sneakeraug.dataset.photos import difference_hash, pack_bits
from sneakeraug.errors import FetchError, InputError
from sneakeraug.files import only_run, remove_partials, write_table
from sneakeraug.intake.decode import decode_photo
from sneakeraug.intake.quality import MEASURED_SIDE_PX
from sneakeraug.progress import Report, Step
from sneakeraug.records import Product
from sneakeraug.settings import Settings, get_settings

SUFFIXES: Final = {"jpeg": ".jpg", "tiff": ".tif", "mpo": ".jpg"}
"""Of formats whose usual suffix is another than their name."""

PRODUCTS_AT_ONCE: Final = 200
"""Products kept in one transaction; a stop costs at most so many."""

REJECTS: Final = "rejects.csv"
"""Rows that the last import left out, beside the pictures."""


def collect(
    url: str,
    out: Path,
    politeness: Politeness,
    max_pages: int,
    report: Report,
) -> Collected:
    """Collect a shop's listing into a folder.

    Parameters
    ----------
    url
        First page of a listing, or a product's page.
    out
        Receives ``products.csv``, ``rejects.csv`` and ``images/``.
    politeness
        Rate and limits.
    max_pages
        Listing pages at most.
    report
        Called with a line of progress now and then.

    Raises
    ------
    CollectError, StoreError
        If the first page cannot be had or read, or `out` cannot be written.
    """
    settings = get_settings()

    def check_picture(data: bytes, name: str) -> str:
        return check(data, name, settings).suffix

    session = PoliteSession(out / CACHE, politeness)
    return collect_shop(url, out, session, check_picture, max_pages, report)


def check(data: bytes, name: str, settings: Settings) -> Picture:
    """Return what a picture file is.

    Raises
    ------
    PhotoError
        If it cannot be read or is over a limit.
    """
    photo = decode_photo(data, settings.limits, name, MEASURED_SIDE_PX)
    kind = photo.format.lower()
    width, height = photo.size
    sha256 = hashlib.sha256(data).hexdigest()
    bits = pack_bits(difference_hash(photo.pixels))
    return Picture(sha256, SUFFIXES.get(kind, f".{kind}"), width, height, bits)


@dataclass
class Imported:
    """What an import did.

    Attributes
    ----------
    n_rows
        Products the file names, good and bad.
    n_added, n_changed
        Products new to the catalog, and known ones that differ now.
    rejects
        Rows left out, with their reason.
    """

    n_rows: int = 0
    n_added: int = 0
    n_changed: int = 0
    rejects: list[Reject] = field(default_factory=list)

    @property
    def n_same(self) -> int:
        """Products that were there already, just so."""
        return self.n_rows - self.n_added - self.n_changed - len(self.rejects)


def import_products(
    path: Path,
    columns: Mapping[str, str],
    politeness: Politeness | None,
    report: Report,
) -> Imported:
    """Import products into one's own catalog; run again to go on after a stop.

    Parameters
    ----------
    path
        A folder of pictures, a table, a feed, or a zip of these; see `collect.importer.Source`.
    columns
        Header of the file by field, where it is another than those known.
    politeness
        How pictures that a feed only names by address are fetched; such rows are left out where
        None.
    report
        Called with a line of progress now and then.

    Raises
    ------
    InputError
        If the file cannot be read at all.
    StoreError
        If the catalog cannot be written, or another import is writing it.
    """
    settings = get_settings()
    source = Source(path, columns)
    n_all = source.count_rows()
    every = min(500, max(1, n_all // 20))
    own = open_own_catalog(settings)
    session = PoliteSession(own.folder / CACHE, politeness) if politeness else None
    done = Imported()
    with only_run(own.folder):
        remove_partials(own.folder)
        batch: list[tuple[Product, Picture]] = []
        for row in source.rows():
            done.n_rows += 1
            ready = _take_in(row, source, own, session, settings)
            if isinstance(ready, Reject):
                done.rejects.append(ready)
            else:
                batch.append(ready)
            if len(batch) >= PRODUCTS_AT_ONCE:
                _put(own, batch, done)
            if done.n_rows % every == 0:
                report(
                    Step(done.n_rows, n_all, f"pictures looked at, {len(done.rejects):,} left out")
                )
        _put(own, batch, done)
        write_table(
            own.folder / REJECTS,
            ("row", "product_id", "reason"),
            [asdict(reject) for reject in done.rejects],
        )
    return done


def _put(own: OwnCatalog, batch: list[tuple[Product, Picture]], done: Imported) -> None:
    added, changed = own.put(batch)
    done.n_added += added
    done.n_changed += changed
    batch.clear()


def _take_in(
    row: ImportedProduct | Reject,
    source: Source,
    own: OwnCatalog,
    session: PoliteSession | None,
    settings: Settings,
) -> tuple[Product, Picture] | Reject:
    """A row as a product whose picture is kept, or why it is left out."""
    if isinstance(row, Reject):
        return row
    try:
        if "://" not in row.image:
            data = source.files.read_picture(row.image, settings.max_bytes)
        elif session is not None:
            data = session.get(row.image).data
        else:
            return Reject(row.row, row.product_id, "its picture is an address; see --fetch")
        picture = own.find_picture(hashlib.sha256(data).hexdigest())
        if picture is None:
            picture = check(data, row.image[-60:], settings)
            own.keep_picture(picture, data)
    except (InputError, FetchError) as exc:
        return Reject(row.row, row.product_id, str(exc))
    values = {name: value for name, value in asdict(row).items() if name in FIELDS}
    return Product(**values, image=picture.file), picture
