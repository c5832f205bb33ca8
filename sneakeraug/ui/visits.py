"""What one browser was told of is fetched by that browser alone: pictures, files, upload places.

Streamlit names a picture by a hash of its content and hands it to whoever asks. Here the addresses
that go through a browser's websocket are noted, and only requests with its cookie may use them.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "sneakeraug_visit"
"""Of one browser: random, and nothing else is known by it."""

KEPT_S: Final = 30 * 24 * 3600
"""How long a browser keeps its cookie."""

VISITS_KEPT: Final = 500
"""Browsers without an open page whose addresses are kept: a page may be asleep."""

ADDRESSES_KEPT: Final = 2_000
"""The latest ones of a browser."""

OPEN_PREFIXES: Final = ("/_stcore/", "/component/", "/media/", "/static/", "/auth/")
"""Where no page begins, and so no visit."""

_VISIT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_TOLD: Final = re.compile(
    rb"/media/([0-9a-f]{32})|/_stcore/upload_file/([0-9a-f-]{36}/[0-9a-f-]{36})"
)
_ASKED: Final = re.compile(r"^/media/([^/.]+)|^/_stcore/upload_file/(.+)$")


@dataclass
class _Visit:
    """One browser: how many pages it has open, and what they were told of, oldest first."""

    n_open: int = 0
    told: OrderedDict[str, None] = field(default_factory=OrderedDict)


class Visits:
    """Gives each browser a cookie, and answers requests for what that browser was told of.

    Parameters
    ----------
    app
        Streamlit, under no base path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._visits: OrderedDict[str, _Visit] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say that there is no such file."""
        if scope["type"] == "websocket":
            await self._follow(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _follow(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note what a page is told of, as long as it is open."""
        name = _visit_of(scope)
        if name is None:
            await self._app(scope, receive, send)
            return
        visit = self._visits.setdefault(name, _Visit())
        visit.n_open += 1

        async def send_and_note(message: Message) -> None:
            for found in _TOLD.finditer(message.get("bytes") or b""):
                told = (found[1] or found[2]).decode("ascii")
                visit.told[told] = None
                visit.told.move_to_end(told)
            while len(visit.told) > ADDRESSES_KEPT:
                visit.told.popitem(last=False)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            visit.n_open -= 1
            self._visits.move_to_end(name)
            self._forget()

    def _forget(self) -> None:
        """Let go of the browsers that left first, where more than are kept have left."""
        left = [name for name, visit in self._visits.items() if not visit.n_open]
        for name in left[: max(0, len(left) - VISITS_KEPT)]:
            del self._visits[name]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, name = scope["path"], _visit_of(scope)
        asked = _ASKED.match(path)
        if asked is not None and scope["method"] != "OPTIONS":
            visit = self._visits.get(name) if name else None
            if visit is None or (asked[1] or asked[2]) not in visit.told:
                await PlainTextResponse("File not found", 404)(scope, receive, send)
                return
        begins = name is None and scope["method"] == "GET" and not path.startswith(OPEN_PREFIXES)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if asked is not None:
                    headers["Cache-Control"] = "private, no-cache"
                elif begins:
                    headers.append("Set-Cookie", _new_cookie(scope))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _visit_of(scope: Scope) -> str | None:
    """The browser a request says it comes from, if it says so in our way."""
    try:
        cookie = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie is not None and _VISIT.fullmatch(cookie.value) else None


def _new_cookie(scope: Scope) -> str:
    """A cookie of 256 random bits that no script reads; over TLS it never leaves TLS."""
    is_tls = "https" in (scope["scheme"], Headers(scope=scope).get("x-forwarded-proto", ""))
    parts = (
        f"{COOKIE}={secrets.token_urlsafe(32)}",
        "Path=/",
        f"Max-Age={KEPT_S}",
        "HttpOnly",
        "SameSite=Lax",
        *(["Secure"] if is_tls else []),
    )
    return "; ".join(parts)
