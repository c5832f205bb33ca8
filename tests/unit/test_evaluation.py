"""Measuring an embedder: conditions on the way, orders of training, figures of retrieval."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import choose_parameters, scale_strength
from sneakeraug.cli import app
from sneakeraug.dataset.photos import list_others
from sneakeraug.dataset.unknown import (
    MEASURED_EDITS,
    MEASURED_SCENES,
    SCENE_SIDE_PX,
    TRAINED_EDITS,
    TRAINED_SCENES,
    Edit,
    Scene,
)
from sneakeraug.errors import InputError
from sneakeraug.evaluate.metrics import (
    calibration_error,
    first_neighbour_hits,
    reliability_bins,
    roc_auc_with_interval,
    wilson_interval,
)
from sneakeraug.training.conditions import CONDITIONS, find_conditions
from sneakeraug.training.design_pipeline import lost_by
from sneakeraug.training.embedder import ingredients_without, plan_epochs
from sneakeraug.training.samples import epoch_order


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_makes_six_pictures_and_leaves_the_photo_alone(
    shoe: UInt8Array, name: str
) -> None:
    before = shoe.copy()
    six = CONDITIONS[name].make_six(shoe)
    assert six is not None
    assert len(six) == 6
    assert all(picture.dtype == np.uint8 and picture.ndim == 3 for picture in six)
    assert (shoe == before).all()


def test_another_background_is_only_put_behind_a_plain_one(shoe: UInt8Array) -> None:
    black = CONDITIONS["on black"].make_six(shoe)
    assert black is not None
    assert black[2][:8, :8].max() < 10
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    assert CONDITIONS["on black"].make_six(noise) is None


def test_an_unknown_condition_or_ingredient_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="expected all, or any of: as it is"):
        find_conditions(["in the rain"])
    with pytest.raises(InputError, match="expected any of: frame"):
        ingredients_without(["rain"])
    assert "noise" not in ingredients_without(["noise"])


@pytest.mark.parametrize("name", ["brighter", "darker", "sketch", "swivel"])
def test_a_strength_of_one_changes_nothing_and_others_go_to_both_sides(
    shoe: UInt8Array, name: str
) -> None:
    parameters = choose_parameters(shoe, name)
    for key, value in scale_strength(name, parameters, 1.0).items():
        assert value == (
            pytest.approx(parameters[key]) if isinstance(value, float) else parameters[key]
        )
    assert scale_strength(name, parameters, 0.7) != parameters
    assert scale_strength(name, parameters, 1.3) != parameters
    for strength in (0.0, -1.0, 2.0, float("nan")):
        with pytest.raises(InputError, match="not usable"):
            scale_strength(name, parameters, strength)


def test_an_epoch_shows_every_photo_and_often_two_of_a_product_together() -> None:
    products = np.repeat(np.arange(50), 4)
    pool = np.arange(200)
    order = epoch_order(pool, products, np.random.default_rng(0))
    assert sorted(order.tolist()) == pool.tolist()
    pairs = products[order].reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert (
        len({tuple(order[:10]), tuple(epoch_order(pool, products, np.random.default_rng(1))[:10])})
        == 2
    )


def test_a_schedule_ends_at_its_size_and_with_more_photos_as_they_are() -> None:
    for n_epochs in (1, 2, 9, 30):
        sizes, shares = plan_epochs(160, n_epochs)
        assert len(sizes) == len(shares) == n_epochs
        assert sizes[-1] == 160
        assert list(sizes) == sorted(sizes)
        assert list(shares) == sorted(shares, reverse=True)


def test_calibration_error_of_known_confidences() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1.0, 60_000)
    honest = (rng.random(60_000) < p).astype(float)
    assert calibration_error(p, honest) < 0.01
    assert calibration_error(p, np.ones(60_000)) == pytest.approx(0.25, abs=0.01)


def test_first_neighbours_may_be_barred_from_finding_themselves() -> None:
    rows = np.eye(3, dtype=np.float32)
    products = np.array([0, 1, 0])
    assert first_neighbour_hits(rows, rows, products, products).tolist() == [1, 1, 1]
    near = np.array([[1, 0], [0, 1], [0.9, 0.1]], dtype=np.float32)
    hits = first_neighbour_hits(near, near, products, products, np.arange(3))
    assert hits.tolist() == [1, 0, 1]


def test_the_embedder_report_has_the_promised_keys(
    small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    arguments = ["--images", str(demo_paths[0].parent), "--split", "all", "--json"]
    done = CliRunner().invoke(
        app, ["evaluate", "embedder", *arguments, "--condition", "after halving"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["n_photos"] == len(demo_paths)
    assert report["n_variants"] == 6 * len(demo_paths)
    low, high = report["accuracy_interval"]
    assert low <= report["accuracy"] <= high
    assert np.array(report["confusion"]).sum() == report["n_variants"]
    assert len(report["per_class_accuracy"]) == 6
    assert 0 <= report["ece"] <= 1
    assert 0 <= report["retrieval"]["product found again from an edited picture"] <= 1
    assert any("after halving" in figure["name"] for figure in report["figures"])


PROMISED = {
    "n", "base_rate", "accuracy", "bayes_accuracy", "log_loss", "log_loss_excess", "brier_excess",
    "auc", "bayes_auc", "ece", "calibration_slope", "regret_mean", "regret_p95",
    "p_best_calibration", "interval_coverage", "interval_width", "difference_coverage",
    "winner_bias", "false_recommendation_rate", "base_rate_log_loss",
    "regret_mean_if_always_original", "regret_mean_if_random", "design_log_loss",
    "design_log_loss_excess", "regret_mean_of_design",
}  # fmt: skip


def test_the_conversion_report_has_the_promised_keys_beside_the_design_and_trivial_rules(
    small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    arguments = ["--images", str(demo_paths[0].parent), "--split", "all", "--json"]
    done = CliRunner().invoke(
        app, ["evaluate", "conversion", *arguments, "--world", "paper", "--sends", "4000"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    for target, found in report["targets"].items():
        assert found.keys() >= PROMISED, target
        assert found["design_log_loss"] > found["bayes_log_loss"]
        assert 0 <= found["regret_mean_of_design"] < found["regret_mean_if_always_original"]
    beside = [f["baselines"] for f in report["figures"] if "lost by following" in f["name"]]
    assert beside
    assert all("design's pipeline" in each for each in beside)


@pytest.mark.parametrize(
    ("target", "lost"), [("open_rate", [0.5, 0.0]), ("unsubscribed", [0.0, 5.0])]
)
def test_what_a_choice_loses_is_a_share_of_the_best_ones_probability(
    target: str, lost: list[float]
) -> None:
    true_p = np.array([0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    assert lost_by(np.array([0, 0]), true_p, target) == pytest.approx(np.array(lost))


@pytest.mark.parametrize("edit", [*TRAINED_EDITS.values(), *MEASURED_EDITS.values()])
def test_every_other_edit_changes_a_photo_and_leaves_it_alone(shoe: UInt8Array, edit: Edit) -> None:
    before = shoe.copy()
    for seed in range(6):
        edited = edit(shoe, np.random.default_rng(seed))
        assert edited.dtype == np.uint8
        assert edited.ndim == 3
        assert edited.shape != shoe.shape or np.abs(edited.astype(int) - shoe).mean() > 1
    assert (shoe == before).all()


@pytest.mark.parametrize("draw", [*TRAINED_SCENES.values(), *MEASURED_SCENES.values()])
def test_every_other_scene_is_a_photo_and_no_two_are_alike(draw: Scene) -> None:
    first, second = (draw(np.random.default_rng(seed)) for seed in (0, 1))
    assert first.shape == second.shape == (SCENE_SIDE_PX, SCENE_SIDE_PX, 3)
    assert first.dtype == np.uint8
    assert (first != second).any()


def test_no_kind_both_trains_and_measures() -> None:
    assert not set(TRAINED_EDITS) & set(MEASURED_EDITS)
    assert not set(TRAINED_SCENES) & set(MEASURED_SCENES)


def test_the_area_under_the_curve_of_known_scores() -> None:
    rng = np.random.default_rng(0)
    high, low = np.array([0.8, 0.9]), np.array([0.1, 0.8])
    assert roc_auc_with_interval(high, low, rng)[0] == pytest.approx(3.5 / 4)
    area, (a, b) = roc_auc_with_interval(rng.normal(1, 1, 2000), rng.normal(0, 1, 2000), rng)
    assert a < 0.760 < b  # Phi(1 / sqrt 2)
    assert a < area < b


def test_photos_of_other_products_are_found_by_kind(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text(
        "path,kind\na.jpg,sneaker\nb.jpg,watch\nc.jpg,watch\nd.jpg,\n", encoding="utf-8"
    )
    found = list_others([tmp_path, tmp_path / "none"])
    assert {kind: [p.name for p in paths] for kind, paths in found.items()} == {
        "watch": ["b.jpg", "c.jpg"]
    }


def test_reliability_bins_hold_as_many_rows_each_and_what_happened_in_them() -> None:
    p = np.array([0.4, 0.1, 0.4, 0.1, 0.2, 0.2])
    y = np.array([1, 0, 0, 0, 1, 0], dtype=np.float64)
    bins = reliability_bins(p, y, p, n_bins=3)
    assert [each["n"] for each in bins] == [2, 2, 2]
    assert [each["predicted"] for each in bins] == pytest.approx([0.1, 0.2, 0.4])
    assert [each["happened"] for each in bins] == [0, 0.5, 0.5]
    assert [each["true"] for each in bins] == pytest.approx([0.1, 0.2, 0.4])
    assert all(each["low"] <= each["happened"] <= each["high"] for each in bins)
    assert "true" not in reliability_bins(p, y)[0]


def test_a_row_of_many_trials_counts_in_reliability_bins_as_so_many_rows() -> None:
    rng = np.random.default_rng(5)
    p, y = rng.random(40), (rng.random(40) < 0.5).astype(float)
    weight = rng.integers(0, 9, 40).astype(float)
    times = weight.astype(int)
    summed = reliability_bins(p, y, weight=weight, n_bins=1)
    assert summed == [
        pytest.approx(reliability_bins(p.repeat(times), y.repeat(times), n_bins=1)[0])
    ]
    bins = reliability_bins(p, y, weight=weight)
    assert sum(each["n"] for each in bins) == weight.sum()
    assert [each["predicted"] for each in bins] == sorted(each["predicted"] for each in bins)


def test_wilson_interval_of_known_rates() -> None:
    assert wilson_interval(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson_interval(0.0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
