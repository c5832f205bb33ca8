"""What one browser was told of, another cannot fetch, and what is remembered stays bounded."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from sneakeraug.ui import visits
from sneakeraug.ui.visits import COOKIE, Visits

MINE, ANOTHER = "a" * 43, "b" * 43
PICTURE = "/media/" + "0" * 32 + ".png"
PLACE = (
    f"/_stcore/upload_file/{'1' * 8}-2222-3333-4444-{'5' * 12}/{'6' * 8}-7777-8888-9999-{'0' * 12}"
)


class Told:
    """Stands where Streamlit does: says what it is given over a websocket, answers 200 else."""

    def __init__(self) -> None:
        self.says: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            for data in self.says:
                await send({"type": "websocket.send", "bytes": data})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"here"})


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def app(told: Told) -> Visits:
    return Visits(told)


def ask(
    app: Visits, path: str, visit: str | None, kind: str = "http", method: str = "GET", **more: Any
) -> list[Message]:
    """What comes back, as messages."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"host", b"x")] if visit is None else [(b"cookie", f"{COOKIE}={visit}".encode())]
    headers += more.pop("headers", [])
    scope = {"type": kind, "method": method, "path": path, "headers": headers, "scheme": "http"}
    # in a thread of its own: that of the browser's tests keeps a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, app(scope, receive, send)).result()
    return sent


def status(messages: list[Message]) -> int:
    return int(messages[0]["status"])


def visit_page(app: Visits, visit: str) -> None:
    ask(app, "/_stcore/stream", visit, "websocket")


@pytest.mark.parametrize("path", [PICTURE, PLACE], ids=["picture", "upload place"])
def test_an_address_serves_who_was_told_of_it(app: Visits, told: Told, path: str) -> None:
    told.says = [b"\x0a\x10" + path.encode() + b"\x12\x00"]
    assert status(ask(app, path, MINE)) == 404
    visit_page(app, MINE)
    assert status(ask(app, path, MINE)) == 200
    for other in (ANOTHER, None, "short", "a" * 42 + '"'):
        assert status(ask(app, path, other)) == 404
    for method in ("HEAD", "PUT", "DELETE"):
        assert status(ask(app, path, ANOTHER, method=method)) == 404


def test_a_browser_s_first_page_gives_it_a_cookie_and_no_other_answer_does(app: Visits) -> None:
    def given(*arguments: Any, **more: Any) -> list[str]:
        head = ask(app, *arguments, **more)[0]["headers"]
        return [value.decode() for name, value in head if name == b"set-cookie"]

    (cookie,) = given("/many", None)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    (sealed,) = given("/", None, headers=[(b"x-forwarded-proto", b"https")])
    assert sealed.endswith("Secure")
    assert sealed.split(";")[0] != cookie.split(";")[0]
    assert given("/many", MINE) == []
    assert given("/static/js/index.js", None) == []
    assert given("/_stcore/health", None) == []
    assert given("/", None, method="POST") == []


def test_what_is_remembered_is_bounded(
    app: Visits, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "ADDRESSES_KEPT", 3)
    monkeypatch.setattr(visits, "VISITS_KEPT", 2)
    paths = [f"/media/{n:032x}.png" for n in range(5)]
    told.says = [path.encode() for path in paths]
    visit_page(app, MINE)
    assert [status(ask(app, path, MINE)) for path in paths] == [404, 404, 200, 200, 200]
    for letter in "bc":
        visit_page(app, letter * 43)
    assert status(ask(app, paths[-1], MINE)) == 404  # it left first
    assert status(ask(app, paths[-1], "b" * 43)) == 200
