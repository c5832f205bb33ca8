"""Fixtures: small pictures of our own, the shipped model, and a small model trained on the spot."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from postgresql import Server, running_server

from sneakeraug.arrays import UInt8Array
from sneakeraug.catalog.products import DEMO
from sneakeraug.settings import get_settings
from sneakeraug.store.engines import close_engines

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("OMP_NUM_THREADS", "2")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has a home of its own and settings read anew."""
    for name in [name for name in os.environ if name.startswith("SNEAKERAUG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SNEAKERAUG_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
    close_engines()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """One PostgreSQL for all tests."""
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The address of a new, empty database, of each kind once; the settings have it."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'home' / 'sneakeraug.db'}"
    else:
        address = request.getfixturevalue("postgresql_server").make_database()
    monkeypatch.setenv("SNEAKERAUG_DATABASE_URL", address)
    get_settings.cache_clear()
    return address


@pytest.fixture(scope="session")
def demo_paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every tenth picture of the demo catalog, alone in a folder with their table."""
    folder = tmp_path_factory.mktemp("demo")
    with (DEMO / "products.csv").open(newline="", encoding="utf-8") as file:
        products = list(csv.DictReader(file))[::10]
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, products[0].keys())
        table.writeheader()
        table.writerows(products)
    return sorted(Path(shutil.copy(DEMO / product["image"], folder)) for product in products)


@pytest.fixture(scope="session")
def shoe(demo_paths: list[Path]) -> UInt8Array:
    """A drawn sneaker on white, 320 × 240."""
    with Image.open(demo_paths[0]) as image:
        return np.asarray(image.convert("RGB").resize((320, 240), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Write an array or PIL image as a file of a format."""

    def write(image: UInt8Array | Image.Image, kind: str = "PNG", **options: object) -> bytes:
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return write


@pytest.fixture(scope="session")
def small_models(tmp_path_factory: pytest.TempPathFactory, demo_paths: list[Path]) -> Path:
    """A models folder with one real, small, badly trained model named ``small``."""
    from sneakeraug import registry
    from sneakeraug.training.conversion import ConversionOptions, train_conversion
    from sneakeraug.training.embedder import EmbedderOptions, train_embedder

    folder = tmp_path_factory.mktemp("models")
    embedder = tmp_path_factory.mktemp("runs") / "embedder"
    said: list[str] = []
    train_embedder(
        [demo_paths[0].parent],
        embedder,
        EmbedderOptions(
            "resnet18", 32, 1, photos_per_batch=4, workers=0, split_seed=3, device="cpu"
        ),
        said.append,
    )
    train_conversion(
        [demo_paths[0].parent],
        embedder,
        folder,
        "small",
        ConversionOptions(world="paper", n_events=1500, device="cpu"),
        "drawn by this project",
        said.append,
    )
    registry.activate(folder, "small")
    return folder
