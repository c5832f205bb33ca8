"""The sketch: a photo redrawn in pencil, lines from its edges and strokes where it is dark.

The kernel is pure, as those of `functional`. A blur is made as small as it leaves nothing to see
of, and what it is needed for is worked out in strips that fit a processor core's own cache.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.augment.functional import strips

STROKE_TILE_SHARE: Final = 0.7
"""Side of the pencil's stroke texture as a share of the shorter side; strokes are a tenth of it."""

LIFT: Final = 0.12
"""Added to a sketch's tones: it keeps the noise of near-black leather from becoming lines."""

PAPER: Final = (250.0, 249.0, 245.0)
LEAD: Final = (42.0, 42.0, 46.0)
"""Colours of a pencil sketch, RGB."""

HATCHES: Final = (50.0, -35.0)
"""Directions of the pencil's strokes in degrees; the second only where it is dark."""

HALVED_FROM_PX: Final = 1.5
QUARTERED_FROM_PX: Final = 4.8
"""A blur from these radii on is made on a plane halved, or halved again, and so on."""

MOST_TILES: Final = 8
"""Of the stroke texture side by side; in a picture longer than that they repeat."""

KEPT_PIXELS: Final = 2**20
"""Strokes of pictures up to this size are kept, as pictures of one size follow each other."""


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
    # Only what is darker than paper is drawn, and what the blurs carry from there.
    n_dark = int(np.count_nonzero(stretched < 1.0))
    x, y, across, down = cv2.boundingRect(cv2.compare(grey, float(n_dark), cv2.CMP_LT))
    left, right = max(0, x - pencil.reach_px), min(w, x + across + pencil.reach_px)
    top, bottom = max(0, y - pencil.reach_px), min(h, y + down + pencil.reach_px)
    part = (slice(top, bottom), slice(left, right))
    strokes = [lay_strokes(h, w, angle, texture_seed + i)[part] for i, angle in enumerate(HATCHES)]
    tone = cv2.LUT(grey[part], (stretched + LIFT).astype(np.float32))
    sketch = pencil.draw(tone, strokes)
    if sketch.shape == photo.shape:
        return sketch
    paper = (top, h - bottom, left, w - right, cv2.BORDER_CONSTANT, None, PAPER)
    return np.asarray(cv2.copyMakeBorder(sketch, *paper), dtype=np.uint8)


def _blur(plane: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur that leaves a plane alone below a tenth of a pixel."""
    if sigma_px < 0.1:
        return plane
    side = 2 * math.ceil(3 * sigma_px) + 1
    return np.asarray(cv2.GaussianBlur(plane, (side, side), sigma_px), dtype=np.float32)


class _Blurs:
    """Blurs of one plane, each made on as small a copy as its radius allows."""

    def __init__(self, plane: FloatArray) -> None:
        self._halved = [plane]

    def small(self, sigma_px: float) -> FloatArray:
        """The blurred copy, to be enlarged by `_enlarge`."""
        n = int(sigma_px >= HALVED_FROM_PX)
        if sigma_px >= QUARTERED_FROM_PX:
            n = 2 + math.floor(math.log2(sigma_px / QUARTERED_FROM_PX))
        while len(self._halved) <= n:
            h, w = self._halved[-1].shape
            size = ((w + 1) // 2, (h + 1) // 2)
            halved = cv2.resize(self._halved[-1], size, interpolation=cv2.INTER_LINEAR)
            self._halved.append(np.asarray(halved, dtype=np.float32))
        # Halving by means and enlarging by straight lines blur by half a small pixel together.
        spent = 0.25 if n else 0.0
        return _blur(self._halved[n], math.sqrt((sigma_px / 2**n) ** 2 - spent))


def _enlarge(plane: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """A small plane at full size."""
    if plane.shape == shape:
        return plane
    enlarged = cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, dtype=np.float32)


def _dodge(tone: FloatArray, blurred: FloatArray, strength: float) -> FloatArray:
    """Colour dodge of a plane by its blur: 1 on even tone, dark where darker than around."""
    quotient = cv2.divide(tone, blurred)
    ratio: FloatArray = np.asarray(cv2.threshold(quotient, 1.0, 1.0, cv2.THRESH_TRUNC, quotient)[1])
    return np.square(ratio, out=ratio) if strength == 2.0 else ratio ** np.float32(strength)


@dataclass(frozen=True)
class _Pencil:
    """How a sketch of a picture with a shorter side of `short_px` is drawn."""

    short_px: int
    line_radius: float
    line_strength: float
    shading: float

    @property
    def reach_px(self) -> int:
        """How far beyond a dark pixel anything is drawn."""
        return math.ceil(4 * self.short_px * (max(self.line_radius, 0.004) + 0.0015)) + 4

    def draw(self, tone: FloatArray, strokes: list[FloatArray]) -> UInt8Array:
        """Draw what has a tone, `LIFT` to 1 + `LIFT`: a picture of the same size."""
        sketch = np.empty((*tone.shape, 3), dtype=np.uint8)
        tone = _blur(tone, 0.0015 * self.short_px)
        blurs = _Blurs(tone)
        radius_px = self.line_radius * self.short_px
        narrow = _enlarge(blurs.small(max(radius_px / 3.0, 0.3)), tone.shape)
        wide = _enlarge(blurs.small(max(radius_px, 0.3)), tone.shape)
        shade = _enlarge(self._shade(blurs.small(max(0.004 * self.short_px, 0.1))), tone.shape)
        for rows in strips(*tone.shape):
            fine = _dodge(tone[rows], narrow[rows], self.line_strength)
            broad = _dodge(tone[rows], wide[rows], self.line_strength)
            lines = cv2.min(fine, cv2.addWeighted(broad, 0.65, broad, 0.0, 0.35))
            # where the strokes, uniform in [0, 1], lie under the shade, by 0.5 wide slopes
            dark = shade[rows]
            hatch = cv2.addWeighted(dark, 3.0, strokes[0][rows], -2.0, 0.0)
            cross = cv2.addWeighted(dark, 4.8, strokes[1][rows], -2.0, -2.25)
            np.clip(hatch, 0.0, 1.0, out=hatch)
            np.clip(cross, 0.0, 1.0, out=cross)
            ink = cv2.scaleAdd(dark, 0.12, cv2.addWeighted(hatch, 0.52, cross, 0.34, 0.0))
            left = np.clip(1.0 - ink, 0.12, 1.0)
            lines *= cv2.addWeighted(broad, 0.55, broad, 0.0, 0.45)
            graphite = cv2.multiply(lines, left)
            planes = [
                cv2.convertScaleAbs(graphite, alpha=paper - lead, beta=lead)
                for lead, paper in zip(LEAD, PAPER, strict=True)
            ]
            cv2.merge(planes, dst=sketch[rows])
        return sketch

    def _shade(self, tone: FloatArray) -> FloatArray:
        """How much a blurred tone is to be shaded: a power of 0.75 of what it lacks of white."""
        root = np.sqrt(np.clip(0.96 + LIFT - tone, 0.0, 1.0))
        return np.asarray(root * np.sqrt(root) * self.shading, dtype=np.float32)


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


def lay_strokes(h: int, w: int, angle_deg: float, seed: int) -> FloatArray:
    """Return strokes over a picture: a tile of `STROKE_TILE_SHARE`, repeated.

    Parameters
    ----------
    h, w
        Size of the picture in pixels.
    angle_deg
        Direction of the strokes.
    seed
        Seed of the tile.

    Returns
    -------
    strokes
        Shape ``(h, w)``, float32, uniform in [0, 1], read-only; kept for the next picture unless
        it is large.
    """
    lay = _make_strokes if h * w <= KEPT_PIXELS else _make_strokes.__wrapped__
    return lay(h, w, angle_deg, seed)


@lru_cache(maxsize=4)
def _make_strokes(h: int, w: int, angle_deg: float, seed: int) -> FloatArray:
    """What `lay_strokes` returns, made anew."""
    tile = _stroke_tile(angle_deg, seed)
    scale = max(8.0, STROKE_TILE_SHARE * min(h, w)) / tile.shape[0]
    # Repeated first and scaled then, so that a stroke lies where it does at any other size.
    most = MOST_TILES * tile.shape[0]
    down, across = (min(most, max(1, round(side / scale))) for side in (h, w))
    size = (w if across < most else round(most * scale), h if down < most else round(most * scale))
    rows, columns = np.arange(down) % tile.shape[0], np.arange(across) % tile.shape[1]
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    laid = cv2.resize(tile[np.ix_(rows, columns)], size, interpolation=interpolation)
    if size != (w, h):
        rest = (0, max(0, h - size[1]), 0, max(0, w - size[0]))
        laid = cv2.copyMakeBorder(laid, *rest, cv2.BORDER_WRAP)[:h, :w]
    strokes = np.asarray(np.clip(laid, 0.0, 1.0), dtype=np.float32)
    strokes.setflags(write=False)
    return strokes
