"""One's own catalog: import, search, removal, stops, and imports that go wrong."""

from __future__ import annotations

import csv
import json
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from sneakeraug import ingest
from sneakeraug.catalog.own import open_own_catalog
from sneakeraug.catalog.products import DEMO
from sneakeraug.cli import app
from sneakeraug.collect.fetch import Politeness
from sneakeraug.errors import InputError, StoreError
from sneakeraug.files import only_run
from sneakeraug.ingest import Imported, import_products
from sneakeraug.records import ProductFilter
from sneakeraug.serving import load
from sneakeraug.settings import get_settings
from sneakeraug.store import db

Run = Callable[..., Imported]


@pytest.fixture
def feed(demo_paths: list[Path], tmp_path: Path) -> Path:
    """A folder with four pictures and a table of six rows, one of them bad, one a doublet."""
    folder = tmp_path / "feed"
    folder.mkdir()
    for number, path in enumerate(demo_paths[:4]):
        with Image.open(path) as image:
            image.resize((300, 225)).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG no picture")
    rows = [
        "id,title,brand,type,gender,price,image,stock",
        "a,Æther <b>One</b>,Velmora,running,men,99.90,0.png,5",
        "b,Two,Velmora,skate,women,89,1.png,1",
        "c,Three,Okivo,running,men,79,2.png,0",
        "d,Broken,Okivo,running,men,79,broken.png,1",
        "a,Again,Okivo,running,men,79,3.png,1",
        "e,Same picture,Okivo,lifestyle,,79,1.png,1",
    ]
    (folder / "products.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def take_in(path: Path, **columns: str) -> Imported:
    return import_products(path, columns, None, lambda _line: None)


def test_good_rows_are_kept_and_bad_ones_named(feed: Path, database: str) -> None:
    done = take_in(feed)
    assert (done.n_rows, done.n_added, done.n_changed, done.n_same) == (6, 4, 0, 0)
    assert [(r.row, r.product_id) for r in done.rejects] == [(5, "d"), (6, "a")]
    own = open_own_catalog(get_settings())
    first, *_ = own.catalog().products
    assert (first.name, first.price_cents, first.in_stock) == ("Æther <b>One</b>", 9990, True)
    stats = own.stats()
    assert (stats.n_products, stats.n_pictures, stats.n_in_stock) == (4, 3, 3)
    assert stats.by_brand == {"Okivo": 2, "Velmora": 2}
    with (own.folder / ingest.REJECTS).open(newline="", encoding="utf-8") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["5", "6"]


def test_three_bad_rows_in_a_hundred_leave_the_other_ninety_seven(feed: Path) -> None:
    lines = ["id,title,price,image", *(f"s{i},Shoe {i},59.90,{i % 4}.png" for i in range(100))]
    lines[8] = "s7,Shoe 7,59.90,gone.png"
    lines[42] = "s41,Shoe 41,a lot,1.png"
    lines[78] = "s77,Shoe 77,59.90,broken.png"
    (feed / "products.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = take_in(feed)
    assert (done.n_rows, done.n_added, done.n_same) == (100, 97, 0)
    said = {r.row: r.reason for r in done.rejects}
    assert said[9] == "The import carries no picture 'gone.png'."
    assert said[43] == "price 'a lot' is no price"
    assert said[79].startswith("Photo 'broken.png' ")
    (feed / "gone.png").write_bytes((feed / "3.png").read_bytes())  # sent after all
    again = take_in(feed)
    assert (again.n_added, again.n_same, len(again.rejects)) == (1, 97, 2)


def test_again_changes_nothing_and_a_new_price_changes_one(feed: Path, database: str) -> None:
    take_in(feed)
    again = take_in(feed)
    assert (again.n_added, again.n_changed, again.n_same) == (0, 0, 4)
    table = feed / "products.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("89,1.png", "59,1.png"), "utf-8")
    assert take_in(feed).n_changed == 1
    assert open_own_catalog(get_settings()).catalog().find("b").price_cents == 5900


def test_a_stop_keeps_what_was_in_and_running_again_finishes(
    feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "PRODUCTS_AT_ONCE", 1)
    real = ingest.check
    seen: list[str] = []

    def stop_at_the_third(data: bytes, name: str, settings: object) -> object:
        seen.append(name)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(data, name, settings)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest, "check", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        take_in(feed)
    assert open_own_catalog(get_settings()).stats().n_products == 2
    monkeypatch.setattr(ingest, "check", real)
    done = take_in(feed)
    assert (done.n_added, done.n_same) == (2, 2)


def test_two_imports_at_once_are_one_too_many(feed: Path) -> None:
    with (
        only_run(get_settings().pictures_dir),
        pytest.raises(StoreError, match="Another run is writing"),
    ):
        take_in(feed)


def test_a_full_disk_is_said_and_nothing_half_written_is_shown(feed: Path) -> None:
    take_in(feed)
    with Image.effect_noise((700, 700), 90) as noise:
        noise.convert("RGB").save(feed / "large.png")
    with (feed / "products.csv").open("a", encoding="utf-8") as file:
        file.write("z,Large,Okivo,running,men,79,large.png,1\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(StoreError, match="Make room"):
            take_in(feed)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    own = open_own_catalog(get_settings())
    assert own.stats().n_products == 4
    assert not list(own.folder.glob(".*partial*"))
    assert take_in(feed).n_added == 1


def test_pictures_by_address_are_only_fetched_where_asked(tmp_path: Path) -> None:
    table = tmp_path / "x.jsonl"
    row = {"id": "1", "name": "A", "image": "http://127.0.0.1:9/a.jpg"}
    table.write_text(json.dumps(row), encoding="utf-8")
    assert "see --fetch" in take_in(table).rejects[0].reason
    refused = import_products(table, {}, Politeness(rate_s=0), lambda _line: None)
    assert "did not answer" in refused.rejects[0].reason  # port 9 is closed


def test_nothing_is_removed_while_an_import_may_show_it_again(feed: Path) -> None:
    take_in(feed)
    own = open_own_catalog(get_settings())
    with only_run(own.folder), pytest.raises(StoreError, match="Another run is writing"):
        own.remove(["a"])
    assert own.stats().n_products == 4


def test_removing_takes_the_picture_only_with_its_last_product(feed: Path, database: str) -> None:
    take_in(feed)
    own = open_own_catalog(get_settings())
    assert own.remove(["b", "nobody"]) == 1
    assert own.stats().n_pictures == 3  # "e" still shows it
    assert own.remove(["e"]) == 1
    assert own.stats().n_pictures == 2
    assert len(list(own.folder.glob("*.png"))) == 2


def test_a_database_of_a_newer_version_or_none_at_all_is_said(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    engine = db.open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of sneakeraug"):
        db.open_database(url)
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        db.open_database(f"sqlite:///{tmp_path / 'text.db'}")
    with pytest.raises(StoreError, match="cannot be opened"):
        db.open_database("nonsense")


def test_alternates_come_from_ones_own_catalog_and_nothing_is_encoded_twice(
    small_models: Path, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    get_settings.cache_clear()
    picture = feed / "3.png"
    assert len(load().catalog) == len(list(DEMO.glob("*.jpg")))
    assert not get_settings().home.exists()  # looking makes no database
    take_in(feed)
    first, second = load(), load()
    assert (first.n_newly_encoded, second.n_newly_encoded) == (3, 0)
    a, b = (recommender.recommend(picture, n_alternates=5) for recommender in (first, second))
    assert {alternate.product_id for alternate in a.alternates} == {"a", "b", "e"}  # "c" is sold
    some = first.recommend(picture, among=ProductFilter(brands=("Velmora",), least_cents=9000))
    assert [alternate.product_id for alternate in some.alternates] == ["a"]
    assert [x.p for x in a.alternates] == [x.p for x in b.alternates]
    shutil.copy(feed / "3.png", feed / "4.png")
    with (feed / "products.csv").open("a", encoding="utf-8") as file:
        file.write("f,Four,Okivo,running,men,79,4.png,1\n")
    take_in(feed)
    third = load()
    assert third.n_newly_encoded == 1
    found, _ = third.search(picture, n=2)
    assert found[0][0].product_id == "f"
    assert found[0][1] == pytest.approx(1.0, abs=1e-4)
    (get_settings().pictures_dir / third.catalog.find("f").image).unlink()
    said: list[str] = []
    get_settings.cache_clear()
    assert len(load(report=said.append).recommend(picture).alternates) >= 3


def test_the_commands(
    small_models: Path, feed: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    get_settings.cache_clear()
    runner = CliRunner()
    done = runner.invoke(app, ["import", "products", str(feed)])
    assert done.stdout.startswith("4 products added, 0 changed, 0 as before; 2 of 6 rows left out")
    assert runner.invoke(app, ["catalog", "build"]).stdout == (
        "4 products are ready; 3 pictures were new.\n"
    )
    stats = json.loads(runner.invoke(app, ["catalog", "stats", "--json"]).stdout)
    assert stats["by_sneaker_type"] == {"running": 2, "lifestyle": 1, "skate": 1}
    found = runner.invoke(app, ["catalog", "search", str(feed / "0.png"), "--n", "1", "--json"])
    assert json.loads(found.stdout)["products"][0]["product_id"] == "a"

    def search(*flags: str) -> list[str]:
        done = runner.invoke(app, ["catalog", "search", str(feed / "0.png"), "--json", *flags])
        return sorted(p["product_id"] for p in json.loads(done.stdout)["products"])

    assert search() == ["a", "b", "e"]
    assert search("--sold-out-too") == ["a", "b", "c", "e"]
    assert search("--brand", "okivo") == ["e"]
    assert search("--brand", "okivo", "--brand", "Velmora", "--min-price", "89") == ["a", "b"]
    assert search("--max-price", "80", "--sold-out-too") == ["c", "e"]
    none = runner.invoke(app, ["catalog", "search", str(feed / "0.png"), "--brand", "nobody"])
    assert none.stdout == ""
    assert none.stderr == (
        "No product of the catalog fits; widen the brand, the price or the stock.\n"
    )
    assert runner.invoke(app, ["catalog", "remove", "a"]).stdout == "1 of 1 products removed.\n"
    wrong = runner.invoke(app, ["import", "products", str(feed), "--column", "name"])
    assert isinstance(wrong.exception, InputError)
