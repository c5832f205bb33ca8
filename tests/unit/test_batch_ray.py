from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_data import read, run, write_photos
from PIL import Image

from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.on_ray import RayEngine
from sneakeraug.batch.run import PICTURES_A_CHUNK
from sneakeraug.batch.scorer import Scored, Scorer, Wanted
from sneakeraug.catalog_on_ray import encode_on_ray
from sneakeraug.cluster import connected
from sneakeraug.errors import InputError
from sneakeraug.ingest import import_products
from sneakeraug.progress import silent
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context
from sneakeraug.serving import load, serving_catalog
from sneakeraug.settings import Settings, get_settings

KILLED: list[int] = []


# Ray leaves sockets and processes of its own to the collector.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("ResourceWarning", "DeprecationWarning", "FutureWarning", "UserWarning")
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One small cluster of this machine's own for all tests."""
    with connected(None, 2, 0) as ray:
        assert [node["NodeManagerAddress"] for node in ray.nodes()] == ["127.0.0.1"]
        yield


def below(pid: int) -> dict[int, str]:
    """The processes that a process started, and those that these started, with their command."""
    found, parents = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        parents[int(entry.name)], found[int(entry.name)] = int(fields[1]), command
    ours = {pid}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {child: found[child] for child in ours - {pid}}


def lose_a_worker(
    inputs: Inputs, chunks: Iterator[list[Item]], scorer: Scorer
) -> Generator[Scored]:
    """Ray, whose scoring worker is killed after the first chunk."""
    for number, scored in enumerate(RayEngine(n_workers=1)(inputs, chunks, scorer)):
        if number == 0:
            workers = below(os.getpid()).items()
            KILLED.extend(pid for pid, command in workers if "ScoreChunk" in command)
            for pid in KILLED:
                os.kill(pid, signal.SIGKILL)
        yield scored


def test_ray_gives_the_rows_of_the_local_engine_though_a_worker_is_killed(
    cluster: None,
    small_models: Path,
    demo_paths: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PICTURES_A_CHUNK, "cpu", 1)
    photos = write_photos(tmp_path / "photos", demo_paths[:10])
    recommender = load(settings=Settings(models_dir=small_models, device="cpu", threads=2))
    wanted = Wanted("abandoned_cart", Context(gender="men"), 1, {"unsubscribed": 3.0})
    run(recommender, photos, tmp_path / "ray.jsonl", wanted, engine=lose_a_worker)
    run(recommender, photos, tmp_path / "local.jsonl", wanted)
    assert KILLED
    ours, theirs = read(tmp_path / "ray.jsonl"), read(tmp_path / "local.jsonl")
    assert len(ours) == 10 * (6 + 1) + 2
    for row, other in zip(ours, theirs, strict=True):
        assert numbers(row) == pytest.approx(numbers(other), abs=1e-6)
        assert {**row, **numbers(other)} == other


def numbers(row: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if isinstance(value, float)}


def test_a_catalog_is_encoded_on_ray_as_it_is_here(
    cluster: None, small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    monkeypatch.setenv("SNEAKERAUG_DEVICE", "cpu")
    settings = get_settings()
    folder = settings.home.parent / "new"
    folder.mkdir()
    for number, path in enumerate(demo_paths[:3]):  # bytes that came with no model
        with Image.open(path) as image:
            image.resize((160, 120)).save(folder / f"{number}.png")
    import_products(folder, {}, None, silent)
    catalog, engine = serving_catalog(settings)
    here = Recommender(small_models / "small", catalog, settings).pictures
    said: list[str] = []
    assert encode_on_ray(settings, "small", None, said.append) == 3
    assert said[-1] == "3 of 3 pictures encoded"
    kept = Recommender(small_models / "small", catalog, settings, engine)
    assert kept.n_newly_encoded == 0
    embedding = kept.embed(folder / "0.png")
    alike, other = (pictures.similarities(embedding) for pictures in (kept.pictures, here))
    assert alike == pytest.approx(other, abs=1e-5)
    assert encode_on_ray(settings, "small", None, said.append) == 0


@pytest.mark.parametrize(
    ("address", "says"),
    [
        pytest.param("127.0.0.1:1", "No Ray cluster answers at '127.0.0.1:1'", id="nobody there"),
        pytest.param("cluster", "HOST:PORT is expected", id="no port"),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_said_within_seconds(address: str, says: str) -> None:
    started = time.perf_counter()
    with pytest.raises(InputError, match=says):
        RayEngine(address).check()
    assert time.perf_counter() - started < 20


def test_without_ray_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r"pip install sneakeraug\[ray\]"):
        RayEngine().check()
