"""Hostile zips: paths that lead out, bombs, sizes that lie."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator

from hostile.kinds import Hostile, later
from hostile.pictures import good


def packed(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def renamed(old: str, new: bytes) -> bytes:
    """A zip with a name that Python would not write."""
    assert len(old) == len(new)
    return packed((old, good()), ("b.jpg", good())).replace(old.encode(), new)


def linked() -> bytes:
    """A zip with a symbolic link out of it, as Unix packs them."""
    link = zipfile.ZipInfo("a.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    return packed((link, b"/etc/passwd"), ("b.jpg", good()))


def nested(depth: int = 6) -> bytes:
    """A zip in a zip in a zip; the innermost is a megabyte of zeros."""
    data = packed(("a.jpg", bytes(1_000_000)))
    for _ in range(depth):
        data = packed(("inner.zip", data), ("a.jpg", good()))
    return data


def overlapping(n: int = 1_000) -> bytes:
    """Many names for one packed megabyte, as in D. Fifield, A better zip bomb (2019)."""
    whole = packed(("0000.jpg", bytes(900_000)))
    start = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    entry = whole[start:end]
    listed = b"".join(entry.replace(b"0000", b"%04d" % number) for number in range(n))
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, n, n, len(listed), start, 0)
    return whole[:start] + listed + tail


def many(n: int = 5_000) -> bytes:
    """More names than a folder should have, all of nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(n):
            archive.writestr(f"{number}.jpg", b"")
    return buffer.getvalue()


def lying(size: int) -> bytes:
    """A zip that says its member unpacks to `size` bytes; it is 30 MB."""
    data = packed(("a.jpg", bytes(30_000_000)), ("b.jpg", good()))
    return data.replace(struct.pack("<I", 30_000_000), struct.pack("<I", size))


def archives() -> Iterator[Hostile]:
    """Zips that no door may follow."""
    makers: dict[str, Callable[[], bytes]] = {
        "parent.zip": lambda: packed(("../../evil.jpg", good())),
        "absolute.zip": lambda: packed(("/etc/evil.jpg", good())),
        "windows.zip": lambda: packed(("C:\\evil.jpg", good())),
        "backslash.zip": lambda: packed(("a\\..\\..\\evil.jpg", good())),
        "share.zip": lambda: packed(("\\\\host\\evil.jpg", good())),
        "nul.zip": lambda: renamed("aXb.jpg", b"a\0b.jpg"),
        "link.zip": linked,
        "bomb.zip": lambda: packed(("a.jpg", bytes(60_000_000))),
        "nested.zip": nested,
        "overlapping.zip": overlapping,
        "many.zip": many,
        "small-lie.zip": lambda: lying(100),
        "large-lie.zip": lambda: lying(0xFFFFFFF0),
        "cut.zip": lambda: packed(("a.jpg", good()))[:-40],
        "damaged.zip": lambda: packed(("a.jpg", good())).replace(good()[40:80], bytes(40)),
        "twice.zip": lambda: packed(("a.jpg", good())) + packed(("a.jpg", b"other")),
        "encrypted.zip": lambda: _flagged(packed(("a.jpg", good()))),
        "method.zip": lambda: _method(packed(("a.jpg", good())), 99),
        "nothing.zip": lambda: b"PK\x05\x06" + bytes(18),
        "no.zip": lambda: b"PK\x03\x04 not at all",
        "table-bomb.zip": lambda: packed(("products.csv", b"id,name,image\n" + b"a" * 60_000_000)),
    }
    for name, make in makers.items():
        yield later(name, make)


def _flagged(data: bytes) -> bytes:
    """The same zip, said to be encrypted."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[data.index(mark) + place] |= 1
    return bytes(changed)


def _method(data: bytes, method: int) -> bytes:
    """The same zip, packed by a method that nobody knows."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        changed[data.index(mark) + place] = method
    return bytes(changed)
