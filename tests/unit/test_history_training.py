"""From a history to a published model: what is learnt from, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from history_data import Table, counted, sends_of, silent, train, write
from safetensors.numpy import load_file

from sneakeraug import registry
from sneakeraug.card import read_card
from sneakeraug.catalog.products import load_catalog
from sneakeraug.dataset.events import read_history
from sneakeraug.dataset.history import to_parquet
from sneakeraug.errors import (
    InputError,
    TargetError,
)
from sneakeraug.evidence import COLUMNS, HISTORY, read_past
from sneakeraug.recommend import Recommender
from sneakeraug.settings import Settings
from sneakeraug.training.history_card import history_limits
from sneakeraug.training.history_rows import (
    MOST_WEIGHT,
    is_randomised,
    learn,
    split_by_time,
    split_groups,
    weigh,
)
from sneakeraug.ui import words
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS


def test_a_history_becomes_a_model_that_says_what_it_learnt_from(trained: Path) -> None:
    card = registry.verify(trained / "mine")
    assert not card.is_demo
    assert not card.is_confounded
    assert "3,000 sends from 2025-01-06 to 2026-01-04, 144 pictures" in card.trained_on
    assert "0 opens and 0 clicks of machines were left out" in card.trained_on
    assert any(
        "inverse of their recorded propensity, at most 10 times" in line for line in card.limits
    )
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


def test_counts_train_exactly_as_the_sends_they_count(
    rows: Table, trained: Path, tmp_path: Path, dataset: Path
) -> None:
    for row in rows:
        row["propensity"] = (0.1, 0.3)[len(row["campaign_type"]) % 2]
    single = sends_of(write(tmp_path, rows, "single.parquet"), trained, dataset)
    counts = sends_of(write(tmp_path, counted(rows), "counts.parquet"), trained, dataset)
    own = tmp_path / "own.parquet"
    to_parquet(single.history, own)
    models = []
    for sends in (single, counts, sends_of(own, trained, dataset)):
        split = split_groups(sends, 3)
        parts = split.rows(sends, "train"), split.rows(sends, "validation")
        models.append(learn(sends, *parts, ("open_rate",), 0, silent))
    first = models[0].fitted.models["open_rate"]
    assert models[0].n_effective["open_rate"] < single.history.trials["open_rate"].sum()
    for other in models[1:]:
        model = other.fitted.models["open_rate"]
        assert other.n_effective == models[0].n_effective
        np.testing.assert_array_equal(model.effects.draws, first.effects.draws)
        assert model.calibration == first.calibration
        assert model.booster.save_raw("json") == first.booster.save_raw("json")


def test_inverse_propensity_weights_undo_the_choice_and_are_clipped() -> None:
    rng = np.random.default_rng(3)
    labels, likes = rng.integers(-1, 6, 4000), rng.integers(2, size=4000)
    propensity, weight = np.where(likes, 0.4, 0.1), np.full(4000, 2.0)
    propensity[0] = 1e-4
    weights, n_effective = weigh(labels, propensity, weight)
    assert weights.sum() == pytest.approx(n_effective)
    assert n_effective < weight.sum()
    relative = weights / weight
    assert relative.max() / relative.mean() <= 1.5 * MOST_WEIGHT  # the mean falls by clipping
    brighter = np.flatnonzero(labels == 1)
    rare, common = (weights[brighter[likes[brighter] == side]].mean() for side in (0, 1))
    assert rare / common == pytest.approx(4)
    np.testing.assert_allclose(weigh(labels, np.full(4000, 0.5), weight)[0], weight)


def test_without_propensities_card_and_recommendation_warn_of_confounding(
    rows: Table, trained: Path, tmp_path: Path, shoe: np.ndarray, dataset: Path
) -> None:
    models = Path(shutil.copytree(trained, tmp_path / "models"))
    sends = sends_of(write(tmp_path, [r | {"propensity": None} for r in rows]), models, dataset)
    assert not is_randomised(sends.history)
    certain = sends_of(write(tmp_path, [r | {"propensity": 1.0} for r in rows]), models, dataset)
    assert not is_randomised(certain.history)  # no chance, no comparison
    only = {"propensity": None, "abandoned_cart": None, "unsubscribed": None}
    path = write(tmp_path, [r | only for r in rows])
    train(path, dataset, models, "guessed")
    card = read_card(models / "guessed")
    assert card.is_confounded
    assert any("Whoever chose may have known" in limit for limit in card.limits)
    with_it = Recommender(models / "guessed", load_catalog(), Settings(models_dir=models))
    said = with_it.recommend(shoe, n_alternates=0).warnings
    assert any("history was not randomised" in sentence for sentence in said)
    assert not any("Demo model" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("propensities", "says"),
    [((0.5, None), "1 of 2 rows tell a propensity"), ((1.0, 1.0), "chance chose nothing")],
)
def test_a_card_says_why_propensities_were_not_used(
    propensities: tuple[float | None, ...],
    says: str,
    rows: Table,
    trained: Path,
    tmp_path: Path,
    dataset: Path,
) -> None:
    some = [row | {"propensity": p} for row, p in zip(rows[:2], propensities, strict=True)]
    sends = sends_of(write(tmp_path, some), trained, dataset)
    limits = history_limits(sends, {}, {"open_rate": "None."}, ())
    assert any(says in limit for limit in limits)
    assert "It was not trained for open_rate: None." in limits


def test_targets_without_support_are_left_out_and_refused_by_name(
    rows: Table, trained: Path, tmp_path: Path, shoe: np.ndarray, dataset: Path
) -> None:
    models = Path(shutil.copytree(trained, tmp_path / "models"))
    without = [r | {"abandoned_cart": None, "unsubscribed": 0} for r in rows]
    said: list[str] = []
    left_out = train(write(tmp_path, without), dataset, models, "two", said)
    assert left_out["abandoned_cart"] == "No row tells it."
    assert left_out["unsubscribed"].startswith("None of 3,000 trials with the event")
    assert any("unsubscribed is left out: None of 3,000" in line for line in said)
    card = registry.verify(models / "two")
    assert card.vocabulary["target"] == ("open_rate", "click_through")
    assert "It was not trained for abandoned_cart: No row tells it." in card.limits
    recommender = Recommender(models / "two", load_catalog(), Settings(models_dir=models))
    assert recommender.recommend(shoe, target="open_rate").best_augmentation.sentence
    refused = r"not trained for unsubscribed.*open_rate, click"
    with pytest.raises(TargetError, match=refused):
        recommender.recommend(shoe, target="unsubscribed")
    with pytest.raises(TargetError, match=refused):
        recommender.recommend(shoe, guard={"unsubscribed": 5})
    analysis = recommender.analyse(shoe)
    for ask in (recommender.past, recommender.explain, recommender.regions):
        given = (analysis,) if ask == recommender.past else (analysis, "brighter")
        with pytest.raises(TargetError, match=refused):
            ask(*given, target="unsubscribed")
    assert card.left_out == left_out
    assert words.missing(card.left_out) == (
        "This model was not trained for abandoned carts (no row tells it) or unsubscribes "
        "(none of 3,000 trials with the event; at least 100 are expected)."
    )


def test_a_model_of_one_s_history_keeps_its_past_campaigns_as_sums(
    trained: Path, events: Path
) -> None:
    card = registry.verify(trained / "mine")
    assert HISTORY in card.files
    assert HISTORY not in read_card(trained / "small").files
    past = read_past(trained / "mine")
    assert past is not None
    history = sends_of(events, trained, events.parent).history
    for target in TARGETS:
        assert past.tries[target].sum() == history.trials[target].sum()
        assert past.events[target].sum() == history.happened[target].sum()
    keys = np.stack(list(past.columns().values()), axis=1)
    assert len(np.unique(keys, axis=0)) == len(past) <= len(history)
    assert len(past.identities) <= 24  # the edits of a photo are one picture
    assert set(load_file(trained / "mine" / HISTORY)) == {
        "identities",
        *COLUMNS,
        *(f"{target}.{counts}" for target in TARGETS for counts in ("tries", "events")),
    }  # and nothing that tells who was written to


def test_a_picture_of_the_history_finds_its_past_campaigns(trained: Path, events: Path) -> None:
    recommender = Recommender(trained / "mine", load_catalog(), Settings(models_dir=trained))
    history = read_history(events, images=events.parent).history
    original = AUGMENTATIONS.index("original")
    sent = int(np.flatnonzero(history.augmentations == original)[0])
    analysis = recommender.analyse(events.parent / history.images[history.pictures[sent]])
    campaign = {
        name: terms[code]
        for name, terms in CONTEXT_FIELDS.items()
        if (code := int(history.contexts[name][sent])) >= 0
    }
    found = recommender.past(analysis, "open_rate", **campaign)
    assert len(found) == 5
    assert found[0].similarity > 0.95
    assert all(evidence.tries > 0 and evidence.edit in AUGMENTATIONS for evidence in found)
    months = history.sent_at.astype("datetime64[M]").astype(str)
    assert {evidence.month for evidence in found} <= set(months.tolist())


def test_later_sends_are_a_fifth_and_one_time_has_no_later(trained: Path, events: Path) -> None:
    sends = sends_of(events, trained, events.parent)
    parts = split_by_time(sends)
    assert parts is not None
    earlier, later = parts
    assert len(later) == pytest.approx(600, abs=60)
    assert sends.history.sent_at[earlier].max() < sends.history.sent_at[later].min()
    assert split_by_time(sends.take(np.array([0]))) is None


def test_the_split_holds_the_same_products_when_a_history_grows(
    trained: Path, events: Path
) -> None:
    sends = sends_of(events, trained, events.parent)
    assert set(split_groups(sends, 0).sides.tolist()) == {0, 1, 2}
    names = tuple((f"product {i}",) for i in range(600))
    few, many = (split_groups(replace(sends, groups=names[:n]), 0).sides for n in (300, 600))
    assert (few == many[:300]).all()
    assert np.bincount(many) / 600 == pytest.approx([0.65, 0.15, 0.20], abs=0.05)
    assert (many != split_groups(replace(sends, groups=names), 1).sides).any()


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
    change: dict[str, object],
    message: str,
    rows: Table,
    small_models: Path,
    tmp_path: Path,
    dataset: Path,
) -> None:
    only = {target: None for target in TARGETS if target != "open_rate"}
    path = write(tmp_path, [r | only | change for r in rows])
    with pytest.raises(InputError) as caught:
        train(path, dataset, small_models)
    assert message in str(caught.value)
    assert registry.list_models(small_models) == ["small"]


def test_50_events_duplicated_ids_and_impossible_counts_are_refused(
    rows: Table, small_models: Path, tmp_path: Path, dataset: Path
) -> None:
    with pytest.raises(InputError, match=r"No model can be trained.*at least 100 are expected"):
        train(write(tmp_path, rows[:50]), dataset, small_models)
    same = [r | {"event_id": "e", "open_rate": i % 2} for i, r in enumerate(rows)]
    with pytest.raises(InputError, match="No model can be trained"):
        train(write(tmp_path, same), dataset, small_models)
    counts = [r | {"clicks": r["sends"] + 1} for r in counted(rows)]
    with pytest.raises(InputError, match=r"None of the .* rows .*clicks"):
        train(write(tmp_path, counts), dataset, small_models)


def test_events_of_too_few_products_are_said(
    rows: Table, trained: Path, tmp_path: Path, dataset: Path
) -> None:
    few = sorted({r["product_id"] for r in rows})[:5]
    sends = sends_of(write(tmp_path, [r for r in rows if r["product_id"] in few]), trained, dataset)
    with pytest.raises(InputError, match="shows 5 different products; at least 6"):
        split_groups(sends, 0)
    sends = sends_of(write(tmp_path, rows), trained, dataset)
    never = sends.take(np.flatnonzero(sends.history.happened["open_rate"] == 0))
    split = split_groups(never, 0)
    parts = split.rows(never, "train"), split.rows(never, "validation")
    learnt = learn(never, *parts, ("open_rate",), 0, silent)
    assert "both outcomes are expected" in learnt.left_out["open_rate"]
