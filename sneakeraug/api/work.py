"""Work on pictures in a bounded number of threads, and a no before it, where the wait were long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sneakeraug.crowd import Crowd
from sneakeraug.settings import Settings

T = TypeVar("T")


class Workers:
    """Threads that work, how many requests there are, and how long the next would take.

    Parameters
    ----------
    settings
        Threads, requests at once, the longest wait, and the longest a job may take.

    Attributes
    ----------
    crowd
        The jobs under way.
    """

    def __init__(self, settings: Settings) -> None:
        self.n_threads = settings.service_threads
        self.n_in_flight = 0
        self.crowd = Crowd(settings.max_wait_s, self.n_threads)
        self._settings = settings
        self._pool = ThreadPoolExecutor(self.n_threads, "work")

    @property
    def n_waiting(self) -> int:
        """Jobs that no thread has begun."""
        return max(0, self.crowd.n_jobs - self.n_threads)

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a request as long as it is under way; on the event loop only.

        Raises
        ------
        BusyError
            If there are as many as may be.
        """
        if self.n_in_flight >= self._settings.max_in_flight:
            raise self.crowd.busy()
        self.n_in_flight += 1
        try:
            yield
        finally:
            self.n_in_flight -= 1

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
            Whether it belongs to a request that was not refused already, and waits its turn as
            long as that may take; any other waits `max_wait_s` at most for a thread.

        Raises
        ------
        BusyError
            If it would likely be done too late, is not begun in time, or not done.
        """
        if not is_admitted:
            self.crowd.check()
        self.crowd.enter()
        future = self._pool.submit(self._measured, job)
        future.add_done_callback(lambda _future: self.crowd.leave())
        result = asyncio.wrap_future(future)
        try:
            async with asyncio.timeout_at(deadline or self.deadline()):
                if not is_admitted:
                    await asyncio.wait({result}, timeout=self._settings.max_wait_s)
                    if not result.done() and future.cancel():  # no thread had begun it
                        raise self.crowd.busy()
                return await result
        except TimeoutError as exc:
            raise self.crowd.busy() from exc
        finally:
            result.cancel()  # nobody waits for it any more; without effect where it is done

    def close(self) -> None:
        """Let jobs that have begun end; nothing else begins."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _measured(self, job: Callable[[], T]) -> T:
        try:
            return job()
        finally:
            self.crowd.note_end()
