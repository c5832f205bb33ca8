"""Hostile files on the pages: a message, no exception, and the next good file works."""

from __future__ import annotations

import io
import time
import zipfile

from hostile import corpus
from streamlit.testing.v1 import AppTest

from .conftest import Open

WAIT_S = 120


def message(at: AppTest) -> str:
    assert not at.exception
    (error,) = at.error
    text = str(error.value)
    assert "Traceback" not in text
    return text


def test_each_picture_is_a_message_on_the_campaign_page(open_page: Open, sample: bytes) -> None:
    at = open_page()
    for name, data in corpus.chosen().items():
        at.file_uploader[0].set_value((name, data, "image/jpeg")).run()
        assert message(at)
        assert not at.metric
    at.file_uploader[0].set_value(("good.jpg", sample, "image/jpeg")).run()
    assert not at.error
    assert len(at.metric) == 12


def test_a_zip_of_all_is_a_line_each_on_the_batch_page(open_page: Open, sample: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in [*corpus.chosen().items(), ("z.jpg", sample)]:
            archive.writestr(name, data)
    at = open_page("batch.py")
    bad = {one.name: one.data for one in corpus.archives()}
    for name in ("parent.zip", "bomb.zip", "no.zip", "method.zip"):
        at.file_uploader[0].set_value([(name, bad[name], "application/zip")]).run()
        at.button(key="batch_go").click().run()
        assert message(at)
    at.file_uploader[0].set_value([("all.zip", buffer.getvalue(), "application/zip")]).run()
    at.button(key="batch_go").click().run()
    deadline = time.monotonic() + WAIT_S
    while not any(button.key == "batch_again" for button in at.button):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        at.run()
    assert not at.exception
    verdicts = at.dataframe[0].value["Verdict"].tolist()
    assert verdicts.count("Not scored") == len(corpus.CHOSEN)
    assert len(verdicts) == len(corpus.CHOSEN) + 1


def test_no_feed_is_more_than_a_message_on_the_catalog_page(open_page: Open) -> None:
    at = open_page("catalog.py")
    files = {one.name: one.data for one in [*corpus.tables(), *corpus.archives()]}
    for name in ("parent.zip", "overlapping.zip", "laughs.xml", "deep.jsonl", "no-end.csv"):
        uploader = next(u for u in at.file_uploader if u.label == "File of products")
        uploader.set_value((name, files[name], "application/zip")).run()
        at.button(key="import_now").click().run()
        assert not at.exception
        assert "root:" not in str(at.error) + str(at.dataframe)
