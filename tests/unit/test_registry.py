from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sneakeraug import registry
from sneakeraug.errors import InputError, ModelCorruptError, ModelError, ModelNotFoundError
from sneakeraug.recommend import load
from sneakeraug.settings import Settings


@pytest.fixture
def models(small_models: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(small_models, tmp_path / "models"))


def test_a_published_model_verifies_and_is_listed(models: Path) -> None:
    assert registry.list_models(models) == ["small"]
    assert registry.active_model(models) == "small"
    card = registry.verify(models / "small")
    assert set(card.files) == {p.name for p in (models / "small").iterdir()} - {"card.json"}


@pytest.mark.parametrize(
    "name", ["embedder.safetensors", "conversion-open_rate.ubj", "calibration.json"]
)
def test_a_changed_file_never_gives_a_score(models: Path, name: str) -> None:
    path = models / "small" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelCorruptError, match="was changed or damaged") as caught:
        load(settings=Settings(models_dir=models))
    assert caught.value.path == name


@pytest.mark.parametrize("name", ["embedder.safetensors", "conversion-unsubscribed.ubj"])
def test_a_missing_file_never_gives_a_score(models: Path, name: str) -> None:
    (models / "small" / name).unlink()
    with pytest.raises(ModelNotFoundError, match="is missing"):
        load(settings=Settings(models_dir=models))


def test_an_unreadable_card_is_said(models: Path) -> None:
    (models / "small" / "card.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        registry.verify(models / "small")


def test_a_card_that_points_outside_its_folder_is_refused(models: Path) -> None:
    path = models / "small" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["files"]["../active.json"] = registry.file_sha256(models / "active.json")
    path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelCorruptError):
        registry.verify(models / "small")


@pytest.mark.parametrize("model_id", ["none", "../small", "/etc", "small/..", ""])
def test_an_unknown_id_names_the_known_ones_and_is_no_path(models: Path, model_id: str) -> None:
    with pytest.raises(ModelNotFoundError, match="there is: small"):
        registry.model_folder(models, model_id)


def test_no_active_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="sneakeraug train conversion"):
        load(settings=Settings(models_dir=tmp_path))


def test_a_published_model_is_never_overwritten(models: Path, tmp_path: Path) -> None:
    card = registry.read_card(models / "small")
    staged = tmp_path / "staged"
    staged.mkdir()
    with pytest.raises(InputError, match="published models do not change"):
        registry.publish(staged, models, card)


def test_only_a_verified_model_becomes_active(models: Path) -> None:
    (models / "small" / "calibration.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelCorruptError):
        registry.activate(models, "small")
