"""CSV and Parquet files as pieces of text columns, every row numbered, never all in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from sneakeraug.arrays import IntArray
from sneakeraug.errors import InputError

MOST_BYTES: Final = 8_000_000_000
"""Of the file."""

MOST_ROWS: Final = 10_000_000
"""About 5 GB while they are read; more is better counted per campaign and picture."""

BLOCK_BYTES: Final = 4_000_000
"""Of a CSV file read at once; no line may be longer."""

ROWS_AT_ONCE: Final = 32_768
"""Of a Parquet file."""

HEADER_BYTES: Final = 65_536
"""Of a CSV file's first line at most."""

SEPARATORS: Final = ",;\t|"

DAMAGED: Final = (OSError, UnicodeError, pa.ArrowException)
"""What reading a damaged file raises."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a file.

    Attributes
    ----------
    rows
        Their numbers, shape ``(n,)``: in a CSV file the header is row 1 and blank lines are not
        counted; in a Parquet file the first row is row 1.
    columns
        Text of each column by the file's header, arrow strings of length ``n``.
    malformed
        Number and text of lines that have too few or too many fields; they are not in `rows`.
    """

    rows: IntArray
    columns: dict[str, pa.StringArray]
    malformed: list[tuple[int, str]] = field(default_factory=list)


class EventTable:
    """A CSV or Parquet file, told apart by what is in it.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If there is no such file, it is neither of the two, too large, or its header is unusable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size if path.is_file() else -1
            with path.open("rb") as file:
                start = file.read(4096)
        except OSError as exc:
            raise InputError(
                f"{str(path)!r} cannot be read ({exc.strerror}); a CSV or Parquet file of events "
                "is expected."
            ) from exc
        if size > MOST_BYTES:
            raise InputError(
                f"{path.name!r} has {size:,} bytes; at most {MOST_BYTES:,} are read. Split it by "
                "date, or count events per campaign and picture."
            )
        self.is_parquet = start.startswith(b"PAR1")
        if not self.is_parquet and (not start.strip() or b"\0" in start):
            raise InputError(
                f"{path.name!r} {'is empty' if not start else 'is no text'}; a CSV file (UTF-8, "
                "with a header) or a Parquet file of events is expected."
            )
        self.names = self._parquet_names() if self.is_parquet else self._csv_names()
        doubled = sorted({name for name in self.names if self.names.count(name) > 1})
        if doubled:
            raise InputError(
                f"{path.name!r} has two columns {doubled[0][:60]!r}; rename or drop one of them."
            )

    def pieces(self, names: Sequence[str]) -> Iterator[Piece]:
        """Yield the columns `names` of all rows, some rows at a time.

        Raises
        ------
        InputError
            If the file is damaged, not UTF-8, or has more than `MOST_ROWS` rows.
        """
        n_rows = 0
        try:
            for piece in (
                self._parquet_pieces(names) if self.is_parquet else self._csv_pieces(names)
            ):
                n_rows += len(piece.rows) + len(piece.malformed)
                if n_rows > MOST_ROWS:
                    raise InputError(
                        f"{self.path.name!r} has more than {MOST_ROWS:,} rows. Split it by date, "
                        "or count events per campaign and picture."
                    )
                yield piece
        except DAMAGED as exc:
            raise InputError(
                f"{self.path.name!r} cannot be read after row {n_rows + 1:,} "
                f"({str(exc).splitlines()[0][:120]}). A CSV file in UTF-8 or a Parquet file of "
                "plain columns is expected; export it again."
            ) from exc

    def _parquet_names(self) -> list[str]:
        try:
            return list(pq.read_schema(self.path).names)
        except DAMAGED as exc:
            raise InputError(
                f"{self.path.name!r} is a damaged Parquet file ({str(exc)[:80]}). Export it again."
            ) from exc

    def _parquet_pieces(self, names: Sequence[str]) -> Iterator[Piece]:
        n_rows = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(names)):
                columns = {name: batch.column(name).cast(pa.string()) for name in names}
                yield Piece(np.arange(n_rows + 1, n_rows + len(batch) + 1), columns)
                n_rows += len(batch)

    def _csv_names(self) -> list[str]:
        with self.path.open("rb") as file:
            line = file.readline(HEADER_BYTES)
        if len(line) == HEADER_BYTES:
            raise InputError(
                f"{self.path.name!r} has a first line of more than {HEADER_BYTES:,} bytes; the "
                "names of its columns are expected there."
            )
        text = self._decode(line, 1).removeprefix("\ufeff").rstrip("\r\n")
        self._separator = max(SEPARATORS, key=text.count)
        try:
            names = next(csv.reader([text], delimiter=self._separator), [])
        except csv.Error as exc:
            raise InputError(
                f"{self.path.name!r} has a carriage return inside its first line; the names of its "
                "columns are expected there, and lines that end as Windows or Linux end them."
            ) from exc
        return [name.strip() for name in names]

    def _csv_pieces(self, names: Sequence[str]) -> Iterator[Piece]:
        n_rows = 1
        with self.path.open("rb") as file:
            file.readline(HEADER_BYTES)
            for block in _blocks(file, self.path.name):
                piece = self._parse(block, names, n_rows)
                n_rows += len(piece.rows) + len(piece.malformed)
                yield piece

    def _decode(self, line: bytes, row: int) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as exc:
            n_lines = line.count(b"\n", 0, exc.start)
            raise InputError(
                f"{self.path.name!r} is not UTF-8 text (near row {row + n_lines:,}). Save it as "
                "“CSV UTF-8” and try again."
            ) from exc

    def _parse(self, block: bytes, names: Sequence[str], n_before: int) -> Piece:
        """Whole lines of a CSV file, `n_before` rows into it."""
        self._decode(block, n_before + 1)
        malformed: list[tuple[int, str]] = []

        def keep_aside(row: pa_csv.InvalidRow) -> str:
            malformed.append((n_before + row.number, row.text))
            return "skip"

        table = pa_csv.read_csv(
            pa.BufferReader(block),
            pa_csv.ReadOptions(
                use_threads=False, block_size=len(block) + 1, column_names=self.names
            ),
            pa_csv.ParseOptions(
                delimiter=self._separator,
                newlines_in_values=b'"' in block,
                invalid_row_handler=keep_aside,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()), include_columns=list(names)
            ),
        )
        rows = np.arange(n_before + 1, n_before + 1 + len(table) + len(malformed))
        rows = np.delete(rows, [number - n_before - 1 for number, _ in malformed])
        columns = {name: table.column(name).combine_chunks() for name in names}
        return Piece(rows, columns, malformed)


def _blocks(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The rest of a file in pieces that end where a row does."""
    rest = b""
    while read := file.read(BLOCK_BYTES):
        block = rest + read
        end = _last_row_end(block)
        if end == 0 and len(block) > BLOCK_BYTES:
            raise InputError(
                f"{name!r} has a line of more than {BLOCK_BYTES:,} bytes; one row a line is "
                "expected. Look for a quotation mark that is not closed."
            )
        if block[:end].strip():
            yield block[:end]
        rest = block[end:]
    if rest.strip():
        yield rest


def _last_row_end(block: bytes) -> int:
    """Bytes up to the last line end outside quotation marks; 0 where no line ends."""
    if b'"' not in block:
        return block.rfind(b"\n") + 1
    characters = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    n_quotes = np.searchsorted(np.flatnonzero(characters == ord('"')), ends)
    outside = ends[n_quotes % 2 == 0]
    # a mark that is never closed is part of a name; then any line end will do
    found = outside if len(outside) else ends
    return int(found[-1]) + 1 if len(found) else 0
