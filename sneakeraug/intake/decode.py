"""Bytes from outside become a photo: upright, sRGB, RGB uint8, within limits checked first."""

from __future__ import annotations

import hashlib
import io
import math
import struct
import warnings
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import PhotoError
from sneakeraug.limits import Limits

FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF")
"""Pillow's names of what is read."""

EXPECTED: Final = "JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF"

ON_ITS_SIDE: Final = (5, 6, 7, 8)
"""EXIF orientations by which width and height change places."""

ROWS_AT_ONCE: Final = 256
"""Of a picture whose values pass through float64, so that a large one stays small in memory."""

DECODER_ERRORS: Final = (
    OSError,  # Pillow's own UnidentifiedImageError among them
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
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
        If there is no such file, or it is too large.
    """
    if not path.is_file():
        raise PhotoError(
            f"There is no picture file {str(path)!r}; the path of a picture is expected. "
            "Check the path and try again.",
            reason="missing",
        )
    check_bytes(path.stat().st_size, limits, path.name)
    return path.read_bytes()


def decode_photo(
    data: bytes,
    limits: Limits | None = None,
    name: str = "picture",
    side_px: int | None = None,
) -> Photo:
    """Decode a picture to an upright sRGB RGB photo.

    Size, format, pixel count and sides are checked before any pixel is decoded. EXIF orientation
    is applied, an embedded colour profile converted, transparency composited on white, 16 bits
    scaled to 8, and of an animation the first frame taken.

    Parameters
    ----------
    data
        The file's bytes.
    limits
        Defaults: 10 MB, 40 megapixels, sides of 64 to 12,000 px.
    name
        What messages call the picture.
    side_px
        Longer side that is enough: a JPEG is decoded at an eighth, a quarter or half of its size
        where that is still as large. All of it where None.

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
    image = _open(data, name)
    _check_size(image.size, limits, name)
    notes: list[str] = []
    kind = str(image.format)
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
            coloured = _to_srgb(image, notes)
            rgb, has_transparency = _flatten(coloured)
    except DECODER_ERRORS as exc:
        raise PhotoError(
            f"Photo {name!r} is damaged or cut short ({kind}); a whole {EXPECTED} is expected. "
            "Export or download it again and retry.",
            reason="truncated",
        ) from exc
    if has_transparency:
        notes.append("Transparent parts were placed on white.")
    pixels = np.ascontiguousarray(np.asarray(rgb, dtype=np.uint8))
    return Photo(
        pixels, size, hashlib.sha256(data).hexdigest(), kind, has_transparency, tuple(notes)
    )


def _least_size(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    """The size at which the longer side has so many pixels."""
    scale = side_px / max(size)
    return max(1, math.ceil(size[0] * scale)), max(1, math.ceil(size[1] * scale))


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


def _check_size(size: tuple[int, int], limits: Limits, name: str) -> None:
    w, h = size
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
    if w * h > limits.max_pixels:
        raise PhotoError(
            f"Photo {name!r} has {w * h / 1e6:.0f} megapixels; at most "
            f"{limits.max_pixels / 1e6:.0f} are expected. Scale it down and try again.",
            reason="pixels",
        )


@lru_cache(maxsize=1)
def _register_heif() -> None:
    """Teach Pillow HEIC, once."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _open(data: bytes, name: str) -> Image.Image:
    """Read the header alone."""
    _register_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=FORMATS)
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


def _to_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Convert an embedded colour profile to sRGB; scale 16 bits and floats to 8."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        top = 65535.0 if values.max(initial=0) > 255 or image.mode.startswith("I;16") else 255.0
        small = np.empty(values.shape, dtype=np.uint8)
        for row in range(0, len(values), ROWS_AT_ONCE):
            some = values[row : row + ROWS_AT_ONCE].astype(np.float64)
            small[row : row + ROWS_AT_ONCE] = np.clip(some * (255.0 / top), 0, 255)
        return Image.fromarray(small, "L")
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("The embedded colour profile could not be read and was ignored.")
        return image
    return converted if converted is not None else image


def _flatten(image: Image.Image) -> tuple[Image.Image, bool]:
    """RGB with transparency composited on white, and whether any pixel was transparent."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, False
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        low, _ = rgba.getchannel("A").getextrema()
        if low == 255:
            return rgba.convert("RGB"), False
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB"), True
    return image.convert("RGB"), False


def _printable(name: str) -> str:
    """A file name safe to put into a message."""
    return "".join(c if c.isprintable() else "?" for c in name)[:80]
