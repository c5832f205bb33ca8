"""Which pictures a batch is of, in one order on every run: of a folder, a zip, or a table."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from sneakeraug.batch.bucket import Bucket, is_address
from sneakeraug.collect.bundle import DAMAGED, Bundle, is_text, path_inside
from sneakeraug.collect.feeds import read_records
from sneakeraug.collect.importer import PICTURES, read_cell
from sneakeraug.errors import InputError
from sneakeraug.intake.decode import read_photo_bytes
from sneakeraug.limits import Limits
from sneakeraug.vocabulary import CONTEXT_FIELDS

TABLES: Final = (".csv", ".tsv", ".jsonl")

SUFFIXES: Final = (*PICTURES, ".heif", ".gif")
"""Of files that are taken for pictures where no table names them."""

IMAGE_COLUMNS: Final = ("image", "path", "picture")
"""Where a table names the picture's file, the first that is there."""

TERM_COLUMNS: Final = ("target", *CONTEXT_FIELDS)
"""Where a table says which campaign a picture is for; empty cells leave it to the run."""

MOST_CHARS: Final = 500
"""Of a name or a term from a table that are kept."""


@dataclass(frozen=True)
class Item:
    """One picture of a batch.

    Attributes
    ----------
    name
        Its path inside the batch, as its rows will say.
    terms
        What a table says of its campaign, by `TERM_COLUMNS`.
    error
        Why there is no picture to read; empty where there is.
    """

    name: str
    terms: dict[str, str] = field(default_factory=dict)
    error: str = ""


class Inputs:
    """The pictures of a batch; safe to share between threads.

    Parameters
    ----------
    path
        A folder, a zip of pictures, or a table (CSV, TSV, JSON lines) with a column ``image``; as
        text, and so from the user's own command line alone, also ``s3://BUCKET/PREFIX``.
    images
        Folder, zip or ``s3://BUCKET/PREFIX`` that a table's names are inside of; the table's own
        folder where None.

    Raises
    ------
    InputError
        If there is no such file, it is of another kind, or a zip is unsafe.

    Attributes
    ----------
    name
        What errors call the input.
    source, images
        What opens the same pictures on another machine that sees the same files.
    """

    def __init__(self, path: Path | str, images: Path | str | None = None) -> None:
        self.images: str | None = None
        self._bucket: Bucket | None = None
        self._bundle: Bundle | None = None
        self._table: Path | None = None
        if is_address(path):
            self._bucket = Bucket(str(path))
            self.name = self.source = self._bucket.address
            if images is not None:
                raise _no_table(self.name)
            return
        path = Path(path)
        self.name, self.source = path.name, str(path.resolve())
        if not path.exists():
            raise InputError(
                f"There is no file or folder {str(path)!r}; a folder of pictures, a zip of them, "
                "or a table is expected. Check the path and try again."
            )
        self._table = path if path.is_file() and path.suffix.lower() in TABLES else None
        if self._table is None and images is not None:
            raise _no_table(path.name)
        if is_address(images):
            self._bucket = Bucket(str(images))
            self.images = self._bucket.address
            return
        base = Path(images or path.parent) if self._table else path
        self._bundle = None if base.is_dir() else Bundle(base)
        if self._bundle is not None and not self._bundle.is_zip:
            raise InputError(
                f"{base.name!r} is no zip; a folder, a zip of pictures, or one of "
                f"{', '.join(TABLES)} is expected."
            )
        self._folder = base.resolve()
        self.images = None if images is None else str(self._folder)

    def items(self) -> Iterator[Item]:
        """Yield every picture, in the same order each time; nothing is kept in memory."""
        if self._table is not None:
            yield from self._listed(self._table)
        elif self._bucket is not None:
            names = (n for n in self._bucket.names() if _is_shown(n) and _is_picture(n))
            yield from map(Item, names)
        elif self._bundle is not None:
            names = (n for n in self._bundle.names if _is_shown(n) and _is_picture(n))
            yield from map(Item, names)
        else:
            yield from map(_item, filter(_is_picture, _walk(self._folder, self._folder)))

    def chunks(self, size: int, skip: int = 0) -> Iterator[list[Item]]:
        """Yield the pictures `size` at a time, after those of the first `skip` chunks."""
        rest = islice(self.items(), skip * size, None)
        while chunk := list(islice(rest, size)):
            yield chunk

    def measure(self) -> tuple[int, str]:
        """Count the pictures, and return a sha256 that changes when one of them does."""
        n, digest = 0, hashlib.sha256()
        for item in self.items():
            n += 1
            parts = (item.name, item.error, *sorted(item.terms.items()), self._stamp(item.name))
            digest.update(repr(parts).encode("utf-8", "backslashreplace"))
        return n, digest.hexdigest()

    def read(self, name: str, limits: Limits) -> bytes:
        """Return the bytes of a picture.

        Raises
        ------
        InputError
            If there is none of that name inside, or it is too large.
        """
        if self._bucket is not None:
            return self._bucket.read(name, limits)
        if self._bundle is not None:
            return self._bundle.read_picture(name, limits.max_bytes)
        path = self._inside(name)
        if path is None:
            raise InputError(
                f"The picture {name[:100]!r} leads out of {self._folder.name!r}; a path inside it "
                "is expected. Move the picture there, or name its folder with --images."
            )
        return read_photo_bytes(path, limits)

    def _inside(self, name: str) -> Path | None:
        """A picture's file; None where its name or a link leads out of the folder."""
        if path_inside(name) is None:
            return None
        try:
            path = (self._folder / name.replace("\\", "/")).resolve()
        except (OSError, RuntimeError):  # a loop of links
            return None
        return path if path.is_relative_to(self._folder) else None

    def _stamp(self, name: str) -> str:
        """What changes when a picture's file does."""
        if self._bucket is not None:
            return self._bucket.stamp(name)
        if self._bundle is not None:
            return self._packed.get(name, "")
        path = self._inside(name)
        try:
            known = path.stat() if path else None
        except (OSError, ValueError):
            known = None
        return f"{known.st_size} {known.st_mtime_ns}" if known else ""

    @cached_property
    def _packed(self) -> dict[str, str]:
        return self._bundle.stamps() if self._bundle else {}

    def _listed(self, table: Path) -> Iterator[Item]:
        """The pictures that a table names, one a row."""
        column = None
        try:
            with table.open("rb") as file:
                for number, record in read_records(file, table.name):
                    if not isinstance(record, dict):
                        said = record if isinstance(record, str) else "no object with named fields"
                        yield Item(f"row {number}", error=f"Row {number} of the table: {said}.")
                        continue
                    cells = {str(k).strip().lower(): _text(v) for k, v in record.items()}
                    column = column or _image_column(cells, table.name)
                    terms = {name: cells[name] for name in TERM_COLUMNS if cells.get(name)}
                    name = cells.get(column, "")
                    error = "" if name else f"Row {number} of the table names no picture."
                    yield Item(name or f"row {number}", terms, error)
        except DAMAGED as exc:
            raise InputError(
                f"{table.name!r} cannot be read to its end ({type(exc).__name__}). Export it again."
            ) from exc


def _no_table(name: str) -> InputError:
    return InputError(
        f"--images says where a table's pictures are, and {name!r} is none; one of "
        f"{', '.join(TABLES)} is expected. Leave out --images, or name the table."
    )


def _image_column(cells: dict[str, str], name: str) -> str:
    for column in IMAGE_COLUMNS:
        if column in cells:
            return column
    raise InputError(
        f"{name[:80]!r} has no column 'image'; one is expected that names each row's picture. "
        f"There is: {', '.join(list(cells)[:20])[:300]}."
    )


def _text(value: object) -> str:
    """A cell as text of bounded length."""
    value = read_cell(value)
    if not isinstance(value, str | int | float):
        return ""
    return _written(str(value).strip()[:MOST_CHARS])


def _written(text: str) -> str:
    """Text that can be written: JSON may name half a character, and a disk what is none."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _item(name: str) -> Item:
    """The picture of a file's name."""
    if is_text(name):
        return Item(name)
    error = f"The file name {_written(name)[:100]!r} is no UTF-8. Rename the file and try again."
    return Item(_written(name), error=error)


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _is_shown(name: str) -> bool:
    """Whether no part of a path is hidden, or what macOS adds to a zip."""
    return not any(p.startswith(".") or p == "__MACOSX" for p in PurePosixPath(name).parts)


def _walk(folder: Path, root: Path) -> Iterator[str]:
    """Files below a folder, by name; links to folders, and out of the root, are not followed."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as exc:
        raise InputError(
            f"The folder {str(folder)!r} cannot be read ({exc.strerror}). Check who may read it."
        ) from exc
    for entry in entries:
        path = Path(entry.path)
        if not _is_shown(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        elif entry.is_file() and (not entry.is_symlink() or path.resolve().is_relative_to(root)):
            yield path.relative_to(root).as_posix()
