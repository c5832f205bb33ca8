"""What more sends bring, and figures of rows that stand for many trials."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sneakeraug.card import read_card
from sneakeraug.cli import app
from sneakeraug.errors import InputError, ShapeError
from sneakeraug.evaluate.metrics import (
    brier_score,
    calibration_slope,
    debiased_calibration_error,
    log_loss,
    roc_auc,
)
from sneakeraug.evaluate.weighted import Trials, statistics, with_intervals
from sneakeraug.training.learning_curve import KEPT, CurveOptions


def drawn(n: int, seed: int) -> Trials:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.6, n)
    y = (rng.random(n) < p).astype(np.float64)
    return Trials(p, y, rng.integers(1, 5, n).astype(np.float64), rng.integers(0, 40, n))


def test_weighted_figures_are_those_of_the_rows_repeated() -> None:
    trials = drawn(3000, 0)
    again = np.repeat(np.arange(3000), trials.weight.astype(int))
    p, y = trials.p[again], trials.y_true[again]
    found = {name: figure(trials.weight) for name, figure in statistics(trials).items()}
    assert found["accuracy"] == pytest.approx(((p > 0.5) == (y > 0.5)).mean())
    assert found["log_loss"] == pytest.approx(log_loss(p, y))
    assert found["brier"] == pytest.approx(brier_score(p, y))
    assert found["auc"] == pytest.approx(roc_auc(p, y))
    assert found["calibration_slope"] == pytest.approx(calibration_slope(p, y), abs=1e-6)
    assert found["ece"] == pytest.approx(debiased_calibration_error(p, y), abs=2e-3)


def test_intervals_hold_the_figure_and_widen_with_few_products() -> None:
    trials = drawn(3000, 1)
    few = Trials(trials.p, trials.y_true, trials.weight, trials.groups % 4)
    rng = np.random.default_rng(0)
    many, fewer = (with_intervals(t, statistics(t), rng, 100) for t in (trials, few))
    for name, measured in many.items():
        assert measured is not None, name
        value, (low, high) = measured
        assert low <= value <= high
    assert fewer["log_loss"] is not None
    again = with_intervals(trials, statistics(trials), np.random.default_rng(0), 100)
    assert again == many


def test_one_outcome_alone_has_no_auc_and_no_slope() -> None:
    n = 50
    trials = Trials(np.full(n, 0.1), np.zeros(n), np.ones(n), np.arange(n))
    found = with_intervals(trials, statistics(trials), np.random.default_rng(0), 20)
    assert found["auc"] is None
    assert found["calibration_slope"] is None
    assert found["ece"] is not None
    with pytest.raises(ShapeError, match="one trial at least"):
        Trials(np.full(2, 0.1), np.zeros(2), np.zeros(2), np.arange(2))


def test_the_curve_says_what_each_size_brings(
    small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    arguments = ["evaluate", "learning-curve", "--images", str(demo_paths[0].parent),
                 "--from", "10", "--to", "600", "--steps", "2", "--measured", "400",
                 "--device", "cpu"]  # fmt: skip
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.exception
    curve = json.loads(done.stdout)
    assert [point["n"] for point in curve["points"]] == [10, 600]
    assert curve["points"][0]["targets"].keys() <= {"open_rate", "abandoned_cart"}
    found = curve["points"][1]["targets"]
    assert "unsubscribed" not in found  # too few events, which is no fault of the others
    assert np.isfinite(found["open_rate"]["log_loss_excess"])
    assert found["open_rate"]["regret_mean"] >= 0
    done = CliRunner().invoke(app, [*arguments, "--world", "paper", "--to", "200"])
    lines = done.stdout.splitlines()
    assert "log_loss_excess" in lines[0]
    assert any(line.split()[:2] == ["200", "open_rate"] for line in lines)


@pytest.mark.parametrize(("first", "last", "steps"), [(0, 10, 2), (20, 10, 2), (10, 20, 0)])
def test_sizes_that_do_not_grow_are_refused(first: int, last: int, steps: int) -> None:
    with pytest.raises(InputError, match="make no curve"):
        _ = CurveOptions(first=first, last=last, n_steps=steps).sizes


def test_a_card_keeps_the_curve_that_leads_to_its_model(
    small_models: Path, demo_paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(models))
    arguments = ["train", "conversion", "--images", str(demo_paths[0].parent), "--embedder",
                 str(models / "small"), "--model-id", "grown", "--device", "cpu"]  # fmt: skip
    world = ["--world", "paper", "--sends", "1600", "--curve"]
    done = CliRunner().invoke(app, [*arguments, *world])
    assert done.exit_code == 0, done.exception
    card = read_card(models / "grown")
    points = card.tables["learning_curve"]["points"]
    assert [point["n"] for point in points] == [1000, 1170, 1368, 1600]
    last, measured = points[-1]["targets"], card.tables["conversion"]
    assert last.keys() == measured.keys()
    assert last["open_rate"] == {name: measured["open_rate"][name] for name in KEPT}
    for name in ("bayes_log_loss", "base_rate_log_loss"):  # the same sends measured them all
        assert points[0]["targets"]["open_rate"][name] == measured["open_rate"][name]
    assert card.retrain[-1].endswith("--curve")
    assert "learning_curve" not in read_card(models / "small").tables
    done = CliRunner().invoke(app, [*arguments, "--events", "e.csv", "--curve"])
    assert isinstance(done.exception, InputError)
    assert "--curve was given with --events" in str(done.exception)
