"""Ranges from an ensemble: of a probability, of a difference, and who is best how often."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from sneakeraug.arrays import ProbabilityArray

COVERAGE: Final = 0.90


def probability_intervals(members: ProbabilityArray) -> tuple[ProbabilityArray, ProbabilityArray]:
    """Return each picture's probability and its 90 % range from an ensemble.

    Parameters
    ----------
    members
        Probabilities by ensemble member, shape ``(b, n)``, ``b >= 2``.

    Returns
    -------
    p
        The members' mean, shape ``(n,)``.
    intervals
        Low and high, shape ``(n, 2)``: normal on the log-odds scale, around `p`, with the
        spread of members (Efron, "Better bootstrap confidence intervals", 1987, standard interval).
    """
    p = members.mean(axis=0)
    odds = logit(np.clip(members, 1e-9, 1 - 1e-9))
    half = _z() * odds.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(members))
    centre = logit(np.clip(p, 1e-9, 1 - 1e-9))
    low, high = expit(centre - half), expit(centre + half)
    return p, np.stack([np.minimum(low, p), np.maximum(high, p)], axis=1)


def difference_intervals(
    members: ProbabilityArray, reference: ProbabilityArray
) -> tuple[ProbabilityArray, ProbabilityArray]:
    """Return each picture's difference from a reference picture, and its 90 % range.

    Parameters
    ----------
    members
        Probabilities by ensemble member, shape ``(b, n)``.
    reference
        The reference's probabilities by the same members, shape ``(b,)``.

    Returns
    -------
    difference
        Mean of member differences, shape ``(n,)``.
    intervals
        Low and high, shape ``(n, 2)``.
    """
    differences = members - reference[:, None]
    mean = differences.mean(axis=0)
    half = _z() * differences.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(members))
    return mean, np.stack([mean - half, mean + half], axis=1)


def share_best(members: ProbabilityArray, lower_is_better: bool) -> ProbabilityArray:
    """Return how often each picture is the best of its row, by member, shape ``(n,)``, sum 1."""
    signed = -members if lower_is_better else members
    best = np.argmax(signed, axis=1)
    return np.bincount(best, minlength=members.shape[1]) / len(members)


def _z() -> float:
    """Half-width of the central 90 % of a standard normal."""
    return float(norm.ppf(0.5 + COVERAGE / 2))
