from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sneakeraug import registry
from sneakeraug.card import read_card
from sneakeraug.errors import InputError, ModelCorruptError, ModelError, ModelNotFoundError
from sneakeraug.serving import load
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
    card = read_card(models / "small")
    staged = tmp_path / "staged"
    staged.mkdir()
    with pytest.raises(InputError, match="published models do not change"):
        registry.publish(staged, models, card)


def test_only_a_verified_model_becomes_active(models: Path) -> None:
    (models / "small" / "calibration.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelCorruptError):
        registry.activate(models, "small")


def test_rolling_back_serves_the_model_before_and_then_says_there_is_none(models: Path) -> None:
    shutil.copytree(models / "small", models / "second")
    registry.activate(models, "second")
    registry.activate(models, "second")  # again changes nothing
    assert registry.active_model(models) == "second"
    assert registry.roll_back(models) == "small"
    assert registry.active_model(models) == "small"
    with pytest.raises(ModelNotFoundError, match="nothing to roll back to"):
        registry.roll_back(models)


def test_rolling_back_to_a_damaged_or_missing_model_leaves_the_active_one(models: Path) -> None:
    shutil.copytree(models / "small", models / "second")
    registry.activate(models, "second")
    (models / "small" / "calibration.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelCorruptError):
        registry.roll_back(models)
    shutil.rmtree(models / "small")
    with pytest.raises(ModelNotFoundError, match="there is: second"):
        registry.roll_back(models)
    assert registry.active_model(models) == "second"


def add_watches(models: Path) -> None:
    """Publish a second model, for another category."""
    shutil.copytree(models / "small", models / "watch-1")
    card = read_card(models / "watch-1")
    card = card.model_copy(update={"model_id": "watch-1", "category": "watches"})
    (models / "watch-1" / "card.json").write_text(card.to_json(), encoding="utf-8")


def test_each_category_has_its_own_active_model(models: Path) -> None:
    add_watches(models)
    registry.activate(models, "watch-1")
    assert registry.active_models(models) == {"sneakers": "small", "watches": "watch-1"}
    settings = Settings(models_dir=models)
    assert load(settings=settings).model_id == "small"
    watches = load(category="watches", settings=settings)
    assert watches.model_id == "watch-1"
    assert len(watches.catalog) == 0
    with pytest.raises(ModelNotFoundError, match="nothing to roll back to"):
        registry.roll_back(models, "watches")
    assert registry.active_model(models) == "small"


def test_an_unknown_category_names_those_there_are(models: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="category 'hats'; there is: sneakers"):
        load(category="hats", settings=Settings(models_dir=models))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sneakers": 3}', '{"sneakers": {"model": 1}}'])
def test_an_unreadable_active_file_is_said(models: Path, text: str) -> None:
    (models / "active.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelNotFoundError, match="missing or unreadable"):
        registry.active_model(models)
