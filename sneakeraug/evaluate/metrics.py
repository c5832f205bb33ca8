"""Figures with intervals, resampled by product so that photos of one shoe count together."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import IntArray, ProbabilityArray
from sneakeraug.errors import ShapeError


def mean_with_interval(
    values: ProbabilityArray, groups: IntArray, rng: Generator, n_draws: int = 1000
) -> tuple[float, tuple[float, float]]:
    """Return a mean and its 95 % interval from a bootstrap over groups.

    Parameters
    ----------
    values
        One a row, shape ``(n,)``; 0 or 1 for an accuracy.
    groups
        Group (product) number of each row, shape ``(n,)``, from 0.
    rng
        Draws the groups.
    n_draws
        Bootstrap draws.

    Raises
    ------
    ShapeError
        If the shapes differ, or there is no row.
    """
    if values.shape != groups.shape or values.size == 0:
        raise ShapeError("Values and groups", values.shape, f"{groups.shape}, not empty,")
    sums = np.bincount(groups, weights=values)
    counts = np.bincount(groups)
    used = np.flatnonzero(counts)
    sums, counts = sums[used], counts[used]
    draws = rng.multinomial(len(used), np.full(len(used), 1 / len(used)), size=n_draws)
    means = (draws @ sums) / np.maximum(draws @ counts, 1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), (float(low), float(high))


def confusion_matrix(y_true: IntArray, y_pred: IntArray, n_labels: int) -> IntArray:
    """Return counts by true (row) and predicted (column) label, shape ``(n_labels, n_labels)``."""
    flat = np.bincount(y_true * n_labels + y_pred, minlength=n_labels * n_labels)
    return flat.reshape(n_labels, n_labels).astype(np.int64)


def brier_score(p: ProbabilityArray, y_true: ProbabilityArray) -> float:
    """Return the mean squared difference of probability and outcome (Brier 1950)."""
    return float(np.mean((p - y_true) ** 2))


def log_loss(p: ProbabilityArray, y_true: ProbabilityArray) -> float:
    """Return the mean negative log-likelihood in nats."""
    q = np.clip(p, 1e-12, 1 - 1e-12)
    return float(-np.mean(y_true * np.log(q) + (1 - y_true) * np.log(1 - q)))


def coverage(intervals: ProbabilityArray, p_true: ProbabilityArray) -> float:
    """Return the share of intervals ``(n, 2)`` that hold the true probability ``(n,)``."""
    return float(np.mean((intervals[:, 0] <= p_true) & (p_true <= intervals[:, 1])))
