"""Rows as each version of the tables had them, products, and a process that writes them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from sneakeraug.catalog.own import OwnCatalog, Picture
from sneakeraug.records import Product
from sneakeraug.store import engines
from sneakeraug.store.db import open_database
from sneakeraug.store.encoded import EncodedPictures
from sneakeraug.store.engines import WRITES, find_engine
from sneakeraug.store.schema import MIGRATIONS

N_EACH = 25
"""Products that a process writes."""

ROWS = {
    "0001": (
        "INSERT INTO picture (sha256, file, width, height) VALUES ('aa', 'aa.jpg', 1, 2)",
        "INSERT INTO product (product_id, name, brand, gender, sneaker_type, colour, price_cents,"
        " currency, in_stock, picture_sha256) VALUES ('p1', 'One', 'Velmora', 'men', 'running',"
        " 'red', 5900, 'USD', true, 'aa')",
    ),
    "0002": (
        "INSERT INTO picture (sha256, file, width, height, difference_hash)"
        " VALUES ('bb', 'bb.jpg', 3, 4, {bits})",
        "INSERT INTO product (product_id, name, brand, gender, sneaker_type, colour, price_cents,"
        " currency, in_stock, picture_sha256) VALUES ('p2', 'Two', 'Okivo', 'women', 'skate',"
        " 'blue', NULL, 'EUR', false, 'bb')",
    ),
    "0003": (
        "INSERT INTO decision (decision_id, decided_utc, decided_by, note, door, image_sha256,"
        " model_id, target, direction, campaign_type, industry, sneaker_type, gender, guard,"
        " chosen_kind, chosen, p_chosen, chosen_low, chosen_high, predicted_difference,"
        " difference_low, difference_high, is_barred, p_original, original_low, original_high,"
        " verdict, advised, sentence, alternate_verdict, advised_alternate, alternate_sentence,"
        " export_sha256) VALUES ('d1', '2026-11-23 10:20:30.5', 'Ada', '', 'cli', 'aa', 'demo',"
        " 'open_rate', 'raise', 'promotional', 'retail', NULL, NULL, '{{}}', 'variant', 'brighter',"
        " 0.2, 0.1, 0.3, 0.05, 0, 0.1, false, 0.15, 0.1, 0.2, 'recommend', 'brighter', 'Use it.',"
        " 'cannot_tell', NULL, 'No.', NULL)",
    ),
    "0004": (),
}
"""What a version added, put in as that version would have."""


def make_database_of(version: str, address: str) -> Engine:
    """A database as a version of this program left it, with rows in its tables."""
    engine = find_engine(address)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    bits = "X'00ff'" if engine.dialect.name == "sqlite" else r"'\x00ff'"
    for step, rows in ROWS.items():
        if step > version:
            break
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, step)
            for row in rows:
                connection.exec_driver_sql(row.format(bits=bits))
    return engine


def a_product(number: int, **changes: object) -> tuple[Product, Picture]:
    """A product with a picture of its own."""
    picture = Picture(f"{number:064x}", ".jpg", 300, 200, bytes(32))
    values = {"product_id": f"p{number}", "name": f"Shoe {number}", "image": picture.file} | changes
    return Product(**values), picture  # type: ignore[arg-type]


def write_products(address: str, folder: Path, first: int) -> None:
    """Write products and numbers of one's own, and some that others write too."""
    engines.BUSY_MS = 120_000  # a machine that tests may be very busy itself
    own = OwnCatalog(open_database(address), folder)
    encoded = EncodedPictures(own.engine, "w")
    ones = np.ones(3, np.float32)
    for number in range(first, first + N_EACH):
        own.put([a_product(number), a_product(0, name=f"by {number}")])
        encoded.write({f"{number:064x}": ones, "shared": ones})


if __name__ == "__main__":
    write_products(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
