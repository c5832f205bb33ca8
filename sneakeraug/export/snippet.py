"""The picture's alternative text in plain words, and the HTML that shows it in an e-mail."""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import urlsplit

from sneakeraug.errors import InputError
from sneakeraug.export.picture import WIDTHS_PX, EmailPicture
from sneakeraug.vocabulary import PRODUCTS
from sneakeraug.wording import label

LONGEST_ALT: Final = 250
"""Characters; screen readers and inboxes cut long ones."""

LONGEST_ADDRESS: Final = 2000

MEANINGLESS: Final = re.compile(
    r"(img|dsc[a-z]?|dcim|pxl|mvimg|image|photo|picture|pic|screenshot|screen shot|untitled|scan"
    r"|whatsapp image|download|upload|file)?[\s\d:,()-]*(at)?[\s\d:,()-]*(copy|edited|final)?"
    r"|[0-9a-f]{8}[0-9a-f\s]*",
    re.IGNORECASE,
)
"""File names that cameras and browsers give: they say nothing of the picture."""

WORN_BY: Final = {"men": "men's", "women": "women's", "boys": "boys'", "girls": "girls'"}

SEEN_AS: Final = {
    "brighter": "in bright light",
    "darker": "in low light",
    "rotate": "standing on its end",
    "sketch": "as a pencil sketch",
    "swivel": "turned towards the viewer",
}
"""What an edit changes for somebody who is told of the picture."""


def propose_alt(
    name: str,
    augmentation: str,
    sneaker_type: str | None = None,
    gender: str | None = None,
    category: str = "sneakers",
) -> str:
    """Describe an edited picture in plain words, to be corrected by whoever knows it.

    Parameters
    ----------
    name
        Of the product or its file, for instance ``ridge-runner.jpg``.
    augmentation
        One of `AUGMENTATIONS`.
    sneaker_type, gender
        Used where the name says nothing.
    category
        Of the product.
    """
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name.replace("\\", "/").rsplit("/", 1)[-1])
    said = " ".join(re.sub(r"[_\-.]+", " ", _one_line(stem)).split())
    if len(said) < 3 or MEANINGLESS.fullmatch(said):
        words = (
            WORN_BY.get(gender or ""),
            label(sneaker_type).lower().replace(" & ", " and ") if sneaker_type else None,
            PRODUCTS.get(category, "product"),
        )
        said = " ".join(word for word in words if word)
    said = said[:1].upper() + said[1:]
    seen = SEEN_AS.get(augmentation)
    return (f"{said}, {seen}" if seen else said)[:LONGEST_ALT]


def check_alt(alt: str) -> str:
    """Return an alternative text on one line.

    Raises
    ------
    InputError
        If it is empty or too long.
    """
    line = " ".join(_one_line(alt).split())
    if not 1 <= len(line) <= LONGEST_ALT:
        raise InputError(
            f"The alternative text has {len(line)} characters; 1 to {LONGEST_ALT} are expected. "
            "Say what the picture shows in one sentence."
        )
    return line


def check_address(what: str, address: str) -> str:
    """Return a web address, where it is one.

    Parameters
    ----------
    what
        What messages call it.
    address
        With ``https`` or ``http``.

    Raises
    ------
    InputError
        If it is another kind of address, or none.
    """
    text = address.strip()
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    is_clean = text.isprintable() and not re.search(r"[\s\"<>\\^`{|}]", text)
    if not is_address or not is_clean or len(text) > LONGEST_ADDRESS:
        raise InputError(
            f"{what} {text[:60]!r} is no web address; one like "
            "https://example.com/shoe is expected."
        )
    return text


def shown_size(picture: EmailPicture) -> tuple[int, int]:
    """Return width and height a picture takes in an e-mail; wider ones are for dense screens."""
    width = min(picture.width, WIDTHS_PX[0])
    return width, round(picture.height * width / picture.width)


def write_snippet(
    picture: EmailPicture, source: str, alt: str, link: str | None = None, indent: str = ""
) -> str:
    """Write the HTML of the picture, fit for e-mail programs and for pictures switched off.

    Parameters
    ----------
    picture
        What is shown.
    source
        Address of the picture, or the name of its file.
    alt
        Its alternative text, which stands in its place where pictures are off.
    link
        Where a click leads; none where None.
    indent
        Before every line.

    Raises
    ------
    InputError
        If the text or the link cannot be used.
    """
    width, height = shown_size(picture)
    style = (
        f"display:block;width:100%;max-width:{width}px;height:auto;border:0;outline:none;"
        "text-decoration:none;background-color:#F3F5F8;color:#12161C;"
        "font-family:Arial,Helvetica,sans-serif;font-size:18px;line-height:26px;"
        "text-align:center"
    )
    lines = [
        f'<img src="{html.escape(source)}" width="{width}" height="{height}"',
        f'     alt="{html.escape(check_alt(alt))}"',
        f'     style="{style}">',
    ]
    if link is not None:
        address = html.escape(check_address("The link", link))
        lines = [
            f'<a href="{address}" target="_blank" style="text-decoration:none">',
            *(f"  {line}" for line in lines),
            "</a>",
        ]
    return "".join(f"{indent}{line}\n" for line in lines)


def _one_line(text: str) -> str:
    """Text without control characters, line breaks and marks that turn its direction."""
    return "".join(c if c.isprintable() else " " for c in text)
