"""What a run has done so far, beside its output: whole chunks of rows, in order, kept at once.

A killed run leaves at most one chunk half-written; the next run cuts it off and goes on there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from sneakeraug.batch.rows import Row
from sneakeraug.batch.scorer import Scored
from sneakeraug.errors import StoreError
from sneakeraug.files import unwritten, write_bytes

PLAN, ROWS, MERGED = "plan.json", "rows.jsonl", "merged"

MARK: Final = b'{"chunk":'
"""Begins the line that ends a chunk."""


def journal_folder(out: Path) -> Path:
    """Return the folder beside an output that its unfinished run is kept in."""
    return out.with_name(f".{out.name}.unfinished")


class Journal:
    """An unfinished run's folder; a context manager.

    Parameters
    ----------
    folder
        From `journal_folder`; it exists.

    Attributes
    ----------
    n_chunks, n_pictures, n_failed
        What is done.

    Raises
    ------
    StoreError
        If it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n_chunks = self.n_pictures = self.n_failed = 0
        self._file: BinaryIO | None = None

    def plan(self) -> dict[str, object] | None:
        """Return what the unfinished run is of; None where there is none."""
        try:
            found = json.loads((self.folder / PLAN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def begin(self, plan: Mapping[str, object]) -> None:
        """Forget what is there, and keep what the run is of."""
        try:
            (self.folder / PLAN).unlink(missing_ok=True)
            (self.folder / ROWS).unlink(missing_ok=True)
        except OSError as exc:
            raise unwritten(self.folder, exc) from exc
        write_bytes(self.folder / PLAN, json.dumps(plan, indent=2).encode("utf-8"))

    def __enter__(self) -> Self:
        """Find the last whole chunk, and cut off what comes after it."""
        try:
            file = (self.folder / ROWS).open("a+b")
            self._file = file
            file.seek(0)
            end = place = 0
            for line in file:
                place += len(line)
                if line.startswith(MARK) and line.endswith(b"}\n"):
                    mark = json.loads(line)
                    end, self.n_chunks = place, int(mark["chunk"]) + 1
                    self.n_pictures += int(mark["n_pictures"])
                    self.n_failed += int(mark["n_failed"])
            file.truncate(end)
        except (OSError, ValueError, KeyError) as exc:
            self.__exit__(None, None, None)
            raise StoreError(
                f"{self.folder} holds an unfinished run that cannot be read "
                f"({type(exc).__name__}). Run again with --overwrite to begin anew."
            ) from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file; what was done stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def append(self, scored: Scored) -> None:
        """Keep a chunk's rows.

        Raises
        ------
        StoreError
            If there is no room; the chunks before stay.
        """
        lines = [
            json.dumps(row, ensure_ascii=False).encode("utf-8")
            for rows in scored.rows
            for row in rows
        ]
        mark = {"chunk": self.n_chunks, "n_pictures": len(scored), "n_failed": scored.n_failed}
        data = b"\n".join([*lines, json.dumps(mark).encode("ascii"), b""])
        assert self._file is not None  # noqa: S101 - for the types: it is entered
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as exc:
            raise StoreError(
                f"The rows cannot be kept in {self.folder.parent} ({exc.strerror}). Make room and "
                f"run the same again: it goes on after {self.n_pictures:,} pictures."
            ) from exc
        self.n_chunks += 1
        self.n_pictures += len(scored)
        self.n_failed += scored.n_failed

    def rows(self) -> Iterator[Row]:
        """Yield all rows that are kept, one in memory at a time."""
        with (self.folder / ROWS).open("rb") as file:
            for line in file:
                if not line.startswith(MARK):
                    yield json.loads(line)

    def finish(self, out: Path) -> None:
        """Put the merged file in the output's place, and forget the run.

        Raises
        ------
        StoreError
            If it cannot be put there.
        """
        try:
            merged = self.folder / MERGED
            with merged.open("rb") as file:
                os.fsync(file.fileno())
            merged.replace(out)
        except OSError as exc:
            raise unwritten(out, exc) from exc
        self.__exit__(None, None, None)
        shutil.rmtree(self.folder, ignore_errors=True)
