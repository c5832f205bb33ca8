"""The six-fold dataset's table of pictures: one row a picture, in Parquet, never all in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from sneakeraug.errors import InputError, StoreError

MANIFEST: Final = "manifest.parquet"

SCHEMA: Final = pa.schema(
    [
        ("relative_im_path", pa.string()),
        ("shoe_brand", pa.string()),
        ("shoe_gender", pa.string()),
        ("shoe_name", pa.string()),
        ("augment_label", pa.int8()),
        ("product_id", pa.string()),
        ("sha256", pa.string()),
        ("split", pa.string()),
        ("parameters", pa.string()),
    ]
)
"""The source design's columns, then ours; `parameters` is JSON, `sha256` that of the file."""

ABOUT: Final = b"sneakeraug"
"""Key of a table's own facts in its Parquet metadata."""

ROWS_AT_ONCE: Final = 16_384


@dataclass(frozen=True)
class Part:
    """A piece of the manifest, finished.

    Attributes
    ----------
    path
        Its file.
    about
        What it says of itself; see `write_part`.
    """

    path: Path
    about: Mapping[str, object]


def write_part(
    path: Path, rows: Sequence[Mapping[str, object]], about: Mapping[str, object]
) -> Part:
    """Write a piece of the manifest, whole or not at all.

    Parameters
    ----------
    path
        Where.
    rows
        Values of `SCHEMA`.
    about
        Facts kept in the file beside the rows, as JSON.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    table = pa.Table.from_pylist([dict(row) for row in rows], SCHEMA)
    write_parquet(path, SCHEMA, [table], about)
    return Part(path, dict(about))


def read_part(path: Path) -> Part | None:
    """Return a finished piece; None where there is none, or it cannot be read."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        return Part(path, json.loads(metadata[ABOUT]))
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None


def join_parts(
    parts: Sequence[Part], splits: Mapping[str, str], about: Mapping[str, object], path: Path
) -> int:
    """Write the manifest of all pieces, in their order.

    Parameters
    ----------
    parts
        The pieces.
    splits
        Side of the split of each product id.
    about
        Facts kept in the file.
    path
        Where.

    Returns
    -------
    n_rows
        Rows written.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    n_rows = 0

    def tables() -> Iterator[pa.Table]:
        nonlocal n_rows
        for part in parts:
            table = pq.read_table(part.path, schema=SCHEMA)
            sides = [splits[name] for name in table.column("product_id").to_pylist()]
            at = SCHEMA.get_field_index("split")
            n_rows += len(table)
            yield table.set_column(at, SCHEMA.field(at), pa.array(sides, pa.string()))

    write_parquet(path, SCHEMA, tables(), about)
    return n_rows


def read_manifest(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield a manifest in pieces that fit in memory.

    Parameters
    ----------
    path
        A dataset's folder, or its manifest.
    columns
        Those wanted; all where None.

    Raises
    ------
    InputError
        If there is no manifest, or it is another table.
    """
    path = path / MANIFEST if path.is_dir() else path
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as exc:
        raise InputError(
            f"{path} is no manifest of a dataset; a folder that `sneakeraug dataset build` wrote "
            "is expected."
        ) from exc
    with file:
        missing = [n for n in columns or SCHEMA.names if n not in file.schema_arrow.names]
        if missing:
            raise InputError(
                f"{path} has no column {missing[0]!r}; it is no manifest of a dataset."
            )
        yield from file.iter_batches(ROWS_AT_ONCE, columns=list(columns) if columns else None)


def write_parquet(
    path: Path, schema: pa.Schema, tables: Iterable[pa.Table], about: Mapping[str, object]
) -> None:
    """Write tables one after the other as one Parquet file, whole or not at all.

    Parameters
    ----------
    path
        Where; its folder is made where it is missing.
    schema
        Of every table.
    tables
        One in memory at a time.
    about
        Facts kept in the file, as JSON.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    schema = schema.with_metadata({ABOUT: json.dumps(about).encode()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        partial.replace(path)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise StoreError(
            f"{path.name} cannot be written in {path.parent} ({exc.strerror or exc}). Make room, "
            "or check who may write there, and run again; what was finished stays."
        ) from exc
