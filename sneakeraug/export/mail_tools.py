"""Files that e-mail tools take in: what each one documents, written by us, sent by nobody.

``docs/exports.md`` names the page of each tool's documentation, and what it does not say.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final, Literal, Protocol

from sneakeraug.errors import InputError
from sneakeraug.export.picture import MIME, EmailPicture
from sneakeraug.export.snippet import check_address, check_alt, write_snippet
from sneakeraug.files import safe_stem, table_bytes

Tool = Literal["salesforce", "klaviyo", "mailchimp", "braze"]

TOOLS: Final[dict[Tool, str]] = {
    "salesforce": "Salesforce Marketing Cloud",
    "klaviyo": "Klaviyo",
    "mailchimp": "Mailchimp",
    "braze": "Braze",
}
"""Each tool as a reader knows it."""

ASSET_CLASS: Final = "email_hero"
"""Of Salesforce: where in an e-mail the picture stands."""

LONGEST_VALUE: Final = 5000
"""Characters of a Braze catalog's cell."""

EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""Time of every entry in a zip, so that the same content gives the same bytes."""


@dataclass(frozen=True)
class Item:
    """What a tool is told of a picture.

    Attributes
    ----------
    key
        Its name in the tool; letters, digits, dashes and underscores are kept.
    title, alt
        Of the product, and of the picture.
    picture, file_name
        The file.
    attributes
        Words on the picture and its campaign, for rules and for looking back.
    picture_url
        Where the picture will be found on the web; the tools without a place for it need one.
    link
        Where a click leads.
    """

    key: str
    title: str
    alt: str
    picture: EmailPicture = field(repr=False)
    file_name: str
    attributes: Mapping[str, str]
    picture_url: str | None = None
    link: str | None = None

    @property
    def safe_key(self) -> str:
        """The key as every tool takes it."""
        return safe_stem(self.key)


def write_tool_files(tool: str, item: Item) -> dict[str, bytes]:
    """Return the files that a tool takes in, by their names.

    Parameters
    ----------
    tool
        One of `TOOLS`.
    item
        The picture; what a tool needs of it and does not have is an error.

    Raises
    ------
    InputError
        If the tool is unknown, or an address is missing or none.
    """
    write = _WRITERS.get(tool)
    if write is None:
        raise InputError(
            f"There are no files for {tool[:40]!r}; one of {', '.join(TOOLS)} is expected."
        )
    check_alt(item.alt)
    if item.picture_url is not None:
        check_address("The picture's address", item.picture_url)
    if item.link is not None:
        check_address("The link", item.link)
    return write(item)


class Addressed(Protocol):
    """What may say where a picture will be, and where a click leads."""

    @property
    def picture_url(self) -> str | None:
        """On the web."""

    @property
    def link(self) -> str | None:
        """On the web."""


def missing_addresses(tool: str, item: Addressed) -> tuple[str, ...]:
    """Return which addresses a tool needs and an item has not: ``picture_url``, ``link``."""
    needed = {"klaviyo": ("picture_url", "link"), "braze": ("picture_url",)}.get(tool, ())
    return tuple(name for name in needed if not getattr(item, name))


def check_addresses(tool: Tool, item: Addressed) -> None:
    """Refuse what a tool could not find.

    Raises
    ------
    InputError
        Naming the addresses that are missing.
    """
    missing = missing_addresses(tool, item)
    if missing:
        said = " and ".join(
            {"picture_url": "the picture's web address", "link": "the product page's address"}[name]
            for name in missing
        )
        raise InputError(
            f"{TOOLS[tool]} is told where things are on the web: {said} is expected. Put the "
            "picture on your web server or image host and give its address."
        )


def _salesforce(item: Item) -> dict[str, bytes]:
    """The body of Content Selection's "Add an Asset", and the same as a table's row."""
    asset: dict[str, Any] = {
        "key": item.safe_key,
        "type": ASSET_CLASS,
        "availability": "Y",
        "fallback": "N",
        "image_url": item.picture_url or _data_url(item.picture),
    }
    if item.link:
        asset["url"] = item.link
    row = dict(asset)
    if not item.picture_url:
        row["image_url"] = ""  # a spreadsheet's cell has no room for a picture
    row |= item.attributes
    return {
        "salesforce-asset.json": _json(asset | {"custom": dict(item.attributes)}),
        "salesforce-assets.csv": table_bytes(list(row), [row]),
    }


def _klaviyo(item: Item) -> dict[str, bytes]:
    """A custom catalog feed of one item, one level deep."""
    check_addresses("klaviyo", item)
    entry = {
        "id": item.safe_key,
        "title": item.title,
        "link": item.link,
        "description": item.alt,
        "image_link": item.picture_url,
        **item.attributes,
    }
    return {"klaviyo-feed.json": _json([entry])}


def _mailchimp(item: Item) -> dict[str, bytes]:
    """A zip of an HTML page and its picture beside it, as a custom template."""
    snippet = write_snippet(item.picture, item.file_name, item.alt, item.link, " " * 10)
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n  <meta charset="utf-8">\n'
        '  <meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"  <title>{escape(item.title)}</title>\n</head>\n"
        '<body style="margin:0;padding:0;background-color:#FFFFFF">\n'
        '  <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">\n'
        '    <tr>\n      <td align="center">\n        <div mc:edit="hero">\n'
        f"{snippet}"
        "        </div>\n      </td>\n    </tr>\n"
        '    <tr>\n      <td align="center" style="padding:16px;font-family:Arial,sans-serif;'
        'font-size:12px;color:#46505D">\n'
        "        *|LIST:ADDRESS|*<br>"
        '<a href="*|UNSUB|*" style="color:#005F99">Unsubscribe</a>\n'
        "      </td>\n    </tr>\n  </table>\n</body>\n</html>\n"
    )
    files = {"index.html": page.encode(), item.file_name: item.picture.data}
    return {"mailchimp-template.zip": zip_files(files)}


def _braze(item: Item) -> dict[str, bytes]:
    """A catalog's CSV: ``id`` first, names of letters, digits, dashes and underscores."""
    check_addresses("braze", item)
    row = {
        "id": item.safe_key,
        "title": item.title,
        "image_url": item.picture_url,
        "alt": item.alt,
        "link": item.link or "",
        "width": item.picture.width,
        "height": item.picture.height,
        **item.attributes,
    }
    cells = {name: v[:LONGEST_VALUE] if isinstance(v, str) else v for name, v in row.items()}
    return {"braze-catalog.csv": table_bytes(list(cells), [cells])}


def zip_files(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EARLIEST), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _data_url(picture: EmailPicture) -> str:
    return f"data:{MIME[picture.kind]};base64,{base64.b64encode(picture.data).decode()}"


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


_WRITERS: Final[dict[str, Callable[[Item], dict[str, bytes]]]] = {
    "salesforce": _salesforce,
    "klaviyo": _klaviyo,
    "mailchimp": _mailchimp,
    "braze": _braze,
}
