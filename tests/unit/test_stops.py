"""Killed in the middle, two at once, a full disk: what was done stays, and again finishes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile.disk import disk_of
from PIL import Image

from sneakeraug.catalog.own import open_own_catalog
from sneakeraug.dataset.manifest import MANIFEST
from sneakeraug.dataset.photos import KINDS
from sneakeraug.errors import StoreError
from sneakeraug.ingest import Imported, import_products
from sneakeraug.serving import load
from sneakeraug.settings import get_settings
from sneakeraug.training import build, trees_on_ray
from sneakeraug.training.build import BuildOptions, build_dataset

N_PHOTOS = 260


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small pictures, each another one."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(0)
    for number in range(N_PHOTOS):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((128, 96), Image.Resampling.NEAREST).save(
            folder / f"{number:03d}.png"
        )
    return folder


def kill_when(arguments: list[str], is_time: Callable[[], bool]) -> None:
    """Run a command and kill it without warning once something is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sneakeraug", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    try:
        while not is_time():
            assert time.monotonic() < deadline
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def count(table: str) -> int:
    """Rows that another process has written by now."""
    file = get_settings().database_file
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    except sqlite3.OperationalError:
        return 0
    finally:
        if "connection" in locals():
            connection.close()
    return int(found[0])


def take_in(folder: Path) -> Imported:
    return import_products(folder, {}, None, lambda _line: None)


def test_a_killed_import_goes_on_and_a_second_one_beside_it_is_refused(many: Path) -> None:
    refused: list[str] = []

    def has_some() -> bool:
        if not refused and (get_settings().pictures_dir / ".lock").exists():
            with pytest.raises(StoreError, match="Another run is writing") as caught:
                take_in(many)
            refused.append(str(caught.value))
        return bool(refused) and count("product") >= 200

    kill_when(["import", "products", str(many)], has_some)
    done = take_in(many)
    assert done.n_added + done.n_same == N_PHOTOS
    assert done.n_same >= 200
    own = open_own_catalog(get_settings())
    assert own.stats().n_products == own.stats().n_pictures == N_PHOTOS
    assert take_in(many).n_same == N_PHOTOS


def test_a_killed_dataset_build_goes_on_and_gives_the_same_files(
    many: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["dataset", "build", "--images", str(many), "--out", str(out), "--side", "64"]
    kill_when([*arguments, "--workers", "1"], lambda: any((out / build.PARTS).glob("*.parquet")))
    assert not (out / MANIFEST).exists()
    (out / "images" / ".a.png.1.partial").touch()
    options = BuildOptions(side_px=64, workers=1)
    done = build_dataset([many], out, options, lambda _line: None, KINDS)
    assert done.n_pictures == 6 * N_PHOTOS
    build_dataset([many], tmp_path / "whole", options, lambda _line: None, KINDS)
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / MANIFEST), pd.read_parquet(tmp_path / "whole" / MANIFEST)
    )
    assert not list(out.rglob("*.partial"))


def test_a_killed_catalog_build_goes_on_where_it_was(
    many: Path, small_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    get_settings.cache_clear()
    take_in(many)
    kill_when(["catalog", "build"], lambda: count("encoded") >= 32)
    n_kept = count("encoded")
    assert 32 <= n_kept < N_PHOTOS
    recommender = load()
    assert recommender.n_newly_encoded == N_PHOTOS - n_kept
    assert len(recommender.catalog) == count("encoded") == N_PHOTOS


def test_a_full_disk_stops_a_dataset_build_and_with_room_it_finishes(
    many: Path, tmp_path: Path
) -> None:
    options = BuildOptions("png", 96, 1)
    with disk_of(300), pytest.raises(StoreError, match="Make room"):
        build_dataset([many], tmp_path / "out", options, lambda _line: None, KINDS)
    assert not list((tmp_path / "out").rglob("*partial*"))
    assert (
        build_dataset([many], tmp_path / "out", options, lambda _line: None, KINDS).n_rejects == 0
    )


def test_a_full_disk_stops_a_catalog_build_and_with_room_it_finishes(
    many: Path, small_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    get_settings.cache_clear()
    take_in(many)
    room = max(path.stat().st_size for path in get_settings().home.glob("sneakeraug.db*"))
    with disk_of(room), pytest.raises(StoreError, match="make room"):
        load()
    assert load().n_newly_encoded > 0
    assert load().n_newly_encoded == 0


def test_rows_that_a_killed_training_left_go_and_those_of_a_running_one_stay(
    tmp_path: Path,
) -> None:
    left = tmp_path / ".rows-dead"
    left.mkdir()
    (left / "train-000000.safetensors").write_bytes(b"x")
    with trees_on_ray._room(tmp_path) as mine:
        assert not left.exists()
        with trees_on_ray._room(tmp_path) as another:
            assert mine.is_dir()
            assert another != mine
    assert not list(tmp_path.iterdir())
