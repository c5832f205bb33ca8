"""The main job in a real browser: from a file on disk to a ranked page and back to a file."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from sneakeraug.ui import samples, words

from .conftest import WAIT_MS, NewPage, settle, take_sample, upload, wait_for_cards


@pytest.fixture(scope="module")
def shoe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sneaker picture as a file, 1,200 pixels wide or as the sample has it."""
    path = tmp_path_factory.mktemp("shoe") / "my shoe.png"
    Image.open(io.BytesIO(samples.load_samples()[0].read())).save(path)
    return path


def labels(page: Page) -> list[str]:
    return page.get_by_test_id("stMetricLabel").all_inner_texts()


def test_an_upload_gives_a_ranked_page_and_its_downloads(
    new_page: NewPage, server: str, shoe: Path
) -> None:
    page = new_page(server)
    upload(page, shoe)
    wait_for_cards(page)
    assert sorted(labels(page)[:6]) == sorted(words.VARIANTS.values())
    assert page.get_by_text("my shoe.png").first.is_visible()

    page.get_by_text("Export for an e-mail").click()
    page.get_by_role("button", name="Download as CSV").wait_for()
    settle(page)
    page.get_by_role("radio", name="JSON").click(force=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download as JSON").click()
    said = json.loads(waiting.value.path().read_text("utf-8"))
    assert said["schema"] == "sneakeraug.recommendation/1"
    assert waiting.value.suggested_filename == "my-shoe-results.json"

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download picture").click()
    picture = waiting.value.path()
    assert picture.stat().st_size <= 200_000
    with Image.open(picture) as made:
        assert made.width == 600

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download", exact=True).first.click()
    best = said["variants"][0]["augmentation"]
    assert waiting.value.suggested_filename == f"my-shoe-{best}.png"
    with Image.open(waiting.value.path()) as made, Image.open(shoe) as given:
        assert sorted(made.size) == sorted(given.size)


def test_a_drop_down_ranks_again_and_changes_the_link(new_page: NewPage, server: str) -> None:
    page = new_page(server)
    take_sample(page)
    before = labels(page)
    page.get_by_role("radio", name="Fewer unsubscribes").click(force=True)
    started = time.perf_counter()
    page.get_by_text("Predicted unsubscribes.").wait_for()
    print(f"ranked again after {time.perf_counter() - started:.2f} s")  # noqa: T201
    settle(page)
    assert sorted(labels(page)[:6]) == sorted(before[:6])
    assert parse_qs(urlsplit(page.url).query)["target"] == ["unsubscribed"]
    page.reload()
    page.wait_for_selector("h1")
    settle(page)
    assert page.get_by_role("radio", name="Fewer unsubscribes").is_checked()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.jpg", b"", "is empty"),
        ("text.jpg", b"not a picture at all", "is text"),
        ("shoe.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        ("cut.jpg", None, "damaged or cut short"),
    ],
    ids=["empty", "text", "svg", "truncated"],
)
def test_a_bad_file_gets_a_message_and_the_page_stays_usable(
    new_page: NewPage, server: str, tmp_path: Path, name: str, data: bytes | None, said: str | None
) -> None:
    whole = samples.load_samples()[0].read()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) // 3] if data is None else data)
    page = new_page(server)
    upload(page, path)
    if said is None:  # the browser refuses the file itself
        expect(page.get_by_text("files are not allowed")).to_be_visible(timeout=WAIT_MS)
    else:
        expect(page.get_by_test_id("stAlert")).to_contain_text(said, timeout=WAIT_MS)
    assert page.get_by_test_id("stMetric").count() == 0
    take_sample(page)


def test_another_picture_can_be_chosen_from_the_first_one_s_page(
    new_page: NewPage, server: str, shoe: Path
) -> None:
    page = new_page(server)
    take_sample(page, 1)
    page.get_by_role("button", name="Change").click()
    page.get_by_text("Upload another picture").wait_for()
    upload(page, shoe)
    page.get_by_text("my shoe.png").first.wait_for()
    settle(page)
    assert page.get_by_text("Upload another picture").count() == 0


def test_two_visitors_do_not_see_each_other_s_picture(
    new_page: NewPage, server: str, shoe: Path
) -> None:
    first, second = new_page(server), new_page(server)
    upload(first, shoe)
    wait_for_cards(first)
    second.reload()
    second.wait_for_selector("h1")
    settle(second)
    assert second.get_by_text("my shoe.png").count() == 0
    assert second.get_by_test_id("stMetric").count() == 0
