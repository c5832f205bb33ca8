"""Batch, catalog and trees on a cluster of two nodes: the same as here, though it loses some."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_data import read, run, write_photos
from history_data import sends_of
from PIL import Image
from ray_cluster import TwoNodes, below, listening_beyond_this_machine, two_nodes

from sneakeraug.arrays import FloatArray
from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.on_ray import RayEngine
from sneakeraug.batch.run import PICTURES_A_CHUNK
from sneakeraug.batch.scorer import Scored, Scorer, Wanted
from sneakeraug.catalog_on_ray import encode_on_ray
from sneakeraug.cluster import connected
from sneakeraug.errors import InputError, SneakeraugError
from sneakeraug.ingest import import_products
from sneakeraug.progress import silent
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context
from sneakeraug.score.conversion import PARAMETERS, Boost, Rows, boost_here
from sneakeraug.score.design import FeatureRows
from sneakeraug.serving import load, serving_catalog
from sneakeraug.settings import Settings, get_settings
from sneakeraug.training.history_rows import learn, split_groups
from sneakeraug.training.trees_on_ray import trees_on_ray

KILLED: list[int] = []


# Ray leaves sockets and processes of its own to the collector.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("ResourceWarning", "DeprecationWarning", "FutureWarning", "UserWarning")
]


def test_a_cluster_of_this_machines_own_listens_on_its_loopback_alone() -> None:
    with connected(None, 2, 0) as ray:
        assert [node["NodeManagerAddress"] for node in ray.nodes()] == ["127.0.0.1"]
        assert listening_beyond_this_machine() == []


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


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoNodes]:
    """One cluster in processes of its own for all tests; the test of the batch loses a node."""
    with two_nodes() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def boost(cluster: TwoNodes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boost]:
    """Grows trees by two workers."""
    rows = tmp_path_factory.mktemp("rows")
    with trees_on_ray(cluster.address, 2, 1, rows, SAID.append) as found:
        yield found
    assert not list(rows.iterdir())


SAID: list[str] = []


def drawn_rows(n: int, seed: int) -> Rows:
    """Rows of few distinct values, so that every way of binning them is the same."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-8, 8, (n, 10)).astype(np.float32)
    z = np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0) + 0.2 * x[:, 2]
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(np.float64)
    numbers = np.arange(n)
    return Rows(x, y, rng.integers(1, 4, n).astype(np.float64), numbers % 50, numbers)


def slope(x: FeatureRows) -> FloatArray:
    return np.asarray(0.2 * x[:][:, 2], dtype=np.float32)


def test_trees_grown_on_two_workers_are_those_grown_here(boost: Boost) -> None:
    train, held_out = drawn_rows(6000, 0), drawn_rows(2000, 1)
    every = {**PARAMETERS, "seed": 5, "subsample": 1.0}
    here, losses = boost_here(every, train, held_out, slope)
    there, others = boost(every, train, held_out, slope)
    assert len(losses) > 10
    assert others == pytest.approx(losses, abs=1e-5)
    x = held_out.x[:]
    assert there.inplace_predict(x) == pytest.approx(here.inplace_predict(x), abs=1e-4)


def test_trees_are_grown_again_where_a_worker_is_killed(boost: Boost) -> None:
    train, held_out = drawn_rows(6000, 0), drawn_rows(2000, 1)
    parameters = {**PARAMETERS, "seed": 5, "eta": 0.02}
    killer = threading.Thread(target=kill_a_tree_worker)
    killer.start()
    booster, losses = boost(parameters, train, held_out, slope)
    killer.join()
    assert SAID == ["a worker was lost: its trees are grown again"]
    again, others = boost(parameters, train, held_out, slope)
    assert losses == pytest.approx(others, abs=1e-6)
    assert booster.num_boosted_rounds() == again.num_boosted_rounds()


def kill_a_tree_worker() -> None:
    """Kill one of the processes that grow trees, as soon as one does."""
    for _ in range(3000):
        growing = [p for p, said in below(os.getpid()).items() if "TreeWorker.grow" in said]
        if growing:
            os.kill(growing[0], signal.SIGKILL)
            return
        time.sleep(0.02)


def test_a_history_is_learnt_on_ray_as_it_is_here(
    boost: Boost, events: Path, trained: Path
) -> None:
    sends = sends_of(events, trained, events.parent)
    split = split_groups(sends, 3)
    parts = split.rows(sends, "train"), split.rows(sends, "validation")
    here, there = (
        learn(sends, *parts, ("open_rate",), 0, silent, way).fitted for way in (None, boost)
    )
    x = sends.features(split.rows(sends, "test"), here.projection)
    ours, theirs = (fitted.models["open_rate"] for fitted in (there, here))
    assert ours.effects.draws == pytest.approx(theirs.effects.draws, abs=1e-4)
    # each worker draws its own eight rows of ten for a tree
    assert np.abs(ours.mean_log_odds(x) - theirs.mean_log_odds(x)).mean() < 0.1


def test_more_workers_than_the_cluster_has_room_for_are_refused(
    cluster: TwoNodes, tmp_path: Path
) -> None:
    with (
        pytest.raises(InputError, match=r"100 workers of 2 processors each .* has \d+\. Ask for"),
        trees_on_ray(cluster.address, 100, 0, tmp_path, silent),
    ):
        pass


def test_trees_that_never_grow_end_with_what_was_wrong(boost: Boost) -> None:
    train, held_out = drawn_rows(60, 0), drawn_rows(20, 1)
    with pytest.raises(SneakeraugError, match=r"The run failed on Ray: .*Nothing was"):
        boost({**PARAMETERS, "max_depth": -3}, train, held_out, slope)


def lose_a_worker_and_a_node(cluster: TwoNodes) -> Any:
    """Ray, whose scoring workers are killed after a chunk, and a node of two after three."""

    def engine(inputs: Inputs, chunks: Iterator[list[Item]], scorer: Scorer) -> Generator[Scored]:
        on_ray = RayEngine(cluster.address, n_workers=2)
        for number, scored in enumerate(on_ray(inputs, chunks, scorer)):
            if number == 0:
                workers = below(os.getpid()).items()
                KILLED.extend(pid for pid, command in workers if "ScoreChunk" in command)
                for pid in KILLED:
                    os.kill(pid, signal.SIGKILL)
            if number == 2:
                cluster.lose_second()
            yield scored

    return engine


def test_ray_gives_the_rows_of_the_local_engine_though_workers_and_a_node_are_lost(
    cluster: TwoNodes,
    small_models: Path,
    demo_paths: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PICTURES_A_CHUNK, "cpu", 1)
    photos = write_photos(tmp_path / "photos", demo_paths[:10])
    recommender = load(settings=Settings(models_dir=small_models, device="cpu", threads=2))
    wanted = Wanted("abandoned_cart", Context(gender="men"), 1, {"unsubscribed": 3.0})
    engine = lose_a_worker_and_a_node(cluster)
    run(recommender, photos, tmp_path / "ray.jsonl", wanted, engine=engine)
    run(recommender, photos, tmp_path / "local.jsonl", wanted)
    assert KILLED
    assert len(cluster.cluster.list_all_nodes()) == 1
    ours, theirs = read(tmp_path / "ray.jsonl"), read(tmp_path / "local.jsonl")
    assert len(ours) == 10 * (6 + 1) + 2
    for row, other in zip(ours, theirs, strict=True):
        assert numbers(row) == pytest.approx(numbers(other), abs=1e-6)
        assert {**row, **numbers(other)} == other
    assert listening_beyond_this_machine() == []


def numbers(row: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if isinstance(value, float)}


def test_a_catalog_is_encoded_on_ray_as_it_is_here(
    cluster: TwoNodes, small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
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
    assert encode_on_ray(settings, "small", cluster.address, said.append) == 3
    assert said[-1] == "3 of 3 pictures encoded"
    kept = Recommender(small_models / "small", catalog, settings, engine)
    assert kept.n_newly_encoded == 0
    embedding = kept.embed(folder / "0.png")
    alike, other = (pictures.similarities(embedding) for pictures in (kept.pictures, here))
    assert alike == pytest.approx(other, abs=1e-5)
    assert encode_on_ray(settings, "small", cluster.address, said.append) == 0
