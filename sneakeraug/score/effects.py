"""Effects of campaign, edit and looks on one target, with their uncertainty, as they are served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sneakeraug.arrays import FloatArray, ProbabilityArray
from sneakeraug.score.design import CREDIT, FeatureRows, Scale, design_rows, pieces

N_DRAWS: Final = 256
"""Draws of the posterior that are kept; the second half mirrors the first."""

DRAWS_AT_ONCE: Final = 32
"""Draws of one matrix product, a divisor of `N_DRAWS`."""


@dataclass(frozen=True)
class EffectsModel:
    """The posterior of one target's effects.

    Attributes
    ----------
    scale
        Of the measures.
    draws
        Effects by draw, shape ``(N_DRAWS, n_columns)``, float32.
    centre
        Mean design row of the training rows, shape ``(n_columns,)``; contributions are against it.
    product_spread, picture_spread
        Standard deviations, in log-odds, of what is a product's own, and a picture's own.
    chance_of_edits
        How likely it is that edits matter at all.
    """

    scale: Scale = field(repr=False)
    draws: FloatArray = field(repr=False)
    centre: FloatArray = field(repr=False)
    product_spread: float
    picture_spread: float
    chance_of_edits: float

    def log_odds(self, x: FloatArray) -> FloatArray:
        """Return each draw's log-odds of feature rows, shape ``(N_DRAWS, n)``, float32.

        Some draws at a time: of a few rows a product is then too small for BLAS to share between
        threads, which would wait busily for 20 ms after it and keep the next picture's network
        from a processor.
        """
        some = self.draws.reshape(-1, DRAWS_AT_ONCE, self.draws.shape[1])
        z = some @ design_rows(x, self.scale).T
        return np.asarray(z.reshape(len(self.draws), len(x)), dtype=np.float32)

    def mean_log_odds(self, x: FeatureRows) -> FloatArray:
        """Return the mean effects' log-odds of feature rows, shape ``(n,)``, float32."""
        mean = self.draws.mean(axis=0)
        parts = [design_rows(x[rows], self.scale) @ mean for rows in pieces(len(x))]
        return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)

    def contributions(self, x: FloatArray) -> ProbabilityArray:
        """Return what each feature adds to the mean log-odds, against the average training row.

        Returns
        -------
        contributions
            Shape ``(n, n_features + 1)``; the last column is the average row's.
        """
        mean = self.draws.mean(axis=0).astype(np.float64)
        parts = (design_rows(x, self.scale) - self.centre) * mean
        credited = np.zeros((len(x), x.shape[1] + 1))
        for column, feature in enumerate(CREDIT.tolist()):
            if feature >= 0:
                credited[:, feature] += parts[:, column]
        credited[:, -1] = float(self.centre @ mean)
        return credited
