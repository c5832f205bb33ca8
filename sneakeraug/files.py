"""Files written whole or not at all, tables a spreadsheet may open, folders one run at a time."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

from sneakeraug.errors import StoreError

LOCK: Final = ".lock"

LONGEST_TURN_S: Final = 60.0
"""How long a process waits for others that change a folder."""


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in place in one step; nothing half-written stays behind.

    Parameters
    ----------
    path
        Its folder is made where it is missing.
    data
        All of it.

    Raises
    ------
    OSError
        If it cannot be written, for instance because the disk is full.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV, whole or not at all; no cell is taken for a formula by a spreadsheet.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    with _written_whole(path) as file:
        _write_rows(file, columns, rows)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of text, whole or not at all, as they are read.

    Raises
    ------
    StoreError
        If they cannot be written.
    """
    with _written_whole(path) as file:
        file.writelines(f"{line}\n" for line in lines)


@contextmanager
def _written_whole(path: Path) -> Iterator[TextIO]:
    """A text file that takes its place once everything is in it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    except OSError as exc:
        raise unwritten(path, exc) from exc
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def table_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return rows as the CSV that `write_table` would write, UTF-8."""
    text = io.StringIO(newline="")
    _write_rows(text, columns, rows)
    return text.getvalue().encode("utf-8")


def _write_rows(file: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    table = csv.DictWriter(file, columns, lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({column: safe_cell(row.get(column)) for column in columns})


def safe_cell(value: object) -> object:
    """Return a cell's value, an apostrophe before text that a spreadsheet would calculate.

    Carriage returns become line feeds: Python's writer leaves a cell with a lone one unquoted, and
    what follows it would be read as a row of its own.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\n") else text


def safe_stem(name: str) -> str:
    """Return a name reduced to what is safe in a file's name."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = last.rsplit(".", 1)[0] if "." in last[1:] else last
    return re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-")[:60] or "sneaker"


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    StoreError
        If it cannot be written, for instance because the disk is full.
    """
    with writing(path):
        replace_file(path, data)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what cannot be written while something is put together for a path.

    Raises
    ------
    StoreError
        In place of an OSError.
    """
    try:
        yield
    except OSError as exc:
        raise unwritten(path, exc) from exc


def unwritten(path: Path, exc: OSError) -> StoreError:
    """Return the error of a file that could not be written."""
    why = exc.strerror or "not all of its files"
    return StoreError(
        f"{path.name} cannot be written in {path.parent} ({why}). Make room, or check "
        "who may write there, and run again; what was written stays."
    )


def file_sha256(path: Path) -> str:
    """Return a file's sha256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Hold a folder for one run at a time; a killed run lets go of it.

    Raises
    ------
    StoreError
        If another run holds it, or it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / LOCK).open("w", encoding="utf-8")
    except OSError as exc:
        raise StoreError(
            f"{out} cannot be written ({exc.strerror}). Choose a folder you may write."
        ) from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise StoreError(
                f"Another run is writing {out}. Wait until it ends, or choose another folder."
            ) from exc
        yield


@contextmanager
def take_turns(folder: Path) -> Iterator[None]:
    """Hold a folder that processes change one after the other; a killed one lets go of it.

    Nothing is written into the folder for it, which has to be there.

    Raises
    ------
    StoreError
        If it is not there, or another process keeps it for too long.
    """
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as exc:
        raise StoreError(
            f"{folder} cannot be opened ({exc.strerror}). Check who may read it and try again."
        ) from exc
    try:
        deadline = time.monotonic() + LONGEST_TURN_S
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as exc:
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"Another process has been changing {folder} for more than "
                        f"{LONGEST_TURN_S:g} s. Wait until it ends and try again."
                    ) from exc
                time.sleep(0.02)
        yield
    finally:
        os.close(held)


def remove_partials(folder: Path, is_deep: bool = False) -> None:
    """Remove what writers that were killed left half-written; for who holds the folder.

    Parameters
    ----------
    folder
        Held by the caller.
    is_deep
        Whether its folders are looked through, too.
    """
    pattern = ".*.partial"
    for path in folder.rglob(pattern) if is_deep else folder.glob(pattern):
        path.unlink(missing_ok=True)
