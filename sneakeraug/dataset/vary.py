"""What a photo may have been before anyone edited it: crop, background, exposure, size, bytes.

Training sees every photo through this, so that the network learns the edit and not the shop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.background import Background, estimate_background

INGREDIENTS: Final = (
    "frame",
    "aspect",
    "mirror",
    "background",
    "clutter",
    "exposure",
    "size",
    "sharpness",
    "noise",
    "compression",
    "strength",
)
"""What varies, each of which a training can leave out; `strength` is that of the edit itself."""

STRENGTHS: Final = (0.65, 1.35)
"""Strengths of an edit a training shows, from and to; 1 is the default edit."""


class Variation:
    """Chance changes of photos that leave them originals.

    Parameters
    ----------
    ingredients
        Which of `INGREDIENTS` vary.
    clutter
        Photos whose pixels stand behind a product at times: rooms, floors, streets.
    max_side_px
        The longer side of a varied photo is at most this.
    """

    def __init__(
        self,
        ingredients: Sequence[str] = INGREDIENTS,
        clutter: Sequence[UInt8Array] = (),
        max_side_px: int = 256,
    ) -> None:
        self.ingredients = frozenset(ingredients)
        self.clutter = clutter
        self.max_side_px = max_side_px

    def vary(self, photo: UInt8Array, rng: Generator) -> UInt8Array:
        """Return another photo that this product could have had, still an original.

        Parameters
        ----------
        photo
            RGB, shape ``(h, w, 3)``, uint8. Not modified.
        rng
            Where the choices come from.

        Returns
        -------
        photo
            RGB uint8 of another size; upright and unedited as far as the six augmentations go.
        """
        if "frame" in self.ingredients:
            photo = _frame(photo, estimate_background(photo), rng)
        if rng.random() < 0.4:
            photo = self._other_background(photo, rng)
        if "aspect" in self.ingredients and rng.random() < 0.3:
            size = (max(32, round(photo.shape[1] * rng.uniform(0.85, 1.18))), photo.shape[0])
            photo = _as_photo(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
        if "mirror" in self.ingredients and rng.random() < 0.5:
            photo = np.ascontiguousarray(photo[:, ::-1])
        if "size" in self.ingredients:
            photo = _resize(photo, rng, self.max_side_px)
        if "exposure" in self.ingredients and rng.random() < 0.5:
            photo = _expose(photo, rng)
        if "sharpness" in self.ingredients and rng.random() < 0.2:
            photo = _sharpen(photo, rng)
        if "noise" in self.ingredients and rng.random() < 0.2:
            photo = _add_noise(photo, rng)
        if "compression" in self.ingredients and rng.random() < 0.4:
            photo = recompress(photo, rng)
        return photo

    def strength(self, rng: Generator) -> float:
        """Return the strength to make an edit of a varied photo with; 1 is the default."""
        if "strength" not in self.ingredients or rng.random() < 0.5:
            return 1.0
        return float(rng.uniform(*STRENGTHS))

    def _other_background(self, photo: UInt8Array, rng: Generator) -> UInt8Array:
        """Another colour, a gradient or clutter behind a product on a plain background."""
        is_clutter = "clutter" in self.ingredients and self.clutter and rng.random() < 0.3
        if not is_clutter and "background" not in self.ingredients:
            return photo
        background = estimate_background(photo)
        if not background.is_plain or not _has_clear_product(background):
            return photo
        if is_clutter:
            other = self.clutter[int(rng.integers(len(self.clutter)))]
            return exchange_background(photo, background, _piece(other, photo.shape[:2], rng))
        first = _background_colour(rng)
        second = first if rng.random() < 0.5 else np.clip(first + rng.normal(0, 18, 3), 0, 255)
        ramp = np.linspace(0, 1, photo.shape[0], dtype=np.float32)[:, None, None]
        return exchange_background(
            photo, background, np.asarray(first + (second - first) * ramp, dtype=np.float32)
        )


def exchange_background(
    photo: UInt8Array, background: Background, behind: FloatArray
) -> UInt8Array:
    """Put something else behind the product, keeping its shadow.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8, of a plain background.
    background
        Its estimate.
    behind
        RGB, 0 to 255, of a shape that broadcasts to the photo's.
    """
    h, w = photo.shape[:2]
    mask = cv2.resize(background.product.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.004 * max(h, w))[..., None]
    pixels = photo.astype(np.float32)
    own = np.maximum(np.array(background.colour, dtype=np.float32), 1.0)
    shaded = np.clip(pixels / own, 0.0, 1.0) * behind
    return _as_photo(np.rint(alpha * pixels + (1 - alpha) * shaded).clip(0, 255))


def recompress(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Send a photo through JPEG or WebP at quality 40 to 95.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    rng
        Chooses format and quality.
    """
    quality = int(rng.integers(40, 96))
    return compress(photo, quality, ".jpg" if rng.random() < 0.8 else ".webp")


def compress(photo: UInt8Array, quality: int, suffix: str = ".jpg") -> UInt8Array:
    """Return what is left of a photo after JPEG or WebP.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    quality
        1 to 100.
    suffix
        ``.jpg`` or ``.webp``.
    """
    flag = cv2.IMWRITE_JPEG_QUALITY if suffix == ".jpg" else cv2.IMWRITE_WEBP_QUALITY
    _, data = cv2.imencode(suffix, np.ascontiguousarray(photo[:, :, ::-1]), [flag, quality])
    pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return _as_photo(np.ascontiguousarray(pixels[:, :, ::-1]))


def _has_clear_product(background: Background) -> bool:
    """Whether the mask is a product's: not cut by every edge, not eaten where white is on white."""
    return background.fill < 0.92 and float(background.product.mean()) > 0.35 * background.fill


def _background_colour(rng: Generator) -> FloatArray:
    """Mostly light and pale, sometimes mid or dark."""
    level = rng.choice(
        [rng.uniform(225, 255), rng.uniform(120, 225), rng.uniform(0, 120)], p=[0.5, 0.3, 0.2]
    )
    tint = rng.normal(0, 10 if rng.random() < 0.6 else 35, 3)
    colour = np.clip(level + tint - tint.max() * (level > 240), 0, 255)
    return np.asarray(colour, dtype=np.float32)


def _piece(other: UInt8Array, shape: tuple[int, int], rng: Generator) -> FloatArray:
    """A chance piece of another photo, of a shape, often out of focus."""
    h, w = other.shape[:2]
    share = rng.uniform(0.35, 0.8)
    piece_h, piece_w = max(8, round(share * h)), max(8, round(share * w))
    top, left = rng.integers(h - piece_h + 1), rng.integers(w - piece_w + 1)
    piece = other[top : top + piece_h, left : left + piece_w]
    behind = cv2.resize(piece, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        behind = cv2.GaussianBlur(behind, (0, 0), rng.uniform(0.003, 0.02) * max(shape))
    return np.asarray(behind, dtype=np.float32)


def _frame(photo: UInt8Array, background: Background, rng: Generator) -> UInt8Array:
    """Crop from loose to edge to edge around the product."""
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
        photo = _as_photo(cv2.copyMakeBorder(photo, *pads, cv2.BORDER_CONSTANT, value=colour))
    framed = photo[iy0 + pads[0] : iy1 + pads[0], ix0 + pads[2] : ix1 + pads[2]]
    return np.ascontiguousarray(framed)


def _edge(photo: UInt8Array, background: Background) -> UInt8Array:
    """The pixels of the photo's four edges that are background; all of them where none is."""
    edge = np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]])
    near = np.abs(edge - np.array(background.colour, dtype=np.float32)).max(axis=1) <= 22
    return edge[near] if near.any() else edge


def _resize(photo: UInt8Array, rng: Generator, max_side_px: int) -> UInt8Array:
    """A copy whose longer side is from 96 px to `max_side_px`."""
    scale = float(rng.integers(96, max_side_px + 1)) / max(photo.shape[:2])
    size = (max(24, round(photo.shape[1] * scale)), max(24, round(photo.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return _as_photo(cv2.resize(photo, size, interpolation=interpolation))


def _expose(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Exposure, gamma and white balance within what shops deliver as originals."""
    steps = np.linspace(0.0, 1.0, 256)[:, None] ** rng.uniform(0.92, 1.10)
    balance = 1.0 + rng.normal(0.0, 0.015, 3)
    table = np.clip(255.0 * steps * balance * rng.uniform(0.93, 1.04), 0, 255)
    return _as_photo(cv2.LUT(photo, np.rint(table).astype(np.uint8)[None]))


def _sharpen(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Unsharp masking as shops' resizers do it."""
    amount = rng.uniform(0.2, 0.9)
    soft = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.6, 1.4))
    return _as_photo(cv2.addWeighted(photo, 1 + amount, soft, -amount, 0))


def _add_noise(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Slight noise of a sensor."""
    noise = rng.standard_normal(photo.shape, dtype=np.float32) * rng.uniform(1.0, 5.0)
    return _as_photo(np.rint(photo + noise).clip(0, 255))


def _as_photo(pixels: np.ndarray) -> UInt8Array:
    return np.asarray(pixels, dtype=np.uint8)
