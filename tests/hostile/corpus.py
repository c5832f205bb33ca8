"""All hostile files, by what they are given to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from hostile import pictures
from hostile.archives import archives
from hostile.kinds import Hostile
from hostile.texts import documents, events, requests, tables

__all__ = ["archives", "chosen", "documents", "events", "hostile_pictures", "requests", "tables"]

CHOSEN: Final = (
    "60000x60000.png",
    "65535x65535.gif",
    "60000x60000-plain.heic",
    "many-exif-pieces.jpg",
    "many-tiles.tif",
    "text-bomb-ztxt.png",
    "9000x9000.png",
    "cut-at-50-percent-plain.webp",
    "cut-at-95-percent-plain.avif",
    "page.jpg",
    "script.gif",
    "nothing.jpg",
)
"""A dozen of them, one of each kind of harm."""


def hostile_pictures() -> Iterator[Hostile]:
    """Every picture whose decoding, or refusal, takes next to nothing."""
    yield from pictures.cut()
    yield from pictures.damaged()
    yield from pictures.claimed()
    yield from pictures.many_parts()
    yield from pictures.giant_text()
    yield from pictures.two_at_once()


@lru_cache(maxsize=1)
def chosen() -> dict[str, bytes]:
    """The pictures of `CHOSEN`, by name; none of them can be used."""
    return {one.name: one.data for one in hostile_pictures() if one.name in CHOSEN}
