"""Figures of rows that each stand for many trials, with intervals by product."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import IntArray, ProbabilityArray
from sneakeraug.errors import ShapeError

N_BINS: Final = 15

LEAST_P: Final = 1e-12


@dataclass(frozen=True)
class Trials:
    """Predicted probabilities beside what happened.

    Attributes
    ----------
    p
        Predicted probability, shape ``(n,)``.
    y_true
        Whether the event happened, 0 or 1, shape ``(n,)``.
    weight
        Trials a row stands for, shape ``(n,)``; 0 leaves it out.
    groups
        Number of the product of each row, shape ``(n,)``, from 0.
    """

    p: ProbabilityArray = field(repr=False)
    y_true: ProbabilityArray = field(repr=False)
    weight: ProbabilityArray = field(repr=False)
    groups: IntArray = field(repr=False)

    def __post_init__(self) -> None:
        shapes = {len(a) for a in (self.p, self.y_true, self.weight, self.groups)}
        if shapes != {len(self.p)} or not self.weight.sum() > 0:
            raise ShapeError("Trials", self.p.shape, "one length, and one trial at least,")

    @property
    def base_rate(self) -> float:
        """Share of trials with the event."""
        return float(np.average(self.y_true, weights=self.weight))


Weight = ProbabilityArray
Statistic = Callable[[Weight], float | None]
"""A figure under some weight of each row; None where it cannot be told."""


def losses(p: ProbabilityArray, y_true: ProbabilityArray) -> ProbabilityArray:
    """Return the log loss of each row in nats, shape ``(n,)``."""
    q = np.clip(p, LEAST_P, 1 - LEAST_P)
    return np.asarray(-(y_true * np.log(q) + (1 - y_true) * np.log1p(-q)))


def statistics(trials: Trials) -> dict[str, Statistic]:
    """Return accuracy, log loss, Brier score, AUC, calibration error and slope as functions.

    Parameters
    ----------
    trials
        What is measured. Each function takes the weights that shall count, shape ``(n,)``.
    """
    p, y = trials.p, trials.y_true
    return {
        "accuracy": _mean(((p > 0.5) == (y > 0.5)).astype(np.float64)),
        "log_loss": _mean(losses(p, y)),
        "brier": _mean((p - y) ** 2),
        "auc": _area(p, y),
        "ece": _calibration_error(p, y),
        "calibration_slope": _slope(p, y),
    }


def with_intervals(
    trials: Trials, named: Mapping[str, Statistic], rng: Generator, n_draws: int = 400
) -> dict[str, tuple[float, tuple[float, float]] | None]:
    """Return figures with their 95 % intervals from one bootstrap over products.

    Parameters
    ----------
    trials
        Rows and their products.
    named
        For instance from `statistics`.
    rng
        Draws the products.
    n_draws
        Bootstrap draws.

    Returns
    -------
    figures
        By name; None where the figure cannot be told of these rows. An interval has as both ends
        the figure where it can be told in none of the draws.
    """
    weight = trials.weight
    whole = {name: figure(weight) for name, figure in named.items()}
    present = np.unique(trials.groups)
    drawn: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(n_draws):
        times = np.zeros(int(trials.groups.max()) + 1)
        times[present] = rng.multinomial(len(present), np.full(len(present), 1 / len(present)))
        again = weight * times[trials.groups]
        for name, figure in named.items():
            value = None if whole[name] is None else figure(again)
            if value is not None:
                drawn[name].append(value)
    found: dict[str, tuple[float, tuple[float, float]] | None] = {}
    for name, value in whole.items():
        if value is None:
            found[name] = None
            continue
        low, high = np.quantile(drawn[name] or [value], [0.025, 0.975])
        found[name] = value, (min(float(low), value), max(float(high), value))
    return found


def _mean(values: ProbabilityArray) -> Statistic:
    def mean(weight: Weight) -> float | None:
        total = weight.sum()
        return float(weight @ values / total) if total > 0 else None

    return mean


def _area(p: ProbabilityArray, y_true: ProbabilityArray) -> Statistic:
    """Area under the ROC curve; ties count half."""
    place = np.unique(p, return_inverse=True)[1]

    def area(weight: Weight) -> float | None:
        with_it = np.bincount(place, weight * y_true)
        without = np.bincount(place, weight * (1 - y_true))
        pairs = with_it.sum() * without.sum()
        if not pairs > 0:
            return None
        below = np.cumsum(without) - without / 2
        return float(with_it @ below / pairs)

    return area


def _calibration_error(p: ProbabilityArray, y_true: ProbabilityArray) -> Statistic:
    """As `metrics.debiased_calibration_error`, in bins of as many trials."""
    order = np.argsort(p, kind="stable")
    p, y_true = p[order], y_true[order]

    def error(weight: Weight) -> float | None:
        w = weight[order]
        total = w.sum()
        if not total > 1:
            return None
        n_bins = int(min(N_BINS, max(total // 2, 1)))
        middle = (np.cumsum(w) - w / 2) / total
        bins = np.minimum((middle * n_bins).astype(np.int64), n_bins - 1)
        n = np.bincount(bins, w, n_bins)
        used = n > 1
        rate = np.bincount(bins, w * y_true, n_bins)[used] / n[used]
        gap = np.bincount(bins, w * p, n_bins)[used] / n[used] - rate
        squares = n[used] @ (gap**2 - rate * (1 - rate) / (n[used] - 1))
        return float(np.sqrt(max(squares / total, 0.0)))

    return error


def _slope(p: ProbabilityArray, y_true: ProbabilityArray) -> Statistic:
    """Slope of the outcome's log-odds on the predicted ones; 1 is right (Cox 1958)."""
    q = np.clip(p, LEAST_P, 1 - LEAST_P)
    margin = np.log(q) - np.log1p(-q)

    def slope(weight: Weight) -> float | None:
        events = weight @ y_true
        if not 0 < events < weight.sum() or np.ptp(margin[weight > 0]) < 1e-6:
            return None
        middle = float(np.average(margin, weights=weight))
        rows = np.stack([np.ones_like(margin), margin - middle], axis=1)
        theta = np.array([middle, 1.0])
        for _ in range(25):
            fitted = 1 / (1 + np.exp(-np.clip(rows @ theta, -30, 30)))
            spread = weight * fitted * (1 - fitted)
            hessian = (rows * spread[:, None]).T @ rows + 1e-9 * np.eye(2)
            step = np.linalg.solve(hessian, rows.T @ (weight * (y_true - fitted)))
            theta += np.clip(step, -5, 5)
            if np.abs(step).max() < 1e-8:
                break
        return float(theta[1])

    return slope
