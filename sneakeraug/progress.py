"""How far a run is: a line of text that carries its numbers, for whoever shows a bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

Report = Callable[[str], None]
"""Is called with a line of progress now and then."""


def silent(_line: str) -> None:
    """Report to nobody."""


class Step(str):
    """A line such as ``1,200 of 5,000 rows read``.

    Parameters
    ----------
    n_done, n_all
        How many of how many; ``n_done <= n_all``.
    what
        Were done, for instance ``rows read``.
    """

    __slots__ = ("n_all", "n_done")

    n_done: int
    n_all: int

    def __new__(cls, n_done: int, n_all: int, what: str) -> Self:
        """Make the line."""
        line = super().__new__(cls, f"{n_done:,} of {n_all:,} {what}")
        line.n_done, line.n_all = n_done, n_all
        return line

    @property
    def share(self) -> float:
        """What is done, in [0, 1]."""
        return self.n_done / self.n_all if self.n_all else 1.0
