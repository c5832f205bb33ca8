"""Pillow's pixels of any mode as sRGB on white, some rows at a time so that memory stays small."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from sneakeraug.arrays import UInt8Array

ROWS_AT_ONCE: Final = 256

_PROFILED: Final = ("RGB", "RGBA", "CMYK", "L")
"""Modes whose embedded profile is looked at."""

_CLEAR: Final = ("RGBA", "LA", "PA", "RGBa", "La")
"""Modes that say how transparent each pixel is."""

Convert = Callable[[Image.Image], Image.Image]


def to_rgb(image: Image.Image) -> tuple[UInt8Array, bool, bool]:
    """Return a picture's pixels: profile converted, transparent parts on white, in 8 bits.

    Parameters
    ----------
    image
        Loaded; 16 bits and floats are scaled.

    Returns
    -------
    pixels
        RGB uint8 ``(h, w, 3)``, contiguous.
    has_transparency
        Whether any pixel was transparent.
    is_profile_broken
        Whether there is an embedded profile that cannot be read; it was ignored.
    """
    width, height = image.size
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    if image.mode.startswith("I") or image.mode == "F":
        for row, grey in _scaled(image):
            pixels[row : row + len(grey)] = grey[:, :, None]
        return pixels, False, False
    convert, is_broken = _read_profile(image)
    has_transparency = False
    is_clear = image.mode in _CLEAR or "transparency" in image.info
    for row in range(0, height, ROWS_AT_ONCE):
        some = image.crop((0, row, width, min(height, row + ROWS_AT_ONCE)))
        some = some if convert is None else convert(some)
        if is_clear or some.mode in _CLEAR:
            some, is_seen_through = _on_white(some)
            has_transparency = has_transparency or is_seen_through
        rgb = some if some.mode == "RGB" else some.convert("RGB")
        pixels[row : row + ROWS_AT_ONCE] = np.asarray(rgb)
    return pixels, has_transparency, is_broken


def _scaled(image: Image.Image) -> Iterator[tuple[int, UInt8Array]]:
    """Grey of 16 or 32 bits as 8, rows with the number of the first."""
    width, height = image.size
    bands = [
        (0, row, width, min(height, row + ROWS_AT_ONCE)) for row in range(0, height, ROWS_AT_ONCE)
    ]
    top = 65535.0
    if not image.mode.startswith("I;16"):
        largest = max(np.asarray(image.crop(band)).max() for band in bands)
        top = 65535.0 if largest > 255 else 255.0
    for band in bands:
        some = np.asarray(image.crop(band)).astype(np.float64)
        yield band[1], np.clip(some * (255.0 / top), 0, 255).astype(np.uint8)


def _read_profile(image: Image.Image) -> tuple[Convert | None, bool]:
    """What converts an embedded profile to sRGB, if there is one; whether it is broken."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in _PROFILED:
        return None, False
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            image.mode,
            mode,
        )
        ImageCms.applyTransform(image.crop((0, 0, 1, 1)), transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None, True

    def convert(some: Image.Image) -> Image.Image:
        return ImageCms.applyTransform(some, transform) or some

    return convert, False


def _on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """A picture on white, and whether any pixel was transparent."""
    rgba = image if image.mode == "RGBA" else image.convert("RGBA")
    low, _ = rgba.getchannel("A").getextrema()
    if low == 255:
        return rgba, False
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba), True
