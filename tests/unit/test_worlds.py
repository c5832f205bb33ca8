from __future__ import annotations

import numpy as np
import pytest

from sneakeraug.dataset import sends
from sneakeraug.dataset.looks import measure_hues
from sneakeraug.dataset.sends import POLICIES, Events, draw_contexts, draw_events
from sneakeraug.dataset.worlds import (
    BASE_RATES,
    HIDDEN_APPEAL,
    LOOKS,
    MEANS,
    SPREADS,
    Pictures,
    World,
    paper_probability,
)
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

N_PRODUCTS = 40


@pytest.fixture
def pictures() -> Pictures:
    rng = np.random.default_rng(1)
    looks = MEANS + SPREADS * rng.normal(0, 1, (N_PRODUCTS, len(LOOKS)))
    labels = np.tile(np.arange(len(AUGMENTATIONS)), N_PRODUCTS)
    products = np.repeat(np.arange(N_PRODUCTS), len(AUGMENTATIONS))
    return Pictures(labels, products, np.repeat(looks, len(AUGMENTATIONS), axis=0))


def test_the_papers_world_is_80_20_and_mirrored_for_targets_to_lower(pictures: Pictures) -> None:
    labels = np.arange(len(AUGMENTATIONS))
    assert paper_probability(labels, "click_through").tolist() == [0.8, 0.2, 0.2, 0.8, 0.2, 0.2]
    lowered = paper_probability(labels, "unsubscribed")
    assert lowered == pytest.approx([0.2, 0.8, 0.8, 0.2, 0.8, 0.8])
    events = draw_events(World("paper"), pictures, 20_000, np.random.default_rng(0))
    bright = pictures.labels[events.pictures] == 0
    assert events.happened["open_rate"][bright].mean() == pytest.approx(0.8, abs=0.03)
    assert (events.contexts["gender"] == -1).mean() == pytest.approx(0.1, abs=0.02)
    assert events.propensity == pytest.approx(np.full(20_000, 1 / 6))


def test_outcomes_follow_the_true_probability_at_real_base_rates(pictures: Pictures) -> None:
    world = World("market")
    events = draw_events(world, pictures, 200_000, np.random.default_rng(0))
    shown = pictures.take(events.pictures)
    for target in TARGETS:
        happened = events.happened[target]
        there = ~np.isnan(happened)
        p = world.probability(shown, events.contexts, target)
        assert happened[there].mean() == pytest.approx(p[there].mean(), rel=0.12)
        assert 0.5 < p.mean() / BASE_RATES[target] < 1.7
        high = there & (p > np.median(p))
        assert happened[high].mean() > happened[there].mean()
    reminder = events.contexts["campaign_type"] == CONTEXT_FIELDS["campaign_type"].index(
        "cart_reminder"
    )
    no_cart = np.isnan(events.happened["abandoned_cart"])
    assert not no_cart[reminder].any()
    assert no_cart[~reminder].mean() == pytest.approx(0.985, abs=0.005)


def test_what_nobody_can_see_is_small_and_averages_out(pictures: Pictures) -> None:
    world = World("market")
    contexts = draw_contexts(len(pictures), np.random.default_rng(2))
    seen = world.probability(pictures, contexts, "click_through", is_hidden_seen=False)
    true = world.probability(pictures, contexts, "click_through")
    gap = np.log(true / seen)
    by_product = gap.reshape(N_PRODUCTS, -1)
    assert by_product.std(axis=1).max() < 0.02  # one appeal a product, whatever the edit
    assert by_product.mean(axis=1).std() == pytest.approx(HIDDEN_APPEAL, rel=0.35)


def test_in_the_null_world_pictures_never_matter(pictures: Pictures) -> None:
    contexts = {name: np.zeros(len(pictures), dtype=np.int64) for name in CONTEXT_FIELDS}
    for target in TARGETS:
        p = World("null").probability(pictures, contexts, target)
        assert np.ptp(p) == 0
        assert np.ptp(World("market").probability(pictures, contexts, target)) > 0


def test_recorded_propensities_are_how_often_an_edit_was_chosen(pictures: Pictures) -> None:
    events = draw_events(World("market"), pictures, 120_000, np.random.default_rng(0))
    labels = pictures.labels[events.pictures]
    sum_of_inverse = np.bincount(labels, 1 / events.propensity) / len(events)
    assert sum_of_inverse == pytest.approx(np.ones(6), abs=0.05)
    assert events.propensity.min() > 0.01


def test_a_confounded_log_writes_nothing_down_and_misleads(pictures: Pictures) -> None:
    world, rng = World("market"), np.random.default_rng(0)
    events = draw_events(world, pictures, 50_000, rng, policy="confounded")
    assert np.isnan(events.propensity).all()
    labels = pictures.labels[events.pictures]
    appeal = world.hidden_appeal(pictures.take(events.pictures), "click_through")
    assert appeal[labels == 0].mean() > appeal[labels == 1].mean() + 0.01


def test_another_seed_is_another_world_and_the_same_seed_the_same(pictures: Pictures) -> None:
    contexts = draw_contexts(len(pictures), np.random.default_rng(2))
    first, again, other = (
        World("market", seed).probability(pictures, contexts, "open_rate") for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert not np.allclose(first, other)


def test_unknown_worlds_and_policies_name_the_known_ones(pictures: Pictures) -> None:
    with pytest.raises(InputError, match="expected one of: paper, market, null"):
        World("mars")
    with pytest.raises(InputError, match="expected one of: randomised, confounded"):
        draw_events(World("paper"), pictures, 1, np.random.default_rng(0), policy="whim")


def test_hues_of_plain_colours() -> None:
    for colour, column in (((220, 30, 30), 0), ((230, 200, 20), 1), ((30, 180, 40), 2)):
        photo = np.full((80, 100, 3), colour, dtype=np.uint8)
        assert measure_hues(photo)[column] == pytest.approx(1.0)
    assert measure_hues(np.full((80, 100, 3), (30, 60, 220), dtype=np.uint8)).argmax() == 3
    assert measure_hues(np.full((80, 100, 3), 200, dtype=np.uint8)).sum() == 0


@pytest.mark.parametrize("policy", POLICIES)
def test_sends_are_the_same_however_many_are_chosen_together(
    pictures: Pictures, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw() -> Events:
        return draw_events(World("market", 1), pictures, 500, np.random.default_rng(4), policy)

    at_once = draw()
    monkeypatch.setattr(sends, "SENDS_AT_ONCE", 7)
    in_parts = draw()
    np.testing.assert_array_equal(in_parts.pictures, at_once.pictures)
    np.testing.assert_array_equal(in_parts.propensity, at_once.propensity)
    for target in TARGETS:
        np.testing.assert_array_equal(in_parts.happened[target], at_once.happened[target])
