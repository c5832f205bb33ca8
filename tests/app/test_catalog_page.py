"""The catalog page: browse, search by a photo, import, remove; names are text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from sneakeraug.catalog.products import DEMO, load_catalog
from sneakeraug.ui import engine

from .conftest import Open

PAGE = "catalog.py"

ROWS = (
    "id,title,brand,type,gender,price,image,stock\n"
    "a,<b>One</b> *bold*,Velmora,running,men,99.90,0.png,5\n"
    "b,Two,Velmora,skate,women,89,1.png,0\n"
    "c,,Velmora,skate,women,89,1.png,0\n"
)


@pytest.fixture
def feed(demo_paths: list[Path]) -> bytes:
    """A zip of a table with two good rows and a bad one, and its pictures."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("products.csv", ROWS)
        for number, path in enumerate(demo_paths[:2]):
            picture = io.BytesIO()
            with Image.open(path) as image:
                image.resize((300, 225)).save(picture, "PNG")
            archive.writestr(f"{number}.png", picture.getvalue())
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def demo_serves_again() -> Iterator[None]:
    """What a test imports is not offered in the next one."""
    yield
    engine.recommender().use_catalog(load_catalog())


def names(at: AppTest) -> list[str]:
    return [str(m.value) for m in at.markdown if str(m.value).startswith("**")]


def import_feed(at: AppTest, data: bytes, name: str = "feed.zip") -> AppTest:
    uploader = next(u for u in at.file_uploader if u.label == "File of products")
    uploader.set_value((name, data, "application/zip")).run()
    at.button(key="import_now").click().run()
    assert not at.exception
    return at


def test_the_demo_catalog_is_shown_filtered_and_ordered(open_page: Open) -> None:
    at = open_page(PAGE)
    n = len(list(DEMO.glob("*.jpg")))
    assert f"1 to {min(n, 24)} of {n} products" in [c.value for c in at.caption]
    at.multiselect(key="catalog_types").set_value(["skate"]).run()
    skate = [p for p in load_catalog().products if p.sneaker_type == "skate"]
    assert len(names(at)) == min(24, len(skate))
    at.text_input(key="catalog_text").set_value("no such shoe").run()
    assert at.info[0].value == "No product fits. Widen the search or the filters."


def test_a_product_is_scored_on_the_campaign_page(open_page: Open) -> None:
    at = open_page(PAGE)
    at.button(key="score_Demo_" + load_catalog().products[0].product_id).click().run()
    assert not at.exception
    assert at.title[0].value == "Which sneaker picture should you send?"
    assert at.metric


def test_import_search_and_remove(open_page: Open, feed: bytes) -> None:
    at = import_feed(open_page(PAGE), feed)
    said = "2 products added, 0 changed, 0 as before. 1 of 3 rows were left out."
    assert at.warning[0].value == said
    assert at.dataframe[0].value.iloc[0].tolist() == [4, "c", "no name"]
    at.segmented_control(key="catalog_shelf").set_value("Yours").run()
    assert names(at) == [r"**\<b\>One\<\/b\> \*bold\***", "**Two**"]
    with zipfile.ZipFile(io.BytesIO(feed)) as archive:
        photo = archive.read("1.png")
    at.session_state["catalog_finder"] = True  # the pop-up is open
    at.run()
    finder = next(u for u in at.file_uploader if u.label == "Find products like this photo")
    finder.set_value(("photo.png", photo, "image/png")).run()
    assert not at.exception
    assert names(at)[0] == "**Two**"
    at.button(key="remove_Yours_a").click().run()
    at.button(key="removal_yes").click().run()
    assert not at.exception
    assert "**Two**" in names(at)
    assert r"**\<b\>One\<\/b\> \*bold\***" not in names(at)


def test_what_cannot_be_imported_is_said_and_nothing_changes(open_page: Open) -> None:
    at = import_feed(open_page(PAGE), b"PK\x03\x04 broken", "feed.zip")
    assert len(at.error) == 1
    assert len(names(at)) == 24
    at = import_feed(at, b"id,title\n1,x\n", "feed.csv")
    assert not at.error
    assert at.dataframe[0].value.iloc[0, 2] == "no image"
