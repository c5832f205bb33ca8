"""Figures of models on history, and whether a new one may take the serving one's place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from history_data import Table, sends_of, silent, train, write
from typer.testing import CliRunner

from sneakeraug import registry
from sneakeraug.card import read_card
from sneakeraug.catalog.products import load_catalog
from sneakeraug.cli import app
from sneakeraug.dataset.events import read_history
from sneakeraug.dataset.history import to_parquet
from sneakeraug.errors import (
    ChallengerError,
    FeatureSchemaError,
    InputError,
    ModelNotFoundError,
)
from sneakeraug.score.conversion import load_conversions
from sneakeraug.training.history import report_history
from sneakeraug.training.history_figures import compare_with_serving, measure_history
from sneakeraug.training.history_rows import (
    SPLIT,
    score_sends,
)
from sneakeraug.training.publish import Fitted


def test_the_figures_are_of_products_that_nothing_was_learnt_from(
    trained: Path, events: Path
) -> None:
    sides = json.loads((trained / "mine" / SPLIT).read_text("utf-8"))
    products = {side: set(names) for side, names in sides.items()}
    assert all(products.values())
    assert not products["test"] & (products["train"] | products["validation"])
    report = report_history(
        events, events.parent, load_catalog(), trained / "mine", 1, "cpu", silent
    )
    card = read_card(trained / "mine")
    assert report["n_products"] == card.tables["history"]["n_products"]["test"]
    published = {figure.name: figure.value for figure in card.figures}
    for figure in report["figures"]:
        assert figure["value"] == pytest.approx(published[figure["name"]], abs=1e-5)
        assert figure["command"].startswith("sneakeraug evaluate conversion --model mine --events")


def test_a_model_that_never_saw_the_history_is_measured_on_all_of_it(
    trained: Path, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(trained))
    arguments = ["--events", str(events), "--images", str(events.parent), "--device", "cpu"]
    done = CliRunner().invoke(
        app, ["evaluate", "conversion", "--model", "small", "--json", *arguments]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["n_products_left_out"] == 0
    found = report["targets"]["open_rate"]
    assert found["n"] == 3000
    for name in ("accuracy", "log_loss", "brier", "auc", "ece", "calibration_slope"):
        low, high = found[f"{name}_interval"]
        assert low <= found[name] <= high
    assert {"base_rate_log_loss", "as_original_log_loss"} <= found.keys()
    assert not {"regret_mean", "interval_coverage"} & found.keys()  # need the truth
    assert sum(each["n"] for each in found["reliability"]) == found["n"]


def test_what_cannot_be_told_is_none_and_never_nan(events: Path, trained: Path) -> None:
    sends = sends_of(events, trained, events.parent)
    never = sends.take(np.flatnonzero(sends.history.happened["open_rate"] == 0))
    folder = trained / "mine"
    fitted = Fitted(*load_conversions(folder, read_card(folder).conversion))
    found = measure_history(fitted, never, 0)["open_rate"]
    assert found["auc"] is None
    assert found["calibration_slope"] is None
    numbers = [v for v in found.values() if isinstance(v, float)]
    assert np.isfinite(numbers).all()
    assert score_sends(fitted, never.take(np.empty(0, dtype=np.int64)), "open_rate") is None


def test_a_better_model_is_activated_and_says_what_it_beat(models: Path) -> None:
    compared = read_card(models / "mine").comparison
    assert compared is not None
    assert compared.serving == "small"
    assert not compared.worse
    registry.activate(models, "mine")
    assert registry.active_model(models) == "mine"


def card_with(models: Path, model_id: str, **changes: object) -> None:
    card = read_card(models / model_id).model_copy(update=changes)
    (models / model_id / "card.json").write_text(card.to_json(), encoding="utf-8")


def test_a_worse_model_is_refused_with_the_figures_and_force_is_recorded(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = read_card(models / "mine").comparison
    assert compared is not None
    worse = compared.targets["open_rate"].model_copy(
        update={"value": 0.02, "interval": (0.01, 0.03)}
    )
    compared = compared.model_copy(update={"targets": compared.targets | {"open_rate": worse}})
    card_with(models, "mine", comparison=compared)
    with pytest.raises(ChallengerError, match=r"worse than 'small' .* open_rate: .*\+0\.02000"):
        registry.activate(models, "mine")
    assert registry.active_model(models) == "small"
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(models))
    done = CliRunner().invoke(app, ["models", "activate", "mine"])
    assert isinstance(done.exception, ChallengerError)
    done = CliRunner().invoke(app, ["models", "activate", "mine", "--force"])
    assert done.exit_code == 0, done.output
    kept = json.loads((models / "active.json").read_text("utf-8"))["sneakers"]
    assert kept["model_id"] == "mine"
    assert "worse than 'small'" in kept["forced"]


def test_a_model_compared_with_another_than_serves_is_refused(models: Path) -> None:
    shutil.copytree(models / "small", models / "second")
    registry.activate(models, "second")
    with pytest.raises(ChallengerError, match=r"compared with 'small'.*'second' serves now"):
        registry.activate(models, "mine")


def test_a_serving_model_of_another_schema_is_said_and_not_compared(
    events: Path, models: Path
) -> None:
    card_with(models, "small", features=("something",))
    said: list[str] = []
    folder = models / "mine"
    compared = compare_with_serving(
        Fitted(*load_conversions(folder, read_card(folder).conversion)),
        sends_of(events, models, events.parent),
        events.parent,
        load_catalog(),
        models,
        "sneakers",
        "cpu",
        0,
        said.append,
    )
    assert compared is None
    assert "not compared with small, which cannot be used: The features do not match" in said[-1]
    with pytest.raises(FeatureSchemaError, match="do not match the model"):
        report_history(events, events.parent, load_catalog(), models / "small", 0, "cpu", silent)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Neither --events nor --world was given"),
        (["--world", "paper", "--events", "e.csv"], "Both --events and --world were given"),
        (["--events", "e.csv", "--images", "more"], "the one folder is expected"),
    ],
)
def test_the_commands_take_a_history_or_a_world(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    images = ["--images", str(tmp_path)]
    for command in (
        ["train", "conversion", "--embedder", "none", "--model-id", "mine", *images],
        ["evaluate", "conversion", *images],
    ):
        done = CliRunner().invoke(app, [*command, *arguments])
        assert isinstance(done.exception, InputError), done.output
        assert message in str(done.exception)


def test_training_from_the_command_line_activates(
    rows: Table, dataset: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = Path(shutil.copytree(trained, tmp_path / "models"))
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(models))
    out = tmp_path / "history.parquet"
    only = {"abandoned_cart": None, "unsubscribed": None}
    events = write(tmp_path, [row | only for row in rows])
    to_parquet(read_history(events, images=dataset).history, out)
    done = CliRunner().invoke(
        app,
        ["train", "conversion", "--events", str(out), "--images", str(dataset),
         "--embedder", str(models / "small"), "--model-id", "second", "--activate",
         "--device", "cpu"],
    )  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    assert registry.active_model(models) == "second"
    card = read_card(models / "second")
    assert "machines had been left out when it was imported" in card.trained_on
    assert card.retrain[0].startswith("sneakeraug train conversion --events history.parquet")
    with pytest.raises(InputError, match="There is a model 'second' already"):
        train(events, dataset, models, "second")
    with pytest.raises(ModelNotFoundError):
        registry.roll_back(tmp_path / "none")
