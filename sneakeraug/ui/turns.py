"""Pages made at once, and the door where new visitors wait for room or are told to come again."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sneakeraug.errors import BusyError

MOST_AT_ONCE: Final = 1 + (os.cpu_count() or 1)
"""Pages made at once, for all visits: more of them only make each other late."""

LONGEST_WAIT_S: Final = 2.0
"""For a turn of someone inside; who waited in vain is told to try again."""

LONGEST_AT_DOOR_S: Final = 0.8
"""For room, of someone who comes; who waited in vain gets a page that asks again by itself."""

KEPT_INSIDE: Final = 1
"""Turns that nobody new is let in for."""

COMING_S: Final = 1.5
"""For which someone let in counts, until the page connects."""

LOOK_S: Final = 0.05
"""Between two looks for room."""

BUSY_PAGE: Final = (Path(__file__).resolve().parent / "busy.html").read_text("utf-8")
RETRY_AFTER_S: Final = 3
"""As the page for those who find no room says, too."""


class Turns:
    """So many pages at once; any thread may call.

    Parameters
    ----------
    n
        Of them.

    Attributes
    ----------
    n_wanted
        Pages being made or waiting for their turn.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.n_wanted = 0
        self._free = threading.BoundedSemaphore(n)
        self._lock = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        """One turn, given back however the page ends.

        Raises
        ------
        BusyError
            If none comes free in time.
        """
        self._want(1)
        try:
            if not self._free.acquire(timeout=LONGEST_WAIT_S):
                raise BusyError
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._want(-1)

    def _want(self, n: int) -> None:
        with self._lock:
            self.n_wanted += n


class WaitingRoom:
    """Lets new visitors in as far as there is room: those inside are answered in time.

    A visit costs a session and several pages, a refusal here next to nothing.

    Parameters
    ----------
    app
        Streamlit.
    turns
        Of its pages.
    """

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self._app = app
        self._turns = turns
        self._coming: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or answer 503."""
        if scope["type"] == "websocket" and self._coming:
            self._coming.popleft()
        if _is_arrival(scope) and not await self._finds_room():
            headers = {"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
            await HTMLResponse(BUSY_PAGE, 503, headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _finds_room(self) -> bool:
        clock = asyncio.get_running_loop().time
        until = clock() + LONGEST_AT_DOOR_S
        while (now := clock()) <= until:
            while self._coming and self._coming[0] < now:
                self._coming.popleft()
            if self._turns.n_wanted + len(self._coming) < self._turns.n - KEPT_INSIDE:
                self._coming.append(now + COMING_S)
                return True
            await asyncio.sleep(LOOK_S)
        return False


def _is_arrival(scope: Scope) -> bool:
    """Whether a browser asks for a page to show, not for a part of one."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and "text/html" in Headers(scope=scope).get("accept", "")
    )


turns: Final = Turns(MOST_AT_ONCE)
"""Of this process."""
