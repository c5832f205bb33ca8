from __future__ import annotations

import numpy as np
import pytest

from sneakeraug.arrays import FloatArray
from sneakeraug.errors import InputError, ShapeError
from sneakeraug.score.calibration import Calibration, fit_calibration
from sneakeraug.score.conversion import ConversionModel, Rows, fit_conversion
from sneakeraug.score.design import BLOCKS, CREDIT, design_rows, fit_scale
from sneakeraug.score.features import (
    PictureRows,
    build_features,
    feature_names,
    fit_projection,
)
from sneakeraug.score.fit_effects import fit_effects
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS

N_PRODUCTS = 60


def make_rows(n: int, seed: int, effect: float = 0.8, own: float = 0.0) -> Rows:
    """Sends of six variants; only `brighter` has an effect, and products may have theirs."""
    rng = np.random.default_rng(seed)
    measures = rng.normal(0.5, 0.1, (N_PRODUCTS, 8)).astype(np.float32)
    identities = rng.normal(0, 0.1, (N_PRODUCTS, 128)).astype(np.float32)
    products, labels = rng.integers(N_PRODUCTS, size=n), rng.integers(6, size=n)
    pictures = PictureRows(
        np.eye(6, dtype=np.float32)[labels],
        measures[products],
        measures[products],
        identities[products],
    )
    contexts = {
        name: rng.integers(-1, len(terms), size=n)
        if name == "gender"
        else rng.integers(len(terms), size=n)
        for name, terms in CONTEXT_FIELDS.items()
    }
    x = build_features(pictures, contexts, fit_projection(identities))
    z = -1.0 + effect * (labels == 0) + rng.normal(0, own, N_PRODUCTS)[products]
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(np.float64)
    return Rows(x, y, np.ones(n), products, products * 6 + labels)


def variants_of(rows: Rows) -> FloatArray:
    """The six variants of one picture in one context."""
    x = np.repeat(rows.x[:1], 6, axis=0)
    x[:, :6] = np.eye(6)
    return x


@pytest.fixture(scope="module")
def model() -> ConversionModel:
    return fit_conversion(make_rows(6000, 0), make_rows(2000, 1), np.random.default_rng(0))


def test_design_columns_are_named_and_credited() -> None:
    rows = make_rows(50, 0)
    design = design_rows(rows.x, fit_scale(rows.x))
    columns = np.sort(np.concatenate(list(BLOCKS.values())))
    np.testing.assert_array_equal(columns, np.arange(1, design.shape[1]))
    assert len(CREDIT) == design.shape[1]
    assert CREDIT.max() < len(feature_names(AUGMENTATIONS))
    assert np.isfinite(design).all()  # a field left open is an even mix of its terms


def test_an_effect_is_found_with_its_size_and_the_others_are_not(model: ConversionModel) -> None:
    members = model.predict_members(variants_of(make_rows(10, 2)), np.zeros(6, dtype=np.int64))
    gain = np.log(members / (1 - members)).T
    gain = gain - gain[2]
    assert gain[0].mean() == pytest.approx(0.8, abs=0.25)
    assert abs(gain[[1, 3, 4, 5]].mean(axis=1)).max() < 0.15
    assert 0.02 < gain[0].std() < 0.25


def test_where_edits_do_nothing_most_draws_say_so(model: ConversionModel) -> None:
    still = fit_effects(*_arguments(make_rows(6000, 7, effect=0.0)), np.random.default_rng(0))
    assert model.effects.chance_of_edits > 0.99
    assert still.chance_of_edits < 0.5
    rows = variants_of(make_rows(10, 2))
    gain = still.log_odds(rows) - still.log_odds(rows)[:, [2]]
    assert (np.abs(gain).max(axis=1) < 1e-6).mean() == pytest.approx(
        1 - still.chance_of_edits, abs=0.02
    )


def test_many_sends_of_few_products_are_no_news_of_other_products() -> None:
    rng = np.random.default_rng(0)
    alike = fit_effects(*_arguments(make_rows(6000, 3, own=0.0)), rng)
    unlike = fit_effects(*_arguments(make_rows(6000, 3, own=0.8)), rng)
    assert unlike.product_spread > 0.3  # what products look like explains some of it
    assert alike.product_spread < 0.15


def test_weighted_rows_are_their_repetition() -> None:
    rows = make_rows(800, 4)
    twice = np.repeat(np.arange(800), 2)
    doubled = fit_effects(
        rows.x,
        rows.y_true,
        np.full(800, 2.0),
        rows.products,
        rows.pictures,
        np.random.default_rng(0),
    )
    repeated = fit_effects(
        rows.x[twice],
        rows.y_true[twice],
        np.ones(1600),
        rows.products[twice],
        rows.pictures[twice],
        np.random.default_rng(0),
    )
    x = variants_of(rows)
    np.testing.assert_allclose(doubled.log_odds(x), repeated.log_odds(x), atol=2e-3)


def test_draws_are_the_same_for_the_same_product_numbers(model: ConversionModel) -> None:
    x = variants_of(make_rows(10, 2))
    first = model.predict_members(x, np.zeros(6, dtype=np.int64))
    again = model.predict_members(x, np.zeros(6, dtype=np.int64))
    np.testing.assert_array_equal(first, again)
    other = model.predict_members(x, np.ones(6, dtype=np.int64))
    assert not np.allclose(first, other)


def test_contributions_add_up(model: ConversionModel) -> None:
    x = make_rows(40, 5).x
    log_odds = model.calibration.margin(model.mean_log_odds(x))
    np.testing.assert_allclose(model.contributions(x).sum(axis=1), log_odds, atol=1e-3)


def test_rows_of_another_width_are_refused(model: ConversionModel) -> None:
    with pytest.raises(ShapeError, match="Feature rows"):
        model.tree_log_odds(np.zeros((2, 3), dtype=np.float32))


def test_trees_are_kept_only_where_unseen_products_confirm_them() -> None:
    nothing = fit_conversion(
        make_rows(1500, 6, effect=0.0), make_rows(1500, 7, effect=0.0), np.random.default_rng(0)
    )
    assert nothing.n_rounds <= 10


def test_calibration_needs_many_events_to_move() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(-2, 1, 20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-(0.6 * margin - 0.8)))).astype(np.float64)
    many = fit_calibration(margin, y, np.ones(20_000))
    assert 0.55 < many.slope < 0.75
    few = fit_calibration(margin[:50], y[:50], np.ones(50))
    assert abs(few.slope - 1) < 0.15
    assert Calibration().margin(np.float32([1.5])) == pytest.approx([1.5])


def test_one_photo_is_too_few_to_learn_from() -> None:
    with pytest.raises(InputError, match="at least 2 are expected"):
        fit_projection(np.zeros((1, 128), dtype=np.float32))


def _arguments(rows: Rows) -> tuple[FloatArray, ...]:
    return rows.x, rows.y_true, rows.weight, rows.products, rows.pictures  # type: ignore[return-value]
