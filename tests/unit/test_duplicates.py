"""Products whose pictures are (nearly) the same, and pictures of before there were hashes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from PIL import Image
from sqlalchemy import create_engine
from typer.testing import CliRunner

from sneakeraug import ingest
from sneakeraug.arrays import UInt8Array
from sneakeraug.catalog.own import OwnCatalog, open_own_catalog
from sneakeraug.catalog.products import DEMO
from sneakeraug.cli import app
from sneakeraug.dataset.photos import difference_hash, pack_bits, unpack_bits
from sneakeraug.duplicates import find_duplicates
from sneakeraug.limits import Limits
from sneakeraug.settings import get_settings
from sneakeraug.store.db import transaction
from sneakeraug.store.schema import MIGRATIONS
from sneakeraug.store.tables import PictureRow


@pytest.fixture
def own(demo_paths: list[Path], tmp_path: Path) -> OwnCatalog:
    """Five products: one shoe as large PNG, small JPEG and copy, and two others."""
    folder = tmp_path / "feed"
    folder.mkdir()
    with Image.open(demo_paths[0]) as image:
        image.resize((400, 300)).save(folder / "large.png")
        image.resize((240, 180)).save(folder / "small.jpg", quality=60)
    (folder / "copy.png").write_bytes((folder / "large.png").read_bytes())
    for number, flip in ((5, Image.Transpose.FLIP_LEFT_RIGHT), (11, Image.Transpose.ROTATE_180)):
        with Image.open(demo_paths[number]) as image:
            image.resize((240, 180)).transpose(flip).save(folder / f"other{number}.png")
    ingest.import_products(folder, {}, None, lambda _line: None)
    return open_own_catalog(get_settings())


def groups(own: OwnCatalog) -> list[list[str]]:
    found = find_duplicates(own, own.catalog(), Limits())
    return [[product.product_id for product in group] for group in found]


def test_the_same_picture_in_other_sizes_is_one_group(own: OwnCatalog) -> None:
    assert groups(own) == [["copy.png", "large.png", "small.jpg"]]
    own.remove(["copy.png", "large.png"])
    assert groups(own) == []
    own.remove(["small.jpg", "other5.png", "other11.png"])
    assert groups(own) == []


def test_a_hash_is_kept_in_32_bytes(shoe: UInt8Array) -> None:
    bits = difference_hash(shoe)
    assert len(pack_bits(bits)) == 32
    assert (unpack_bits(pack_bits(bits)) == bits).all()


def test_pictures_of_before_there_were_hashes_are_hashed_once(own: OwnCatalog) -> None:
    with transaction(own.engine) as session:
        for row in session.query(PictureRow):
            row.difference_hash = None
    (own.folder / own.catalog().find("other5.png").image).unlink()
    said: list[str] = []
    found = find_duplicates(own, own.catalog(), Limits(), said.append)
    assert [len(group) for group in found] == [3]
    assert "left out: " in said[0]
    assert said[-1] == "4 of 4 pictures compared"
    assert len(own.picture_hashes()) == 3
    assert own.find_picture("0" * 64) is None


def test_a_database_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    file = get_settings().database_file
    file.parent.mkdir(parents=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(f"sqlite:///{file}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO picture (sha256, file, width, height) VALUES ('aa', 'aa.jpg', 1, 1)"
        )
    own = open_own_catalog(get_settings())
    assert own.stats().n_pictures == 1
    assert own.picture_hashes() == {}
    assert len(own.revision()) == 32


def test_every_change_of_the_products_has_a_revision_of_its_own(own: OwnCatalog) -> None:
    first = own.revision()
    assert own.catalog().revision == first
    assert own.remove(["nobody"]) == 0
    assert own.revision() == first
    own.remove(["copy.png"])
    second = own.revision()
    ingest.import_products(DEMO, {}, None, lambda _line: None)
    assert len({first, second, own.revision()}) == 3


def test_stats_names_them(own: OwnCatalog) -> None:
    runner = CliRunner()
    lines = runner.invoke(app, ["catalog", "stats"]).stdout.splitlines()
    assert lines[-2:] == [
        "look the same: 3 products in 1 group",
        "  copy.png, large.png, small.jpg",
    ]
    document = json.loads(runner.invoke(app, ["catalog", "stats", "--json"]).stdout)
    assert document["near_duplicates"] == [["copy.png", "large.png", "small.jpg"]]
