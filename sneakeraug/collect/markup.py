"""Products from a page's visible mark-up: microdata, labels for screen readers, old templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bs4 import BeautifulSoup, Tag

from sneakeraug.collect.values import clean_text, join_address, widest_of

IMAGE_ATTRIBUTES: Final = ("data-src", "data-original", "data-lazy-src", "src")
"""A lazy picture's own address stands before the placeholder's."""

CARDS: Final = ("article", "li")

PRICE_LABEL: Final = re.compile(
    r"(?:on sale for|now|reduzierter preis|preis|price|for)?\s*"
    r"((?:[$€£¥]|USD|EUR|GBP)\s?\d[\d.,]*|\d[\d.,]*\s?(?:[$€£¥]|USD|EUR|GBP))",
    re.IGNORECASE,
)
COLOUR_LABEL: Final = re.compile(
    r"(?:^|[.,]\s*)(?:style|colou?r|farbe):?\s+([^.,]{1,60})", re.IGNORECASE
)
SCRIPT_VALUE: Final = re.compile(r"""var\s+(\w{1,40})\s*=\s*(["'])(.{0,300}?)\2""")


def base_address(soup: BeautifulSoup, url: str) -> str:
    """Return what relative addresses of the page start from."""
    tag = soup.find("base", href=True)
    return join_address(url, tag["href"]) or url if isinstance(tag, Tag) else url


def breadcrumbs(soup: BeautifulSoup) -> str:
    """Return the text of the page's title and breadcrumbs, which may name a gender."""
    found = [soup.title, *soup.select("#breadcrumbs, [itemtype*=BreadcrumbList]")[:2]]
    return " ".join(_text(tag)[:300] for tag in found)


def next_address(soup: BeautifulSoup, base: str, url: str) -> str | None:
    """Return the address of the listing's next page; None on the last."""
    for tag in soup.select("link[rel~=next][href], a[rel~=next][href], a.btn.secondary[href]"):
        classes = tag.get("class") or []
        is_off = {"invisible", "disabled", "hidden"} & set(classes)
        if is_off or tag.get("aria-disabled") == "true" or tag.has_attr("hidden"):
            continue
        if "btn" in classes and not re.search(r"next|»|>|weiter", _text(tag), re.IGNORECASE):
            continue
        address = join_address(base, tag["href"])
        if address and address != url:
            return address
    return None


def from_microdata(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """Read every item whose type is a schema.org Product."""
    for item in soup.select('[itemscope][itemtype*="/Product"], article[itemscope]'):
        brand = _property(item, "brand")
        inner = brand.select_one("[itemprop=name]") if brand is not None else None
        names = [
            tag
            for tag in item.select("[itemprop=name]")
            if brand is None or not any(parent is brand for parent in tag.parents)
        ]
        link = item.select_one("a[itemprop=url][href]") or item.select_one("a[href]")
        yield {
            "name": _value(names[0] if names else None),
            "brand": _value(inner if inner is not None else brand),
            "id": _value(_property(item, "sku") or _property(item, "productID")),
            "url": link["href"] if link is not None else None,
            "image": _image(_property(item, "image") or item.find("img")),
            "colour": _value(_property(item, "color")),
            "price": _value(_property(item, "price")) or _value(_property(item, "lowPrice")),
            "currency": _value(_property(item, "priceCurrency")),
            "gender": _value(_property(item, "gender")),
        }


def from_labels(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """Read cards by what they say to a screen reader, and the templates of before 2018."""
    seen: set[int] = set()
    for link in soup.select("a[href][aria-label], #searchResults > a[href], article a[href]"):
        card = link.find_parent(CARDS) or link
        if id(card) in seen:
            continue
        found = _card(card, link)
        if found["image"] and found["name"]:
            seen.add(id(card))
            yield found
    yield from _old_product(soup)


def _card(card: Tag, link: Tag) -> dict[str, object]:
    label = clean_text(link.get("aria-label") or "", 600)
    terms = [_text(tag) for tag in card.select("dl dd")]
    picture = card.find("img")
    alt = clean_text(picture.get("alt") or "", 300) if isinstance(picture, Tag) else ""
    name, brand, colour = _said(label)
    price = PRICE_LABEL.findall(label)
    if len(terms) > 1:
        brand, name = terms[0], terms[1]
    spans = [_text(card.select_one(f".{part}")) for part in ("brandName", "productName")]
    price_tag = card.select_one("[itemprop=price], .price, .price-6pm")
    return {
        "name": name or spans[1] or alt,
        "brand": brand or spans[0],
        "id": card.get("data-product-id") or card.get("data-style-id"),
        "url": link["href"],
        "image": _image(picture),
        "colour": colour,
        "price": (price[-1] if len(price) == 1 or "reduz" in label else price[0])
        if price
        else _value(price_tag),
    }


def _said(label: str) -> tuple[str, str, str]:
    """Name, brand and colour of a label in one of the known orders; empty where in none."""
    colour = COLOUR_LABEL.search(label)
    said = colour[1].strip() if colour else ""
    by = re.match(r"(.{1,200}?)\.\s+By\s+(.{1,100}?)\.(?:\s|$)", label)
    if by:
        return by[1], by[2], said
    head = re.split(r"\.\s+(?=Colou?r|On sale|Style|Preis|Original|\$|€|£)", label, maxsplit=1)[0]
    parts = [part.strip() for part in head.split(" - ")]
    if len(parts) == 2:  # "Brand - Name. Color X."
        return parts[1], parts[0], said
    if len(parts) > 2:  # "Name - Kind - colour - Brand. Preis …"
        return " - ".join(parts[:-2]) or parts[0], parts[-1], said or parts[-2]
    return "", "", said


def _old_product(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """A product page of before 2018: facts in script variables, picture in a link."""
    script = next((s.get_text() for s in soup.find_all("script") if "productName" in s.text), "")
    facts = {name: value for name, _, value in SCRIPT_VALUE.findall(script[:200_000])}
    heading = soup.select("#prdImage h1 a")
    brand = facts.get("brandName") or (_text(heading[0]) if heading else "")
    name = facts.get("productName") or (_text(heading[1]) if len(heading) > 1 else "")
    picture = soup.select_one("#angle-3[href], #prdImage a[href*='/images/']")
    image = picture["href"] if picture is not None else _image(soup.select_one("#prdImage img"))
    if name and image:
        yield {
            "name": name,
            "brand": brand,
            "id": facts.get("styleId") or facts.get("productId"),
            "url": None,
            "image": image,
            "gender": facts.get("productGender"),
            "price": _text(soup.select_one("span.price")),
        }


def _property(item: Tag, name: str) -> Tag | None:
    return item.select_one(f"[itemprop={name}]")


def _value(tag: Tag | None) -> str:
    """What a tag says: its ``content`` or ``value``, else its text."""
    if tag is None:
        return ""
    return str(tag.get("content") or tag.get("value") or _text(tag))


def _image(tag: object) -> str:
    """A picture's address, lazy or not; empty where it is a placeholder."""
    if not isinstance(tag, Tag):
        return ""
    if tag.name in ("meta", "link", "a"):
        return str(tag.get("content") or tag.get("href") or "")
    for name in ("data-srcset", "srcset"):
        widest = widest_of(tag.get(name))
        if widest:
            return widest
    for name in IMAGE_ATTRIBUTES:
        address = str(tag.get(name) or "")
        if address and not address.startswith("data:"):
            return address
    inner = tag.find("img") if tag.name != "img" else None
    return _image(inner)


def _text(tag: Tag | None) -> str:
    return "" if tag is None else tag.get_text(" ", strip=True)[:2000]
