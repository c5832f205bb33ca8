"""Rows to a file: CSV that a spreadsheet may open, Parquet, or JSON lines; some rows at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from sneakeraug.batch.rows import COLUMNS, Row
from sneakeraug.errors import InputError
from sneakeraug.files import safe_cell, unwritten

ROWS_AT_ONCE: Final = 10_000


def kind_of(out: Path) -> str:
    """Return how an output is written, by its name.

    Raises
    ------
    InputError
        If its suffix is none of ours.
    """
    kind = out.suffix.lower()
    if kind not in WRITERS:
        raise InputError(
            f"--out {out.name[:80]!r} is no kind of table known here; a name that ends in "
            f"{', '.join(WRITERS)} is expected."
        )
    return kind


def write_rows(path: Path, kind: str, rows: Iterable[Row]) -> None:
    """Write rows to a file.

    Parameters
    ----------
    path
        Where to; replaced where it exists.
    kind
        From `kind_of`.
    rows
        Read as they are written.

    Raises
    ------
    StoreError
        If there is no room.
    """
    try:
        WRITERS[kind](path, rows)
    except OSError as exc:
        raise unwritten(path, exc) from exc


def _write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in rows:
            table.writerow([_csv_cell(row[name]) for name in COLUMNS])


def _csv_cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else safe_cell(value)


def _write_json_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(name, kind.replace("float64", "double")) for name, kind in COLUMNS.items()]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for some in _batched(rows, ROWS_AT_ONCE):
            file.write_table(pa.Table.from_pylist(some, schema))


def _batched(rows: Iterable[Row], n: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while some := list(islice(iterator, n)):
        yield some


WRITERS: Final[Mapping[str, Callable[[Path, Iterable[Row]], None]]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
}
