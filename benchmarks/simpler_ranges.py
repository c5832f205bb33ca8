"""Ranges that simpler ways give the same sends, to stand beside ours in `worlds.py`.

Each sees what the source design's XGBoost sees, edit and campaign, and gives unseen rows 90 %
ranges of the probability.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost as xgb
from scipy.optimize import isotonic_regression
from scipy.special import expit

from sneakeraug.arrays import ProbabilityArray
from sneakeraug.score.conversion import Rows
from sneakeraug.score.features import feature_names
from sneakeraug.training.design_pipeline import design_columns
from sneakeraug.vocabulary import AUGMENTATIONS

N_MEMBERS = 10
N_TREES = 100
Z = 1.6448536269514722
FEATURES = feature_names(AUGMENTATIONS)


def simpler_ranges(
    rows: Rows, held_out: Rows, x: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Ends of the ranges of `x`, ``(n, 2)``, by way.

    Parameters
    ----------
    rows
        Sends to learn from.
    held_out
        Sends of other products, for Venn–Abers.
    x
        Features of the rows that are answered for.
    rng
        Draws products and the members' seeds.
    """
    return {
        "cells": cell_ranges(rows, x),
        "bootstrap": bootstrap_ranges(rows, x, rng),
        "ensemble": ensemble_ranges(rows, x, rng),
        "Venn–Abers": venn_abers_ranges(rows, held_out, x),
    }


def cell_ranges(rows: Rows, x: np.ndarray) -> np.ndarray:
    """Wilson's 90 % ranges of the sends that share edit and campaign type."""
    campaign = [i for i, n in enumerate(FEATURES) if n.startswith("campaign_type=")]

    def cells(x: np.ndarray) -> np.ndarray:
        edit = x[:, : len(AUGMENTATIONS)].argmax(axis=1)
        return np.asarray(edit * len(campaign) + x[:, campaign].argmax(axis=1))

    n_cells, of_rows = len(AUGMENTATIONS) * len(campaign), cells(rows.x)
    trials = np.bincount(of_rows, minlength=n_cells)
    events = np.bincount(of_rows, rows.y_true, minlength=n_cells)
    p, z2 = (events + 1e-9) / (trials + 1e-9), Z**2
    centre = (p + z2 / (2 * trials + 1e-9)) / (1 + z2 / (trials + 1e-9))
    half = Z * np.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    ends: np.ndarray = np.stack([centre - half, centre + half], axis=1)
    return ends[cells(x)]


def bootstrap_ranges(rows: Rows, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of models on products drawn with replacement."""
    products, number = np.unique(rows.products, return_inverse=True)
    n = len(products)
    margins = []
    for _ in range(N_MEMBERS):
        times = np.bincount(rng.integers(n, size=n), minlength=n)
        margins.append(_margin(_learn(rows, times[number], {}), x))
    return _normal_ranges(margins)


def ensemble_ranges(rows: Rows, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of models that each see half of the rows and half of the columns, drawn anew a tree."""
    margins = []
    for _ in range(N_MEMBERS):
        drawn = {"subsample": 0.5, "colsample_bytree": 0.5, "seed": int(rng.integers(2**31))}
        margins.append(_margin(_learn(rows, None, drawn), x))
    return _normal_ranges(margins)


def venn_abers_ranges(rows: Rows, held_out: Rows, x: np.ndarray) -> np.ndarray:
    """From p0 to p1 of inductive Venn–Abers on one model."""
    booster = _learn(rows, None, {})
    ends = venn_abers_ends(_margin(booster, held_out.x), held_out.y_true)
    return ends(_margin(booster, x))


def venn_abers_ends(
    margin: ProbabilityArray, y: ProbabilityArray
) -> Callable[[ProbabilityArray], np.ndarray]:
    """What gives p0 and p1, ``(n, 2)``: isotonic with the new row once taken for a failure, once
    for a success (Vovk, Petej and Fedorova 2015).

    On a grid of scores, between which both move little.
    """
    grid = np.quantile(margin, np.linspace(0, 1, 201))
    order = np.argsort(margin, kind="stable")
    z, outcomes = margin[order], y[order]
    ends = np.empty((2, len(grid)))
    for i, point in enumerate(grid):
        place = int(np.searchsorted(z, point))
        for guess in (0, 1):
            ends[guess, i] = isotonic_regression(np.insert(outcomes, place, guess)).x[place]
    return lambda new: np.stack([np.interp(new, grid, end) for end in ends], axis=1)


def _learn(rows: Rows, weights: np.ndarray | None, drawn: dict[str, Any]) -> xgb.Booster:
    """The source design's model."""
    seen = xgb.DMatrix(design_columns(rows.x), label=rows.y_true, weight=weights)
    return xgb.train({"objective": "binary:logistic"} | drawn, seen, num_boost_round=N_TREES)


def _margin(booster: xgb.Booster, x: np.ndarray) -> np.ndarray:
    """Log-odds."""
    return np.asarray(
        booster.inplace_predict(design_columns(x), predict_type="margin"), dtype=np.float64
    )


def _normal_ranges(margins: list[np.ndarray]) -> np.ndarray:
    """Normal 90 % ranges of members' log-odds, as probabilities."""
    z = np.stack(margins)
    centre, half = z.mean(axis=0), Z * z.std(axis=0, ddof=1)
    return np.asarray(expit(np.stack([centre - half, centre + half], axis=1)))
