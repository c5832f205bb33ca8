"""How much of a picture an encoder left: structural similarity."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.errors import ShapeError

WINDOW_PX: Final = 11
SIGMA_PX: Final = 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""Window and constants of Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From
Error Visibility to Structural Similarity", 2004."""


def measure_ssim(first: UInt8Array, second: UInt8Array) -> float:
    """Return the mean structural similarity of two pictures' luma.

    Parameters
    ----------
    first, second
        RGB, one shape ``(h, w, 3)``, uint8, each side at least `WINDOW_PX`.

    Returns
    -------
    ssim
        In [-1, 1]; 1 for equal pictures.

    Raises
    ------
    ShapeError
        If the shapes differ, or a side is smaller than the window.
    """
    if first.shape != second.shape or min(first.shape[:2]) < WINDOW_PX:
        raise ShapeError(
            "The second picture", second.shape, f"{first.shape}, sides of {WINDOW_PX} px or more,"
        )
    x, y = _luma(first), _luma(second)
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x * mean_x
    variance_y = _blur(y * y) - mean_y * mean_y
    covariance = _blur(x * y) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    likeness /= (mean_x**2 + mean_y**2 + C1) * (variance_x + variance_y + C2)
    edge = WINDOW_PX // 2
    return float(likeness[edge:-edge, edge:-edge].mean(dtype=np.float64))


def _luma(photo: UInt8Array) -> FloatArray:
    return np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _blur(plane: FloatArray) -> FloatArray:
    blurred = cv2.GaussianBlur(plane, (WINDOW_PX, WINDOW_PX), SIGMA_PX)
    return np.asarray(blurred, dtype=np.float32)
