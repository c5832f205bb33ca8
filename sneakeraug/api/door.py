"""What a request passes before it is worked on: its host, its key, room for it, its body's size."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sneakeraug.api.journal import send_problem
from sneakeraug.api.keys import KeyRing
from sneakeraug.api.problems import describe
from sneakeraug.api.work import Workers
from sneakeraug.errors import BusyError, RequestError, SneakeraugError
from sneakeraug.hosts import is_allowed, refusal
from sneakeraug.roles import Action, require

OPEN_PATHS: Final = frozenset({"/healthz", "/openapi.json", "/ping", "/readyz"})
"""Asked for without a key, and answered however busy the service is."""

ACTIONS: Final[Mapping[str, Action]] = {
    "/v1/decisions": "sign off",
    "/v1/exports": "export",
    "/v1/exports:rebuild": "export",
    "/v1/recommendations:batch": "run a batch",
}
"""What a request of a path is, where it is more than to see results."""

MOST_BUFFERED: Final = 256 * 1024 * 1024
"""Bytes of bodies held at once, of all requests together."""


REST_S: Final = 10.0
"""For the rest of a refused body, where the connection closes after its answer."""


class LeftError(Exception):
    """The client went away before its request was whole."""


class _Incoming:
    """What comes of a request, and whether all of it did."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def __call__(self) -> Message:
        """Wait for more."""
        message = await self._receive()
        self._is_over = not message.get("more_body", False)
        return message

    async def throw_away(self) -> None:
        """Read the rest of it: a connection closed with bytes unread loses the answer, too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                while not self._is_over:
                    await self()


class Door:
    """Lets in what may come in; answers the rest with a problem, its body unread or cut.

    Parameters
    ----------
    app
        What answers; a body that was read is in the request's state as ``body``.
    keys
        Who may ask; everybody where there are none.
    workers
        Whether there is room.
    body_limits
        Paths whose POST has a body, with the most bytes it may have.
    hosts
        Names the service may be asked for under; anything where ``*`` is among them.
    body_timeout_s
        How long a body may take to arrive.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: KeyRing,
        workers: Workers,
        body_limits: Mapping[str, int],
        hosts: Collection[str],
        body_timeout_s: float,
    ) -> None:
        self._app = app
        self._keys = keys
        self._workers = workers
        self._body_limits = body_limits
        self._hosts = hosts
        self._body_timeout_s = body_timeout_s
        self._n_buffered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope["state"]
        headers = Headers(scope=scope)
        receive = incoming = _Incoming(receive)
        try:
            self._check_host(headers.get("host", ""))
            if scope["path"] in OPEN_PATHS:
                await self._app(scope, receive, send)
                return
            if len(self._keys):
                state["caller"] = self._keys.find(headers.get("authorization", ""))
                state["notes"]["key"] = state["caller"].name
                require(state["caller"].role, ACTIONS.get(scope["path"], "see results"))
                self._keys.take(state["caller"])
            with self._workers.in_flight():
                await self._answer(scope, headers, receive, send)
        except LeftError:
            state["notes"]["reason"] = "client_left"
        except SneakeraugError as exc:
            problem = describe(exc, state["request_id"])
            state["notes"]["reason"] = problem.reason
            # Who waits to be told to go on, or is too slow, does not send the rest of the body;
            # what others send is thrown away, so that they come to read the answer.
            close = "expect" in headers or problem.status == 408
            will_close = "close" in headers.get("connection", "").lower()
            rest = incoming.throw_away if will_close and not close else None
            await send_problem(problem, send, close=close, before_end=rest)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        limit = self._body_limits.get(scope["path"])
        if limit is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        self._workers.crowd.check()
        declared = headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
            raise _too_large(limit)
        body = await self._read(limit, receive)
        try:
            scope["state"]["body"] = body
            scope["state"]["notes"]["n_bytes"] = len(body)
            await self._app(scope, receive, send)
        finally:
            self._n_buffered -= len(body)

    async def _read(self, limit: int, receive: Receive) -> bytes:
        """Read a body and count what comes, whatever its head promised."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_timeout_s):
                while await self._read_chunk(body, limit, receive):
                    pass
        except TimeoutError as exc:
            self._n_buffered -= len(body)
            raise RequestError(
                f"The request's body did not arrive within {self._body_timeout_s:g} s. Send it "
                "again over a faster connection, or a smaller picture.",
                reason="too_slow",
            ) from exc
        except BaseException:
            self._n_buffered -= len(body)
            raise
        return bytes(body)

    async def _read_chunk(self, body: bytearray, limit: int, receive: Receive) -> bool:
        """Add what came to a body; whether more is to come."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise LeftError
        chunk = message.get("body", b"")
        body += chunk
        self._n_buffered += len(chunk)
        if len(body) > limit:
            raise _too_large(limit)
        if self._n_buffered > MOST_BUFFERED:
            raise BusyError
        return bool(message.get("more_body", False))

    def _check_host(self, given: str) -> None:
        if not is_allowed(given, self._hosts):
            raise RequestError(refusal(given, self._hosts, "service"), reason="host")


def _too_large(limit: int) -> RequestError:
    return RequestError(
        f"The request has more than {limit / 1e6:.1f} MB; at most that is expected. Send the "
        "picture smaller, or fewer at once.",
        reason="too_large",
    )
