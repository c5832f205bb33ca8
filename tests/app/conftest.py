"""The pages as Streamlit's own test runner sees them, from `app.py`, on the shipped model."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sneakeraug.card import read_card
from sneakeraug.registry import active_model
from sneakeraug.settings import REPOSITORY_MODELS, get_settings
from sneakeraug.ui import engine, samples

ROOT = Path(__file__).resolve().parents[2]

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def clear_caches() -> None:
    """What one test kept is not there for the next; the loaded model is."""
    st.cache_data.clear()
    engine._analyse.clear()


@pytest.fixture(autouse=True)
def keep_main() -> Iterator[None]:
    """Streamlit puts a page in the place of `__main__`, which processes started later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def open_page() -> Open:
    """Open a page with a link's query, and check that it did not fail."""

    def open_(page: str | None = None, **query: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=240)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        if page is not None:
            at.switch_page(str(ROOT / "pages" / page)).run()
        assert not at.exception
        return at

    return open_


@pytest.fixture
def other_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Let the page serve from another models folder for one test."""

    def use(folder: Path) -> None:
        monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(folder))
        get_settings.cache_clear()
        engine._load.clear()

    yield use
    monkeypatch.undo()
    get_settings.cache_clear()
    engine._load.clear()


@pytest.fixture
def second_model(
    other_models: Callable[[Path], None], tmp_path: Path
) -> Callable[[str, str], Path]:
    """Serve from a folder with the shipped models and a copy of one under another name."""

    def add(model_id: str, category: str) -> Path:
        models = tmp_path / "models"
        shutil.copytree(REPOSITORY_MODELS, models)
        shutil.copytree(models / active_model(models), models / model_id)
        card = read_card(models / model_id)
        card = card.model_copy(update={"model_id": model_id, "category": category})
        (models / model_id / "card.json").write_text(card.to_json(), encoding="utf-8")
        other_models(models)
        return models

    return add


@pytest.fixture
def sample() -> bytes:
    """A whole picture of a sneaker, JPEG."""
    return samples.load_samples()[0].read()
