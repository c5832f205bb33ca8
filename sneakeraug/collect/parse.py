"""A shop's page to products and the address of the next page: pure, and robust first.

In this order: schema.org products as JSON-LD, the page's state JSON, microdata, and labels meant
for screen readers. Class names that a build tool made up are never relied on. The first source
that names products with a picture is taken, and the later ones fill what it leaves open.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.exceptions import ParserRejectedMarkup
from pydantic import Field

from sneakeraug.collect import markup, structured
from sneakeraug.collect.values import (
    clean_text,
    join_address,
    read_gender,
    read_price,
)
from sneakeraug.errors import ParseError
from sneakeraug.records import Record

MOST_BYTES: Final = 12_000_000
MOST_PRODUCTS: Final = 2_000
"""Of one page; more is no listing."""


class FoundProduct(Record):
    """A product as a page shows it; text is plain text whatever it holds."""

    product_id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    brand: str = ""
    gender: str = ""
    colour: str = ""
    price_cents: Annotated[int, Field(ge=0)] | None = None
    currency: str = ""
    image_url: Annotated[str, Field(min_length=1, max_length=2000)]
    product_url: str = ""
    page_url: str


@dataclass(frozen=True)
class ParsedPage:
    """What a page says.

    Attributes
    ----------
    products
        In the page's order, each id once.
    next_url
        The next page of the listing; None on the last.
    source
        Which of `SOURCES` named the products.
    """

    products: tuple[FoundProduct, ...]
    next_url: str | None
    source: str


Raw = dict[str, object]
"""What a source says of one product: ``name, brand, id, url, image, colour, price, currency,
gender``, any of them missing, nothing checked."""

SOURCES: Final[dict[str, Callable[[BeautifulSoup], Iterable[Raw]]]] = {
    "JSON-LD": structured.from_json_ld,
    "state": structured.from_state,
    "microdata": markup.from_microdata,
    "labels": markup.from_labels,
}
"""From the most to the least robust."""


def parse_page(data: bytes, url: str) -> ParsedPage:
    """Read the products of a listing or product page.

    Parameters
    ----------
    data
        The page's bytes as they came.
    url
        Where it was found; relative addresses start from it.

    Raises
    ------
    ParseError
        If the page is too large, is no HTML, or names no product with a picture.
    """
    if len(data) > MOST_BYTES:
        raise ParseError(url, f"a page of at most {MOST_BYTES // 1_000_000} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
            soup = BeautifulSoup(data, "lxml")
    except (ParserRejectedMarkup, ValueError, AssertionError) as exc:
        raise ParseError(url, "HTML") from exc
    base = markup.base_address(soup, url)
    page_gender = read_gender(url, markup.breadcrumbs(soup))
    taken, found = "", dict[str, FoundProduct]()
    for source, read in SOURCES.items():
        for raw in read(soup):
            product = _product(raw, base, url, page_gender)
            if product is None or (len(found) >= MOST_PRODUCTS and product.product_id not in found):
                continue
            if product.product_id in found:
                found[product.product_id] = _filled(found[product.product_id], product)
            elif not taken or taken == source:
                found[product.product_id] = product
        if found and not taken:
            taken = source
    if not found:
        raise ParseError(url, "a product with a name and a picture")
    return ParsedPage(tuple(found.values()), markup.next_address(soup, base, url), taken)


def _product(raw: Raw, base: str, page: str, page_gender: str) -> FoundProduct | None:
    """One product in our form; None where name or picture is missing."""
    name = clean_text(raw.get("name"))
    image = join_address(base, raw.get("image"))
    if not name or not image:
        return None
    address = join_address(base, raw.get("url"))
    cents, currency = read_price(raw.get("price"))
    brand, colour = clean_text(raw.get("brand"), 120), clean_text(raw.get("colour"), 120)
    product_id = clean_text(raw.get("id"), 120) or address or f"{brand}: {name} ({colour})"
    named_currency = clean_text(raw.get("currency"), 3).upper()
    return FoundProduct(
        product_id=product_id[:200],
        name=name,
        brand=brand,
        gender=read_gender(raw.get("gender")) or read_gender(name, address) or page_gender,
        colour=colour,
        price_cents=cents,
        currency=named_currency if len(named_currency) == 3 else currency,
        image_url=image,
        product_url=address,
        page_url=page[:2000],
    )


def _filled(first: FoundProduct, second: FoundProduct) -> FoundProduct:
    """The first, with what only the second knows."""
    known = {
        name: value
        for name, value in second.model_dump().items()
        if getattr(first, name) in ("", None) and value not in ("", None)
    }
    return first.model_copy(update=known) if known else first
