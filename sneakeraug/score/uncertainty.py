"""Ranges from draws: of a probability, of a difference, and who is best how often."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit, logit, ndtri

from sneakeraug.arrays import ProbabilityArray

COVERAGE: Final = 0.90


def probability_intervals(members: ProbabilityArray) -> tuple[ProbabilityArray, ProbabilityArray]:
    """Return each picture's probability and its 90 % range.

    Parameters
    ----------
    members
        Probabilities by draw, shape ``(b, n)``, ``b >= 2``.

    Returns
    -------
    p
        The draws' mean, shape ``(n,)``: the best single answer to what is not known.
    intervals
        Low and high, shape ``(n, 2)``: normal on the log-odds scale with the draws' mean and
        spread, which needs fewer draws than their quantiles.
    """
    p = members.mean(axis=0)
    odds = logit(np.clip(members, 1e-9, 1 - 1e-9))
    half, centre = _z() * odds.std(axis=0, ddof=1), odds.mean(axis=0)
    low, high = expit(centre - half), expit(centre + half)
    return p, np.stack([np.minimum(low, p), np.maximum(high, p)], axis=1)


def difference_intervals(
    members: ProbabilityArray, reference: ProbabilityArray
) -> tuple[ProbabilityArray, ProbabilityArray]:
    """Return each picture's difference from a reference picture, and its 90 % range.

    Parameters
    ----------
    members
        Probabilities by draw, shape ``(b, n)``.
    reference
        The reference's probabilities by the same draws, shape ``(b,)``.

    Returns
    -------
    difference
        Mean of the draws' differences, shape ``(n,)``. It needs no correction for being the
        largest: the posterior has drawn it towards the others already (Dawid, "Selection
        paradoxes of Bayesian inference", 1994).
    intervals
        Low and high, shape ``(n, 2)``.
    """
    differences = members - reference[:, None]
    mean = differences.mean(axis=0)
    half = _z() * differences.std(axis=0, ddof=1)
    return mean, np.stack([mean - half, mean + half], axis=1)


def share_best(members: ProbabilityArray, lower_is_better: bool) -> ProbabilityArray:
    """Return how often each picture is the best of its row, by draw, shape ``(n,)``, sum 1."""
    signed = -members if lower_is_better else members
    best = np.argmax(signed, axis=1)
    return np.bincount(best, minlength=members.shape[1]) / len(members)


def _z() -> float:
    """Half-width of the central 90 % of a standard normal."""
    return float(ndtri(0.5 + COVERAGE / 2))
