"""How many parts a picture's file has: a few bytes each can keep a decoder busy for minutes."""

from __future__ import annotations

import io
import re
import struct
from typing import Final

MOST_PARTS_OPENED: Final = 1_500
"""Pieces that are read of a file before its size in pixels is known."""

MOST_PARTS: Final = 100_000
"""Pieces that are read of a file in all; a GIF of 10 MB has 78,000."""

MOST_SCANS: Final = 32
"""Passes over a JPEG's pixels; those that cameras and shops write have 1 to 24."""

MOST_TILES: Final = 40_000
"""Tiles or strips of a TIFF; 12,000 rows in three planes have 36,000."""

MOST_ENTRIES: Final = 4_096
"""Of a TIFF's directory."""

_TILES: Final = (273, 279, 324, 325)
"""TIFF 6.0: StripOffsets, StripByteCounts, TileOffsets, TileByteCounts."""

_MARKER: Final = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
"""A JPEG's markers but for those without a length, and stuffed bytes (ITU T.81, B.1)."""

_SCAN, _END = 0xDA, 0xD9


class PartsError(Exception):
    """A file has more parts than anybody can look at."""


class CountedFile(io.BytesIO):
    """A file in memory that is read in so many pieces at most.

    Parameters
    ----------
    data
        The file's bytes.

    Attributes
    ----------
    n_left
        Pieces that may still be read.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.n_left = MOST_PARTS_OPENED

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece.

        Raises
        ------
        PartsError
            If too many were read.
        """
        self.n_left -= 1
        if self.n_left < 0:
            raise PartsError
        return super().read(size)


def check_parts(data: bytes) -> None:
    """Refuse a JPEG of too many scans and a TIFF of too many tiles, from their bytes alone.

    Parameters
    ----------
    data
        A file of any kind.

    Raises
    ------
    PartsError
        If it is one of these.
    """
    if data.startswith(b"\xff\xd8"):
        if data.count(b"\xff\xda") > MOST_SCANS and _count_scans(data) > MOST_SCANS:
            raise PartsError
    elif data[:4] in (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+"):
        _check_directory(data)


def _count_scans(data: bytes) -> int:
    """Passes over the pixels of a JPEG, counted as a decoder walks through it."""
    n, place = 0, 2
    while (found := _MARKER.search(data, place)) is not None:
        marker, place = data[found.start() + 1], found.end()
        if marker == _END or place + 2 > len(data):
            break
        n += marker == _SCAN
        if n > MOST_SCANS:
            break
        place += max(2, int.from_bytes(data[place : place + 2]))
    return n


def _check_directory(data: bytes) -> None:
    """Look at the first directory of a TIFF: its entries, and its tiles."""
    order = "<" if data[:1] == b"I" else ">"
    is_big = data[2:3] == b"+"  # as Pillow tells them apart
    head, count, entry = (8, "Q", "HHQQ") if is_big else (4, "H", "HHII")
    try:
        (start,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, head)
        (n,) = struct.unpack_from(order + count, data, start)
        if n > MOST_ENTRIES:
            raise PartsError
        place, size = start + struct.calcsize(count), struct.calcsize("=" + entry)
        for number in range(n):
            tag, _, values, _ = struct.unpack_from(order + entry, data, place + number * size)
            if tag in _TILES and values > MOST_TILES:
                raise PartsError
    except (struct.error, OverflowError):
        return  # cut short: whoever reads it says so
