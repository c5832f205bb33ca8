"""Rows of a history that are left out: counted by reason, listed in a table of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sneakeraug.arrays import BoolArray, IntArray
from sneakeraug.files import write_table

COLUMNS: Final = ("row", "column", "value", "reason")

MOST_CHARS: Final = 100
"""Of an offending value that is kept."""

LISTED_AT_ONCE: Final = 10_000


@dataclass
class Rejects:
    """Rows left out, each with the first thing that is wrong with it."""

    _groups: list[tuple[str, str]] = field(default_factory=list)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _rows: list[IntArray] = field(default_factory=list)
    _reasons: list[IntArray] = field(default_factory=list)
    _values: list[pa.Array] = field(default_factory=list)

    def __len__(self) -> int:
        """Rows left out."""
        return sum(len(rows) for rows in self._rows)

    def add(self, rows: IntArray, column: str, reason: str, values: pa.Array) -> None:
        """Leave rows out.

        Parameters
        ----------
        rows
            Their numbers in the file, shape ``(n,)``.
        column
            Where the fault is.
        reason
            What is wrong, and what is expected.
        values
            The offending text of each, length ``n``; it is cut to `MOST_CHARS`.
        """
        number = self._numbers.setdefault((column, reason), len(self._groups))
        if number == len(self._groups):
            self._groups.append((column, reason))
        self._rows.append(rows)
        self._reasons.append(np.full(len(rows), number))
        self._values.append(pc.utf8_slice_codeunits(values.cast(pa.string()), 0, MOST_CHARS))

    def by_reason(self) -> dict[str, int]:
        """Rows by “column: reason”, the commonest first."""
        counts: Counter[str] = Counter()
        for reasons in self._reasons:
            for number, n in zip(*np.unique(reasons, return_counts=True), strict=True):
                column, reason = self._groups[number]
                counts[f"{column}: {reason}" if column else reason] += int(n)
        return dict(counts.most_common())

    def write(self, path: Path) -> None:
        """Write one line a row left out, in their order; only the header where there is none.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        write_table(path, COLUMNS, self._lines())

    def _lines(self) -> Iterator[dict[str, object]]:
        if not self._rows:
            return
        rows, reasons = np.concatenate(self._rows), np.concatenate(self._reasons)
        values = pa.chunked_array(self._values, pa.string())
        order = np.argsort(rows, kind="stable")
        for start in range(0, len(order), LISTED_AT_ONCE):
            some = order[start : start + LISTED_AT_ONCE]
            texts = values.take(pa.array(some)).to_pylist()
            for i, text in zip(some, texts, strict=True):
                column, reason = self._groups[reasons[i]]
                yield {
                    "row": int(rows[i]),
                    "column": column,
                    "value": text or "",
                    "reason": reason,
                }


@dataclass
class Sieve:
    """Some rows on their way through the checks; a row fails once, on its first fault.

    Attributes
    ----------
    rows
        Their numbers in the file, shape ``(n,)``.
    texts
        Their columns by our names, arrow strings, trimmed, null where empty.
    rejects
        Receives the rows that fail.
    ok
        Those that have not failed yet, shape ``(n,)``.
    """

    rows: IntArray
    texts: dict[str, pa.StringArray]
    rejects: Rejects
    ok: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        self.ok = np.ones(len(self.rows), dtype=bool)

    def __len__(self) -> int:
        """Rows, good and bad."""
        return len(self.rows)

    def refuse(
        self, bad: BoolArray, column: str, reason: str, values: pa.Array | None = None
    ) -> None:
        """Fail rows.

        Parameters
        ----------
        bad
            Which, shape ``(n,)``.
        column
            Where the fault is.
        reason
            What is wrong, and what is expected.
        values
            Offending text of all ``n`` rows; that of `column` where None.
        """
        bad = bad & self.ok
        if not bad.any():
            return
        text = self.text(column) if values is None else values
        self.rejects.add(self.rows[bad], column, reason, text.filter(pa.array(bad)))
        self.ok &= ~bad

    def text(self, column: str) -> pa.StringArray:
        """A column's text; all null where the file does not have it."""
        found = self.texts.get(column)
        return pa.nulls(len(self), pa.string()) if found is None else found
