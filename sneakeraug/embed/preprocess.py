"""A photo becomes the network's input square. Training and serving share this."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
"""Per-channel normalisation torchvision's published ResNet weights expect."""


def fit_square(photo: UInt8Array, size_px: int) -> UInt8Array:
    """Scale a photo into a square, aspect kept, each side's rest the median colour of its edge.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    size_px
        Side of the square.

    Returns
    -------
    square
        Shape ``(size_px, size_px, 3)``, uint8.
    """
    h, w = photo.shape[:2]
    scale = size_px / max(h, w)
    sw, sh = max(1, round(w * scale)), max(1, round(h * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(photo, (sw, sh), interpolation=interpolation)
    top, left = (size_px - sh) // 2, (size_px - sw) // 2
    square = np.empty((size_px, size_px, 3), dtype=np.uint8)
    square[:top], square[top + sh :] = np.median(scaled[0], axis=0), np.median(scaled[-1], axis=0)
    if sw < size_px:
        square[:, :left] = np.median(scaled[:, 0], axis=0)
        square[:, left + sw :] = np.median(scaled[:, -1], axis=0)
    square[top : top + sh, left : left + sw] = scaled
    return square


def normalise(squares: UInt8Array) -> FloatArray:
    """Turn input squares into the array the network reads.

    Parameters
    ----------
    squares
        Shape ``(n, s, s, 3)``, uint8.

    Returns
    -------
    x
        Shape ``(n, 3, s, s)``, float32, channels-last in memory.
    """
    mean = np.array(MEAN, dtype=np.float32) * 255.0
    std = np.array(STD, dtype=np.float32) * 255.0
    x = (squares.astype(np.float32) - mean) / std
    return np.asarray(x.transpose(0, 3, 1, 2), dtype=np.float32)
