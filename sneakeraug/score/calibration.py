"""Two numbers that make log-odds mean what they say.

Platt, "Probabilistic outputs for support vector machines", 1999.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from sneakeraug.arrays import ProbabilityArray


@dataclass(frozen=True)
class Calibration:
    """Probability ``expit(slope * margin + intercept)``; a positive slope keeps the order."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, margin: ProbabilityArray) -> ProbabilityArray:
        """Turn log-odds of any shape into probabilities of the same shape."""
        return np.asarray(expit(self.slope * margin + self.intercept), dtype=np.float64)


def fit_calibration(margin: ProbabilityArray, y_true: ProbabilityArray) -> Calibration:
    """Fit slope and intercept by maximum likelihood on rows no tree was grown on.

    Parameters
    ----------
    margin
        Log-odds, shape ``(n,)``.
    y_true
        0 or 1, shape ``(n,)``.
    """

    def loss(theta: ProbabilityArray) -> float:
        z = np.exp(theta[0]) * margin + theta[1]
        return float(np.mean(np.logaddexp(0.0, z) - y_true * z))

    best = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-2.0, 2.0), (-5.0, 5.0)])
    return Calibration(float(np.exp(best.x[0])), float(best.x[1]))
