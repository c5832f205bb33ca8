"""Pure kernels: a photo and numbers in, a new photo out. Lengths are shares of the picture.

Photos are RGB uint8 ``(h, w, 3)``; no kernel modifies its input; every kernel gives the same
pixels for the same arguments, and the same look at any resolution.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sneakeraug.arrays import FloatArray, UInt8Array, largest_channel

Box = tuple[float, float, float, float]
Matrix = NDArray[np.float64]
Colour = tuple[int, int, int]

SMALL_SIDE_PX = 96
"""Longer side at which a background is continued; backgrounds are smooth."""

STROKE_TILE_SHARE = 0.7
"""Side of the pencil's stroke texture as a share of the shorter side; strokes are a tenth of it."""

FADE_SHARE = 0.06
"""How far a turned photo's edge is mirrored outwards before it has faded, of the longer side."""

BACKGROUND_TOLERANCE = 24.0
"""Largest channel difference (0 to 255) at which a pixel counts as the background's colour."""


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
    value = largest_channel(photo)
    # gain(v) = (curve(v) - floor) / v, with the curve's own slope where v is 0
    steps = np.arange(256, dtype=np.float32) / 255.0
    gain = np.empty(256, dtype=np.float32)
    gain[1:] = (curve[1:] - floor) / steps[1:]
    gain[0] = gain[1]
    scaled = cv2.multiply(photo, cv2.merge([gain[value]] * 3), dtype=cv2.CV_32F)
    return np.asarray(np.rint(scaled + 255.0 * floor).clip(0, 255), dtype=np.uint8)


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
    return np.ascontiguousarray(np.rot90(photo, k=-n_quarters % 4)).copy()


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
    short = min(h, w)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    low, high = np.percentile(cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA), [1, 97])
    tone = np.clip((grey - low) / max(float(high - low), 0.15), 0.0, 1.0)
    tone = _blur(tone, 0.0015 * short)

    fine = _dodge(tone, line_radius * short / 3.0, line_strength)
    broad = _dodge(tone, line_radius * short, line_strength)
    lines = np.minimum(fine, 0.35 + 0.65 * broad) * (0.45 + 0.55 * broad)

    shade = np.clip(1.0 - _blur(tone, 0.004 * short) - 0.04, 0.0, 1.0) ** 0.75 * shading
    first = _strokes(h, w, 50.0, texture_seed)
    second = _strokes(h, w, -35.0, texture_seed + 1)
    ink = 0.52 * _lay(shade, first) + 0.34 * _lay(1.6 * shade - 0.75, second) + 0.12 * shade
    graphite = np.clip(lines * (1.0 - np.clip(ink, 0.0, 0.88)), 0.0, 1.0)[..., None]

    paper = np.array([250.0, 249.0, 245.0], dtype=np.float32)
    lead = np.array([42.0, 42.0, 46.0], dtype=np.float32)
    return np.asarray(np.rint(lead + (paper - lead) * graphite), dtype=np.uint8)


def _blur(plane: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur that leaves a plane alone below a tenth of a pixel."""
    if sigma_px < 0.1:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), dtype=np.float32)


def _dodge(tone: FloatArray, sigma_px: float, strength: float) -> FloatArray:
    """Colour dodge of a plane by its blur: 1 on even tone, dark where darker than around."""
    # 0.12 keeps the noise of near-black leather from becoming lines.
    ratio = (tone + 0.12) / (_blur(tone, max(sigma_px, 0.3)) + 0.12)
    return np.asarray(np.clip(ratio, 0.0, 1.0) ** strength, dtype=np.float32)


def _lay(shade: FloatArray, strokes: FloatArray) -> FloatArray:
    """Ink coverage where a stroke texture, uniform in [0, 1], lies under the shade."""
    return np.asarray(np.clip((shade - strokes) / 0.5 + shade, 0.0, 1.0), dtype=np.float32)


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
    tile = _stroke_tile(angle_deg, seed)
    side = max(8, round(STROKE_TILE_SHARE * min(h, w)))
    interpolation = cv2.INTER_AREA if side < tile.shape[0] else cv2.INTER_CUBIC
    scaled = cv2.resize(tile, (side, side), interpolation=interpolation)
    tiled = np.tile(scaled, (-(-h // side), -(-w // side)))[:h, :w]
    return np.asarray(np.clip(tiled, 0.0, 1.0), dtype=np.float32)


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
    turned = cv2.warpPerspective(
        photo, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return _continue_background(photo, np.asarray(turned, dtype=np.uint8), matrix, colour)


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


def _continue_background(
    photo: UInt8Array, turned: UInt8Array, matrix: Matrix, colour: Colour | None
) -> UInt8Array:
    """Replace what lies outside the turned plane by a smooth continuation of the background.

    `turned` has the photo mirrored outwards. Close to the plane that stays (on a plain photo
    only where it is background), so that no seam shows; further out, and wherever the product
    was cut by the edge, a blur of the border's pixels takes over, made at small size.
    """
    h, w = photo.shape[:2]
    scale = SMALL_SIDE_PX / max(h, w)
    sw, sh = max(4, round(w * scale)), max(4, round(h * scale))
    pad = round(0.75 * SMALL_SIDE_PX)
    fill = _spread_border(cv2.resize(photo, (sw, sh), interpolation=cv2.INTER_AREA), pad, colour)
    outside = np.ones((sh + 2 * pad, sw + 2 * pad), dtype=np.uint8)
    outside[pad : pad + sh, pad : pad + sw] = 0
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5)

    # small padded pixel -> full pixel, pixel centres aligned
    grow_x, grow_y = w / sw, h / sh
    grow = np.array(
        [
            [grow_x, 0.0, (0.5 - pad) * grow_x - 0.5],
            [0.0, grow_y, (0.5 - pad) * grow_y - 0.5],
            [0.0, 0.0, 1.0],
        ]
    )
    kind = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
    fill = cv2.warpPerspective(fill, matrix @ grow, (w, h), **kind)
    distance = cv2.warpPerspective(distance, matrix @ grow, (w, h), **kind)
    inside = cv2.warpPerspective(
        np.ones((h, w), dtype=np.float32), matrix, (w, h), flags=cv2.INTER_LINEAR
    )
    fade = np.clip(1.0 - distance / (FADE_SHARE * SMALL_SIDE_PX), 0.0, 1.0)
    if colour is not None:
        fade *= largest_channel(np.abs(turned - fill)) <= BACKGROUND_TOLERANCE
    keep = np.maximum(inside, fade)[..., None]
    return np.asarray(np.rint(keep * turned + (1.0 - keep) * fill).clip(0, 255), dtype=np.uint8)


def _spread_border(small: UInt8Array, pad: int, colour: Colour | None) -> FloatArray:
    """A picture `pad` larger on every side, filled from the border's (background) pixels alone."""
    pixels = small.astype(np.float32)
    edge = np.zeros(small.shape[:2], dtype=np.float32)
    edge[:2], edge[-2:], edge[:, :2], edge[:, -2:] = 1, 1, 1, 1
    if colour is None:
        base, weight = np.median(pixels[edge > 0], axis=0), edge
    else:
        base = np.array(colour, dtype=np.float32)
        weight = edge * (largest_channel(np.abs(pixels - base)) <= BACKGROUND_TOLERANCE)
    around = (pad, pad, pad, pad)
    weighted = cv2.copyMakeBorder(pixels * weight[..., None], *around, cv2.BORDER_CONSTANT)
    mass = cv2.copyMakeBorder(weight, *around, cv2.BORDER_CONSTANT)
    fill = np.broadcast_to(base.astype(np.float32), weighted.shape).copy()
    # From wide to narrow normalised blurs: the narrowest that sees background wins.
    for sigma in (24.0, 12.0, 6.0, 3.0):
        total = cv2.GaussianBlur(mass, (0, 0), sigma)
        mean = cv2.GaussianBlur(weighted, (0, 0), sigma) / np.maximum(total, 1e-6)[..., None]
        trust = np.clip(total / 0.02, 0.0, 1.0)[..., None]
        fill = trust * mean + (1.0 - trust) * fill
    return fill
