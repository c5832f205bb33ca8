"""Figures with intervals, resampled by product so that photos of one shoe count together."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.special import ndtri

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

    draws = [
        _area(rng.choice(positives, len(positives)), rng.choice(negatives, len(negatives)))
        for _ in range(n_draws)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return _area(positives, negatives), (float(low), float(high))


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


def debiased_calibration_error(
    p: ProbabilityArray, y_true: ProbabilityArray, n_bins: int = 15
) -> float:
    """Return the expected calibration error of probabilities, without what chance alone makes.

    Parameters
    ----------
    p
        Probabilities, shape ``(n,)``.
    y_true
        0 or 1, same shape.
    n_bins
        Bins, each of as many rows.

    Returns
    -------
    error
        Root mean squared gap of the bins, less the variance of their rates (Kumar, Liang and Ma,
        "Verified uncertainty calibration", 2019).
    """
    bins = np.array_split(np.argsort(p, kind="stable"), min(n_bins, len(p) // 2))
    squares = 0.0
    for rows in bins:
        rate = y_true[rows].mean()
        gap = (p[rows].mean() - rate) ** 2 - rate * (1 - rate) / (len(rows) - 1)
        squares += gap * len(rows)
    return float(np.sqrt(max(squares / len(p), 0.0)))


def reliability_bins(
    p: ProbabilityArray,
    y_true: ProbabilityArray,
    p_true: ProbabilityArray | None = None,
    weight: ProbabilityArray | None = None,
    n_bins: int = 10,
) -> list[dict[str, float]]:
    """Return what was predicted and what happened, in bins of equal mass.

    Parameters
    ----------
    p
        Probabilities, shape ``(n,)``, ``n >= 1``.
    y_true
        0 or 1, same shape.
    p_true
        True probabilities, same shape, where they are known.
    weight
        Trials that a row stands for, same shape; one each where None.
    n_bins
        Bins, each of as many trials, as near as rows allow; fewer where there are fewer trials.

    Returns
    -------
    bins
        From the lowest prediction up: ``n``, trials; ``predicted``, the mean probability;
        ``happened``, the rate, with its 95 % interval ``low`` to ``high`` (Wilson 1927); and
        ``true``, the mean true probability.
    """
    trials = np.ones(len(p)) if weight is None else weight
    order = np.argsort(p, kind="stable")
    upto = np.cumsum(trials[order])
    n_bins = max(min(n_bins, int(upto[-1])), 1)
    place = np.floor((upto - trials[order] / 2) / upto[-1] * n_bins).astype(np.int64)
    bins = []
    for number in range(n_bins):
        rows = order[place == number]
        n = float(trials[rows].sum())
        if not n > 0:
            continue

        def mean(values: ProbabilityArray, rows: IntArray = rows) -> float:
            return float(np.average(values[rows], weights=trials[rows]))

        rate = mean(y_true)
        low, high = wilson_interval(rate, n)
        bins.append(
            {"n": round(n), "predicted": mean(p), "happened": rate, "low": low, "high": high}
            | ({} if p_true is None else {"true": mean(p_true)})
        )
    return bins


def wilson_interval(rate: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a rate of `n` tries, ``n >= 1`` (Wilson 1927)."""
    z = float(ndtri(0.975))
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration_slope(p: ProbabilityArray, y_true: ProbabilityArray) -> float:
    """Return the slope of the outcome's log-odds on the predicted ones; 1 is right (Cox 1958)."""
    margin = np.log(p) - np.log1p(-p)
    rows = np.stack([np.ones_like(margin), margin - margin.mean()], axis=1)
    theta = np.array([margin.mean(), 1.0])
    for _ in range(20):
        q = 1 / (1 + np.exp(-(rows @ theta)))
        hessian = (rows * (q * (1 - q))[:, None]).T @ rows + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, rows.T @ (y_true - q))
        theta += step
        if np.abs(step).max() < 1e-8:
            break
    return float(theta[1])


def roc_auc(score: ProbabilityArray, y_true: ProbabilityArray) -> float:
    """Return the area under the ROC curve; ties count half.

    Raises
    ------
    ShapeError
        If one of the two outcomes is missing.
    """
    positives, negatives = score[y_true > 0.5], score[y_true <= 0.5]
    if positives.size == 0 or negatives.size == 0:
        raise ShapeError("Scores", (positives.size, negatives.size), "at least one of each")
    return _area(positives, negatives)


def _area(
    positives: FloatArray | ProbabilityArray, negatives: FloatArray | ProbabilityArray
) -> float:
    """How often a positive scores above a negative."""
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, "left")
    upto = np.searchsorted(ordered, positives, "right")
    return float((below + upto).mean() / (2 * len(ordered)))
