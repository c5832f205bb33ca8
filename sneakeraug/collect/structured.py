"""Products from what a page says to machines: JSON-LD, and the state of its own script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from bs4 import BeautifulSoup

MOST_NODES: Final = 200_000
"""JSON values looked at in one page."""

STATE_NAMES: Final = (
    "__INITIAL_STATE__",
    "__PRELOADED_STATE__",
    "__NEXT_DATA__",
    "__APOLLO_STATE__",
)

NAME_KEYS: Final = ("productName", "name", "title")
BRAND_KEYS: Final = ("brandName", "brand", "vendor", "manufacturer")
ID_KEYS: Final = ("styleId", "sku", "productId", "productID", "id")
URL_KEYS: Final = ("productUrl", "productSeoUrl", "url", "href", "link")
IMAGE_KEYS: Final = ("image", "imageUrl", "thumbnailImageUrl", "defaultImageUrl", "images")
COLOUR_KEYS: Final = ("color", "colorName", "colour", "styleColor")
PRICE_KEYS: Final = ("price", "salePrice", "currentPrice", "lowPrice")
GENDER_KEYS: Final = ("gender", "productGender", "genders", "suggestedGender")

AMAZON_IMAGE: Final = "https://m.media-amazon.com/images/I/{}.jpg"
"""Where Zappos keeps the pictures that its state names by id alone."""


def from_json_ld(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """Read every schema.org Product of the page's JSON-LD."""
    for script in soup.find_all("script", type=re.compile(r"application/ld\+json", re.IGNORECASE)):
        for node in walk(_loads(script.get_text())):
            kinds = node.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if any(str(k).rsplit("/", 1)[-1] in ("Product", "ProductModel") for k in kinds):
                yield _schema_product(node)


def _schema_product(node: dict[str, Any]) -> dict[str, object]:
    offers = node.get("offers")
    offer = next((o for o in _listed(offers) if isinstance(o, dict)), {})
    specification = next(
        (s for s in _listed(offer.get("priceSpecification")) if isinstance(s, dict)), {}
    )
    audience = node.get("audience")
    return {
        "name": node.get("name"),
        "brand": text_of(node.get("brand") or node.get("manufacturer")),
        "id": node.get("sku") or node.get("productID") or node.get("mpn"),
        "url": address_of(node.get("url") or offer.get("url") or node.get("@id")),
        "image": address_of(node.get("image")),
        "colour": text_of(node.get("color")),
        "price": offer.get("price") or offer.get("lowPrice") or specification.get("price"),
        "currency": offer.get("priceCurrency") or specification.get("priceCurrency"),
        "gender": text_of(node.get("gender"))
        or (text_of(audience.get("suggestedGender")) if isinstance(audience, dict) else ""),
    }


def from_state(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """Read every product-like record of the state a page's script starts from."""
    for script in soup.find_all("script"):
        text = script.get_text()
        if script.get("id") in STATE_NAMES:
            states = [_loads(text)]
        else:
            states = [_after(text, name) for name in STATE_NAMES if name in text]
        for state in states:
            for node in walk(state):
                if first_of(node, NAME_KEYS) and first_of(node, BRAND_KEYS):
                    styles = [s for s in _listed(node.get("styles")) if isinstance(s, dict)]
                    shared = {k: v for k, v in node.items() if k not in ("styles", "price")}
                    yield from (_state_product(shared | style) for style in styles)
                    if not styles:
                        yield _state_product(node)


def _state_product(node: dict[str, Any]) -> dict[str, object]:
    image = address_of(first_of(node, IMAGE_KEYS))
    if not image:
        views = node.get("imageMap")
        by_view = next((v for v in views.values() if v), "") if isinstance(views, dict) else ""
        views = [v for v in _listed(node.get("images")) if isinstance(v, dict)]
        by_style = next((v["imageId"] for v in views if v.get("imageId")), "")
        image_id = str(node.get("msaImageId") or by_view or by_style)
        if re.fullmatch(r"[\w+%-]{4,40}", image_id):
            image = AMAZON_IMAGE.format(image_id)
    return {
        "name": text_of(first_of(node, NAME_KEYS)),
        "brand": text_of(first_of(node, BRAND_KEYS)),
        "id": text_of(first_of(node, ID_KEYS)),
        "url": address_of(first_of(node, URL_KEYS)),
        "image": image,
        "colour": text_of(first_of(node, COLOUR_KEYS)),
        "price": text_of(first_of(node, PRICE_KEYS)),
        "currency": text_of(node.get("currency") or node.get("priceCurrency")),
        "gender": text_of(first_of(node, GENDER_KEYS)),
    }


def walk(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, outer before inner, without recursion."""
    waiting, n_seen = [value], 0
    while waiting and n_seen < MOST_NODES:
        n_seen += 1
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += reversed(node.values())
        elif isinstance(node, list):
            waiting += reversed(node)


def first_of(node: dict[str, Any], keys: tuple[str, ...]) -> object:
    """Return the value of the first key that has one."""
    return next((node[key] for key in keys if node.get(key) not in (None, "", [], {})), None)


def text_of(value: object) -> str:
    """Return the text of a value that may be an object with a name, or a list of such."""
    for candidate in _listed(value):
        if isinstance(candidate, dict):
            candidate = candidate.get("name") or candidate.get("value") or candidate.get("@value")
        if isinstance(candidate, str | int | float) and not isinstance(candidate, bool):
            return str(candidate)
    return ""


def address_of(value: object) -> str:
    """Return the address of a value that may be an object, or a list of such."""
    for candidate in _listed(value):
        if isinstance(candidate, dict):
            candidate = next(
                (candidate[k] for k in ("contentUrl", "url", "src", "@id") if candidate.get(k)),
                None,
            )
            candidate = next(iter(_listed(candidate)), None)
        if isinstance(candidate, str) and candidate and not candidate.startswith("data:"):
            return candidate
    return ""


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _loads(text: str) -> object:
    """JSON that may stand in a comment or CDATA; None where it is none."""
    text = text.strip()
    for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("//<![CDATA[", "//]]>")):
        text = text.removeprefix(opening).removesuffix(closing).strip()
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _after(text: str, name: str) -> object:
    """The JSON object that follows a name in a script; None where there is none."""
    start = text.find("{", text.find(name))
    if start < 0:
        return None
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None
