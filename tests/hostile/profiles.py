"""Colour profiles that are slow to use: large tables, and pipelines of thousands of steps."""

from __future__ import annotations

import struct


def with_table(channels: int, side: int) -> bytes:
    """A profile of 3 (RGB) or 4 (CMYK) channels whose colours stand in a table."""
    return _profile(channels, {b"A2B0": _table(channels, side)})


def with_pipeline(steps: int) -> bytes:
    """An RGB profile that has, beside its table, a pipeline of so many steps (ICC.1, 10.18)."""
    curve = b"curf" + bytes(4) + struct.pack(">HH", 1, 0) + b"parf" + bytes(8)
    curve += struct.pack(">4f", 1.1, 1, 0, 0)
    places = struct.pack(">II", 36, len(curve)) * 3
    curves = b"cvst" + bytes(4) + struct.pack(">HH", 3, 3) + places + curve
    mix = struct.pack(">12f", 0.9, 0.1, 0, 0, 0.9, 0.1, 0.1, 0, 0.9, 0, 0, 0)
    matrix = b"matf" + bytes(4) + struct.pack(">HH", 3, 3) + mix
    start = 16 + 8 * steps
    both = (start, len(curves)), (start + len(curves), len(matrix))
    listed = b"".join(struct.pack(">II", *both[number % 2]) for number in range(steps))
    head = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, steps)
    return _profile(3, {b"D2B0": head + listed + curves + matrix, b"A2B0": _table(3, 9)})


def _table(channels: int, side: int) -> bytes:
    """A table of 8 bits (lut8Type) from colours to Lab."""
    colours = bytearray()
    for number in range(side**channels):
        parts = [number // side**place % side / (side - 1) for place in range(channels)]
        mean = sum(parts) / channels
        light = 1 - mean if channels == 4 else mean
        colours += bytes((int(255 * light), 128 + int(40 * (parts[0] - parts[-1])), 128))
    even = bytes(range(256))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    head = b"mft1" + bytes(4) + bytes((channels, 3, side, 0)) + matrix
    return head + even * channels + bytes(colours) + even * 3


def _profile(channels: int, tags: dict[bytes, bytes]) -> bytes:
    white = struct.pack(">3i", 63190, 65536, 54061)
    tags = {
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"cprt": b"text" + bytes(4) + b"x\0",
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78),
        **tags,
    }
    place, listed, data = 132 + 12 * len(tags), b"", b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        listed += name + struct.pack(">II", place + len(data), len(padded))
        data += padded
    space, kind = (b"CMYK", b"prtr") if channels == 4 else (b"RGB ", b"scnr")
    head = struct.pack(">I", place + len(data)) + b"lcms\x04\x30\0\0" + kind + space + b"Lab "
    head = (head + bytes(12) + b"acsp").ljust(68, b"\0") + white
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + listed + data
