"""Contributions agree with the score: what is said to drive it adds up to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from sneakeraug.recommend import Recommender
from sneakeraug.records import Context
from sneakeraug.score.calibration import Calibration
from sneakeraug.score.conversion import PARAMETERS, ConversionModel
from sneakeraug.score.features import build_features, encode_contexts
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.vocabulary import AUGMENTATIONS, TARGETS

CONTEXTS = [Context(), Context(campaign_type="loyalty", sneaker_type="running", gender="women")]


@pytest.fixture(scope="module")
def recommender(small_models: Path) -> Recommender:
    return load(settings=Settings(models_dir=small_models, device="cpu"))


def with_trees(model: ConversionModel, width: int) -> ConversionModel:
    """The same effects with trees that matter, and a calibration that does."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, width)).astype(np.float32)
    data = xgb.DMatrix(x, label=(x[:, 0] + x[:, 7] > 0).astype(float))
    booster = xgb.train(PARAMETERS, data, num_boost_round=7)
    return replace(model, booster=booster, n_rounds=5, calibration=Calibration(1.3, -0.2))


@pytest.mark.parametrize("context", CONTEXTS, ids=["fields left open", "all given"])
@pytest.mark.parametrize("has_trees", [False, True], ids=["effects alone", "with trees"])
@pytest.mark.parametrize("target", TARGETS)
def test_what_drove_a_score_adds_up_to_its_log_odds(
    recommender: Recommender,
    demo_paths: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    has_trees: bool,
    context: Context,
) -> None:
    analysis = recommender.analyse(demo_paths[0])
    x = build_features(
        analysis.picture_rows(), encode_contexts([context]), recommender.model.projection
    )
    model = recommender.model.conversions[target]
    if has_trees:
        model = with_trees(model, x.shape[1])
        monkeypatch.setitem(recommender.model.conversions, target, model)
    base = model.contributions(x)[:, -1]
    log_odds = model.log_odds_by_draw(x).astype(np.float64).mean(axis=0)
    for label, name in enumerate(AUGMENTATIONS):
        drivers = recommender.explain(analysis, name, target, **context.model_dump())
        total = base[label] + sum(driver.contribution for driver in drivers)
        assert total == pytest.approx(log_odds[label], abs=2e-5)
    assert np.ptp(base) == 0.0


def test_the_shown_probability_is_that_of_the_contributions_but_for_the_spread(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    analysis = recommender.analyse(demo_paths[1])
    x = build_features(
        analysis.picture_rows(), encode_contexts([Context()]), recommender.model.projection
    )
    model = recommender.model.conversions["click_through"]
    z = model.contributions(x).sum(axis=1)
    members = model.predict_members(x, np.zeros(6, dtype=np.int64))
    spread = np.log(members / (1 - members)).std(axis=0)
    shown = members.mean(axis=0)
    # a mean of probabilities lies between that of the mean log-odds and one half
    np.testing.assert_array_less(np.abs(np.log(shown / (1 - shown)) - z), 0.05 + spread**2)
