from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_data import BAD, read, run, write_photos
from typer.testing import CliRunner

from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.journal import MARK, ROWS, journal_folder
from sneakeraug.batch.local import score_locally
from sneakeraug.batch.rows import COLUMNS
from sneakeraug.batch.run import PICTURES_A_CHUNK
from sneakeraug.batch.scorer import Scored, Scorer, Wanted
from sneakeraug.cli import app
from sneakeraug.embed.encoder import Encoded, Encoder
from sneakeraug.embed.preprocess import NetworkInput
from sneakeraug.errors import BusyError, ContextError, InputError, StoreError, TargetError
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context
from sneakeraug.serving import load
from sneakeraug.settings import Settings

WANTED = Wanted(
    "unsubscribed", Context(industry="hospitality", gender="women"), 3, {"open_rate": 5.0}
)


@pytest.fixture(scope="module")
def recommender(small_models: Path) -> Recommender:
    return load(settings=Settings(models_dir=small_models, device="cpu"))


@pytest.fixture(scope="module")
def photos(demo_paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("batch") / "photos", demo_paths[:7])


@pytest.fixture
def two_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PICTURES_A_CHUNK, "cpu", 2)


@pytest.fixture(scope="module")
def unbroken(recommender: Recommender, photos: Path) -> bytes:
    """The CSV of a run that nothing stopped, two pictures a chunk."""
    before = PICTURES_A_CHUNK["cpu"]
    PICTURES_A_CHUNK["cpu"] = 2
    try:
        out = photos.parent / "unbroken.csv"
        run(recommender, photos, out)
        return out.read_bytes()
    finally:
        PICTURES_A_CHUNK["cpu"] = before


def test_rows_are_those_of_recommend(
    recommender: Recommender, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    done = run(recommender, photos, out, WANTED)
    assert (done.n_pictures, done.n_failed) == (9, 2)
    by_path: dict[str, list[dict[str, Any]]] = {}
    for row in read(out):
        assert list(row) == list(COLUMNS)
        by_path.setdefault(row["path"], []).append(row)
    assert list(by_path) == [item.name for item in Inputs(photos).items()]
    for name, rows in by_path.items():
        if name in BAD:
            (row,) = rows
            assert row["kind"] == "error"
            assert row["error"]
            continue
        result = recommender.recommend(
            photos / name,
            target="unsubscribed",
            industry="hospitality",
            gender="women",
            n_alternates=3,
            guard={"open_rate": 5.0},
        )
        assert {row["kind"] for row in rows} == {"variant", "alternate"}
        assert len(rows) == 6 + 3
        alone = [(v.augmentation, v) for v in result.variants]
        alone += [(a.product_id, a) for a in result.alternates]
        for row, (called, scored) in zip(rows, alone, strict=True):
            assert (row["variant"], row["rank"]) == (called, scored.rank)
            assert row["is_barred"] == scored.is_barred
            numbers = (row["p"], row["low"], row["high"], row["predicted_difference"])
            expected = (scored.p, *scored.interval, scored.predicted_difference)
            assert numbers == pytest.approx(expected, abs=2e-6)
            ranges = (row["difference_low"], row["difference_high"])
            assert ranges == pytest.approx(scored.difference_interval, abs=2e-6)
            assert row["sha256"] == result.request.image_sha256
            assert row["verdict"] == result.best_augmentation.verdict
            assert row["sentence"] == result.best_augmentation.sentence
            assert row["best_alternate"] == result.best_alternate.product_id
            assert row["detected_augmentation"] == result.detected_augmentation.label
            assert row["warnings"].endswith(result.warnings[-1])


def test_every_format_holds_the_same_rows_and_no_formula(
    recommender: Recommender, photos: Path, tmp_path: Path
) -> None:
    for name in ("a.jsonl", "a.parquet", "a.csv"):
        run(recommender, photos, tmp_path / name)
    lines = read(tmp_path / "a.jsonl")
    assert read(tmp_path / "a.parquet") == lines
    cells = read(tmp_path / "a.csv")
    for row, line in zip(cells, lines, strict=True):
        for name, value in line.items():
            text = "" if value is None else str(value)
            text = text.lower() if isinstance(value, bool) else text
            assert row[name] == (f"'{text}" if text.startswith("=") else text)
    assert cells[0]["path"] == "'=photo 0.jpg"
    assert not journal_folder(tmp_path / "a.csv").exists()


def started(photos: Path, out: Path, models: Path) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, two pictures a chunk."""
    code = (
        "from sneakeraug.batch import run; run.PICTURES_A_CHUNK['cpu'] = 2\n"
        "from sneakeraug.cli import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, "batch", str(photos), "--out", str(out), "--device", "cpu"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"SNEAKERAUG_MODELS_DIR": str(models)},
    )


def test_a_killed_run_is_gone_on_with_and_gives_the_same_file(
    recommender: Recommender,
    photos: Path,
    small_models: Path,
    tmp_path: Path,
    unbroken: bytes,
    two_a_chunk: None,
) -> None:
    out = tmp_path / "out.csv"
    kept = journal_folder(out) / ROWS
    process = started(photos, out, small_models)
    while not (kept.is_file() and MARK in kept.read_bytes()):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    with kept.open("ab") as file:  # as if it had been killed in the middle of a line
        file.write(b'{"path": "half a ro')
    said: list[str] = []
    done = run(recommender, photos, out, report=said.append)
    assert done.n_resumed >= 2
    assert said[0] == f"Going on after {done.n_resumed} of 9 pictures"
    assert out.read_bytes() == unbroken


def test_a_full_disk_is_said_and_gone_on_from(
    recommender: Recommender, photos: Path, tmp_path: Path, unbroken: bytes, two_a_chunk: None
) -> None:
    out = tmp_path / "out.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StoreError, match=r"Make room and run the same again: it goes on after"):
            run(recommender, photos, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not out.exists()
    assert run(recommender, photos, out).n_resumed > 0
    assert out.read_bytes() == unbroken


def stop_after_one(
    inputs: Inputs, chunks: Iterator[list[Item]], scorer: Scorer
) -> Generator[Scored]:
    """An engine that is interrupted after its first chunk."""
    yield next(score_locally(inputs, chunks, scorer, 1))
    raise KeyboardInterrupt


def test_an_output_is_not_replaced_by_accident(
    recommender: Recommender, photos: Path, tmp_path: Path, two_a_chunk: None
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("precious")
    with pytest.raises(InputError, match="exists already"):
        run(recommender, photos, out)
    assert out.read_text() == "precious"
    with pytest.raises(KeyboardInterrupt):
        run(recommender, photos, out, overwrite=True, engine=stop_after_one)
    assert out.read_text() == "precious"
    with pytest.raises(InputError, match="unfinished run of other pictures or another campaign"):
        run(recommender, photos, out, Wanted("open_rate"))
    assert run(recommender, photos, out).n_resumed == 2
    assert run(recommender, photos, out, Wanted("open_rate"), overwrite=True).n_resumed == 0
    assert {row["target"] for row in read(out)} == {"open_rate"}


def test_a_table_says_which_campaign_each_picture_is_for(
    recommender: Recommender, photos: Path, tmp_path: Path
) -> None:
    table = photos / "send.csv"
    table.write_text(
        "Image,target,campaign_type,industry\n"
        "'=photo 0.jpg,open_rate,,retail\n"
        "=photo 2.jpg,,spam,retail\n"
        "=photo 4.jpg,nonsense,,\n"
        "../photos/=photo 0.jpg,,,\n"
        ",,,\n"
        "gone.jpg,,,\n"
        "more\\=photo 1.jpg,,loyalty,\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.jsonl"
    try:
        done = run(recommender, table, out)
    finally:
        table.unlink()
    assert (done.n_pictures, done.n_failed) == (7 - 1, 4)  # an empty row is none
    rows = read(out)
    errors = [row["error"] for row in rows if row["kind"] == "error"]
    says = ("Unknown campaign_type 'spam'", "Unknown target 'nonsense'", "leads out", "no picture")
    assert all(text in error for text, error in zip(says, errors, strict=True))
    good = {row["path"]: row for row in rows if row["kind"] == "variant"}
    assert good["=photo 0.jpg"]["target"] == "open_rate"
    other = good["more\\=photo 1.jpg"]
    assert (other["target"], other["campaign_type"]) == ("click_through", "loyalty")
    alone = recommender.recommend(photos / "more" / "=photo 1.jpg", campaign_type="loyalty")
    assert other["p"] == pytest.approx(alone.variants[-1].p, abs=2e-6)


def test_a_batch_that_the_model_cannot_serve_is_refused_first(recommender: Recommender) -> None:
    with pytest.raises(ContextError, match="Unknown target"):
        Scorer(recommender, Wanted("sales"))
    with pytest.raises(InputError, match="101 alternates"):
        Scorer(recommender, Wanted(n_alternates=101))
    with pytest.raises((InputError, TargetError), match="guard"):
        Scorer(recommender, Wanted(guard={"unsubscribed": -1}))


def test_the_command_counts_errors_and_ends_well(
    photos: Path, small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    out = tmp_path / "out.parquet"
    arguments = ["batch", str(photos), "--out", str(out), "--device", "cpu"]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["n_pictures"], document["n_failed"]) == (9, 2)
    assert "9 of 9 pictures, 2 with errors" in result.stderr
    again = CliRunner().invoke(app, arguments)
    assert isinstance(again.exception, InputError)
    odd = CliRunner().invoke(app, ["batch", str(photos), "--out", str(tmp_path / "out.xlsx")])
    assert "ends in .csv, .parquet, .jsonl is expected" in str(odd.exception)


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


class Narrow(Encoder):
    """A network with room for two pictures, which is busy at first."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder.n_outputs, encoder.size_px)
        self.encoder, self.backend, self.sizes = encoder, encoder.backend, list[int]()

    @property
    def device(self) -> str:
        return self.encoder.device

    def encode_inputs(self, inputs: NetworkInput) -> Encoded:
        self.sizes.append(len(inputs.squares) // 6)
        if len(self.sizes) == 1:
            raise BusyError(0)
        if self.sizes[-1] > 2:
            raise OutOfMemoryError
        return self.encoder.encode_inputs(inputs)


def test_a_network_that_is_busy_or_out_of_memory_gets_less_and_the_rows_stay(
    recommender: Recommender,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(recommender, photos, tmp_path / "wide.jsonl")
    narrow = Narrow(recommender.model.encoder)
    monkeypatch.setattr(recommender.model, "encoder", narrow)
    run(recommender, photos, tmp_path / "narrow.jsonl")
    assert narrow.sizes == [7, 7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert "no room for 7 pictures at once; from now on it gets 3" in caplog.text
    for row, other in zip(
        read(tmp_path / "narrow.jsonl"), read(tmp_path / "wide.jsonl"), strict=True
    ):
        assert (row["path"], row["variant"]) == (other["path"], other["variant"])
        assert row["p"] == pytest.approx(other["p"], abs=2e-6)


@pytest.mark.parametrize("target", ["open_rate", "unsubscribed"])
def test_pictures_scored_together_get_the_draws_that_each_gets_alone(
    recommender: Recommender, target: str
) -> None:
    model = recommender.model.conversions[target]
    x = np.random.default_rng(0).normal(size=(8, model.booster.num_features())).astype(np.float32)
    products = np.array([1, 2])
    together = model.predict_members(x, products, n_groups=4)
    for start in range(0, 8, 2):
        alone = model.predict_members(x[start : start + 2], products)
        assert together[:, start : start + 2] == pytest.approx(alone, abs=1e-5)
