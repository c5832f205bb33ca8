"""Who comes while all turns are taken waits a moment, is told to come again, and is then let in."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from starlette.types import Message, Receive, Scope, Send

from sneakeraug.errors import BusyError
from sneakeraug.ui import turns as module
from sneakeraug.ui.turns import KEPT_INSIDE, LONGEST_AT_DOOR_S, RETRY_AFTER_S, Turns, WaitingRoom

BROWSER = "text/html,application/xhtml+xml"
IN = b"the page"


async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Stands where Streamlit does."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": IN})


@pytest.fixture
def turns() -> Turns:
    return Turns(2 + KEPT_INSIDE)


@pytest.fixture
def room(turns: Turns) -> WaitingRoom:
    return WaitingRoom(page, turns)


def ask(room: WaitingRoom, accept: str = BROWSER, kind: str = "http") -> list[Message]:
    """What comes back, as messages."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": kind, "method": "GET", "headers": [(b"accept", accept.encode())]}
    # in a thread of its own: that of the browser's tests keeps a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, room(scope, receive, send)).result()
    return sent


def status(room: WaitingRoom) -> int:
    return int(ask(room)[0]["status"])


def test_who_comes_while_all_turns_are_taken_is_told_to_come_again_and_then_let_in(
    room: WaitingRoom, turns: Turns
) -> None:
    with ExitStack() as others:
        for _ in range(turns.n):
            others.enter_context(turns.take())
        started = time.perf_counter()
        head, body = ask(room)
        assert LONGEST_AT_DOOR_S <= time.perf_counter() - started < 2
        assert head["status"] == 503
        assert (b"retry-after", str(RETRY_AFTER_S).encode()) in head["headers"]
        assert f'http-equiv="refresh" content="{RETRY_AFTER_S}"' in body["body"].decode()
        assert ask(room, accept="*/*")[1]["body"] == IN
    assert ask(room)[1]["body"] == IN


def test_who_was_let_in_counts_until_the_page_connects(room: WaitingRoom, turns: Turns) -> None:
    assert [status(room) for _ in range(3)] == [200, 200, 503]
    ask(room, kind="websocket")
    assert status(room) == 200


def test_who_never_connects_counts_for_a_moment_only(
    room: WaitingRoom, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMING_S", 0.1)
    assert [status(room) for _ in range(6)] == [200] * 6


def test_room_that_comes_free_while_one_waits_is_taken(room: WaitingRoom, turns: Turns) -> None:
    taken = ExitStack()
    for _ in range(turns.n):
        taken.enter_context(turns.take())
    soon = threading.Timer(LONGEST_AT_DOOR_S / 3, taken.close)
    soon.start()
    assert status(room) == 200
    soon.join()


def test_who_waits_in_vain_inside_is_told_so_and_counts_no_longer(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 0.05)
    with ExitStack() as others:
        for _ in range(turns.n):
            others.enter_context(turns.take())
        with pytest.raises(BusyError), turns.take():
            pass
        assert turns.n_wanted == turns.n
    assert turns.n_wanted == 0
