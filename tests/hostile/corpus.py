"""All hostile files, by what they are given to."""

from __future__ import annotations

from collections.abc import Iterator

from hostile import pictures
from hostile.archives import archives
from hostile.kinds import Hostile
from hostile.texts import documents, events, requests, tables

__all__ = ["archives", "documents", "events", "hostile_pictures", "requests", "tables"]


def hostile_pictures() -> Iterator[Hostile]:
    """Every picture whose decoding, or refusal, takes next to nothing."""
    yield from pictures.cut()
    yield from pictures.damaged()
    yield from pictures.claimed()
    yield from pictures.many_parts()
    yield from pictures.giant_text()
    yield from pictures.two_at_once()
