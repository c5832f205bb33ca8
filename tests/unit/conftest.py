"""Fixtures: a history of drawn sneakers, and a model trained on it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from history_data import Table, silent, train
from shop_server import Shop

from sneakeraug.training.build import BuildOptions, build_dataset
from sneakeraug.training.simulate import simulate_events


@pytest.fixture(scope="session")
def dataset(demo_paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All six versions of 24 drawn sneakers as files, and 3,000 sends of them."""
    folder = tmp_path_factory.mktemp("dataset")
    options = BuildOptions(side_px=128, workers=1)
    build_dataset([demo_paths[0].parent], folder, options, silent, ("sneaker", "shoe"))
    simulate_events(folder, "paper", 3000, 0, silent)
    return folder


@pytest.fixture(scope="session")
def events(dataset: Path) -> Path:
    return dataset / "events.parquet"


@pytest.fixture(scope="session")
def trained(events: Path, small_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with ``small``, and ``mine`` trained on the history; ``small`` serves."""
    models = Path(shutil.copytree(small_models, tmp_path_factory.mktemp("mine") / "models"))
    train(events, events.parent, models)
    return models


@pytest.fixture
def models(trained: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "models"))


@pytest.fixture
def rows(events: Path) -> Table:
    """The history's rows, to be changed and written again with `write`."""
    found: Table = pq.read_table(events).to_pylist()
    return found


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
