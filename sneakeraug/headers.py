"""Security headers that every answer of a server carries, whatever it serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOCUMENTS_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
"""The Content-Security-Policy of a server that no browser is to draw anything from."""


class SecurityHeaders:
    """Adds security headers to every HTTP answer.

    Parameters
    ----------
    app
        What answers.
    policy
        The Content-Security-Policy.
    extra
        Further headers, by name.
    """

    def __init__(self, app: ASGIApp, policy: str, extra: Sequence[tuple[str, str]] = ()) -> None:
        self._app = app
        self._headers = (
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
            *extra,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)
