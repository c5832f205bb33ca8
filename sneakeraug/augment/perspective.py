"""The swivel: a photo turned about its vertical axis, its background continued around it.

The kernel is pure, as those of `functional`. What the turned photo does not cover is worked on in
strips along the frame alone, and its background is spread at a small size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sneakeraug.arrays import FloatArray, UInt8Array, largest_channel

Box = tuple[float, float, float, float]
Matrix = NDArray[np.float64]
Colour = tuple[int, int, int]
Window = tuple[int, int, int, int]
"""Left, top, right, bottom of a part of the frame, in pixels."""

SMALL_SIDE_PX: Final = 96
"""Longer side at which a background is continued; backgrounds are smooth."""

PAD_PX: Final = round(0.75 * SMALL_SIDE_PX)
"""How far beyond the small picture its background is continued, on every side."""

FADE_SHARE: Final = 0.06
"""How far a turned photo's edge is mirrored outwards before it has faded, of the longer side."""

BACKGROUND_TOLERANCE: Final = 24.0
"""Largest channel difference (0 to 255) at which a pixel counts as the background's colour."""

SPREADS_PX: Final = (24.0, 12.0, 6.0, 3.0)
"""Radii at which border colours are spread, from wide to narrow."""

BORDER_PX: Final = 2
"""Of the small picture; its colours are what is spread."""


def swivel(
    photo: UInt8Array,
    angle_deg: float,
    distance: float,
    box: Box,
    colour: Colour | None,
) -> UInt8Array:
    """Turn a photo about its vertical axis in true perspective, on the same canvas.

    The photo is a plane seen by a pinhole camera; a positive angle brings its left side nearer.
    Where the turned plane does not reach, the photo's own background continues: the edge
    mirrored for a little way, fading into a smooth continuation of the border's colours.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    angle_deg
        Turn in degrees, in (-80, 80).
    distance
        From camera to picture, in units of the longer side; smaller is a stronger perspective.
    box
        ``(left, top, right, bottom)`` of what must stay in the frame, as shares of the sides.
    colour
        The background's RGB where it is plain, else None.

    Returns
    -------
    photo
        Same shape and dtype.
    """
    h, w = photo.shape[:2]
    matrix = swivel_matrix(h, w, angle_deg, distance, box)
    turned = np.empty_like(photo, order="C")
    fade = (FADE_SHARE + 2 / SMALL_SIDE_PX) * max(h, w) + 2
    window = _within(_project(matrix, -fade, -fade, w + fade, h + fade), h, w)
    left, top, right, bottom = window
    turned[top:bottom, left:right] = _warp(
        photo, matrix, window, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101
    )
    _continue_background(photo, turned, matrix, colour)
    return turned


def swivel_matrix(h: int, w: int, angle_deg: float, distance: float, box: Box) -> Matrix:
    """Return the homography of `swivel`, scaled and shifted so that `box` stays in the frame.

    Parameters
    ----------
    h, w
        Size of the picture in pixels.
    angle_deg, distance, box
        See `swivel`.

    Returns
    -------
    matrix
        Shape ``(3, 3)``, float64, from source to target pixels.
    """
    angle = math.radians(angle_deg)
    camera = distance * max(h, w)
    left, top, right, bottom = box[0] * w, box[1] * h, box[2] * w, box[3] * h
    cx, cy = (left + right) / 2, (top + bottom) / 2
    # (x, y) on the plane, turned: (x cos, y, x sin), seen from the camera on the axis.
    turn = np.array(
        [
            [camera * math.cos(angle), 0.0, 0.0],
            [0.0, camera, 0.0],
            [math.sin(angle), 0.0, camera],
        ]
    ) @ np.array([[1.0, 0.0, -cx], [0.0, 1.0, -cy], [0.0, 0.0, 1.0]])
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]]).T
    seen = turn @ corners
    x, y = seen[0] / seen[2], seen[1] / seen[2]
    margin = 0.02
    scale = min(1.0, (1 - margin) * w / np.ptp(x), (1 - margin) * h / np.ptp(y))
    # The centre stays where it was as far as the frame allows.
    ox = _inside(cx + scale * (x.min() + x.max()) / 2, scale * np.ptp(x), w)
    oy = _inside(cy + scale * (y.min() + y.max()) / 2, scale * np.ptp(y), h)
    shift_x = ox - scale * (x.min() + x.max()) / 2
    shift_y = oy - scale * (y.min() + y.max()) / 2
    place = np.array([[scale, 0.0, shift_x], [0.0, scale, shift_y], [0.0, 0.0, 1.0]])
    return np.asarray(place @ turn, dtype=np.float64)


def _inside(centre: float, extent: float, side: float) -> float:
    """Move a centre so that an extent around it lies within [0, side]."""
    return float(min(max(centre, extent / 2), side - extent / 2))


def _project(matrix: Matrix, left: float, top: float, right: float, bottom: float) -> Matrix:
    """Where a rectangle's corners go: clockwise from top left, shape ``(4, 2)``."""
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]])
    seen = corners @ matrix.T
    return np.asarray(seen[:, :2] / seen[:, 2:], dtype=np.float64)


def _within(corners: Matrix, h: int, w: int) -> Window:
    """The part of the frame that holds a quadrilateral."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(w, math.ceil(right) + 1),
        min(h, math.ceil(bottom) + 1),
    )


def _surroundings(matrix: Matrix, h: int, w: int) -> Iterator[Window]:
    """Strips along the frame that together hold all that the turned photo does not cover."""
    corners = _project(matrix, 0, 0, w - 1, h - 1)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    top = min(h, max(0, math.ceil(max(y0, y1)) + 1))
    bottom = max(top, min(h, math.floor(min(y2, y3)) - 1))
    left = min(w, max(0, math.ceil(max(x0, x3)) + 1))
    right = max(left, min(w, math.floor(min(x1, x2)) - 1))
    strips = ((0, 0, w, top), (0, bottom, w, h), (0, top, left, bottom), (right, top, w, bottom))
    return (window for window in strips if window[0] < window[2] and window[1] < window[3])


def _warp(
    pixels: np.ndarray, matrix: Matrix, window: Window, interpolation: int, border: int
) -> np.ndarray:
    """A part of the warped frame."""
    left, top, right, bottom = window
    shift = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top], [0.0, 0.0, 1.0]])
    size = (right - left, bottom - top)
    return np.asarray(
        cv2.warpPerspective(pixels, shift @ matrix, size, None, interpolation, border)
    )


def _continue_background(
    photo: UInt8Array, turned: UInt8Array, matrix: Matrix, colour: Colour | None
) -> None:
    """Replace what lies outside the turned plane by a smooth continuation of the background.

    `turned` has the photo mirrored outwards for as far as that shows. Close to the plane it stays
    (on a plain photo only where it is background), so that no seam is seen; further out, and
    wherever the product was cut by the edge, a blur of the border's pixels takes over, made at
    small size.
    """
    h, w = photo.shape[:2]
    scale = SMALL_SIDE_PX / max(h, w)
    sw, sh = max(4, round(w * scale)), max(4, round(h * scale))
    # small padded pixel -> full pixel, pixel centres aligned
    grow_x, grow_y = w / sw, h / sh
    grow = np.array(
        [
            [grow_x, 0.0, (0.5 - PAD_PX) * grow_x - 0.5],
            [0.0, grow_y, (0.5 - PAD_PX) * grow_y - 0.5],
            [0.0, 0.0, 1.0],
        ]
    )
    # of the padded picture only what the frame shows, and a pixel around it
    seen = _project(np.linalg.inv(matrix @ grow), 0, 0, w - 1, h - 1)
    (left, top), (right, bottom) = np.floor(seen.min(axis=0)) - 1, np.ceil(seen.max(axis=0)) + 2
    columns = slice(int(max(0, left)), int(min(sw + 2 * PAD_PX, right)))
    rows = slice(int(max(0, top)), int(min(sh + 2 * PAD_PX, bottom)))
    small = cv2.resize(photo, (sw, sh), interpolation=cv2.INTER_AREA)
    around = np.empty((rows.stop - rows.start, columns.stop - columns.start, 4), dtype=np.float32)
    around[..., :3] = _spread_border(small, rows, columns, colour)
    around[..., 3] = _distance(sh, sw)[rows, columns]
    place = matrix @ grow @ np.array([[1, 0, columns.start], [0, 1, rows.start], [0, 0, 1.0]])

    ones = np.ones((h, w), dtype=np.float32)
    for window in _surroundings(matrix, h, w):
        strip = turned[window[1] : window[3], window[0] : window[2]]
        warped = _warp(around, place, window, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
        inside = _warp(ones, matrix, window, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)
        *fills, distance = cv2.split(warped)
        fade = np.clip(1.0 - distance / (FADE_SHARE * SMALL_SIDE_PX), 0.0, 1.0)
        edges = cv2.split(strip)
        if colour is not None:
            off = [np.abs(edge - fill) for edge, fill in zip(edges, fills, strict=True)]
            fade *= np.maximum(np.maximum(off[0], off[1]), off[2]) <= BACKGROUND_TOLERANCE
        keep = np.maximum(inside, fade)
        mixed = [
            np.rint(keep * edge + (1.0 - keep) * fill).clip(0, 255).astype(np.uint8)
            for edge, fill in zip(edges, fills, strict=True)
        ]
        cv2.merge(mixed, dst=strip)


@lru_cache(maxsize=16)
def _distance(h: int, w: int) -> FloatArray:
    """How far each pixel of the padded picture is from the picture of ``(h, w)``."""
    outside = np.ones((h + 2 * PAD_PX, w + 2 * PAD_PX), dtype=np.uint8)
    outside[PAD_PX : PAD_PX + h, PAD_PX : PAD_PX + w] = 0
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
    distance.setflags(write=False)
    return np.asarray(distance, dtype=np.float32)


@lru_cache(maxsize=16)
def _blurs(side: int) -> FloatArray:
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


def _spread_border(
    small: UInt8Array, rows: slice, columns: slice, colour: Colour | None
) -> FloatArray:
    """Rows and columns of a padded picture, filled from the border's (background) pixels alone."""
    pixels = small.astype(np.float32)
    edge = np.ones(small.shape[:2], dtype=np.float32)
    edge[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = 0
    if colour is None:
        base, weight = np.median(pixels[edge > 0], axis=0), edge
    else:
        base = np.array(colour, dtype=np.float32)
        weight = edge * (largest_channel(np.abs(pixels - base)) <= BACKGROUND_TOLERANCE)
    weighted = np.moveaxis(np.dstack([pixels * weight[..., None], weight]), 2, 0)
    fill = np.broadcast_to(base.astype(np.float32)[:, None, None], (3, 1, 1))
    # From wide to narrow normalised blurs: the narrowest that sees background wins.
    for blur_y, blur_x in zip(_blurs(small.shape[0]), _blurs(small.shape[1]), strict=True):
        blurred = _blur_frame(weighted, blur_y[rows], blur_x[columns])
        total = blurred[3]
        mean = blurred[:3] / np.maximum(total, 1e-6)
        trust = np.clip(total / 0.02, 0.0, 1.0)
        fill = trust * mean + (1.0 - trust) * fill
    return np.moveaxis(fill, 0, 2)


def _blur_frame(planes: FloatArray, blur_y: FloatArray, blur_x: FloatArray) -> FloatArray:
    """Blur planes that hold something only along their frame, by that frame alone.

    Parameters
    ----------
    planes
        Shape ``(c, h, w)``, float32; zero except for `BORDER_PX` along every side.
    blur_y, blur_x
        Shapes ``(n, h)`` and ``(m, w)``, from `_blurs`.

    Returns
    -------
    blurred
        ``blur_y @ plane @ blur_x.T`` of each plane, shape ``(c, n, m)``.
    """
    ends = [*range(BORDER_PX), *range(-BORDER_PX, 0)]
    inner = slice(BORDER_PX, -BORDER_PX)
    n_planes = len(planes)
    across = planes[:, ends] @ blur_x.T
    down = blur_y[:, inner] @ planes[:, inner][:, :, ends]
    left = np.concatenate([np.repeat(blur_y[None, :, ends], n_planes, axis=0), down], axis=2)
    right = np.concatenate([across, np.repeat(blur_x.T[None, ends], n_planes, axis=0)], axis=1)
    return np.asarray(left @ right, dtype=np.float32)
