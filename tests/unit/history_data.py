"""Histories of drawn sneakers for tests, and models trained on them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sneakeraug.catalog.products import load_catalog
from sneakeraug.dataset.events import read_history
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.history import HistoryOptions, train_on_history
from sneakeraug.training.sent_pictures import Sends, encode_sent
from sneakeraug.vocabulary import CONTEXT_FIELDS

Table = list[dict[str, Any]]

OUTCOMES = {
    "open_rate": "opens",
    "click_through": "clicks",
    "abandoned_cart": "abandoned",
    "unsubscribed": "unsubscribes",
}


def silent(_line: str) -> None:
    pass


def train(
    events: Path, images: Path, models: Path, model_id: str = "mine", said: list[str] | None = None
) -> dict[str, str]:
    return train_on_history(
        events,
        images,
        models / "small",
        load_catalog(),
        models,
        model_id,
        HistoryOptions(device="cpu"),
        silent if said is None else said.append,
    ).left_out


def sends_of(path: Path, models: Path, images: Path) -> Sends:
    history = read_history(path, images=images).history
    encoder = open_backbone(models / "small", "cpu").encoder
    return encode_sent(history, images, load_catalog(), encoder, silent)


def write(folder: Path, rows: Table, name: str = "events.parquet") -> Path:
    pq.write_table(pa.Table.from_pylist(rows), folder / name)
    return folder / name


def counted(rows: Table) -> Table:
    """The same history as counts."""
    sums: dict[tuple[object, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    keys = ("image", "product_id", "augmentation", *CONTEXT_FIELDS, "propensity")
    for row in rows:
        found = sums[tuple(row[key] for key in keys)]
        found["sends"] += 1
        found["carts"] += row["abandoned_cart"] is not None
        for target, name in OUTCOMES.items():
            found[name] += row[target] or 0
    return [
        dict(zip(keys, key, strict=True)) | {"sent_at": "2025-03-01"} | dict(found)
        for key, found in sums.items()
    ]
