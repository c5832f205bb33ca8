"""The swivel: a photo turned about its vertical axis, its background continued around it.

The kernel is pure, as those of `functional`. What the turned photo does not cover is worked on in
strips along the frame alone, and its background is spread at a small size. Pictures have a fourth
channel while they are worked on, as OpenCV warps four channels twice as fast as three.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.continuation import (
    BACKGROUND_TOLERANCE,
    FADE_SHARE,
    PAD_PX,
    SMALL_SIDE_PX,
    Colour,
    edge_blurs,
    fade_out,
    shrink_border,
    spread_border,
)

Box = tuple[float, float, float, float]
Matrix = NDArray[np.float64]
Window = tuple[int, int, int, int]
"""Left, top, right, bottom of a part of the frame, in pixels."""

EVEN_RANGE: Final = 1.0
"""Of the border's colours (0 to 255), up to which what is to be continued is one colour."""

ALPHA: Final = np.array([0, 0, 0, 255], dtype=np.uint8).view(np.uint32)
"""The fourth channel of a pixel that is looked at as one number."""

LANES: Final = 16
"""Pixels that OpenCV warps at once; a width that is no multiple of it costs as much again."""

HALFWAY: Final = np.array([[-1.0], [5.0], [5.0], [-1.0]], dtype=np.float32) / 8.0
"""Cubic interpolation halfway between the second and the third of four rows; a little sharper
than OpenCV's -3, 19, 19, -3 of 32, which makes up for what is linear from there on."""


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
    doubled = _double_rows(photo)
    turned = np.empty((h, w + -w % LANES, 4), dtype=np.uint8)
    _continue_background(doubled[:, 0], turned, matrix, colour)
    _lay_plane(doubled.reshape(2 * h, w, 4), turned, matrix)
    return np.asarray(cv2.cvtColor(turned[:, :w], cv2.COLOR_RGBA2RGB), dtype=np.uint8)


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


def _project(matrix: np.ndarray, left: float, top: float, right: float, bottom: float) -> Matrix:
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


def _surroundings(matrix: Matrix, h: int, w: int) -> list[Window]:
    """Strips along the frame that together hold all that the turned photo does not cover.

    Their widths are multiples of `LANES`, the last of which may lie beyond the frame.
    """
    corners = _project(matrix, 0, 0, w - 1, h - 1)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    w += -w % LANES
    top = min(h, max(0, math.ceil(max(y0, y1)) + 1))
    bottom = max(top, min(h, math.floor(min(y2, y3)) - 1))
    left = LANES * math.ceil(min(w, max(0, math.ceil(max(x0, x3)) + 1)) / LANES)
    right = LANES * math.floor(max(left, min(w, math.floor(min(x1, x2)) - 1)) / LANES)
    strips = ((0, 0, w, top), (0, bottom, w, h), (0, top, left, bottom), (right, top, w, bottom))
    return [window for window in strips if window[0] < window[2] and window[1] < window[3]]


def _warp(
    pixels: UInt8Array, matrix: Matrix, window: Window, warped: UInt8Array, border: int
) -> None:
    """Warp a part of the frame into what is given for it, interpolating linearly."""
    left, top, right, bottom = window
    place = _shift(-left, -top) @ matrix
    size = (right - left, bottom - top)
    cv2.warpPerspective(pixels, place, size, warped, cv2.INTER_LINEAR, border)


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _double_rows(photo: UInt8Array) -> UInt8Array:
    """Rows, and what lies halfway between each and the next, shape ``(h, 2, w, 4)``."""
    h, w = photo.shape[:2]
    between = cv2.filter2D(photo, -1, HALFWAY, anchor=(0, 1))
    doubled = np.empty((h, 2, w, 4), dtype=np.uint8)
    cv2.cvtColor(photo, cv2.COLOR_RGB2RGBA, doubled[:, 0])
    cv2.cvtColor(between, cv2.COLOR_RGB2RGBA, doubled[:, 1])
    return doubled


def _lay_plane(doubled: UInt8Array, turned: UInt8Array, matrix: Matrix) -> None:
    """Warp a picture with doubled rows onto what is there.

    Downwards it is cubic at the halves and linear from one half to the next, across, where the
    turn narrows a picture, linear: hardly to be told from cubic, in half the time.
    """
    h, w = doubled.shape[0] // 2, doubled.shape[1]
    left, top, right, bottom = _within(_project(matrix, 0, 0, w - 1, h - 1), h, w)
    right = min(turned.shape[1], right + (left - right) % LANES)
    place = matrix @ np.diag([1.0, 0.5, 1.0])
    tile = turned[top:bottom, left:right]
    _warp(doubled, place, (left, top, right, bottom), tile, cv2.BORDER_TRANSPARENT)


def _continue_background(
    pixels: UInt8Array, turned: UInt8Array, matrix: Matrix, colour: Colour | None
) -> None:
    """Fill what lies outside the turned plane by a smooth continuation of the background.

    Close to the plane the photo is mirrored outwards (on a plain photo only where it is
    background), so that no seam is seen; further out, and wherever the product was cut by the
    edge, a blur of the border's pixels takes over, made at small size.
    """
    h, w = pixels.shape[:2]
    scale = SMALL_SIDE_PX / max(h, w)
    sw, sh = max(4, round(w * scale)), max(4, round(h * scale))
    windows = _surroundings(matrix, h, w)
    if not windows:
        return
    border = shrink_border(pixels, sh, sw)
    least, most = border.min(axis=0), border.max(axis=0)
    if (most - least).max() <= EVEN_RANGE:
        even = np.append(np.rint((least + most) / 2), 255).astype(np.uint8).view(np.int32)
        for left, top, right, bottom in windows:
            turned.view(np.int32)[top:bottom, left:right, 0] = even
        return
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
    blurs = edge_blurs(sh)[:, rows], edge_blurs(sw)[:, columns]
    spread = spread_border(border, *blurs, colour)
    fade = fade_out(sh, sw)[rows, columns]
    around = cv2.merge([*cv2.convertScaleAbs(spread.reshape(3, -1)).reshape(spread.shape), fade])
    place = matrix @ grow @ _shift(columns.start, rows.start)

    reach = math.ceil((FADE_SHARE + 1 / SMALL_SIDE_PX) * max(h, w)) + 2
    mirrored = cv2.copyMakeBorder(pixels, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    # The fourth channel says how much of a pixel the photo itself covers.
    mirrored[:reach, :, 3] = mirrored[-reach:, :, 3] = 0
    mirrored[:, :reach, 3] = mirrored[:, -reach:, 3] = 0
    from_mirrored = matrix @ _shift(-reach, -reach)
    # All strips lie behind one another, so that they are mixed at once.
    sizes = [(right - left, bottom - top) for left, top, right, bottom in windows]
    ends = np.cumsum([across * down for across, down in sizes])
    fill, edge = np.empty((2, int(ends[-1]), 1, 4), dtype=np.uint8)
    for window, size, end in zip(windows, sizes, ends, strict=True):
        part = slice(end - size[0] * size[1], end)
        shape = (size[1], size[0], 4)
        _warp(around, place, window, fill[part].reshape(shape), cv2.BORDER_REPLICATE)
        _warp(mirrored, from_mirrored, window, edge[part].reshape(shape), cv2.BORDER_CONSTANT)
    keep = cv2.extractChannel(fill, 3)
    if colour is not None:
        keep = cv2.min(keep, _near(edge, fill))
    keep = cv2.merge([cv2.max(keep, cv2.extractChannel(edge, 3))] * 4)
    edge = cv2.multiply(edge, keep, scale=1 / 255)
    fill = cv2.multiply(fill, cv2.bitwise_not(keep), scale=1 / 255)
    mixed = cv2.add(edge, fill)
    for (left, top, right, bottom), (across, down), end in zip(windows, sizes, ends, strict=True):
        strip = mixed[end - across * down : end].reshape(down, across, 4)
        turned[top:bottom, left:right] = strip


def _near(pixels: UInt8Array, others: UInt8Array) -> UInt8Array:
    """255 where three channels are within the tolerance, else 0; faster than `cv2.inRange`."""
    off = cv2.absdiff(pixels, others)
    near = cv2.threshold(off, BACKGROUND_TOLERANCE, 255, cv2.THRESH_BINARY_INV)[1]
    colours = near.view(np.uint32)[..., 0] | ALPHA
    return np.asarray(cv2.compare(colours.view(np.int32), -1, cv2.CMP_EQ), dtype=np.uint8)
