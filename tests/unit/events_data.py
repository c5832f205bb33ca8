"""Rows of campaign history for tests, and files of them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from sneakeraug.dataset.events import Reading, read_history
from sneakeraug.vocabulary import TARGETS

NOW = datetime(2026, 1, 1, tzinfo=UTC)

SEND = {
    "event_id": "e1",
    "sent_at": "2025-03-01T10:00:00Z",
    "image": "a/one.jpg",
    "product_id": "p1",
    "augmentation": "brighter",
    "campaign_type": "promotional",
    "industry": "retail",
    "sneaker_type": "running",
    "gender": "men",
    "open_rate": 1,
    "click_through": 0,
    "abandoned_cart": "",
    "unsubscribed": 0,
}
COUNTS = {name: value for name, value in SEND.items() if name not in TARGETS} | {
    "sends": 100,
    "opens": 40,
    "clicks": 9,
    "carts": 5,
    "abandoned": 2,
    "unsubscribes": 1,
}


def write(path: Path, *rows: dict[str, object]) -> Path:
    """A CSV of the rows, each with an event_id of its own where it names none."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        for number, row in enumerate(rows):
            table.writerow(row | {"event_id": f"{row['event_id']}-{number}"})
    return path


def read(path: Path, **options: object) -> Reading:
    return read_history(path, now=NOW, **options)  # type: ignore[arg-type]


def without(row: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}
