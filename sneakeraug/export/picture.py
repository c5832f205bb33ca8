"""A picture ready for e-mail: its width, its format, and as good as its bytes allow."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import InputError
from sneakeraug.export.likeness import measure_ssim
from sneakeraug.records import Record

Kind = Literal["jpeg", "png"]

WIDTHS_PX: Final = (600, 1200)
"""As wide as an e-mail's column, and twice that for dense screens."""

MAX_BYTES: Final = 200_000
"""Of an exported picture's file."""

LEAST_SSIM: Final = 0.95
"""Floor: a picture that the limit of bytes would take below it is not made. Our choice, not a
measured threshold of what people see."""

BEST_QUALITY: Final = 95
"""JPEG quality above which files grow and nothing is seen."""

MOST_COLOURS: Final = 256
FEWEST_COLOURS: Final = 64
"""Of a PNG with a palette, which is made where one in full colour is too large; with fewer a
shoe's shading turns into bands, which the likeness of luma does not see."""

MOST_TIMES_AS_TALL: Final = 4
"""A picture taller than so many times its width is refused: no e-mail has room for it."""

COLOUR_STEP: Final = 16
"""Palettes tried are so many colours apart: a palette takes long to choose."""

PALETTE_SIDE_PX: Final = 400
"""Longer side of the copy a palette is chosen on."""

ENDINGS: Final[dict[Kind, str]] = {"jpeg": "jpg", "png": "png"}
MIME: Final[dict[Kind, str]] = {"jpeg": "image/jpeg", "png": "image/png"}


class Encoding(Record):
    """How a picture was written; the same pixels and encoding give the same bytes.

    `quality` is JPEG's, 1 to 95; `n_colours` of a PNG's palette, None for full colour.
    """

    kind: Kind
    quality: int | None = Field(None, ge=1, le=BEST_QUALITY)
    n_colours: int | None = Field(None, ge=2, le=MOST_COLOURS)


@dataclass(frozen=True)
class EmailPicture:
    """A picture ready for e-mail: sRGB, no metadata, at most `MAX_BYTES`.

    Attributes
    ----------
    data
        The file.
    width, height
        Pixels.
    encoding
        How it was written.
    ssim
        Structural similarity of what a reader sees to what was to be written, at this size.
    is_enlarged
        Whether the source was narrower.
    """

    data: bytes = field(repr=False)
    width: int
    height: int
    encoding: Encoding
    ssim: float
    is_enlarged: bool = False

    @property
    def kind(self) -> Kind:
        """``jpeg`` or ``png``."""
        return self.encoding.kind


def fit_picture(
    photo: UInt8Array, width_px: int, kind: Kind, max_bytes: int = MAX_BYTES
) -> EmailPicture:
    """Write a photo as wide as asked for and as well as the limit of bytes allows.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.
    width_px
        One of `WIDTHS_PX`.
    kind
        ``jpeg`` or ``png``.
    max_bytes
        Of the file.

    Raises
    ------
    InputError
        If the width or kind is another, the photo is a tall strip, or the limit and the floor
        `LEAST_SSIM` cannot both hold; says what would help.
    """
    if width_px not in WIDTHS_PX:
        known = " or ".join(f"{width:,}" for width in WIDTHS_PX)
        raise InputError(f"A width of {width_px} px is not offered; {known} px is expected.")
    if kind not in ENDINGS:
        raise InputError(f"The format {str(kind)[:20]!r} is not offered; jpeg or png is expected.")
    small = resize_photo(photo, width_px)
    encoding = _choose_jpeg(small, max_bytes) if kind == "jpeg" else _choose_png(small, max_bytes)
    data = encode_picture(small, encoding)
    ssim = measure_ssim(small, _seen(data))
    if len(data) > max_bytes or ssim < LEAST_SSIM:
        raise InputError(_refusal(width_px, kind, max_bytes, len(data), ssim))
    h, w = small.shape[:2]
    return EmailPicture(data, w, h, encoding, round(ssim, 4), photo.shape[1] < width_px)


def resize_photo(photo: UInt8Array, width_px: int) -> UInt8Array:
    """Return a photo scaled to a width.

    Raises
    ------
    InputError
        If it is more than `MOST_TIMES_AS_TALL` times as tall as wide, or a mere line.
    """
    h, w = photo.shape[:2]
    if h > MOST_TIMES_AS_TALL * w:
        raise InputError(
            f"The picture is {h / w:.1f} times as tall as wide; at most {MOST_TIMES_AS_TALL} times "
            "is expected in an e-mail. Crop it and try again."
        )
    height_px = round(h * width_px / w)
    if height_px < 16:
        raise InputError(
            f"The picture would be {height_px} px high at {width_px} px; at least 16 px are "
            "expected. Crop it and try again."
        )
    image = Image.fromarray(photo)
    return np.asarray(image.resize((width_px, height_px), Image.Resampling.LANCZOS))


def encode_picture(photo: UInt8Array, encoding: Encoding) -> bytes:
    """Write a photo as an encoding says; no metadata, sRGB, which is what no profile means.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.
    encoding
        For instance that of an `EmailPicture`.
    """
    image, buffer = Image.fromarray(photo), io.BytesIO()
    if encoding.kind == "jpeg":
        image.save(
            buffer,
            "JPEG",
            quality=encoding.quality or BEST_QUALITY,
            subsampling="4:2:0",
            optimize=True,
            progressive=True,
        )
        return buffer.getvalue()
    if encoding.n_colours is not None:
        image = _reduce_colours(image, encoding.n_colours)
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _reduce_colours(image: Image.Image, n_colours: int) -> Image.Image:
    """The image with a palette; of Pillow's ways the one that loses no rare colour, as of a mark.

    The palette is chosen on a small copy: on all pixels it can take half a minute.
    """
    small = image.copy()
    small.thumbnail((PALETTE_SIDE_PX, PALETTE_SIDE_PX), Image.Resampling.NEAREST, reducing_gap=None)
    palette = small.quantize(n_colours, Image.Quantize.MAXCOVERAGE, kmeans=1)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _choose_jpeg(photo: UInt8Array, max_bytes: int) -> Encoding:
    return _highest(
        lambda quality: Encoding(kind="jpeg", quality=quality), 1, BEST_QUALITY, photo, max_bytes
    )


def _choose_png(photo: UInt8Array, max_bytes: int) -> Encoding:
    full = Encoding(kind="png")
    if len(encode_picture(photo, full)) <= max_bytes:
        return full
    low, high = FEWEST_COLOURS // COLOUR_STEP, MOST_COLOURS // COLOUR_STEP
    return _highest(
        lambda n: Encoding(kind="png", n_colours=n * COLOUR_STEP), low, high, photo, max_bytes
    )


def _highest(
    make: Callable[[int], Encoding], low: int, high: int, photo: UInt8Array, max_bytes: int
) -> Encoding:
    """The encoding of the highest number whose file fits, by bisection; of `low` if none does."""
    if len(encode_picture(photo, make(high))) <= max_bytes:
        return make(high)
    if len(encode_picture(photo, make(low))) > max_bytes:
        return make(low)
    while high - low > 1:
        middle = (low + high) // 2
        if len(encode_picture(photo, make(middle))) <= max_bytes:
            low = middle
        else:
            high = middle
    return make(low)


def _seen(data: bytes) -> UInt8Array:
    """Pixels of a file that was just written."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _refusal(width_px: int, kind: Kind, max_bytes: int, n_bytes: int, ssim: float) -> str:
    """Why limit and floor cannot both hold, and what would help."""
    help_ = []
    if kind == "png":
        help_.append("JPEG")
    if width_px > WIDTHS_PX[0]:
        help_.append(f"{WIDTHS_PX[0]} px")
    advice = f"Choose {' or '.join(help_)}." if help_ else "Choose a picture with less fine detail."
    most = f"at most {max_bytes / 1000:.0f} KB"
    if n_bytes > max_bytes:
        return (
            f"At {width_px:,} px the {kind.upper()} needs {n_bytes / 1000:.0f} KB at the least; "
            f"{most} is expected in an e-mail. {advice}"
        )
    return (
        f"At {width_px:,} px and {most} the {kind.upper()} would look damaged (likeness "
        f"{ssim:.3f}); at least {LEAST_SSIM} is expected. {advice}"
    )
