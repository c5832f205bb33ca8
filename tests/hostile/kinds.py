"""What a hostile file is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MOST_SECONDS: Final = 2.0
"""For one file on a quiet machine; what is measured, not what tests wait for."""

MOST_MEGABYTES: Final = 512
"""Of one request above the process at rest."""


@dataclass(frozen=True)
class Hostile:
    """A file that means harm.

    Attributes
    ----------
    name
        In words, with the suffix it comes with.
    given
        Its bytes, or what makes them.
    is_picture
        Whether it is a picture all the same, and may be taken for one.
    """

    name: str
    given: bytes | Callable[[], bytes] = field(repr=False)
    is_picture: bool = False

    @property
    def data(self) -> bytes:
        """Its bytes; made anew each time where they are many."""
        return self.given if isinstance(self.given, bytes) else self.given()


def later(name: str, make: Callable[[], bytes]) -> Hostile:
    """A file whose bytes are made when they are asked for."""
    return Hostile(name, make)
