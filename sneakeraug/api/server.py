"""The service on a socket: uvicorn, with a time limit for heads and problems instead of text."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sneakeraug.api.metrics import SHARED
from sneakeraug.api.problems import MEDIA_TYPE, Problem, problem
from sneakeraug.errors import StoreError
from sneakeraug.settings import Settings

HEAD_S: Final = 10.0
"""For a request's head to arrive, and for the rest of a body that was refused."""

KEEP_ALIVE_S: Final = 15
"""For which an idle connection is kept."""

MOST_CONNECTIONS: Final = 500
"""Of one process; below the files a process may usually open."""


class StrictH11(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but nobody holds a connection without a whole head."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            detail = f"More than {MOST_CONNECTIONS} connections are open. Try again in 1 s."
            self._say(problem(503, detail, "busy", retry_after_s=1))
            return
        self._time()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and time what comes before the next whole head."""
        super().data_received(data)
        self._time()

    def on_response_complete(self) -> None:
        """Go on with the next request; the rest of this one's body may still be coming."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._time()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even where its client never read the answer."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._stop_timing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        detail = f"{msg} HTTP/1.1 with a head of at most 64 KB is expected."
        self._say(problem(400, detail, "malformed"))

    def _time(self) -> None:
        """Run the timer exactly while no request is being answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_timing()
        elif self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _stop_timing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE:
            detail = f"The request's head did not arrive within {HEAD_S:g} s. Send it again."
            self._say(problem(408, detail, "too_slow"))
        else:
            self.transport.close()

    def _say(self, said: Problem) -> None:
        body = said.to_json()
        headers = {
            "Content-Type": MEDIA_TYPE,
            "Content-Length": str(len(body)),
            "Connection": "close",
            **said.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"HTTP/1.1 {said.status} {said.title}\r\n{head}\r\n"
        self.transport.write(start.encode() + body)
        self.transport.close()


def options(settings: Settings) -> dict[str, Any]:
    """Return how uvicorn serves, whatever it listens on."""
    return {
        "http": StrictH11,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "timeout_graceful_shutdown": round(settings.body_timeout_s + settings.request_timeout_s),
    }


def serve(settings: Settings, workers: int) -> None:
    """Serve until told to end; requests under way are finished first.

    Parameters
    ----------
    settings
        Where to listen, and the longest a request may take.
    workers
        Processes, each with a model of its own; they read their settings from the environment.
    """
    if workers > 1:
        os.environ[SHARED] = str(_empty_folder(settings))
    uvicorn.run(
        "sneakeraug.api.app:from_environment",
        factory=True,
        host=settings.service_address,
        port=settings.service_port,
        workers=workers,
        **options(settings),
    )


def _empty_folder(settings: Settings) -> Path:
    """Where the processes of one service count; what an earlier one left is thrown away."""
    folder = settings.home / f"metrics-{settings.service_port}"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(
            f"{folder} cannot be written ({exc.strerror}), and several workers count requests "
            "there. Choose a SNEAKERAUG_HOME you may write, or one worker."
        ) from exc
    return folder
