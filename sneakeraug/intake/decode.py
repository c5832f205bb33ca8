"""Bytes from outside become a photo: upright, sRGB, RGB uint8, within limits checked first."""

from __future__ import annotations

import hashlib
import math
import struct
import warnings
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image, ImageOps

from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import PhotoError
from sneakeraug.intake.colour import to_rgb
from sneakeraug.intake.parts import MOST_PARTS, CountedFile, PartsError, check_parts
from sneakeraug.limits import Limits

FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF")
"""Pillow's names of what is read."""

EXPECTED: Final = "JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF"

ON_ITS_SIDE: Final = (5, 6, 7, 8)
"""EXIF orientations by which width and height change places."""

MOST_PIXELS: Final = {"WEBP": 28_000_000}
"""Of formats whose decoder holds a picture several times over."""

MOST_DEEP_BYTES: Final = 160_000_000
"""Unpacked, of a picture with several channels of 16 bits: 40 megapixels of 8 bits have as many."""

DECODER_ERRORS: Final = (
    OSError,  # Pillow's own UnidentifiedImageError among them
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What decoders raise on bytes that are no picture, or a damaged one."""


@dataclass(frozen=True)
class Photo:
    """A decoded input.

    Attributes
    ----------
    pixels
        RGB uint8 ``(h, w, 3)``, upright, sRGB, contiguous.
    size
        Width and height of the picture as it came, upright; the pixels may be fewer.
    sha256
        Of the bytes it came from, in hex.
    format
        Pillow's name of the format, for instance ``JPEG``.
    has_transparency
        Whether transparent parts were composited on white.
    warnings
        What was done to the picture that its owner may want to know, in sentences.
    """

    pixels: UInt8Array = field(repr=False)
    size: tuple[int, int]
    sha256: str
    format: str
    has_transparency: bool = False
    warnings: tuple[str, ...] = ()


def read_photo_bytes(path: Path, limits: Limits) -> bytes:
    """Read a picture file, refusing one over the size limit before reading it.

    Parameters
    ----------
    path
        A file.
    limits
        `Limits.max_bytes` is what counts here.

    Returns
    -------
    data
        The file's bytes.

    Raises
    ------
    PhotoError
        If there is no such file, it cannot be read, or it is too large.
    """
    try:
        is_file = path.is_file()
        n_bytes = path.stat().st_size if is_file else 0
    except OSError:  # a name too long, or a folder that nobody may look into
        is_file = False
    if not is_file:
        raise PhotoError(
            f"There is no picture file {str(path)[:300]!r}; the path of a picture is expected. "
            "Check the path and try again.",
            reason="missing",
        )
    check_bytes(n_bytes, limits, path.name)
    try:
        return path.read_bytes()
    except OSError as exc:
        raise PhotoError(
            f"The picture file {str(path)[:300]!r} cannot be read ({exc.strerror}). Check who may "
            "read it and try again.",
            reason="missing",
        ) from exc


def decode_photo(
    data: bytes,
    limits: Limits | None = None,
    name: str = "picture",
    side_px: int | None = None,
) -> Photo:
    """Decode a picture to an upright sRGB RGB photo.

    Size, format, pixel count, sides and the number of the file's parts are checked before any
    pixel is decoded. EXIF orientation is applied, an embedded colour profile converted,
    transparency composited on white, 16 bits scaled to 8, and of an animation the first frame
    taken.

    Parameters
    ----------
    data
        The file's bytes.
    limits
        Defaults: 10 MB, 40 megapixels, sides of 64 to 12,000 px.
    name
        What messages call the picture.
    side_px
        Longer side that is enough: a JPEG is decoded at an eighth, a quarter or half of its size,
        and any picture then reduced by a whole number, where that is still as large. All of it
        where None.

    Returns
    -------
    Photo

    Raises
    ------
    PhotoError
        If the bytes are no picture of a known format, are cut short, or are over a limit.
    """
    limits = limits or Limits()
    name = _printable(name)
    check_bytes(len(data), limits, name)
    file = CountedFile(data)
    image = _open(file, data, name)
    kind = str(image.format)
    _check_size(image.size, limits, name, _most_pixels(image, limits))
    notes: list[str] = []
    file.n_left = MOST_PARTS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata; the pixels decide
            if getattr(image, "is_animated", False) and kind != "MPO":
                notes.append(f"{kind} animation: only its first frame was used.")
            size = image.size
            if side_px is not None:
                image.draft(None, _least_size(size, side_px))
            image.load()
            if image.getexif().get(ExifTags.Base.Orientation) in ON_ITS_SIDE:
                size = size[::-1]
            ImageOps.exif_transpose(image, in_place=True)  # else it copies the upright, too
            reduction = 1 if side_px is None else max(1, max(image.size) // side_px)
            pixels, has_transparency, is_profile_broken = to_rgb(image, reduction)
    except PartsError as exc:
        raise _too_many_parts(name) from exc
    except DECODER_ERRORS as exc:
        raise PhotoError(
            f"Photo {name!r} is damaged or cut short ({kind}); a whole {EXPECTED} is expected. "
            "Export or download it again and retry.",
            reason="truncated",
        ) from exc
    if is_profile_broken:
        notes.append("The embedded colour profile could not be read and was ignored.")
    if has_transparency:
        notes.append("Transparent parts were placed on white.")
    return Photo(
        pixels, size, hashlib.sha256(data).hexdigest(), kind, has_transparency, tuple(notes)
    )


def _least_size(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    """The size at which the longer side has so many pixels."""
    scale = side_px / max(size)
    return max(1, math.ceil(size[0] * scale)), max(1, math.ceil(size[1] * scale))


def _most_pixels(image: Image.Image, limits: Limits) -> int:
    """How many pixels a picture of this kind may have."""
    tiles = getattr(image, "tile", [])
    if tiles and ";16" in str(tiles[0][3]):  # how its pixels are packed, as "RGBA;16B"
        return MOST_DEEP_BYTES // (2 * len(image.getbands()))
    return MOST_PIXELS.get(str(image.format), limits.max_pixels)


def check_bytes(n_bytes: int, limits: Limits, name: str) -> None:
    """Refuse a picture file by its size, before it is read.

    Raises
    ------
    PhotoError
        If it is empty, or too large.
    """
    if n_bytes == 0:
        raise PhotoError(
            f"Photo {name!r} is empty; a {EXPECTED} is expected. Choose another file.",
            reason="empty",
        )
    if n_bytes > limits.max_bytes:
        raise PhotoError(
            f"Photo {name!r} has {n_bytes / 1e6:.1f} MB; at most {limits.max_bytes / 1e6:.0f} MB "
            "is expected. Save it smaller and try again.",
            reason="too_large",
        )


def _check_size(size: tuple[int, int], limits: Limits, name: str, most_of_kind: int) -> None:
    w, h = size
    most = min(limits.max_pixels, most_of_kind)
    if min(w, h) < limits.min_side_px:
        raise PhotoError(
            f"Photo {name!r} is {w}×{h} px; each side needs at least {limits.min_side_px} px. "
            "Upload a larger copy.",
            reason="side",
        )
    if max(w, h) > limits.max_side_px:
        raise PhotoError(
            f"Photo {name!r} is {w}×{h} px; no side may exceed {limits.max_side_px:,} px. "
            "Scale it down and try again.",
            reason="side",
        )
    if w * h > most:
        raise PhotoError(
            f"Photo {name!r} has {w * h / 1e6:.0f} megapixels; at most "
            f"{most / 1e6:.0f} are expected. Scale it down and try again.",
            reason="pixels",
        )


@lru_cache(maxsize=1)
def _register_heif() -> None:
    """Teach Pillow HEIC, once."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _open(file: CountedFile, data: bytes, name: str) -> Image.Image:
    """Read the header alone."""
    _register_heif()
    try:
        check_parts(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(file, formats=FORMATS)
    except PartsError as exc:
        raise _too_many_parts(name) from exc
    except Image.DecompressionBombError as exc:
        raise PhotoError(
            f"Photo {name!r} unpacks to far more pixels than are expected. "
            "Scale it down and try again.",
            reason="pixels",
        ) from exc
    except DECODER_ERRORS as exc:
        raise PhotoError(
            f"Photo {name!r} is {_guess_kind(data)}; {EXPECTED} is expected. "
            "Convert it and upload again.",
            reason="format",
        ) from exc


def _too_many_parts(name: str) -> PhotoError:
    return PhotoError(
        f"Photo {name!r} is made of far more parts than a picture has (comments, scans or tiles). "
        "Open it, save it anew and try again.",
        reason="parts",
    )


def _guess_kind(data: bytes) -> str:
    """What the bytes seem to be, for the message."""
    head = data[:512].lstrip()
    if b"<svg" in data[:2048].lower():
        return "SVG"
    for magic, kind in (
        (b"%PDF", "PDF"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"8BPS", "Photoshop"),
        (b"<", "HTML or XML"),
        (b"\xff\xd8", "a damaged JPEG"),
        (b"\x89PNG", "a damaged PNG"),
    ):
        if head.startswith(magic):
            return kind
    if all(32 <= byte < 127 or byte in b"\r\n\t" for byte in head):
        return "text"
    return "no picture format known here"


def _printable(name: str) -> str:
    """A file name safe to put into a message."""
    return "".join(c if c.isprintable() else "?" for c in name)[:80]
