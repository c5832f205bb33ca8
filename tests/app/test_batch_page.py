"""The batch page: files in, progress, a line for each picture, the rows as files."""

from __future__ import annotations

import gc
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from sneakeraug.batch.scorer import Wanted
from sneakeraug.errors import BusyError, InputError
from sneakeraug.ui import batch_job, engine, words
from sneakeraug.ui.batch_job import BatchJob, Upload
from sneakeraug.ui.batch_start import JOB

from .conftest import ROOT, Open

PAGE = "batch.py"
WAIT_S = 120


@pytest.fixture(scope="module")
def photos(demo_paths: list[Path]) -> list[Upload]:
    """Small pictures, and a file that is none; one name is markup, another a formula."""
    found = []
    for name, path in zip(("<b>a</b>.png", "=b.png", "c.png"), demo_paths, strict=False):
        buffer = io.BytesIO()
        with Image.open(path) as image:
            image.resize((200, 150)).save(buffer, "PNG")
        found.append(Upload(name, buffer.getvalue()))
    return [*found, Upload("d.png", b"no picture")]


@pytest.fixture
def packed(photos: list[Upload]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for photo in photos:
            archive.writestr(photo.name, photo.data)
    return buffer.getvalue()


def start(at: AppTest, *files: tuple[str, bytes], table: bytes | None = None) -> AppTest:
    at.file_uploader[0].set_value([(name, data, "image/png") for name, data in files]).run()
    if table is not None:
        at.file_uploader[1].set_value(("sends.csv", table, "text/csv")).run()
    at.button(key="batch_go").click().run()
    assert not at.exception
    return at


def finish(at: AppTest) -> AppTest:
    deadline = time.monotonic() + WAIT_S
    while not any(button.key == "batch_again" for button in at.button):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        at.run()
        assert not at.exception
    return at


def wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def job_of(at: AppTest) -> BatchJob:
    job = at.session_state[JOB]
    assert isinstance(job, BatchJob)
    return job


def test_a_zip_becomes_a_line_for_each_picture_and_rows_to_download(
    open_page: Open, packed: bytes, photos: list[Upload]
) -> None:
    at = finish(start(open_page(PAGE, target="open_rate"), ("photos.zip", packed)))
    table = at.dataframe[0].value
    assert table["File"].tolist() == ["<b>a</b>.png", "'=b.png", "c.png", "d.png"]
    assert table["Verdict"].tolist()[3] == "Not scored"
    assert "is text" in table["Notes"].tolist()[3]
    assert all(text.startswith("data:image/jpeg") for text in table["Picture"].tolist()[:3])
    alone = engine.recommender().recommend(photos[2].data, target="open_rate")
    assert table["Original"].tolist()[2] == words.percent(alone.original.p)
    at.segmented_control(key="batch_group").set_value("error").run()
    assert at.dataframe[0].value["File"].tolist() == ["d.png"]
    job = job_of(at)
    assert job.write(".csv").decode().splitlines()[0].startswith("path,sha256,")
    assert pq.read_table(io.BytesIO(job.write(".parquet"))).num_rows == 3 * 6 + 1
    at.button(key="batch_again").click().run()
    assert not at.dataframe
    assert at.file_uploader[0].label == "A zip of pictures, or several pictures"


def test_a_table_says_what_each_picture_is_for(open_page: Open, photos: list[Upload]) -> None:
    table = b"image,target\nc.png,unsubscribed\n../c.png,\n/etc/hostname,\nc.png,spam\n"
    files = [(photo.name, photo.data) for photo in photos]
    at = finish(start(open_page(PAGE), *files, table=table))
    notes = at.dataframe[0].value["Notes"].tolist()
    assert "carries no picture '../c.png'" in notes[1]
    assert "carries no picture '/etc/hostname'" in notes[2]
    assert "Unknown target 'spam'" in notes[3]
    assert b'"target": "unsubscribed"' in job_of(at).write(".jsonl")


def test_samples_are_scored_by_one_click_and_nobody_else_sees_them(open_page: Open) -> None:
    at = open_page(PAGE)
    at.button(key="batch_samples").click().run()
    at.switch_page(str(ROOT / "pages" / "models.py")).run()  # left, and come back to
    at.switch_page(str(ROOT / "pages" / PAGE)).run()
    finish(at)
    assert len(at.dataframe[0].value) == 6
    other = open_page(PAGE)
    assert JOB not in other.session_state
    assert not other.dataframe


def test_the_campaign_is_carried_from_page_to_page(open_page: Open) -> None:
    at = open_page(industry="hospitality", target="unsubscribed")
    at.selectbox(key="campaign_gender").set_value("women").run()
    at.switch_page(str(ROOT / "pages" / PAGE)).run()
    assert at.segmented_control(key="campaign_target").value == "unsubscribed"
    assert at.selectbox(key="campaign_gender").value == "women"
    at.selectbox(key="campaign_industry").set_value("education").run()
    at.switch_page(str(ROOT / "pages" / "campaign.py")).run()
    assert at.selectbox(key="campaign_industry").value == "education"
    assert at.selectbox(key="campaign_gender").value == "women"


def test_a_cancelled_batch_shows_what_was_scored(
    open_page: Open, photos: list[Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_job, "PICTURES_A_STEP", 1)
    at = start(open_page(PAGE), *[(f"{n}.png", photos[0].data) for n in range(60)])
    wait(lambda: job_of(at).progress.n_done > 0)
    at.run()
    at.button(key="batch_cancel").click().run()
    finish(at)
    assert at.warning[0].value.startswith("Cancelled after ")
    assert 0 < len(at.dataframe[0].value) < 60


def test_what_does_not_go_together_is_said_and_the_page_stays(
    open_page: Open, packed: bytes, photos: list[Upload]
) -> None:
    at = start(open_page(PAGE), ("a.zip", packed), ("b.png", photos[0].data))
    assert "A zip came with other files" in at.error[0].value.replace("\\", "")
    at = start(at, ("a.zip", b"PK\x03\x04 broken"))
    assert "is no readable zip" in at.error[0].value.replace("\\", "")
    at = start(at, ("c.png", photos[0].data), table=b"name\nc\n")
    assert "has no column 'image'" in at.error[0].value.replace("\\", "")


def test_a_forgotten_batch_stops_and_its_files_go(
    photos: list[Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_job, "PICTURES_A_STEP", 1)
    files = [Upload(f"{n}.png", photos[0].data) for n in range(60)]
    job = BatchJob(files, None, engine.recommender(), Wanted())
    progress, folder = job.progress, job.folder
    assert folder.is_dir()
    del job
    gc.collect()
    wait(lambda: progress.is_over)
    assert progress.status == "cancelled"
    assert not folder.exists()


def test_too_much_is_refused(photos: list[Upload], monkeypatch: pytest.MonkeyPatch) -> None:
    recommender = engine.recommender()
    monkeypatch.setattr(batch_job, "MOST_PICTURES", 1)
    with pytest.raises(InputError, match="More than 1 pictures"):
        BatchJob(photos, None, recommender, Wanted())
    monkeypatch.undo()
    monkeypatch.setattr(batch_job, "_known", batch_job.threading.BoundedSemaphore(1))
    first = BatchJob(photos[:1], None, recommender, Wanted())
    try:
        with pytest.raises(BusyError):
            BatchJob(photos[:1], None, recommender, Wanted())
    finally:
        wait(lambda: first.progress.is_over)
    assert first.progress.status == "done"
