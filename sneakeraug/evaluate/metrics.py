"""Figures with intervals, resampled by product so that photos of one shoe count together."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
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


def calibration_error(
    confidence: ProbabilityArray, right: ProbabilityArray, n_bins: int = 15
) -> float:
    """Return the expected calibration error of a named label over bins of equal mass.

    Parameters
    ----------
    confidence
        Probability given to the named label, shape ``(n,)``.
    right
        1 where it was right, else 0, same shape.
    n_bins
        Bins, each of as many rows (Nixon et al., "Measuring calibration in deep learning", 2019).
    """
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, min(n_bins, len(order)))
    gaps = [abs(confidence[rows].mean() - right[rows].mean()) * len(rows) for rows in bins]
    return float(np.sum(gaps) / len(confidence))


def roc_auc_with_interval(
    positives: FloatArray, negatives: FloatArray, rng: Generator, n_draws: int = 200
) -> tuple[float, tuple[float, float]]:
    """Return the area under the ROC curve and its 95 % bootstrap interval.

    Parameters
    ----------
    positives, negatives
        Scores, shapes ``(n,)`` and ``(m,)``; higher is meant to be positive. Ties count half.
    rng
        Draws the bootstrap.
    n_draws
        Bootstrap draws.

    Raises
    ------
    ShapeError
        If either is empty.
    """
    if positives.size == 0 or negatives.size == 0:
        raise ShapeError("Scores", (positives.size, negatives.size), "at least one of each")

    def area(p: FloatArray, q: FloatArray) -> float:
        q = np.sort(q)
        below, upto = np.searchsorted(q, p, "left"), np.searchsorted(q, p, "right")
        return float((below + upto).mean() / (2 * len(q)))

    draws = [
        area(rng.choice(positives, len(positives)), rng.choice(negatives, len(negatives)))
        for _ in range(n_draws)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return area(positives, negatives), (float(low), float(high))


def first_neighbour_hits(
    queries: FloatArray,
    gallery: FloatArray,
    query_products: IntArray,
    gallery_products: IntArray,
    itself: IntArray | None = None,
) -> ProbabilityArray:
    """Return whether the nearest picture of a gallery shows the query's product.

    Parameters
    ----------
    queries, gallery
        Unit rows, shapes ``(n, d)`` and ``(m, d)``.
    query_products, gallery_products
        Product number of each row.
    itself
        Gallery row each query must not find, shape ``(n,)``; -1 for none.

    Returns
    -------
    hits
        1 or 0, shape ``(n,)``.
    """
    hits = np.empty(len(queries))
    for start in range(0, len(queries), 1024):
        rows = slice(start, start + 1024)
        similarity = queries[rows] @ gallery.T
        if itself is not None:
            barred = np.flatnonzero(itself[rows] >= 0)
            similarity[barred, itself[rows][barred]] = -np.inf
        hits[rows] = gallery_products[similarity.argmax(axis=1)] == query_products[rows]
    return hits
