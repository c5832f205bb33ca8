"""An e-mail's hero as inboxes show it: narrow and wide, dark, inverted, with pictures off.

What programs do differs and changes; these are the kinds of treatment there are, not any one
program's. ``docs/exports.md`` says which do what.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

import numpy as np
from PIL import Image

from sneakeraug.arrays import UInt8Array
from sneakeraug.export import look
from sneakeraug.export.colour_vision import MATRICES, invert_lightness, simulate_vision
from sneakeraug.export.picture import MIME, EmailPicture
from sneakeraug.export.snippet import check_alt, write_snippet

Theme = Literal["light", "dark", "inverted"]

AROUND_PX, GUTTER_PX = 12, 16
"""Around the e-mail, and beside its text."""


@dataclass(frozen=True)
class View:
    """A way an inbox shows an e-mail.

    Attributes
    ----------
    name, says
        What it is called, and what it means, for a reader.
    width_px
        Of the column that the picture fills.
    theme
        ``dark`` darkens all but the picture, ``inverted`` the picture too.
    has_pictures
        Whether pictures are shown.
    """

    name: str
    says: str
    width_px: int
    theme: Theme = "light"
    has_pictures: bool = True


VIEWS: Final[Mapping[str, View]] = {
    "wide": View("Wide", "A desktop's inbox, 600 px wide.", 600),
    "narrow": View("Narrow", "A phone's inbox, 375 px wide.", 375),
    "dark": View(
        "Dark",
        "Dark mode that leaves pictures alone, as many programs do: a white background stays "
        "white.",
        375,
        "dark",
    ),
    "inverted": View(
        "Inverted",
        "Dark mode that inverts the picture too, as some programs do where nothing stops them.",
        375,
        "inverted",
    ),
    "images_off": View(
        "Images off",
        "Pictures off, as many work inboxes begin: the alternative text has to do the work.",
        375,
        has_pictures=False,
    ),
}

VISIONS: Final[Mapping[str, str]] = {
    "protan": "Without red cones (protan)",
    "deutan": "Without green cones (deutan)",
    "tritan": "Without blue cones (tritan)",
}
"""Colour vision deficiencies as a reader knows them."""


@dataclass(frozen=True)
class Colours:
    """Of an inbox: around the e-mail, the e-mail, its text, and what stands for other text."""

    around: str
    paper: str
    text: str
    line: str


THEMES: Final[Mapping[Theme, Colours]] = {
    "light": Colours(look.PANEL, look.PAPER, look.TEXT, "#E3E7ED"),
    "dark": Colours("#0F1318", "#1A2029", "#EDF1F6", "#323B47"),
    "inverted": Colours("#000000", "#121212", "#EDE9E3", "#2C2822"),
}


def render_inbox(picture: EmailPicture, alt: str, view: View) -> str:
    """Return HTML that shows an e-mail's hero as an inbox does; nothing in it is fetched or run.

    It is as wide as there is room, at most as wide as the view, and has styles of its own alone.

    Parameters
    ----------
    picture
        As it will be sent.
    alt
        Its alternative text.
    view
        One of `VIEWS`.

    Raises
    ------
    InputError
        If the text cannot be used.
    """
    colours = THEMES[view.theme]

    def line(share: int, margin: str) -> str:
        return (
            f'<div style="width:{share}%;height:10px;margin:{margin};border-radius:5px;'
            f'background:{colours.line}"></div>'
        )

    head = line(34, "5px 0") + line(70, "5px 0")
    tail = "".join(line(share, "0 0 10px") for share in (62, 96, 91, 48))
    return (
        f'<div style="max-width:{view.width_px + 2 * AROUND_PX}px;margin:0 auto;'
        f'padding:{AROUND_PX}px;border-radius:10px;background:{colours.around}">'
        f'<div style="max-width:{view.width_px}px;margin:0 auto;overflow:hidden;'
        f'border-radius:8px;background:{colours.paper};color:{colours.text}">'
        f'<div style="display:flex;gap:12px;align-items:center;padding:14px {GUTTER_PX}px">'
        f'<div style="width:38px;height:38px;border-radius:50%;background:{colours.line}"></div>'
        f'<div style="flex:1">{head}</div></div>'
        f"{_hero(picture, check_alt(alt), view)}"
        f'<div style="padding:20px {GUTTER_PX}px 10px">{tail}</div></div></div>'
    )


def _hero(picture: EmailPicture, alt: str, view: View) -> str:
    """The picture as `write_snippet` writes it, or the box that stands in its place."""
    if not view.has_pictures:
        return (
            f'<div style="aspect-ratio:{picture.width}/{picture.height};padding:16px;'
            "border:1px dashed #8A94A3;display:flex;align-items:center;justify-content:center;"
            "background-color:#F3F5F8;color:#12161C;font-size:18px;line-height:26px;"
            f'text-align:center"><span>{escape(alt)}</span></div>'
        )
    data, mime = picture.data, MIME[picture.kind]
    if view.theme == "inverted":
        data, mime = _jpeg(invert_lightness(read_pixels(picture))), MIME["jpeg"]
    address = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    return write_snippet(picture, address, alt)


def render_visions(picture: EmailPicture) -> dict[str, bytes]:
    """Return the picture as each of `VISIONS` sees it, as JPEG files."""
    photo = read_pixels(picture)
    return {name: _jpeg(simulate_vision(photo, name)) for name in MATRICES}


def read_pixels(picture: EmailPicture) -> UInt8Array:
    """Return a picture's pixels, RGB uint8 ``(h, w, 3)``, as a reader's screen gets them."""
    with Image.open(io.BytesIO(picture.data)) as image:
        return np.asarray(image.convert("RGB"))


def _jpeg(photo: UInt8Array) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
