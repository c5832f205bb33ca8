"""The background of a photo beyond its edges, spread from its border at a small size."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, UInt8Array, largest_channel

Colour = tuple[int, int, int]

SMALL_SIDE_PX: Final = 48
"""Longer side at which a background is continued; backgrounds are smooth."""

PAD_PX: Final = round(0.75 * SMALL_SIDE_PX)
"""How far beyond the small picture its background is continued, on every side."""

FADE_SHARE: Final = 0.06
"""How far a turned photo's edge is mirrored outwards before it has faded, of the longer side."""

BACKGROUND_TOLERANCE: Final = 24.0
"""Largest channel difference (0 to 255) at which a pixel counts as the background's colour."""

SMOOTH_STEP: Final = 5.0
"""From one small pixel of the border to the next a backdrop's shade changes by no more than this,
largest channel, 0 to 255; where a product is cut by the edge, by more."""

SPREADS_PX: Final = (12.0, 6.0, 3.0, 1.5)
"""Radii at which border colours are spread, from wide to narrow."""

TRUSTED_WEIGHT: Final = 0.02
"""Share of background in what a spread colour is the mean of, from which on it alone counts."""


def shrink_border(pixels: UInt8Array, h: int, w: int) -> FloatArray:
    """The border of a small picture of ``(h, w)``: top, bottom, left, right; shape ``(n, 3)``."""
    deep, wide = max(1, round(pixels.shape[0] / h)), max(1, round(pixels.shape[1] / w))
    rows = [
        cv2.resize(x, (w, 1), None, 0, 0, cv2.INTER_AREA) for x in (pixels[:deep], pixels[-deep:])
    ]
    sides = (pixels[deep:-deep, :wide], pixels[deep:-deep, -wide:])
    columns = [cv2.resize(x, (1, h - 2), None, 0, 0, cv2.INTER_AREA) for x in sides]
    border = np.concatenate([x.reshape(-1, 4) for x in (*rows, *columns)])
    return np.asarray(border[:, :3], dtype=np.float32)


@lru_cache(maxsize=16)
def fade_out(h: int, w: int) -> UInt8Array:
    """How much of the mirrored photo is kept around a small picture, padded; 255 is all."""
    outside = np.ones((h + 2 * PAD_PX, w + 2 * PAD_PX), dtype=np.uint8)
    outside[PAD_PX : PAD_PX + h, PAD_PX : PAD_PX + w] = 0
    distance = np.maximum(cv2.distanceTransform(outside, cv2.DIST_L2, 5) - 0.5, 0.0)
    left = np.clip(1.0 - distance / (FADE_SHARE * SMALL_SIDE_PX), 0.0, 1.0)
    fade = np.asarray(np.rint(255 * left), dtype=np.uint8)
    fade.setflags(write=False)
    return fade


@lru_cache(maxsize=16)
def edge_blurs(side: int) -> FloatArray:
    """Gaussian blurs along one side as matrices, from the side's pixels to the padded side's.

    Shape ``(len(SPREADS_PX), side + 2 PAD_PX, side)``; the ends are mirrored as OpenCV does.
    """
    n = side + 2 * PAD_PX
    blurs = np.zeros((len(SPREADS_PX), n, n), dtype=np.float32)
    for blur, sigma in zip(blurs, SPREADS_PX, strict=True):
        size = round(8 * sigma + 1) | 1
        kernel = cv2.getGaussianKernel(size, sigma, cv2.CV_32F).ravel()
        at = np.arange(n)[:, None] + np.arange(size) - size // 2
        at = np.abs(at)
        at = np.where(at >= n, 2 * (n - 1) - at, at)
        np.add.at(blur, (np.arange(n)[:, None], at), kernel)
    blurs = np.ascontiguousarray(blurs[:, :, PAD_PX : PAD_PX + side])
    blurs.setflags(write=False)
    return blurs


def spread_border(
    border: FloatArray, blur_y: FloatArray, blur_x: FloatArray, colour: Colour | None
) -> FloatArray:
    """Fill a picture from the (background) pixels of its border alone.

    Parameters
    ----------
    border
        From `shrink_border`.
    blur_y, blur_x
        Shapes ``(k, n, h)`` and ``(k, m, w)``, from `edge_blurs`.
    colour
        The background's RGB where it is plain, else None.

    Returns
    -------
    planes
        Shape ``(3, n, m)``.
    """
    if colour is None:
        base = np.median(border, axis=0).astype(np.float32)
        weight = np.ones((len(border), 1), dtype=np.float32)
    else:
        base = np.array(colour, dtype=np.float32)
        is_background = _follow_backdrop(border, base, blur_x.shape[2])
        weight = is_background[:, None].astype(np.float32)
    blurred = _blur_border(np.hstack([border * weight, weight]).T, blur_y, blur_x)
    total = blurred[:, 3:]
    means = blurred[:, :3] / np.maximum(total, TRUSTED_WEIGHT)
    left = 1.0 - np.minimum(total / TRUSTED_WEIGHT, 1.0)
    fill = base[:, None, None]
    # From wide to narrow normalised blurs: the narrowest that sees background wins.
    for mean, doubt in zip(means, left, strict=True):
        fill = mean + doubt * fill
    return fill


def _follow_backdrop(border: FloatArray, base: FloatArray, w: int) -> BoolArray:
    """Which pixels of a border are background: of its colour, or led to from there smoothly."""
    n = len(border)
    h = (n - 2 * w) // 2
    rows, left, right = np.arange(2 * w), np.arange(2 * w, 2 * w + h), np.arange(2 * w + h, n)
    # clockwise from top left
    ring = np.concatenate([rows[:w], right, rows[w:][::-1], left[::-1]])
    colours = border[ring]
    is_near = largest_channel(np.abs(colours - base)) <= BACKGROUND_TOLERANCE
    is_jump = largest_channel(np.abs(colours - np.roll(colours, 1, axis=0))) > SMOOTH_STEP
    pieces = np.cumsum(is_jump)
    if not is_jump[0]:
        pieces[pieces == 0] = pieces[-1]  # the ring's end goes on at its beginning
    is_background = np.empty(n, dtype=np.bool_)
    is_background[ring] = (np.bincount(pieces, is_near) > 0)[pieces]
    return is_background


def _blur_border(planes: FloatArray, blur_y: FloatArray, blur_x: FloatArray) -> FloatArray:
    """Blur planes that hold something only along their border, by that border alone.

    Parameters
    ----------
    planes
        Borders, shape ``(c, 2 w + 2 (h - 2))``, in the order of `shrink_border`.
    blur_y, blur_x
        Shapes ``(k, n, h)`` and ``(k, m, w)``, from `edge_blurs`.

    Returns
    -------
    blurred
        ``blur_y @ plane @ blur_x.T`` of each plane, shape ``(k, c, n, m)``.
    """
    c, (k, n, h), (m, w) = len(planes), blur_y.shape, blur_x.shape[1:]
    left = np.empty((k, c, n, 4), dtype=np.float32)
    right = np.empty((k, c, 4, m), dtype=np.float32)
    ends = [0, -1]
    left[..., :2] = blur_y[:, None][..., ends]
    right[:, :, 2:] = blur_x.transpose(0, 2, 1)[:, None, ends]
    across = planes[:, : 2 * w].reshape(2 * c, w) @ blur_x.transpose(0, 2, 1)
    right[:, :, :2] = across.reshape(k, c, 2, m)
    down = blur_y[..., 1:-1] @ planes[:, 2 * w :].reshape(2 * c, h - 2).T
    left[..., 2:] = down.reshape(k, n, c, 2).transpose(0, 2, 1, 3)
    return np.asarray(left @ right, dtype=np.float32)
