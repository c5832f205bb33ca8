"""Pure kernels: a photo and numbers in, a new photo out. Lengths are shares of the picture.

Photos are RGB uint8 ``(h, w, 3)``; no kernel modifies its input; every kernel gives the same
pixels for the same arguments, and the same look at any resolution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array

STROKE_TILE_SHARE: Final = 0.7
"""Side of the pencil's stroke texture as a share of the shorter side; strokes are a tenth of it."""

STRIP_PIXELS: Final = 65_536
"""Pixels that are worked on at once: what they need fits a processor core's own cache."""

LIFT: Final = 0.12
"""Added to a sketch's tones: it keeps the noise of near-black leather from becoming lines."""

PAPER: Final = (250.0, 249.0, 245.0)
LEAD: Final = (42.0, 42.0, 46.0)
"""Colours of a pencil sketch, RGB."""

HATCHES: Final = (50.0, -35.0)
"""Directions of the pencil's strokes in degrees; the second only where it is dark."""

TURNS: Final = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
"""OpenCV's names, by quarter turns clockwise."""


def tone_curve(bias: float, floor: float, ceiling: float) -> FloatArray:
    """Return the tone curve of `brighten` and `darken`, sampled at 0 to 255.

    Parameters
    ----------
    bias
        Where middle grey goes, in (0, 1): above 0.5 brightens, below darkens. The curve is
        ``t / ((1/bias - 2)(1 - t) + 1)``: its slope stays positive everywhere, so neither
        highlights nor shadows are clipped (Schlick, "Fast alternatives to Perlin's bias and
        gain functions", Graphics Gems IV, 1994).
    floor, ceiling
        Where black and white go, ``0 <= floor < ceiling <= 1``.

    Returns
    -------
    curve
        Shape ``(256,)``, float32, strictly rising, in [floor, ceiling].
    """
    t = np.linspace(0.0, 1.0, 256)
    biased = t / ((1.0 / bias - 2.0) * (1.0 - t) + 1.0)
    return np.asarray(floor + (ceiling - floor) * biased, dtype=np.float32)


def apply_tone_curve(photo: UInt8Array, bias: float, floor: float, ceiling: float) -> UInt8Array:
    """Move the brightness of a photo along `tone_curve`, keeping every pixel's hue.

    Each pixel ``rgb`` becomes ``gain * rgb + floor`` with one gain for its three channels, chosen
    so that its largest channel follows the curve. A map of that form keeps the HSV hue, and
    nothing leaves [0, 1], so no channel clips.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    bias, floor, ceiling
        See `tone_curve`.

    Returns
    -------
    photo
        Same shape and dtype.
    """
    curve = tone_curve(bias, floor, ceiling)
    # gain(v) = (curve(v) - floor) / v, with the curve's own slope where v is 0
    steps = np.arange(256, dtype=np.float32) / 255.0
    gain = np.empty(256, dtype=np.float32)
    gain[1:] = (curve[1:] - floor) / steps[1:]
    gain[0] = gain[1]
    toned = np.empty_like(photo, order="C")
    for rows in _strips(photo.shape[0], photo.shape[1]):
        channels = cv2.split(photo[rows])
        gains = cv2.LUT(reduce(cv2.max, channels), gain)
        scaled = (cv2.multiply(channel, gains, dtype=cv2.CV_32F) for channel in channels)
        moved = [cv2.convertScaleAbs(c, alpha=1.0, beta=255.0 * floor) for c in scaled]
        cv2.merge(moved, dst=toned[rows])
    return toned


def _strips(h: int, w: int) -> Iterator[slice]:
    """Rows of a picture, about `STRIP_PIXELS` at a time."""
    n = max(1, STRIP_PIXELS // w)
    return (slice(top, min(h, top + n)) for top in range(0, h, n))


def rotate_quarter(photo: UInt8Array, n_quarters: int) -> UInt8Array:
    """Turn a photo clockwise by quarter turns, without resampling.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    n_quarters
        Quarter turns clockwise; any integer.

    Returns
    -------
    photo
        Shape ``(w, h, 3)`` for an odd number of quarters, else ``(h, w, 3)``; a contiguous copy.
    """
    turn = TURNS[n_quarters % 4]
    return photo.copy() if turn is None else np.asarray(cv2.rotate(photo, turn), dtype=np.uint8)


def draw_pencil_sketch(
    photo: UInt8Array,
    line_radius: float,
    line_strength: float,
    shading: float,
    texture_seed: int,
) -> UInt8Array:
    """Redraw a photo as a graphite pencil drawing on paper: contour lines and hatched shade.

    Lines come from a colour-dodge division of the luminance by its own blur, at two radii; shade
    is laid on as strokes in two directions, the second only where it is dark. Luminance is
    first stretched so that the photo's own white is paper.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    line_radius
        Blur radius of the dodge as a share of the shorter side, for instance 0.012.
    line_strength
        Exponent on the lines; 1 is the plain dodge, larger is a softer pencil (darker lines).
    shading
        How much shade is hatched, 0 (none) to 1.
    texture_seed
        Seed of the stroke texture. The same seed gives the same strokes.

    Returns
    -------
    photo
        Same shape and dtype; the three channels differ only by the tint of paper and graphite.
    """
    h, w = photo.shape[:2]
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    steps = np.arange(256, dtype=np.float32) / 255.0
    small = cv2.resize(cv2.LUT(grey, steps), (64, 64), interpolation=cv2.INTER_AREA)
    low, high = np.percentile(small, [1, 97])
    stretched = np.clip((steps - low) / max(float(high - low), 0.15), 0.0, 1.0)

    pencil = _Pencil(min(h, w), line_radius, line_strength, shading)
    sketch = np.empty_like(photo, order="C")
    sketch[:] = PAPER
    # Only what is darker than paper is drawn, and what the blurs carry from there.
    n_dark = int(np.count_nonzero(stretched < 1.0))
    x, y, across, down = cv2.boundingRect(cv2.compare(grey, float(n_dark), cv2.CMP_LT))
    columns = slice(max(0, x - pencil.reach_px), min(w, x + across + pencil.reach_px))
    rows = slice(max(0, y - pencil.reach_px), min(h, y + down + pencil.reach_px))
    strokes = [
        _strokes(h, w, angle, texture_seed + i)[rows, columns] for i, angle in enumerate(HATCHES)
    ]
    tone = cv2.LUT(grey[rows, columns], (stretched + LIFT).astype(np.float32))
    pencil.draw(tone, strokes, sketch[rows, columns])
    return sketch


def _blur(plane: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur that leaves a plane alone below a tenth of a pixel."""
    if sigma_px < 0.1:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), dtype=np.float32)


def _dodge(tone: FloatArray, blurred: FloatArray, strength: float) -> FloatArray:
    """Colour dodge of a plane by its blur: 1 on even tone, dark where darker than around."""
    ratio = np.clip(cv2.divide(tone, blurred), 0.0, 1.0)
    ratio **= strength
    return np.asarray(ratio, dtype=np.float32)


def _root(plane: FloatArray) -> FloatArray:
    """The power of 0.75, by square roots."""
    root = np.sqrt(plane)
    return np.asarray(root * np.sqrt(root), dtype=np.float32)


@dataclass(frozen=True)
class _Pencil:
    """How a sketch of a picture with a shorter side of `short_px` is drawn."""

    short_px: int
    line_radius: float
    line_strength: float
    shading: float

    @property
    def reach_px(self) -> int:
        """How far beyond a dark pixel anything is drawn; OpenCV cuts a blur at 4 radii."""
        return math.ceil(4 * self.short_px * (max(self.line_radius, 0.004) + 0.0015)) + 4

    def draw(self, tone: FloatArray, strokes: list[FloatArray], sketch: UInt8Array) -> None:
        """Draw what has a tone, `LIFT` to 1 + `LIFT`, into a picture of the same size."""
        tone = _blur(tone, 0.0015 * self.short_px)
        narrow = _blur(tone, max(self.line_radius * self.short_px / 3.0, 0.3))
        wide = _blur(tone, max(self.line_radius * self.short_px, 0.3))
        soft = _blur(tone, 0.004 * self.short_px)
        for rows in _strips(*tone.shape):
            fine = _dodge(tone[rows], narrow[rows], self.line_strength)
            broad = _dodge(tone[rows], wide[rows], self.line_strength)
            lines = cv2.min(fine, cv2.addWeighted(broad, 0.65, broad, 0.0, 0.35))
            lines *= cv2.addWeighted(broad, 0.55, broad, 0.0, 0.45)
            shade = _root(np.clip(0.96 + LIFT - soft[rows], 0.0, 1.0)) * self.shading
            # where the strokes, uniform in [0, 1], lie under the shade, by 0.5 wide slopes
            hatch = np.clip(cv2.addWeighted(shade, 3.0, strokes[0][rows], -2.0, 0.0), 0.0, 1.0)
            cross = np.clip(cv2.addWeighted(shade, 4.8, strokes[1][rows], -2.0, -2.25), 0.0, 1.0)
            ink = cv2.scaleAdd(shade, 0.12, cv2.addWeighted(hatch, 0.52, cross, 0.34, 0.0))
            graphite = lines * (1.0 - np.clip(ink, 0.0, 0.88))
            planes = [
                cv2.convertScaleAbs(graphite, alpha=paper - lead, beta=lead)
                for lead, paper in zip(LEAD, PAPER, strict=True)
            ]
            sketch[rows] = cv2.merge(planes)


@lru_cache(maxsize=8)
def _stroke_tile(angle_deg: float, seed: int) -> FloatArray:
    """A 512 × 512 tile of strokes along one direction, values uniform in [0, 1]."""
    side = 512
    noise = np.random.default_rng(seed).random((side, side)).astype(np.float32)
    # Motion blur along the direction, by wrap-around so that the tile has no seam.
    along = np.zeros((side, side), dtype=np.float32)
    dx, dy = math.cos(math.radians(angle_deg)), -math.sin(math.radians(angle_deg))
    for step in np.linspace(-22, 22, 89):
        x, y = side / 2 + step * dx, side / 2 + step * dy
        along[round(y), round(x)] += 1.0
    spectrum = np.fft.rfft2(noise) * np.fft.rfft2(np.fft.ifftshift(along))
    streaks = cv2.GaussianBlur(
        np.fft.irfft2(spectrum, s=(side, side)).astype(np.float32), (3, 3), 0
    )
    order = np.argsort(streaks, axis=None)
    ranks = np.empty(side * side, dtype=np.float32)
    ranks[order] = np.linspace(0.0, 1.0, side * side, dtype=np.float32)
    tile = ranks.reshape(side, side)
    tile.setflags(write=False)
    return tile


def _strokes(h: int, w: int, angle_deg: float, seed: int) -> FloatArray:
    """The stroke tile, `STROKE_TILE_SHARE` of the shorter side large, repeated over the picture."""
    side = max(8, round(STROKE_TILE_SHARE * min(h, w)))
    tile = _stroke_tile(angle_deg, seed)
    if side < tile.shape[0]:
        scaled = _small_stroke_tile(side, angle_deg, seed)
    else:
        scaled = np.clip(cv2.resize(tile, (side, side), interpolation=cv2.INTER_CUBIC), 0.0, 1.0)
    wrap = (0, max(0, h - side), 0, max(0, w - side), cv2.BORDER_WRAP)
    return np.asarray(cv2.copyMakeBorder(scaled, *wrap)[:h, :w], dtype=np.float32)


@lru_cache(maxsize=8)
def _small_stroke_tile(side: int, angle_deg: float, seed: int) -> FloatArray:
    """The stroke tile scaled down; kept, as pictures of one size follow each other."""
    scaled = cv2.resize(_stroke_tile(angle_deg, seed), (side, side), interpolation=cv2.INTER_AREA)
    scaled = np.clip(scaled, 0.0, 1.0)
    scaled.setflags(write=False)
    return np.asarray(scaled, dtype=np.float32)
