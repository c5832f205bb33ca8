"""From a history to a published model, and figures of models on history."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from sneakeraug import registry
from sneakeraug.catalog.products import load_catalog
from sneakeraug.cli import app
from sneakeraug.dataset.events import read_history
from sneakeraug.dataset.history import to_parquet, weighted_rows
from sneakeraug.errors import (
    ChallengerError,
    FeatureSchemaError,
    InputError,
    ModelNotFoundError,
    TargetError,
)
from sneakeraug.recommend import Recommender
from sneakeraug.score.conversion import load_conversions
from sneakeraug.settings import Settings
from sneakeraug.training.build import BuildOptions, build_dataset
from sneakeraug.training.history import HistoryOptions, report_history, train_on_history
from sneakeraug.training.history_figures import measure_history
from sneakeraug.training.history_rows import (
    MOST_WEIGHT,
    SPLIT,
    is_randomised,
    learn,
    score_sends,
    split_by_time,
    split_groups,
    weigh,
)
from sneakeraug.training.publish import open_backbone
from sneakeraug.training.sent_pictures import Sends, encode_sent
from sneakeraug.training.simulate import simulate_events
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

Table = list[dict[str, Any]]

OUTCOMES = {
    "open_rate": "opens",
    "click_through": "clicks",
    "abandoned_cart": "abandoned",
    "unsubscribed": "unsubscribes",
}


def silent(_line: str) -> None:
    pass


@pytest.fixture(scope="session")
def dataset(demo_paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All six versions of 24 drawn sneakers as files, and 3,000 sends of them."""
    folder = tmp_path_factory.mktemp("dataset")
    options = BuildOptions(side_px=128, workers=1)
    build_dataset([demo_paths[0].parent], folder, options, silent, ("sneaker", "shoe"))
    simulate_events(folder, "paper", 3000, 0, silent)
    return folder


@pytest.fixture(scope="session")
def events(dataset: Path) -> Path:
    return dataset / "events.parquet"


@pytest.fixture(scope="session")
def trained(
    events: Path, small_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A models folder with ``small``, and ``mine`` trained on the history; ``small`` serves."""
    models = Path(shutil.copytree(small_models, tmp_path_factory.mktemp("mine") / "models"))
    train(events, events.parent, models)
    return models


@pytest.fixture
def models(trained: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "models"))


def train(
    events: Path, images: Path, models: Path, model_id: str = "mine", said: list[str] | None = None
) -> dict[str, str]:
    return train_on_history(
        events,
        images,
        models / "small",
        load_catalog(),
        models,
        model_id,
        HistoryOptions(device="cpu"),
        silent if said is None else said.append,
    ).left_out


def sends_of(path: Path, models: Path) -> Sends:
    history = read_history(path, images=path.parent).history
    encoder = open_backbone(models / "small", "cpu").encoder
    return encode_sent(history, path.parent, load_catalog(), encoder, silent)


def write(folder: Path, rows: Table, name: str = "events.parquet") -> Path:
    """A history of these rows beside the pictures, which are linked."""
    if not (folder / "images").exists():
        (folder / "images").symlink_to(PICTURES[0])
    pq.write_table(pa.Table.from_pylist(rows), folder / name)
    return folder / name


PICTURES: list[Path] = []


@pytest.fixture
def rows(events: Path) -> Table:
    """The history's rows, to be changed and written again with `write`."""
    PICTURES[:] = [events.parent / "images"]
    found: Table = pq.read_table(events).to_pylist()
    return found


def counted(rows: Table) -> Table:
    """The same history as counts."""
    sums: dict[tuple[object, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    keys = ("image", "product_id", "augmentation", *CONTEXT_FIELDS, "propensity")
    for row in rows:
        found = sums[tuple(row[key] for key in keys)]
        found["sends"] += 1
        found["carts"] += row["abandoned_cart"] is not None
        for target, name in OUTCOMES.items():
            found[name] += row[target] or 0
    return [
        dict(zip(keys, key, strict=True)) | {"sent_at": "2025-03-01"} | dict(found)
        for key, found in sums.items()
    ]


def test_a_history_becomes_a_model_that_says_what_it_learnt_from(trained: Path) -> None:
    card = registry.verify(trained / "mine")
    assert not card.is_demo
    assert not card.is_confounded
    assert "3,000 sends from 2025-01-06 to 2026-01-04, 144 pictures" in card.trained_on
    assert "0 opens and 0 clicks of machines were left out" in card.trained_on
    assert any("inverse of their recorded propensity, at most 10 times" in l for l in card.limits)
    assert card.vocabulary["target"] == tuple(TARGETS)
    table = card.tables["history"]
    assert table["n_products"].keys() == {"train", "validation", "test"}
    assert sum(table["n_products"].values()) <= 24
    assert 0 < table["n_effective"]["open_rate"] < 3000
    names = [figure.name for figure in card.figures]
    for figure in ("log loss (lower is better)", "AUROC", "calibration slope (1 is right)"):
        assert f"click_through: {figure}" in names
    assert any("last fifth of sends" in name for name in names)
    by_name = {figure.name: figure for figure in card.figures}
    loss = by_name["open_rate: log loss (lower is better)"]
    assert loss.interval is not None
    assert loss.interval[0] <= loss.value <= loss.interval[1]
    assert loss.value < loss.baselines["base rate"]  # the edit decides in this world
    assert loss.value < loss.baselines["every picture taken for its original"]


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
    card = registry.read_card(trained / "mine")
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


def test_counts_train_exactly_as_the_sends_they_count(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    single = sends_of(write(tmp_path, rows, "single.parquet"), trained)
    counts = sends_of(write(tmp_path, counted(rows), "counts.parquet"), trained)
    own = tmp_path / "own.parquet"
    to_parquet(single.history, own)
    models = []
    for sends in (single, counts, sends_of(own, trained)):
        split = split_groups(sends, 3)
        parts = split.rows(sends, "train"), split.rows(sends, "validation")
        models.append(learn(sends, *parts, ("open_rate",), 0, silent))
    first = models[0].fitted.models["open_rate"]
    for other in models[1:]:
        model = other.fitted.models["open_rate"]
        assert other.n_effective == models[0].n_effective
        np.testing.assert_array_equal(model.effects.draws, first.effects.draws)
        assert model.calibration == first.calibration
        assert model.booster.save_raw("json") == first.booster.save_raw("json")


def test_inverse_propensity_weights_undo_the_choice_and_are_clipped(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    rows[0] = rows[0] | {"propensity": 1e-4}
    sends = sends_of(write(tmp_path, rows), trained)
    chosen, _, weight = weighted_rows(sends.history, "open_rate")
    weights, n_effective = weigh(sends.history, chosen, weight)
    assert weights.sum() == pytest.approx(n_effective)
    assert n_effective < weight.sum()
    relative = weights / weight
    labels = sends.history.augmentations[chosen]
    assert relative.max() / np.average(relative, weights=weight) <= MOST_WEIGHT * 1.5
    even = [r | {"propensity": 0.25} for r in rows]
    same = sends_of(write(tmp_path, even, "even.parquet"), trained)
    chosen, _, weight = weighted_rows(same.history, "open_rate")
    np.testing.assert_allclose(weigh(same.history, chosen, weight)[0], weight)
    assert len(labels)


def test_without_propensities_card_and_recommendation_warn_of_confounding(
    rows: Table, trained: Path, tmp_path: Path, shoe: np.ndarray
) -> None:
    models = Path(shutil.copytree(trained, tmp_path / "models"))
    sends = sends_of(write(tmp_path, [r | {"propensity": None} for r in rows]), models)
    assert not is_randomised(sends.history)
    certain = sends_of(write(tmp_path, [r | {"propensity": 1.0} for r in rows]), models)
    assert not is_randomised(certain.history)  # no chance, no comparison
    path = write(tmp_path, [r | {"propensity": None} for r in rows])
    train(path, tmp_path, models, "guessed")
    card = registry.read_card(models / "guessed")
    assert card.is_confounded
    assert any("Whoever chose may have known" in limit for limit in card.limits)
    with_it = Recommender(models / "guessed", load_catalog(), Settings(models_dir=models))
    said = with_it.recommend(shoe, n_alternates=0).warnings
    assert any("history was not randomised" in sentence for sentence in said)
    assert not any("Demo model" in sentence for sentence in said)


def test_targets_without_support_are_left_out_and_refused_by_name(
    rows: Table, trained: Path, tmp_path: Path, shoe: np.ndarray
) -> None:
    models = Path(shutil.copytree(trained, tmp_path / "models"))
    without = [r | {"abandoned_cart": None, "unsubscribed": 0} for r in rows]
    said: list[str] = []
    left_out = train(write(tmp_path, without), tmp_path, models, "two", said)
    assert left_out["abandoned_cart"] == "No row tells it."
    assert left_out["unsubscribed"].startswith("None of 3,000 trials with the event")
    assert any("unsubscribed is left out: None of 3,000" in line for line in said)
    card = registry.verify(models / "two")
    assert card.vocabulary["target"] == ("open_rate", "click_through")
    assert "It was not trained for abandoned_cart: No row tells it." in card.limits
    recommender = Recommender(models / "two", load_catalog(), Settings(models_dir=models))
    assert recommender.recommend(shoe, target="open_rate").best_augmentation.sentence
    with pytest.raises(TargetError, match="not trained for unsubscribed.*open_rate, click_through"):
        recommender.recommend(shoe, target="unsubscribed")


def test_unnamed_augmentations_are_read_from_the_pictures(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    sends = sends_of(write(tmp_path, [r | {"augmentation": None} for r in rows]), trained)
    assert (sends.history.augmentations == -1).all()
    edits = sends.pictures.edits
    np.testing.assert_allclose(edits.sum(axis=1), 1, atol=1e-5)
    assert not np.isin(edits, [0, 1]).all()
    named = sends_of(write(tmp_path, rows), trained)
    assert np.isin(named.pictures.edits, [0, 1]).all()


def test_an_edited_file_belongs_to_the_original_of_its_product(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    sends = sends_of(write(tmp_path, rows), trained)
    labels = sends.pictures.edits.argmax(axis=1)
    for product in np.unique(sends.products):
        six = np.flatnonzero(sends.products == product)
        original = six[labels[six] == AUGMENTATIONS.index("original")]
        assert len(six) == 6
        for row in six:
            np.testing.assert_array_equal(
                sends.pictures.sources[row], sends.pictures.measures[original[0]]
            )


def test_one_file_with_several_augmentations_is_the_photo_they_were_made_from(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    originals = {r["product_id"]: r["image"] for r in rows if r["augmentation"] == "original"}
    named = [r | {"image": originals[r["product_id"]]} for r in rows]
    made = sends_of(write(tmp_path, named, "made.parquet"), trained)
    files = sends_of(write(tmp_path, rows, "files.parquet"), trained)
    assert len(made.pictures) == len(files.pictures) == 144
    bright = made.pictures.edits[:, 0] == 1
    assert (made.pictures.measures[bright, 0] > made.pictures.sources[bright, 0]).mean() > 0.8


def test_a_row_that_names_only_a_product_shows_the_catalogs_picture(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    known = [r | {"image": None} for r in rows]
    ids = sorted({r["product_id"] for r in rows})
    names = {pid: product.product_id for pid, product in zip(ids, load_catalog().products, strict=False)}
    known = [r | {"product_id": names[r["product_id"]]} for r in known]
    known[0] = known[0] | {"product_id": "no such product"}
    said: list[str] = []
    path = write(tmp_path, known)
    history = read_history(path).history
    encoder = open_backbone(trained / "small", "cpu").encoder
    sends = encode_sent(history, tmp_path, load_catalog(), encoder, said.append)
    assert len(sends) == len(history) - 1
    assert any("no such product" in line for line in said)
    assert len(sends.pictures) == 144


def test_an_unreadable_picture_leaves_its_sends_out_by_name(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    rows[0] = rows[0] | {"image": "broken.jpg", "product_id": "broken"}
    said: list[str] = []
    history = read_history(write(tmp_path, rows), images=tmp_path).history
    encoder = open_backbone(trained / "small", "cpu").encoder
    sends = encode_sent(history, tmp_path, load_catalog(), encoder, said.append)
    assert len(sends) == 2999
    assert any("broken.jpg" in line for line in said)
    alone = history.take(np.flatnonzero(history.pictures == history.images.index("broken.jpg")))
    with pytest.raises(InputError, match="None of the .* pictures of the history can be read"):
        encode_sent(alone, tmp_path, load_catalog(), encoder, silent)


def test_later_sends_are_a_fifth_and_one_time_has_no_later(trained: Path, events: Path) -> None:
    sends = sends_of(events, trained)
    parts = split_by_time(sends)
    assert parts is not None
    earlier, later = parts
    assert len(later) == pytest.approx(600, abs=60)
    assert sends.history.sent_at[earlier].max() < sends.history.sent_at[later].min()
    assert split_by_time(sends.take(np.array([0]))) is None


def test_the_split_holds_the_same_products_when_a_history_grows(
    trained: Path, events: Path
) -> None:
    sends = sends_of(events, trained)
    whole = split_groups(sends, 0)
    assert set(whole.sides.tolist()) == {0, 1, 2}
    assert (whole.sides == split_groups(sends, 0).sides).all()
    assert (whole.sides != split_groups(sends, 1).sides).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"open_rate": 0}, "None of 3,000 trials with the event"),
        ({"open_rate": 1}, "None of 3,000 trials without the event"),
        ({"augmentation": "sketch"}, "1 augmentation (sketch) with at least 30"),
        ({"propensity": 0.0}, "is no probability of a choice"),
        ({"propensity": 1.5}, "is no probability of a choice"),
        ({"campaign_type": "spam"}, "is unknown; expected one of: promotional"),
        ({"product_id": None, "image": "none.jpg"}, "is not found in the folder of pictures"),
    ],
    ids=["no event", "one class", "one augmentation", "propensity 0", "propensity 1.5",
         "unseen context", "no picture"],
)  # fmt: skip
def test_a_history_that_supports_no_model_is_refused_with_its_reason(
    change: dict[str, object], message: str, rows: Table, small_models: Path, tmp_path: Path
) -> None:
    only = {target: None for target in TARGETS if target != "open_rate"}
    path = write(tmp_path, [r | only | change for r in rows])
    with pytest.raises(InputError) as caught:
        train(path, tmp_path, small_models)
    assert message in str(caught.value)
    assert registry.list_models(small_models) == ["small"]


def test_50_events_duplicated_ids_and_impossible_counts_are_refused(
    rows: Table, small_models: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"No model can be trained.*at least 100 are expected"):
        train(write(tmp_path, rows[:50]), tmp_path, small_models)
    same = [r | {"event_id": "e", "open_rate": i % 2} for i, r in enumerate(rows)]
    with pytest.raises(InputError, match="No model can be trained"):
        train(write(tmp_path, same), tmp_path, small_models)
    counts = [r | {"clicks": r["sends"] + 1} for r in counted(rows)]
    with pytest.raises(InputError, match=r"None of the .* rows .*clicks"):
        train(write(tmp_path, counts), tmp_path, small_models)


def test_events_of_too_few_products_are_said(rows: Table, trained: Path, tmp_path: Path) -> None:
    few = sorted({r["product_id"] for r in rows})[:5]
    sends = sends_of(write(tmp_path, [r for r in rows if r["product_id"] in few]), trained)
    with pytest.raises(InputError, match="shows 5 different products; at least 6"):
        split_groups(sends, 0)
    sends = sends_of(write(tmp_path, rows), trained)
    never = sends.take(np.flatnonzero(sends.history.happened["open_rate"] == 0))
    split = split_groups(never, 0)
    parts = split.rows(never, "train"), split.rows(never, "validation")
    learnt = learn(never, *parts, ("open_rate",), 0, silent)
    assert "both outcomes are expected" in learnt.left_out["open_rate"]


def test_what_cannot_be_told_is_none_and_never_nan(events: Path, trained: Path) -> None:
    sends = sends_of(events, trained)
    never = sends.take(np.flatnonzero(sends.history.happened["open_rate"] == 0))
    folder = trained / "mine"
    from sneakeraug.training.publish import Fitted

    fitted = Fitted(*load_conversions(folder, registry.read_card(folder).conversion))
    found = measure_history(fitted, never, 0)["open_rate"]
    assert found["auc"] is None
    assert found["calibration_slope"] is None
    numbers = [v for v in found.values() if isinstance(v, float)]
    assert np.isfinite(numbers).all()
    assert score_sends(fitted, never.take(np.empty(0, dtype=np.int64)), "open_rate") is None


def test_a_better_model_is_activated_and_says_what_it_beat(models: Path) -> None:
    compared = registry.read_card(models / "mine").comparison
    assert compared is not None
    assert compared.serving == "small"
    assert not compared.worse
    registry.activate(models, "mine")
    assert registry.active_model(models) == "mine"


def card_with(models: Path, model_id: str, **changes: object) -> None:
    card = registry.read_card(models / model_id).model_copy(update=changes)
    (models / model_id / "card.json").write_text(card.to_json(), encoding="utf-8")


def test_a_worse_model_is_refused_with_the_figures_and_force_is_recorded(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = registry.read_card(models / "mine").comparison
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
    with pytest.raises(ChallengerError, match="compared with 'small'.*'second' serves now"):
        registry.activate(models, "mine")


def test_a_serving_model_of_another_schema_is_said_and_not_compared(
    events: Path, models: Path
) -> None:
    card_with(models, "small", features=("something",))
    said: list[str] = []
    train(events, events.parent, models, "next", said)
    assert any("not compared with small, which cannot be used" in line for line in said)
    assert registry.read_card(models / "next").comparison is None
    with pytest.raises(FeatureSchemaError, match="do not match the model"):
        report_history(
            events, events.parent, load_catalog(), models / "small", 0, "cpu", silent
        )


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
    events: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = Path(shutil.copytree(trained, tmp_path / "models"))
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(models))
    out = tmp_path / "history.parquet"
    to_parquet(read_history(events, images=events.parent).history, out)
    done = CliRunner().invoke(
        app,
        ["train", "conversion", "--events", str(out), "--images", str(events.parent),
         "--embedder", str(models / "small"), "--model-id", "second", "--activate",
         "--device", "cpu"],
    )  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    assert registry.active_model(models) == "second"
    card = registry.read_card(models / "second")
    assert "machines had been left out when it was imported" in card.trained_on
    assert card.retrain[0].startswith("sneakeraug train conversion --events history.parquet")
    with pytest.raises(InputError, match="There is a model 'second' already"):
        train(events, events.parent, models, "second")
    with pytest.raises(ModelNotFoundError):
        registry.roll_back(tmp_path / "none")
