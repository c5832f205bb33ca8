"""The array types every module agrees on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]
"""A photo ``(h, w, 3)`` or one plane of it ``(h, w)``, 0 to 255."""

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]
ProbabilityArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
