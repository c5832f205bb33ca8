from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sneakeraug.analysis import Analysis
from sneakeraug.cli import app
from sneakeraug.errors import ContextError, InputError
from sneakeraug.rank.alternates import choose_alternate
from sneakeraug.rank.guards import check_guard, judge_guard, parse_guards
from sneakeraug.rank.variants import choose_augmentation, rank_variants, tied_with_best
from sneakeraug.recommend import Recommender
from sneakeraug.records import AlternateScore, Guard, Recommendation, VariantScore
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.vocabulary import AUGMENTATIONS, TARGETS

HARMLESS = Guard(
    target="unsubscribed",
    limit=5,
    predicted_difference=0.0,
    difference_interval=(0.0, 0.0),
    chance=1.0,
    holds=True,
)
HARMFUL = HARMLESS.model_copy(update={"chance": 0.3, "holds": False})


@pytest.fixture(scope="module")
def recommender(small_models: Path) -> Recommender:
    return load(settings=Settings(models_dir=small_models, device="cpu"))


@pytest.fixture(scope="module")
def analysis(recommender: Recommender, demo_paths: list[Path]) -> Analysis:
    return recommender.analyse(demo_paths[0])


def ranked(barred: set[str], brighter: float = 0.05) -> tuple[VariantScore, ...]:
    """Brighter is clearly better, darker a little less so, the others are as the original."""
    difference = np.array([brighter, 0.03, 0.0, -0.01, -0.02, -0.03])
    half = np.array([0.01, 0.01, 0.0, 0.01, 0.01, 0.01])
    p, ranges = 0.2 + difference, np.stack([difference - half, difference + half], axis=1)
    return rank_variants(
        [(name, {}) for name in AUGMENTATIONS],
        p,
        0.2 + ranges,
        difference,
        ranges,
        np.array([0.6, 0.4, 0, 0, 0, 0]),
        "click_through",
        [(HARMFUL,) if name in barred else (HARMLESS,) for name in AUGMENTATIONS],
    )


@pytest.mark.parametrize(
    ("target", "difference", "half", "holds"),
    [
        pytest.param("unsubscribed", 0.0, 0.0004, True, id="surely within"),
        pytest.param("unsubscribed", 0.0004, 0.0004, False, id="likely within, not surely"),
        pytest.param("unsubscribed", 0.0010, 0.0001, False, id="surely over"),
        pytest.param("unsubscribed", -0.01, 0.0004, True, id="fewer unsubscribes"),
        pytest.param("open_rate", 0.01, 0.001, True, id="more opens"),
        pytest.param("open_rate", -0.01, 0.001, False, id="fewer opens"),
    ],
)
def test_a_guard_holds_where_the_worsening_is_surely_within(
    target: str, difference: float, half: float, holds: bool
) -> None:
    interval = np.array([[difference - half, difference + half]])
    (guard,) = judge_guard(target, 5, np.array([difference]), interval)
    assert guard.holds is holds
    assert (guard.chance >= 0.9) is holds


def test_the_chance_within_the_limit_follows_from_the_range() -> None:
    (guard,) = judge_guard("unsubscribed", 5, np.array([0.0]), np.array([[-0.0005, 0.0005]]))
    assert guard.chance == pytest.approx(0.95)


def test_a_barred_edit_is_never_recommended_and_the_sentence_names_it() -> None:
    choice = choose_augmentation(ranked({"brighter"}), "click_through")
    assert choice.augmentation == "darker"
    assert choice.sentence.startswith("Use the darker picture")
    assert choice.sentence.endswith(
        "The brighter picture would win, but is barred: unsubscribes may rise by more than 5 in "
        "10,000 (chance that they do not 30 %)."
    )


def test_where_every_edit_is_barred_the_original_is_kept() -> None:
    choice = choose_augmentation(ranked(set(AUGMENTATIONS)), "click_through")
    assert choice.augmentation is None
    assert choice.verdict == "keep_original"
    assert choice.sentence.startswith("Keep the original. Every edit is barred by a guardrail.")
    assert not next(v for v in ranked(set(AUGMENTATIONS)) if v.augmentation == "original").guards


def test_a_barred_edit_that_would_not_win_is_not_spoken_of() -> None:
    choice = choose_augmentation(ranked({"brighter"}, brighter=0.031), "click_through")
    assert "would win" in choice.sentence
    choice = choose_augmentation(ranked({"sketch"}), "click_through")
    assert choice.augmentation == "brighter"
    assert "barred" not in choice.sentence


def test_a_barred_edit_ties_with_nothing() -> None:
    assert [v.augmentation for v in tied_with_best(ranked(set()))] == ["brighter", "darker"]
    assert tied_with_best(ranked({"darker"})) == ()


def test_a_barred_alternate_is_named_and_the_next_one_judged() -> None:
    alternates = [
        AlternateScore(
            product_id=name,
            name=name,
            brand="Okivo",
            gender="men",
            sneaker_type="running",
            similarity=0.5,
            image="x.jpg",
            p=0.2 + difference,
            interval=(0.1, 0.4),
            predicted_difference=difference,
            difference_interval=(difference - 0.01, difference + 0.01),
            guards=(guard,),
            rank=rank,
        )
        for rank, (name, difference, guard) in enumerate(
            [("Loft", 0.08, HARMFUL), ("Cove", 0.05, HARMLESS)], start=1
        )
    ]
    choice = choose_alternate(alternates, 0.2, "click_through")
    assert choice.product_id == "Cove"
    assert "“Loft” by Okivo would win, but is barred: unsubscribes may rise" in choice.sentence
    choice = choose_alternate(alternates[:1], 0.2, "click_through")
    assert choice.product_id is None
    assert choice.sentence.startswith("Keep the original. Every alternate is barred")


@pytest.mark.parametrize("target", TARGETS)
def test_guards_change_no_score_and_travel_in_the_json(
    recommender: Recommender, analysis: Analysis, target: str
) -> None:
    free = recommender.score(analysis, target)
    guarded = recommender.score(analysis, target, guard={"unsubscribed": 0, "open_rate": 10_000})
    assert [v.p for v in guarded.variants] == [v.p for v in free.variants]
    assert [a.p for a in guarded.alternates] == [a.p for a in free.alternates]
    document = json.loads(json.dumps(guarded.to_dict()))
    assert Recommendation.model_validate(document) == guarded
    assert document["request"]["guard"] == {"unsubscribed": 0, "open_rate": 10_000}
    for scored in (*document["variants"], *document["alternates"]):
        if scored.get("augmentation") != "original":
            assert [guard["target"] for guard in scored["guards"]] == ["unsubscribed", "open_rate"]
            assert scored["guards"][1]["holds"]
    chosen = guarded.best_augmentation.augmentation
    assert all(not v.is_barred for v in guarded.variants if v.augmentation == chosen)
    assert document["schema"] == free.to_dict()["schema"]


@pytest.mark.parametrize(
    ("guard", "error", "says"),
    [
        pytest.param({"likes": 5}, ContextError, "Unknown guard 'likes'", id="unknown target"),
        pytest.param({"unsubscribed": -1}, InputError, "is -1; a number of 0", id="negative"),
        pytest.param({"unsubscribed": float("nan")}, InputError, "is nan", id="no number"),
        pytest.param({"unsubscribed": 10_001}, InputError, "of 0 to 10,000 per", id="too many"),
        pytest.param({"abandoned_cart": "x"}, InputError, "10,000 carts is expected", id="text"),
    ],
)
def test_a_bad_guard_is_one_clear_error(
    recommender: Recommender, analysis: Analysis, guard: dict, error: type, says: str
) -> None:
    with pytest.raises(error, match=says):
        check_guard(guard)
    with pytest.raises(error, match=says):
        recommender.score(analysis, guard=guard)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["unsubscribed"], "The guard 'unsubscribed' is not usable; TARGET=N is expected"),
        (["unsubscribed=few"], "The guard 'unsubscribed=few' is not usable"),
        (["unsubscribed=5", "unsubscribed=6"], "is given twice"),
        (["likes=5"], "Unknown guard 'likes'; expected one of: open_rate"),
        (["unsubscribed=-1"], "a number of 0 to 10,000"),
    ],
)
def test_a_bad_guard_on_the_command_line_is_one_clear_error(given: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_guards(given)


def test_the_command_line_takes_guards_and_says_what_is_barred(
    small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    arguments = ["recommend", str(demo_paths[0]), "--guard", "unsubscribed=0"]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    assert "barred" in done.output
    assert "unsubscribes may rise by more than 0 in 10,000" in done.output
