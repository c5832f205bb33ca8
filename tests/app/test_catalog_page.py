"""The catalog page: browse, search by a photo, import, remove; names are text."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from sneakeraug.catalog.own import OwnCatalog, open_own_catalog
from sneakeraug.catalog.products import DEMO, Catalog, load_catalog
from sneakeraug.collect.values import clean_text
from sneakeraug.ingest import import_products
from sneakeraug.settings import get_settings
from sneakeraug.ui import engine, words

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
    next(b for b in at.button if str(b.key).startswith("score_Demo_")).click().run()
    assert not at.exception
    assert at.title[0].value == "Which sneaker picture should you send?"
    assert at.metric


def test_import_search_and_remove(open_page: Open, feed: bytes) -> None:
    at = import_feed(open_page(PAGE), feed)
    said = "2 products added, 0 changed, 0 as before. 1 of 3 rows were left out."
    assert at.warning[0].value == said
    assert at.dataframe[0].value.iloc[0].tolist() == [4, "c", "No name"]
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
    assert r"Products like **photo\.png**" in [m.value for m in at.markdown]
    at.button(key="import_close").click().run()
    assert not at.warning
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
    assert at.dataframe[0].value.iloc[0, 2] == "No image"


NAMES = {
    "html": "<img src=x onerror=alert(1)> & \"quoted\" 'single'",
    "markdown": "[link](http://x.example) `code` $a$ :red[b] #1",
    "emoji": "Läufer 👟🔥 №1",
    "right to left": "حذاء رياضي \u200fנעל",
}


def test_names_of_every_kind_are_shown_as_text(open_page: Open, demo_paths: list[Path]) -> None:
    picture = io.BytesIO()
    with Image.open(demo_paths[0]) as image:
        image.resize((200, 150)).save(picture, "PNG")
    rows = [{"id": key, "name": name, "image": "0.png"} for key, name in NAMES.items()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("products.jsonl", "\n".join(json.dumps(row) for row in rows))
        archive.writestr("0.png", picture.getvalue())
    at = import_feed(open_page(PAGE), buffer.getvalue())
    assert "4 products added" in at.success[0].value
    at.segmented_control(key="catalog_shelf").set_value("Yours").run()
    shown = {name.strip("*") for name in names(at) if "Group" not in name}
    assert shown == {words.plain(clean_text(name)) for name in NAMES.values()}
    assert not any("<img" in str(m.value).replace("\\<", "") for m in at.markdown)


def test_products_that_look_the_same_are_shown_together(
    open_page: Open, demo_paths: list[Path]
) -> None:
    assert not open_page(PAGE).expander
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, side, turn in (("a", 400, 0), ("b", 300, 0), ("c", 300, 180)):
            picture = io.BytesIO()
            with Image.open(demo_paths[0]) as image:
                image.resize((side, side * 3 // 4)).rotate(turn).save(picture, "JPEG")
            archive.writestr(f"{name}.jpg", picture.getvalue())
    at = import_feed(open_page(PAGE), buffer.getvalue())
    (alike,) = at.expander
    assert alike.label == "2 of your products look the same, in 1 group"
    assert [str(m.value) for m in alike.markdown][1:] == [
        "**Group 1**, 2 products",
        "**a**",
        "**b**",
    ]
    at.button(key="remove_alike_b.jpg").click().run()
    at.button(key="removal_yes").click().run()
    assert not at.exception
    assert not at.expander


def test_prices_narrow_the_products(open_page: Open, feed: bytes) -> None:
    at = import_feed(open_page(PAGE), feed)
    at.segmented_control(key="catalog_shelf").set_value("Yours").run()
    (price,) = at.slider
    low, high = price.value
    price.set_value((low, 95)).run()
    assert names(at) == ["**Two**"]
    at.slider[0].set_value((95, high)).run()
    assert names(at) == [r"**\<b\>One\<\/b\> \*bold\***"]
    at.toggle(key="catalog_in_stock").set_value(True).run()
    assert len(names(at)) == 1


def test_a_rerun_does_not_read_the_products_again(
    open_page: Open, feed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = import_feed(open_page(PAGE), feed)
    read: list[int] = []
    real = OwnCatalog.catalog

    def count(self: OwnCatalog) -> Catalog:
        read.append(1)
        return real(self)

    monkeypatch.setattr(OwnCatalog, "catalog", count)
    at.text_input(key="catalog_text").set_value("two").run()
    at.text_input(key="catalog_text").set_value("").run()
    assert read == []


def test_an_import_beside_the_server_is_followed_without_a_restart(
    open_page: Open, feed: bytes, tmp_path: Path
) -> None:
    at = open_page(PAGE)
    (tmp_path / "feed.zip").write_bytes(feed)
    import_products(tmp_path / "feed.zip", {}, None, lambda _line: None)
    at.run()
    at.segmented_control(key="catalog_shelf").set_value("Yours").run()
    assert len(names(at)) == 2
    deadline = time.monotonic() + 60
    while {p.product_id for p in engine.recommender().catalog.products} != {"a", "b"}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    open_own_catalog(get_settings()).remove(["a", "b"])
    while len(engine.recommender().catalog) != len(load_catalog()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_import_says_how_many_of_how_many(
    open_page: Open, feed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[float, str]] = []
    bar = DeltaGenerator.progress

    def note(self: DeltaGenerator, value: float, text: str | None = None) -> DeltaGenerator:
        said.append((value, text or ""))
        return bar(self, value, text)

    monkeypatch.setattr(DeltaGenerator, "progress", note)
    import_feed(open_page(PAGE), feed)
    shares = [share for share, _ in said]
    assert shares == sorted(shares)
    assert (0.5, "3 of 3 pictures looked at, 1 left out") in said
    assert said[-1] == (1.0, "2 of 2 pictures encoded")
