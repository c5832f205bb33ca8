"""Sample sneakers of our own making, for a first click without an upload."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A sample picture with what is known about the shoe on it."""

    path: Path
    title: str
    sneaker_type: str
    gender: str

    def read(self) -> bytes:
        """The picture's file."""
        return self.path.read_bytes()


@lru_cache(maxsize=1)
def load_samples() -> tuple[Sample, ...]:
    """Return the samples whose pictures are there, in the order of ``samples.csv``."""
    table = FOLDER / "samples.csv"
    if not table.is_file():
        return ()
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    samples = (
        Sample(FOLDER / Path(row["image"]).name, row["title"], row["sneaker_type"], row["gender"])
        for row in rows
    )
    return tuple(sample for sample in samples if sample.path.is_file())
