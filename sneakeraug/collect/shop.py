"""Collecting a shop: listing pages one after the other, then the picture of each product.

Everything that was fetched is kept, so a stop in the middle costs nothing: the same command again
reads what is there and asks only for what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sneakeraug.collect.fetch import PoliteSession
from sneakeraug.collect.parse import FoundProduct, parse_page
from sneakeraug.errors import FetchError, ParseError, PhotoError
from sneakeraug.files import only_run, write_bytes, write_table

COLUMNS: Final = (
    "image",
    "shoe_brand",
    "shoe_gender",
    "shoe_name",
    "product_id",
    "price_cents",
    "currency",
    "colour",
    "page",
    "product_url",
    "image_url",
    "collected_utc",
)
"""The source design's columns first."""

PRODUCTS, REJECTS, IMAGES, CACHE = ("products.csv", "rejects.csv", "images", ".cache")

CheckPicture = Callable[[bytes, str], str]
"""From a picture's bytes and a name to the file suffix it is kept with; raises `PhotoError`."""


@dataclass
class Collected:
    """What a run found.

    Attributes
    ----------
    n_pages, n_products, n_pictures
        Pages read, products they named, pictures kept.
    rejects
        Address and reason of each product or page left out.
    """

    n_pages: int = 0
    n_products: int = 0
    n_pictures: int = 0
    rejects: list[tuple[str, str]] = field(default_factory=list)


def collect_shop(
    url: str,
    out: Path,
    session: PoliteSession,
    check_picture: CheckPicture,
    max_pages: int,
    report: Callable[[str], None],
) -> Collected:
    """Collect the products of a listing.

    Parameters
    ----------
    url
        The listing's first page, or a product's page.
    out
        Receives ``products.csv``, ``rejects.csv`` and ``images/``; may hold an earlier run.
    session
        Fetches.
    check_picture
        Says whether bytes are a picture we can use.
    max_pages
        Listing pages at most.
    report
        Called with a line of progress now and then.

    Returns
    -------
    Collected

    Raises
    ------
    FetchError, ParseError
        If already the first page cannot be had or holds no product.
    StoreError
        If `out` cannot be written, or another run is writing it.
    """
    with only_run(out):
        done = Collected()
        rows: list[dict[str, object]] = []
        seen: set[str] = set()
        kept = {path.stem: path.name for path in (out / IMAGES).glob("[!.]*")}
        for product in _listing(url, session, max_pages, done, report):
            if product.product_id in seen:
                continue
            seen.add(product.product_id)
            done.n_products += 1
            row = _with_picture(product, out, kept, session, check_picture, done)
            if row is not None:
                rows.append(row)
                done.n_pictures += 1
                if done.n_pictures % 25 == 0:
                    report(f"{done.n_pictures} pictures of {done.n_products} products")
                    write_table(out / PRODUCTS, COLUMNS, rows)
        write_table(out / PRODUCTS, COLUMNS, rows)
        write_table(
            out / REJECTS,
            ("address", "reason"),
            [{"address": address, "reason": reason} for address, reason in done.rejects],
        )
    return done


def _listing(
    url: str,
    session: PoliteSession,
    max_pages: int,
    done: Collected,
    report: Callable[[str], None],
) -> Iterator[FoundProduct]:
    """Products page by page; a later page that fails ends the listing and is noted."""
    address: str | None = url
    visited: set[str] = set()
    while address is not None and address not in visited and done.n_pages < max_pages:
        visited.add(address)
        try:
            answer = session.get(address)
            page = parse_page(answer.data, answer.url)
        except (FetchError, ParseError) as exc:
            if done.n_pages == 0:
                raise
            done.rejects.append((address, str(exc)))
            return
        done.n_pages += 1
        report(f"page {done.n_pages}: {len(page.products)} products ({page.source})")
        yield from page.products
        address = page.next_url


def _with_picture(
    product: FoundProduct,
    out: Path,
    kept: dict[str, str],
    session: PoliteSession,
    check_picture: CheckPicture,
    done: Collected,
) -> dict[str, object] | None:
    """A product's row, its picture kept under its content's hash; None where it has none.

    `kept` has the files there are, by their hash: those are neither decoded nor written again.
    """
    try:
        answer = session.get(product.image_url)
        name = hashlib.sha256(answer.data).hexdigest()[:32]
        if name not in kept:
            file = f"{name}{check_picture(answer.data, product.name)}"
            write_bytes(out / IMAGES / file, answer.data)
            kept[name] = file
    except (FetchError, PhotoError) as exc:
        done.rejects.append((product.image_url, str(exc)))
        return None
    return {
        "image": f"{IMAGES}/{kept[name]}",
        "shoe_brand": product.brand,
        "shoe_gender": product.gender,
        "shoe_name": product.name,
        "product_id": product.product_id,
        "price_cents": product.price_cents,
        "currency": product.currency,
        "colour": product.colour,
        "page": product.page_url,
        "product_url": product.product_url,
        "image_url": product.image_url,
        "collected_utc": answer.fetched_utc,
    }
