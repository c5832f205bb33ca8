"""The page on the model, and what every page says where no model can be loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from sneakeraug.registry import WEIGHTS, active_model
from sneakeraug.settings import REPOSITORY_MODELS
from sneakeraug.ui import engine

from .conftest import Open


def test_every_measured_figure_of_the_card_is_in_the_table(open_page: Open) -> None:
    at = open_page("model.py")
    card = engine.recommender().card
    table = at.table[0].value
    assert len(table) == len(card.figures) > 0
    assert [f"{figure.n:,} {figure.unit}" for figure in card.figures] == [
        text.replace("\\", "") for text in table["Rests on"]
    ]
    said = zip(card.figures, table["Command"], strict=True)
    assert all(figure.command in command for figure, command in said)


def test_what_it_was_trained_on_its_licence_and_its_limits_are_said(open_page: Open) -> None:
    at = open_page("model.py")
    card = engine.recommender().card
    text = "\n".join(element.value for element in at.markdown).replace("\\", "")
    assert card.trained_on in text
    assert card.data_licence in text
    assert all(limit in text for limit in card.limits)


def test_a_missing_model_gives_its_message_and_never_a_score(
    open_page: Open, other_models: Callable[[Path], None], tmp_path: Path
) -> None:
    other_models(tmp_path)
    for page in (None, "model.py"):
        at = open_page(page)
        assert "No active model" in at.error[0].value.replace("\\", "")
        assert not at.metric
        assert not at.file_uploader


def test_a_changed_model_file_gives_its_message_and_never_a_score(
    open_page: Open, other_models: Callable[[Path], None], tmp_path: Path
) -> None:
    shutil.copytree(REPOSITORY_MODELS, tmp_path / "models")
    weights = tmp_path / "models" / active_model(REPOSITORY_MODELS) / WEIGHTS
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    other_models(tmp_path / "models")
    at = open_page()
    assert "was changed or damaged" in at.error[0].value
    assert not at.metric
