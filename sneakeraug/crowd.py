"""Jobs under way at once: how long one more would take, and a no where that is too long."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sneakeraug.errors import BusyError

FIRST_GUESS_S: Final = 0.1
"""Between two jobs done, before any was measured."""

WEIGHT: Final = 0.1
"""Of the latest gap in their running mean, once there were enough."""

LONGEST_RETRY_S: Final = 30


class Crowd:
    """Jobs under way, and the gap at which they end; any thread may call.

    Parameters
    ----------
    max_wait_s
        A job that would likely end later than this is refused.
    n_threads
        That work, any number where None; while one of them and a processor are free, nothing is
        refused.

    Attributes
    ----------
    n_jobs
        Under way or waiting for their turn.
    """

    def __init__(self, max_wait_s: float, n_threads: int | None = None) -> None:
        self.n_jobs = 0
        self._max_wait_s = max_wait_s
        n_processors = os.cpu_count() or 1
        self._n_free = min(n_threads or n_processors, n_processors)
        self._lock = threading.Lock()
        self._n_measured = 0
        self._last_s = 0.0
        self._gap_s = FIRST_GUESS_S

    @property
    def expected_s(self) -> float:
        """How long a job that comes now likely takes until it is done, its turn waited for.

        Those ahead of it leave one after the other, a gap apart that was measured while there was
        work: threads that wait for one another are counted as what they achieve together.
        """
        return (self.n_jobs + 1) * self._gap_s

    def check(self) -> None:
        """Refuse what would likely be done too late.

        Raises
        ------
        BusyError
            Says when to try again.
        """
        if self.n_jobs >= self._n_free and self.expected_s > self._max_wait_s:
            raise self.busy()

    def busy(self) -> BusyError:
        """Return what is told to whoever has to come again."""
        return BusyError(min(LONGEST_RETRY_S, max(1, math.ceil(self.expected_s))))

    def enter(self) -> None:
        """Count a job; `leave` uncounts it, whatever became of it."""
        with self._lock:
            if not self.n_jobs:
                self._last_s = time.perf_counter()  # nothing was under way: no gap to measure
            self.n_jobs += 1

    def note_end(self) -> None:
        """Measure the gap to the job that ended before this one."""
        now = time.perf_counter()
        with self._lock:
            self._n_measured += 1
            weight = max(WEIGHT, 1 / self._n_measured)
            self._gap_s += weight * (now - self._last_s - self._gap_s)
            self._last_s = now

    def leave(self) -> None:
        """Uncount a job."""
        with self._lock:
            self.n_jobs -= 1

    @contextmanager
    def place(self) -> Iterator[None]:
        """Do a job in the caller's own thread.

        Raises
        ------
        BusyError
            If it would likely be done too late; says when to try again.
        """
        self.check()
        self.enter()
        try:
            yield
            self.note_end()
        finally:
            self.leave()
