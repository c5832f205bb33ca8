"""Two numbers that make log-odds mean what they say.

Platt, "Probabilistic outputs for support vector machines", 1999; drawn towards changing nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sneakeraug.arrays import FloatArray, ProbabilityArray

LIKELY_CHANGE: Final = 0.05
"""Standard deviation of the prior of both numbers around changing nothing: the effects model is
calibrated by construction, and few held-out events must not bend it."""


@dataclass(frozen=True)
class Calibration:
    """Log-odds become ``slope * margin + intercept``; a positive slope keeps the order."""

    slope: float = 1.0
    intercept: float = 0.0

    def margin(self, margin: FloatArray) -> FloatArray:
        """Turn log-odds of any shape into calibrated ones of the same shape."""
        return np.asarray(self.slope * margin + self.intercept, dtype=np.float32)


def fit_calibration(
    margin: ProbabilityArray, y_true: ProbabilityArray, weight: ProbabilityArray
) -> Calibration:
    """Fit slope and intercept by penalised likelihood on rows no tree was grown on.

    The slope turns around the mean log-odds, so that the two numbers do not stand for each other.

    Parameters
    ----------
    margin
        Log-odds, shape ``(n,)``.
    y_true
        0 or 1, shape ``(n,)``.
    weight
        Sends a row stands for, shape ``(n,)``.
    """
    from scipy.optimize import minimize  # only fitting needs it, and serving fits nothing

    middle = float(np.average(margin, weights=weight))

    def loss(theta: ProbabilityArray) -> float:
        z = middle + np.exp(theta[0]) * (margin - middle) + theta[1]
        likelihood = np.sum(weight * (np.logaddexp(0.0, z) - y_true * z))
        return float(likelihood + 0.5 * np.sum((theta / LIKELY_CHANGE) ** 2))

    best = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-2.0, 2.0), (-2.0, 2.0)])
    slope = float(np.exp(best.x[0]))
    return Calibration(slope, float(middle * (1 - slope) + best.x[1]))
