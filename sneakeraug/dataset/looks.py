"""What a photo looks like to the people of a simulated world, beyond what models measure."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array

SIDE_PX: Final = 64

HUES: Final = ((165, 15), (15, 40), (40, 90), (90, 140))
"""Red, yellow, green and blue in OpenCV's half degrees, from and to; the first wraps around."""


def measure_hues(photo: UInt8Array) -> FloatArray:
    """Return how much of a photo's colour is red, yellow, green and blue.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.

    Returns
    -------
    shares
        Shape ``(4,)``, float32, in [0, 1]: the hue's share of all coloured pixels, fading to 0
        where less than a quarter of the photo is coloured.
    """
    h, w = photo.shape[:2]
    scale = SIDE_PX / max(h, w)
    size = (max(8, round(w * scale)), max(8, round(h * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    coloured = (saturation > 60) & (value > 40)
    hue = hue[coloured].astype(np.int64)
    counts = [
        ((hue >= low) & (hue < high)).sum() if low < high else ((hue >= low) | (hue < high)).sum()
        for low, high in HUES
    ]
    strength = min(1.0, 4.0 * float(coloured.mean()))
    return np.array(counts, dtype=np.float32) * np.float32(strength / max(1, len(hue)))
