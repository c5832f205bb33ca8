"""Pure kernels: a photo and numbers in, a new photo out. Lengths are shares of the picture.

Photos are RGB uint8 ``(h, w, 3)``; no kernel modifies its input; every kernel gives the same
pixels for the same arguments, and the same look at any resolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array

STRIP_PIXELS: Final = 65_536
"""Pixels that are worked on at once: what they need fits a processor core's own cache."""

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
    for rows in strips(photo.shape[0], photo.shape[1]):
        channels = cv2.split(photo[rows])
        gains = cv2.LUT(reduce(cv2.max, channels), gain)
        scaled = (cv2.multiply(channel, gains, dtype=cv2.CV_32F) for channel in channels)
        moved = [cv2.convertScaleAbs(c, alpha=1.0, beta=255.0 * floor) for c in scaled]
        cv2.merge(moved, dst=toned[rows])
    return toned


def strips(h: int, w: int) -> Iterator[slice]:
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
