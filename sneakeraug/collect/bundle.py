"""Files that are imported together: a folder, a file, or a zip; nothing is unpacked to disk."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from sneakeraug.errors import InputError

MOST_MEMBERS: Final = 200_000
MOST_EXPANDED: Final = 8_000_000_000
MOST_RATIO: Final = 200
"""Of a zip's expanded to its packed size, per member, above a megabyte."""

METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those of which a piece unpacks to no more than is asked for; others are read by nobody here."""

DAMAGED: Final = (
    OSError,
    EOFError,
    RuntimeError,  # NotImplementedError among them: strange flags and versions
    UnicodeError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged file raises."""


class Bundle:
    """The files of an import by their path in it.

    Parameters
    ----------
    path
        A folder, a file, or a zip.

    Raises
    ------
    InputError
        If there is no such file, or a zip is unsafe.

    Attributes
    ----------
    names
        Paths inside, with forward slashes.
    is_zip
        Whether they are packed.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise InputError(f"There is no file or folder {str(path)!r}. Check it and try again.")
        self.path = path
        self.is_zip = path.is_file() and zipfile.is_zipfile(path)
        self._zip = _open_zip(path) if self.is_zip else None
        self.names = self._list()
        self._known = frozenset(self.names)

    def open(self, name: str) -> BinaryIO:
        """Open one of the files."""
        if self._zip is not None:
            return self._zip.open(name)  # type: ignore[return-value]
        return ((self.path if self.path.is_dir() else self.path.parent) / name).open("rb")

    def read_picture(self, image: str, most_bytes: int) -> bytes:
        """Return the bytes of a picture.

        Raises
        ------
        InputError
            If there is none under that name, or it is too large.
        """
        name = path_inside(image)
        if name is None or name not in self._known:
            raise InputError(f"The import carries no picture {image[:100]!r}.")
        try:
            with self.open(name) as file:
                data = file.read(most_bytes + 1)
        except DAMAGED as exc:
            raise InputError(
                f"The picture {image[:100]!r} cannot be read ({type(exc).__name__}). Pack or copy "
                "it again."
            ) from exc
        if len(data) > most_bytes:
            raise InputError(f"The picture {image[:100]!r} is over {most_bytes / 1e6:.0f} MB.")
        return data

    def stamps(self) -> dict[str, str]:
        """Return, by path, what changes when a packed file does; nothing where none is packed."""
        packed = self._zip.infolist() if self._zip is not None else []
        return {info.filename: f"{info.file_size} {info.CRC:08x}" for info in packed}

    def _list(self) -> list[str]:
        if self._zip is not None:
            return sorted(info.filename for info in self._zip.infolist() if not info.is_dir())
        if self.path.is_dir():
            root = self.path.resolve()
            files = (p for p in sorted(self.path.rglob("*")) if p.is_file())
            inside = (p for p in files if p.resolve().is_relative_to(root))
            return [str(PurePosixPath(p.relative_to(self.path))) for p in inside]
        return [self.path.name]


def path_inside(name: str) -> str | None:
    """A path inside the import in its own form; None where it leads out of it, or is no text."""
    path = PurePosixPath(name.replace("\\", "/"))
    if not name or path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
        return None
    return str(path) if is_text(name) else None


def is_text(name: str) -> bool:
    """Whether a name can be written as UTF-8; half a character of JSON cannot."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _open_zip(path: Path) -> zipfile.ZipFile:
    """A zip whose members stay inside and expand to what a disk can hold."""
    try:
        opened = zipfile.ZipFile(path)
    except DAMAGED as exc:
        raise InputError(f"{path.name!r} is no readable zip. Pack it again.") from exc
    members = opened.infolist()
    if len(members) > MOST_MEMBERS:
        raise InputError(f"{path.name!r} holds {len(members):,} files; at most {MOST_MEMBERS:,}.")
    for info in members:
        if path_inside(info.filename) is None:
            raise InputError(
                f"{path.name!r} holds {info.filename[:80]!r}, which leads out of it. "
                "Pack it again without such paths."
            )
        if info.flag_bits & 1:
            raise InputError(f"{path.name!r} is encrypted. Pack it again without a password.")
        if info.compress_type not in METHODS:
            raise InputError(
                f"{info.filename[:80]!r} in {path.name!r} is packed in an unusual way. "
                "Pack it again by deflate."
            )
        if info.file_size > max(1_000_000, MOST_RATIO * info.compress_size):
            raise InputError(f"{info.filename[:80]!r} in {path.name!r} expands too far (a bomb).")
    if sum(info.file_size for info in members) > MOST_EXPANDED:
        raise InputError(f"{path.name!r} expands to more than {MOST_EXPANDED // 10**9} GB.")
    return opened
