"""What a photo may have been before anyone edited it: crop, background, exposure, size, bytes.

Training sees every photo through this, so that the network learns the edit and not the shop.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.background import Background, estimate_background


def vary_photo(photo: UInt8Array, rng: Generator, max_side_px: int = 256) -> UInt8Array:
    """Return another photo that this product could have had, still an original.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.
    rng
        Where the choices come from.
    max_side_px
        The longer side of what comes back is at most this.

    Returns
    -------
    photo
        RGB uint8 of another size; upright and unedited as far as the six augmentations go.
    """
    background = estimate_background(photo)
    if background.is_plain and rng.random() < 0.3:
        photo = exchange_background(photo, background, rng)
        background = replace(background, colour=estimate_background(photo).colour)
    photo = _frame(photo, background, rng)
    if rng.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
    photo = _resize(photo, rng, max_side_px)
    if rng.random() < 0.5:
        photo = _expose(photo, rng)
    return photo


def exchange_background(photo: UInt8Array, background: Background, rng: Generator) -> UInt8Array:
    """Put another plain colour or a gradient behind the product, keeping its shadow.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8, of a plain background.
    background
        Its estimate.
    rng
        Chooses the colours.
    """
    h, w = photo.shape[:2]
    mask = cv2.resize(background.product.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.004 * max(h, w))[..., None]
    first = _background_colour(rng)
    second = first if rng.random() < 0.5 else np.clip(first + rng.normal(0, 18, 3), 0, 255)
    ramp = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    behind = (first + (second - first) * ramp).astype(np.float32)
    pixels = photo.astype(np.float32)
    own = np.maximum(np.array(background.colour, dtype=np.float32), 1.0)
    shaded = np.clip(pixels / own, 0.0, 1.0) * behind
    return np.asarray(np.rint(alpha * pixels + (1 - alpha) * shaded).clip(0, 255), dtype=np.uint8)


def _background_colour(rng: Generator) -> FloatArray:
    """Mostly light and pale, sometimes mid or dark."""
    level = rng.choice(
        [rng.uniform(225, 255), rng.uniform(120, 225), rng.uniform(15, 120)], p=[0.55, 0.3, 0.15]
    )
    tint = rng.normal(0, 10 if rng.random() < 0.6 else 35, 3)
    colour = np.clip(level + tint - tint.max() * (level > 240), 0, 255)
    return np.asarray(colour, dtype=np.float32)


def _frame(photo: UInt8Array, background: Background, rng: Generator) -> UInt8Array:
    """Crop from loose to tight around the product; squeeze the sides a little at times."""
    h, w = photo.shape[:2]
    if background.is_plain:
        left, top, right, bottom = background.box
        box_w = (right - left) * w
        margins = rng.choice([0.03, 0.15, 0.45], p=[0.3, 0.45, 0.25]) * rng.random(4)
        x0, x1 = left * w - margins[0] * box_w, right * w + margins[1] * box_w
        y0, y1 = top * h - margins[2] * box_w, bottom * h + margins[3] * box_w
        shape = rng.random()
        if shape < 0.45:  # square canvas, as most shops
            extra = max(0.0, ((x1 - x0) - (y1 - y0)))
            share = rng.uniform(0.3, 0.7)
            y0, y1 = y0 - share * extra, y1 + (1 - share) * extra
        elif shape < 0.6:  # 3:4 and 4:3
            extra = max(0.0, (x1 - x0) * rng.choice([0.75, 1.333]) - (y1 - y0))
            y0, y1 = y0 - extra / 2, y1 + extra / 2
    else:
        keep_w, keep_h = rng.uniform(0.75, 1.0, 2)
        x0, y0 = rng.uniform(0, 1 - keep_w) * w, rng.uniform(0, 1 - keep_h) * h
        x1, y1 = x0 + keep_w * w, y0 + keep_h * h
    ix0, iy0, ix1, iy1 = (
        round(x0),
        round(y0),
        max(round(x1), round(x0) + 32),
        max(round(y1), round(y0) + 32),
    )
    pads = (max(0, -iy0), max(0, iy1 - h), max(0, -ix0), max(0, ix1 - w))
    if any(pads):
        colour = tuple(float(c) for c in np.median(_edge(photo, background), axis=0))
        padded = cv2.copyMakeBorder(photo, *pads, cv2.BORDER_CONSTANT, value=colour)
        photo = np.asarray(padded, dtype=np.uint8)
    framed = photo[iy0 + pads[0] : iy1 + pads[0], ix0 + pads[2] : ix1 + pads[2]]
    if rng.random() < 0.3:
        squeeze = rng.uniform(0.85, 1.18)
        size = (max(32, round(framed.shape[1] * squeeze)), framed.shape[0])
        framed = cv2.resize(framed, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(framed, dtype=np.uint8)


def _edge(photo: UInt8Array, background: Background) -> UInt8Array:
    """The pixels of the photo's four edges that are background; all of them where none is."""
    edge = np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]])
    near = np.abs(edge - np.array(background.colour, dtype=np.float32)).max(axis=1) <= 22
    return edge[near] if near.any() else edge


def _resize(photo: UInt8Array, rng: Generator, max_side_px: int) -> UInt8Array:
    """A copy whose longer side is from 112 px to `max_side_px`."""
    side = rng.integers(112, max_side_px + 1)
    scale = float(side) / max(photo.shape[:2])
    size = (max(24, round(photo.shape[1] * scale)), max(24, round(photo.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(photo, size, interpolation=interpolation), dtype=np.uint8)


def _expose(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Exposure, gamma and white balance within what shops deliver as originals."""
    steps = np.linspace(0.0, 1.0, 256)[:, None] ** rng.uniform(0.92, 1.10)
    balance = 1.0 + rng.normal(0.0, 0.015, 3)
    table = np.clip(255.0 * steps * balance * rng.uniform(0.93, 1.04), 0, 255)
    return np.asarray(cv2.LUT(photo, np.rint(table).astype(np.uint8)[None]), dtype=np.uint8)


def recompress(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Send a photo through JPEG or WebP at quality 45 to 95.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    rng
        Chooses format and quality.
    """
    quality = int(rng.integers(45, 96))
    suffix, flag = (
        (".jpg", cv2.IMWRITE_JPEG_QUALITY)
        if rng.random() < 0.8
        else (".webp", cv2.IMWRITE_WEBP_QUALITY)
    )
    _, data = cv2.imencode(suffix, photo, [flag, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
