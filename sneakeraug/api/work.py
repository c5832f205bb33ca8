"""Work on pictures in a bounded number of threads, and a no before it, where the wait were long."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from sneakeraug.errors import BusyError
from sneakeraug.settings import Settings

T = TypeVar("T")

FIRST_GUESS_S: Final = 0.1
"""Between two jobs done, before any was measured."""

WEIGHT: Final = 0.1
"""Of the latest gap in their running mean, once there were enough."""

LONGEST_RETRY_S: Final = 30


class Workers:
    """Threads that work, how many requests there are, and how long the next would wait.

    Parameters
    ----------
    settings
        Threads, requests at once, the longest wait, and the longest a job may take.
    """

    def __init__(self, settings: Settings) -> None:
        self.n_threads = settings.service_threads
        self.n_in_flight = 0
        self._settings = settings
        self._pool = ThreadPoolExecutor(self.n_threads, "work")
        self._lock = threading.Lock()
        self._n_jobs = 0
        self._n_measured = 0
        self._last_s = 0.0
        self._gap_s = FIRST_GUESS_S

    @property
    def n_waiting(self) -> int:
        """Jobs that no thread has begun."""
        return max(0, self._n_jobs - self.n_threads)

    @property
    def expected_s(self) -> float:
        """How long a job that comes now likely takes until it is done, its turn waited for.

        Those ahead of it leave one after the other, a gap apart that was measured while there was
        work: threads that wait for one another are counted as what they achieve together.
        """
        return (self._n_jobs + 1) * self._gap_s

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a request as long as it is under way; on the event loop only.

        Raises
        ------
        BusyError
            If there are as many as may be.
        """
        if self.n_in_flight >= self._settings.max_in_flight:
            raise self._busy()
        self.n_in_flight += 1
        try:
            yield
        finally:
            self.n_in_flight -= 1

    def check_wait(self) -> None:
        """Refuse what would likely be done too late; where nothing is under way, nothing is.

        Raises
        ------
        BusyError
            Says when to try again.
        """
        if self._n_jobs and self.expected_s > self._settings.max_wait_s:
            raise self._busy()

    def deadline(self) -> float:
        """Return when a request that begins now has to be done, on the event loop's clock."""
        return asyncio.get_running_loop().time() + self._settings.request_timeout_s

    async def run(
        self, job: Callable[[], T], deadline: float | None = None, *, is_admitted: bool = False
    ) -> T:
        """Run a job in a thread and return what it returns.

        Parameters
        ----------
        job
            Called without arguments.
        deadline
            From `deadline`; counted from now where None. A job that has not begun by then never
            does; one that has keeps its thread until it ends.
        is_admitted
            Whether it belongs to a request that was not refused already.

        Raises
        ------
        BusyError
            If it would likely be done too late, or is not done in time.
        """
        if not is_admitted:
            self.check_wait()
        with self._lock:
            if not self._n_jobs:
                self._last_s = time.perf_counter()  # nothing was under way: no gap to measure
            self._n_jobs += 1
        future = self._pool.submit(self._measured, job)
        future.add_done_callback(self._done)
        try:
            async with asyncio.timeout_at(deadline or self.deadline()):
                return await asyncio.wrap_future(future)
        except TimeoutError as exc:
            raise self._busy() from exc

    def close(self) -> None:
        """Let jobs that have begun end; nothing else begins."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _measured(self, job: Callable[[], T]) -> T:
        try:
            return job()
        finally:
            now = time.perf_counter()
            with self._lock:
                self._n_measured += 1
                weight = max(WEIGHT, 1 / self._n_measured)
                self._gap_s += weight * (now - self._last_s - self._gap_s)
                self._last_s = now

    def _done(self, _future: Future[T]) -> None:
        with self._lock:
            self._n_jobs -= 1

    def _busy(self) -> BusyError:
        return BusyError(min(LONGEST_RETRY_S, max(1, math.ceil(self.expected_s))))
