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

_REDUCIBLE: Final = (*_PROFILED, "LA")
"""Modes that Pillow reduces as they are; the others once they are RGB."""

MOST_TAGS: Final = 100
"""Of a profile; Little CMS reads no more."""

_PIPELINES: Final = (b"D2B", b"B2D")
"""Tags of transforms made of up to millions of steps, each worked out for 36,000 colours; a profile
that has them has tables, too."""

_CLEAR: Final = ("RGBA", "LA", "PA", "RGBa", "La")
"""Modes that say how transparent each pixel is."""

Convert = Callable[[Image.Image], Image.Image]
Box = tuple[int, int, int, int]


def to_rgb(image: Image.Image, reduction: int = 1) -> tuple[UInt8Array, bool, bool]:
    """Return a picture's pixels: profile converted, transparent parts on white, in 8 bits.

    Parameters
    ----------
    image
        Loaded; 16 bits and floats are scaled.
    reduction
        Each side becomes so many times shorter, before the colours are converted where that is
        the same: a profile takes as long as the pixels it is asked about.

    Returns
    -------
    pixels
        RGB uint8 ``(h, w, 3)``, contiguous; its sides are rounded up.
    has_transparency
        Whether any pixel was transparent.
    is_profile_broken
        Whether there is an embedded profile that cannot be read; it was ignored.
    """
    width, height = (-(-side // reduction) for side in image.size)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    if image.mode.startswith("I") or image.mode == "F":
        for row, grey in _scaled(image, reduction):
            some = _reduce(Image.fromarray(grey), reduction)
            pixels[row : row + some.height] = np.asarray(some)[:, :, None]
        return pixels, False, False
    convert, is_broken = _read_profile(image)
    has_transparency = False
    is_clear = image.mode in _CLEAR or "transparency" in image.info
    is_reduced_first = image.mode in _REDUCIBLE and "transparency" not in image.info
    for row, band in _bands(image, reduction):
        some = image.crop(band)
        some = _reduce(some, reduction) if is_reduced_first else some
        some = some if convert is None else convert(some)
        if is_clear or some.mode in _CLEAR:
            some, is_seen_through = _on_white(some)
            has_transparency = has_transparency or is_seen_through
        rgb = some if some.mode == "RGB" else some.convert("RGB")
        rgb = rgb if is_reduced_first else _reduce(rgb, reduction)
        pixels[row : row + rgb.height] = np.asarray(rgb)
    return pixels, has_transparency, is_broken


def _bands(image: Image.Image, reduction: int) -> Iterator[tuple[int, Box]]:
    """Parts of a picture as wide as it is, with the first row of each once it is reduced."""
    width, height = image.size
    n = max(1, ROWS_AT_ONCE // reduction)
    for top in range(0, height, n * reduction):
        yield top // reduction, (0, top, width, min(height, top + n * reduction))


def _reduce(image: Image.Image, reduction: int) -> Image.Image:
    """Means of squares of pixels, weighed by how little transparent each is."""
    return image if reduction == 1 else image.reduce(reduction)


def _scaled(image: Image.Image, reduction: int) -> Iterator[tuple[int, UInt8Array]]:
    """Grey of 16 or 32 bits as 8, in bands with the row of each once they are reduced."""
    scale = 255.0 / 65535.0
    if not image.mode.startswith("I;16"):
        largest = max(np.asarray(image.crop(band)).max() for _, band in _bands(image, reduction))
        scale = scale if largest > 255 else 1.0
    for row, band in _bands(image, reduction):
        some = np.asarray(image.crop(band)).astype(np.float32)
        yield row, np.clip(some * np.float32(scale), 0, 255).astype(np.uint8)


def _read_profile(image: Image.Image) -> tuple[Convert | None, bool]:
    """What converts an embedded profile to sRGB, if there is one; whether it is broken."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in _PROFILED:
        return None, False
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(_without_pipelines(profile))),
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


def _without_pipelines(profile: bytes) -> bytes:
    """A profile whose tables count, not its pipelines of any length (ICC.1:2022, 9.2.17)."""
    end = 132 + 12 * min(MOST_TAGS, int.from_bytes(profile[128:132]))
    tags = [profile[place : place + 12] for place in range(132, end, 12)]
    kept = [b"none" + tag[4:] if tag[:3] in _PIPELINES else tag for tag in tags]
    return profile[:132] + b"".join(kept) + profile[end:]


def _on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """A picture on white, and whether any pixel was transparent."""
    rgba = image if image.mode == "RGBA" else image.convert("RGBA")
    low, _ = rgba.getchannel("A").getextrema()
    if low == 255:
        return rgba, False
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba), True
