"""A folder of small pictures, two of them unreadable, and what a batch of it wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from sneakeraug.batch.inputs import Inputs
from sneakeraug.batch.run import Done, run_batch
from sneakeraug.batch.scorer import Scorer, Wanted
from sneakeraug.recommend import Recommender

BAD = {"empty.png": b"", "text.jpg": b"no picture at all"}


def write_photos(folder: Path, sources: list[Path]) -> Path:
    """Small JPEGs in two folders, and the unreadable files."""
    (folder / "more").mkdir(parents=True)
    for number, source in enumerate(sources):
        with Image.open(source) as image:
            where = folder / "more" if number % 2 else folder
            image.resize((160, 120)).save(where / f"=photo {number}.jpg")
    for name, data in BAD.items():
        (folder / name).write_bytes(data)
    (folder / "notes.txt").write_text("not a picture")
    return folder


def run(
    recommender: Recommender,
    path: Path | str,
    out: Path,
    wanted: Wanted | None = None,
    **options: Any,
) -> Done:
    return run_batch(Inputs(path), out, Scorer(recommender, wanted or Wanted()), **options)


def read(out: Path) -> list[dict[str, Any]]:
    """The rows of an output of any kind."""
    if out.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
        return rows
    if out.suffix == ".jsonl":
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    with out.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
