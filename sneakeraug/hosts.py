"""Under which names a server may be asked, and the middleware that asks for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""Names under which only this machine is reached."""

ANY: Final = "*"

LONGEST: Final = 261
"""Characters of a ``Host``: a name of DNS has 253 at most (RFC 1035), a port five."""

POLICY_VIOLATION: Final = 1008
"""What closes a websocket that is not let in; a browser is answered 403."""


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches what listens on an address."""
    return address in LOOPBACK or address.startswith("127.")


def allowed_hosts(named: str, address: str) -> frozenset[str]:
    """Return the names a server may be asked for under; ``*`` is any.

    Parameters
    ----------
    named
        `SNEAKERAUG_ALLOWED_HOSTS`: names, comma between. ``*.example.com`` is any below it.
    address
        What the server listens on; decides where no name is given.

    Returns
    -------
    names
        This machine's own are always among them, for health checks: nobody else can point a
        browser to them.
    """
    names = named.replace(",", " ").lower().split()
    if not names and not is_loopback(address):
        return frozenset({ANY})
    return frozenset({*names, *LOOPBACK, *([] if names else [address])})


def is_allowed(given: str, hosts: Collection[str]) -> bool:
    """Whether a request's ``Host`` is one of the names, whatever the port."""
    if ANY in hosts:
        return True
    if len(given) > LONGEST:
        return False
    name, is_address, _ = given.removeprefix("[").partition("]")  # [::1]:8080
    if not is_address:
        name = given.partition(":")[0]
    name = name.lower()
    parents = (name[i:] for i, c in enumerate(name) if c == "." and i)
    return name in hosts or any(f"*{parent}" in hosts for parent in parents)


def refusal(given: str, hosts: Collection[str], what: str) -> str:
    """Say that a server is not asked for under a name, and under which it is."""
    return (
        f"This {what} is not asked for as {given[:80]!r}; one of these is expected: "
        f"{', '.join(sorted(hosts))}. Whoever runs it names others in SNEAKERAUG_ALLOWED_HOSTS."
    )


class HostCheck:
    """Answers only under the names it may be asked for, pages and websockets alike.

    Parameters
    ----------
    app
        What answers.
    hosts
        From `allowed_hosts`.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say under which name to ask."""
        given = Headers(scope=scope).get("host", "") if scope["type"] != "lifespan" else ""
        if scope["type"] == "lifespan" or is_allowed(given, self._hosts):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            said = PlainTextResponse(refusal(given, self._hosts, "page"), status_code=421)
            await said(scope, receive, send)
