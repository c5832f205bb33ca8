from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sneakeraug.rank.variants import choose_augmentation, rank_variants
from sneakeraug.rank.verdict import decide, order_by_target
from sneakeraug.score.calibration import Calibration
from sneakeraug.score.uncertainty import (
    difference_intervals,
    probability_intervals,
    share_best,
)
from sneakeraug.vocabulary import TARGETS

NAMES = ["brighter", "darker", "original", "rotate", "sketch", "swivel"]
members_of_six = st.lists(
    st.lists(st.floats(0.001, 0.999), min_size=6, max_size=6), min_size=3, max_size=8
).map(np.array)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from(["raise", "lower"]))
def test_a_ranking_is_a_permutation_that_follows_the_direction(p: list[float], way: str) -> None:
    order = order_by_target(p, way)  # type: ignore[arg-type]
    assert sorted(order) == list(range(len(p)))
    ranked = [p[i] for i in order]
    assert ranked == sorted(p, reverse=way == "raise")


@given(members_of_six, st.sampled_from(sorted(TARGETS)))
def test_scores_of_any_ensemble_make_a_consistent_recommendation(
    members: np.ndarray, target: str
) -> None:
    p, intervals = probability_intervals(members)
    difference, ranges = difference_intervals(members, members[:, 2])
    best = share_best(members, TARGETS[target] == "lower")
    variants = rank_variants(
        [(n, {}) for n in NAMES], p, intervals, difference, ranges, best, target
    )
    assert [v.rank for v in variants] == [1, 2, 3, 4, 5, 6]
    assert {v.augmentation for v in variants} == set(NAMES)
    assert sum(v.p_best for v in variants) == pytest.approx(1)
    original = next(v for v in variants if v.augmentation == "original")
    assert original.predicted_difference == 0
    choice = choose_augmentation(variants, target)
    assert (choice.augmentation is None) == (choice.verdict != "recommend")
    if choice.verdict == "recommend":
        sign = 1 if TARGETS[target] == "raise" else -1
        assert sign * choice.predicted_difference > 0


@given(st.floats(-0.5, 0.5), st.floats(0, 0.3))
def test_a_verdict_mirrors_with_the_direction(difference: float, half: float) -> None:
    interval = (difference - half, difference + half)
    mirrored = (-difference - half, -difference + half)
    assert decide(difference, interval, 0.3, "raise") == decide(-difference, mirrored, 0.3, "lower")


@given(st.floats(0.2, 4), st.floats(-2, 2), st.lists(st.floats(-6, 6), min_size=2, max_size=20))
def test_calibration_is_monotone(slope: float, intercept: float, margins: list[float]) -> None:
    p = Calibration(slope, intercept).margin(np.sort(np.array(margins, dtype=np.float32)))
    assert (np.diff(p) >= 0).all()


@given(members_of_six)
def test_an_interval_holds_its_estimate_and_stays_in_0_1(members: np.ndarray) -> None:
    p, intervals = probability_intervals(members)
    assert (intervals[:, 0] <= p).all()
    assert (p <= intervals[:, 1]).all()
    assert (intervals >= 0).all()
    assert (intervals <= 1).all()
