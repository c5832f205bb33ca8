"""Prices, genders, addresses and text as shops write them, brought to one form."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

MOST_TEXT: Final = 300
MOST_ADDRESS: Final = 2000

GENDER_WORDS: Final = {
    "boys": ("boy", "boys", "jungen"),
    "girls": ("girl", "girls", "mädchen"),
    "women": ("women", "womens", "woman", "female", "ladies", "damen"),
    "men": ("men", "mens", "man", "male", "herren"),
    "unisex": ("unisex", "adults", "kids"),
}

CURRENCY_SIGNS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}


def clean_text(value: object, most: int = MOST_TEXT) -> str:
    """Return a value as one line of plain text; empty where it is no text or number.

    Character references are read, control characters dropped, white space collapsed, and the
    text cut to `most` characters. Markup is not removed: it stays text and is shown as such.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = html.unescape(str(value)[: 8 * most])
    kept = (" " if c.isspace() else c for c in text if c.isspace() or _is_shown(c))
    return " ".join("".join(kept).split())[:most].strip()


def _is_shown(character: str) -> bool:
    """Whether a character is no control, surrogate or private one; joiners of scripts stay."""
    return unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")


def read_price(value: object) -> tuple[int | None, str]:
    """Return a price in minor units and its currency's code, as far as they can be read.

    Parameters
    ----------
    value
        For instance ``"$43.99"``, ``"1.299,00 €"``, ``59.9`` or ``"EUR 60"``.

    Returns
    -------
    cents
        None where there is no price, or it is not in 0 to 10 million.
    currency
        ISO 4217 code; empty where none is named.
    """
    text = clean_text(value, 60)
    currency = next((code for sign, code in CURRENCY_SIGNS.items() if sign in text), "")
    code = re.search(r"\b([A-Z]{3})\b", text)
    if not currency and code:
        currency = code[1]
    number = re.search(r"\d[\d.,' ]*", text)
    if number is None:
        return None, currency
    digits = re.sub(r"[' ]", "", number[0]).rstrip(".,")
    decimals = re.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: decimals.start()] if decimals else digits
    units = re.sub(r"[.,]", "", whole)
    cents = 100 * int(units or 0) + (int(decimals[1].ljust(2, "0")) if decimals else 0)
    return (cents if len(units) <= 8 and cents <= 1_000_000_000 else None), currency


def read_gender(*values: object) -> str:
    """Return the first gender any of some texts names, as our word for it; else empty."""
    for value in values:
        words = set(re.findall(r"[^\W\d_]+", clean_text(value, MOST_ADDRESS).lower()))
        for gender, known in GENDER_WORDS.items():
            if words.intersection(known):
                return gender
    return ""


def join_address(base: str, value: object) -> str:
    """Return an absolute http or https address without fragment; empty where it is none."""
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_ADDRESS:
        return ""
    try:
        parts = urlsplit(urljoin(base, html.unescape(value.strip())))
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return ""
    if any(ord(c) < 33 or ord(c) == 127 for c in parts.geturl()):
        return ""
    return urlunsplit(parts._replace(fragment=""))


def widest_of(srcset: object) -> str:
    """Return the address of a ``srcset`` attribute's widest picture; empty where there is none."""
    best, width = "", -1.0
    for candidate in str(srcset or "")[: 20 * MOST_ADDRESS].split(", "):
        parts = candidate.strip().split()
        if not parts or parts[0].startswith("data:"):
            continue
        size = re.fullmatch(r"([\d.]{1,9})[wx]", parts[1]) if len(parts) > 1 else None
        try:
            value = float(size[1]) if size else 0.0
        except ValueError:
            value = 0.0
        if value > width:
            best, width = parts[0], value
    return best
