from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sneakeraug.arrays import UInt8Array
from sneakeraug.cli import app
from sneakeraug.errors import ContextError, InputError
from sneakeraug.recommend import Recommender
from sneakeraug.regions import Patches
from sneakeraug.score.calibration import Calibration
from sneakeraug.score.conversion import ConversionModel
from sneakeraug.score.design import BLOCKS, Scale
from sneakeraug.score.effects import N_DRAWS, EffectsModel
from sneakeraug.score.features import PICTURE_FEATURES
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.training.explanation_figures import measure_explanation
from sneakeraug.ui.heat import region_picture

N_COLUMNS = 1 + sum(len(columns) for columns in BLOCKS.values())


@pytest.fixture(scope="module")
def recommender(small_models: Path) -> Recommender:
    return load(settings=Settings(models_dir=small_models, device="cpu"))


@pytest.fixture(scope="module")
def of_brightness(recommender: Recommender) -> ConversionModel:
    """A model for which a darker picture converts better, and which knows that well."""
    k = len(PICTURE_FEATURES)
    draws = np.zeros((N_DRAWS, N_COLUMNS), dtype=np.float32)
    draws[:, 0] = -3.0
    noise = np.random.default_rng(0).normal(0, 0.5, N_DRAWS)
    draws[:, BLOCKS["measure"][PICTURE_FEATURES.index("brightness")]] = -20.0 + noise
    scale = Scale(np.full(2 * k, 0.9, np.float32), np.ones(2 * k, np.float32))
    effects = EffectsModel(scale, draws, draws.mean(axis=0), 0.0, 0.0, 1.0)
    known = recommender.model.conversions["click_through"]
    return replace(known, effects=effects, n_rounds=0, calibration=Calibration())


def one_dark_patch(column: int = 6) -> UInt8Array:
    """White, faint marks everywhere, and one patch of the lower row that is nearly black."""
    photo = np.full((240, 320, 3), 255, dtype=np.uint8)
    rows, columns = np.mgrid[:240, :320] % 40
    photo[(rows > 12) & (rows < 28) & (columns > 12) & (columns < 28)] = 225
    photo[10 + 160 : 40 + 160, 5 + 40 * column : 35 + 40 * column] = 30
    return photo


def test_patches_cover_the_picture_and_nothing_else(shoe: UInt8Array) -> None:
    patches = Patches(shoe)
    before = shoe.copy()
    assert patches.grid == (6, 8)
    covered = patches.cover(range(48))
    assert (shoe == before).all()
    assert len(np.unique(covered.reshape(-1, 3), axis=0)) == 1  # the plain background
    one = patches.cover([27])
    changed = np.argwhere((one != shoe).any(axis=2))
    assert changed.min(axis=0).tolist() >= [120, 120]
    assert changed.max(axis=0).tolist() <= [159, 159]
    assert 0 < len(patches.filled()) < 48


@pytest.mark.parametrize(
    "size", [(448, 2), (2, 448), (64, 64), (300, 448)], ids=["tall", "wide", "square", "photo"]
)
def test_any_shape_of_a_busy_photo_is_covered_by_what_is_around(size: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    patches = Patches(photo)
    n = patches.grid[0] * patches.grid[1]
    assert patches.cover(range(n)).shape == photo.shape
    assert all(patches.place(i).startswith("the ") for i in range(n))


def test_what_a_model_depends_on_is_found_and_named(
    recommender: Recommender, of_brightness: ConversionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recommender.model.conversions, "click_through", of_brightness)
    analysis = recommender.analyse(one_dark_patch())
    found = recommender.regions(analysis, "original")
    assert np.unravel_index(found.effects.argmax(), found.effects.shape) == (4, 6)
    assert found.effects[4, 6] > 5 * np.sort(found.effects.ravel())[-2]
    assert found.is_sure[4, 6]
    assert "the lower right of the product" in found.sentence
    assert "instead of" in found.sentence


def test_effects_are_differences_of_the_score_s_log_odds(
    recommender: Recommender, of_brightness: ConversionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recommender.model.conversions, "click_through", of_brightness)
    analysis = recommender.analyse(one_dark_patch())
    covered = recommender.cover(analysis)
    found = recommender.regions(analysis, "original", covered=covered)
    row = int(np.flatnonzero(covered.patches == 4 * 8 + 6)[0])
    brightness = covered.measures[row, 0] - analysis.measures[2, 0]
    assert found.effects[4, 6] == pytest.approx(20.0 * brightness, rel=0.01)


def test_where_nothing_matters_that_is_said(
    recommender: Recommender, of_brightness: ConversionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = replace(of_brightness.effects, draws=np.zeros((N_DRAWS, N_COLUMNS), np.float32))
    monkeypatch.setitem(
        recommender.model.conversions, "click_through", replace(of_brightness, effects=blind)
    )
    found = recommender.regions(recommender.analyse(one_dark_patch()), "brighter")
    assert not found.is_sure.any()
    assert found.sentence.startswith("No part of the picture matters more than chance")


def test_every_edit_can_be_explained_and_bad_names_are_refused(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    analysis = recommender.analyse(demo_paths[0])
    covered = recommender.cover(analysis)
    for variant in analysis.variants:
        found = recommender.regions(analysis, variant.augmentation, "unsubscribed", covered=covered)
        assert np.isfinite(found.effects).all()
        assert region_picture(analysis.photo.pixels, found)[:2] == b"\xff\xd8"
    with pytest.raises(InputError, match="Unknown augmentation 'blur'"):
        recommender.regions(analysis, "blur", covered=covered)
    with pytest.raises(ContextError, match="expected one of"):
        recommender.regions(analysis, "original", "likes", covered=covered)


def test_covering_first_what_matters_beats_a_random_order(
    recommender: Recommender, of_brightness: ConversionModel
) -> None:
    photos = [one_dark_patch(column) for column in (1, 2, 3, 4, 5, 6)]
    found = measure_explanation(
        photos,
        np.arange(6),
        recommender.model.encoder,
        {"click_through": of_brightness},
        recommender.model.projection,
        0,
        lambda _: None,
    )["click_through"]
    assert found["area_interval"][0] > 0.05
    assert found["share_better"] == 1.0
    assert abs(found["random_area"]) < found["area"] / 2
    assert len(found["curve"]) == len(found["random_curve"])
    assert found["curve"][-1] == pytest.approx(found["random_curve"][-1])  # all is covered


def test_the_explanation_report_has_its_figures(
    small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    arguments = ["--images", str(demo_paths[0].parent), "--split", "all", "--n", "3", "--json"]
    done = CliRunner().invoke(app, ["evaluate", "explanation", *arguments])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["n_photos"] == 3
    for found in report["targets"].values():
        assert found["area_interval"][0] <= found["area"] <= found["area_interval"][1]
    for figure in report["figures"]:
        assert figure["command"].endswith("--n 3")
        assert "another random order" in figure["baselines"]
