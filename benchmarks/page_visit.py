"""A visit to the page without a browser: Streamlit's own protocol, a picture, and the answer.

Each visit is a browser of its own: it brings a cookie of `sneakeraug.ui.visits` nobody else has.

A browser opens a WebSocket, sends what was chosen as a protobuf message, and is sent what to draw.
So does this: it opens the Campaign page, uploads a picture as the page's own uploader does, and
reads until the script has ended. Nothing is drawn, so that many visits fit beside what they ask.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from service import ALL_IN_TIME_S, FAILED, REFUSED, ROOT, Answer, ask, running
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sneakeraug.ui.visits import COOKIE

XSRF_COOKIE: Final = "_streamlit_xsrf"
LARGEST_MESSAGE: Final = 64 * 1024 * 1024
FEWEST_FIGURES: Final = 6
"""A page that shows a probability for each version has answered."""


@contextmanager
def serving_page(port: int) -> Iterator[int]:
    """Run the page in a process of its own; gives its id once a model serves."""
    arguments = ["-m", "streamlit", "run", str(ROOT / "app.py")]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    with running([*arguments, *options], port) as pid:
        yield pid


def read_token(port: int) -> str:
    """What the page's server wants to see again with an upload."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=30) as answer:
        cookies = answer.headers.get_all("Set-Cookie") or []
    return next(
        cookie.split(";")[0].partition("=")[2] for cookie in cookies if XSRF_COOKIE in cookie
    )


@dataclass(frozen=True)
class Browser:
    """Whom an upload comes from, and where it goes."""

    port: int
    token: str
    cookies: str


async def visit(
    port: int, token: str, data: bytes, others: asyncio.Barrier | None = None
) -> Answer:
    """Open the page, upload a picture, and read until its answer is there.

    The time is that of the longer of the two waits: for the page, and from upload to answer. Where
    there are others, all upload at the same moment, and the time is that of the upload alone.
    """
    started, opened_s = time.perf_counter(), 0.0
    asked = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n"
    came = await ask(port, f"{asked}Connection: close\r\n\r\n".encode())
    if came.status != 200:
        return came
    cookies = f"{XSRF_COOKIE}={token}; {COOKIE}={secrets.token_urlsafe(32)}"
    try:
        async with (
            asyncio.timeout(ALL_IN_TIME_S),
            connect(
                f"ws://127.0.0.1:{port}/_stcore/stream",
                additional_headers={"Cookie": cookies},
                subprotocols=["streamlit"],  # type: ignore[list-item]
                max_size=LARGEST_MESSAGE,
                proxy=None,
            ) as page,
        ):
            await page.send(_rerun())
            session, uploader = "", ""
            async for message in _until_finished(page):
                session = message.new_session.initialize.session_id or session
                uploader = message.delta.new_element.file_uploader.id or uploader
            opened_s = time.perf_counter() - started
            if others is not None:
                await others.wait()
                opened_s = 0.0
            started = time.perf_counter()
            chosen = await _upload(page, Browser(port, token, cookies), session, uploader, data)
            await page.send(_rerun(chosen))
            n_figures, said = 0, ""
            async for message in _until_finished(page):
                element = message.delta.new_element
                n_figures += element.HasField("metric")
                said += element.alert.body
            status = 200 if n_figures >= FEWEST_FIGURES else FAILED
            if "busy" in said:
                status = REFUSED
    except (OSError, TimeoutError, WebSocketException, StopAsyncIteration):
        status = FAILED
    return Answer(status, max(opened_s, time.perf_counter() - started))


def _rerun(*widgets: WidgetState) -> bytes:
    """Run the script with what was chosen."""
    message = BackMsg()
    message.rerun_script.widget_states.widgets.extend(widgets)
    if not widgets:
        message.rerun_script.query_string = ""
    return bytes(message.SerializeToString())


async def _messages(page: ClientConnection) -> AsyncIterator[ForwardMsg]:
    while True:
        yield ForwardMsg.FromString(await page.recv(decode=False))


async def _until_finished(page: ClientConnection) -> AsyncIterator[ForwardMsg]:
    """What the page is sent, until the script has ended and is not about to run again."""
    async for message in _messages(page):
        yield message
        has_ended = message.HasField("script_finished")
        if has_ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return


async def _upload(
    page: ClientConnection, browser: Browser, session: str, uploader: str, data: bytes
) -> WidgetState:
    """Send a picture as the uploader does; what the widget then holds."""
    wanted = BackMsg()
    wanted.file_urls_request.request_id = "1"
    wanted.file_urls_request.file_names.append("shoe.jpg")
    wanted.file_urls_request.session_id = session
    await page.send(wanted.SerializeToString())
    async for message in _messages(page):
        if message.HasField("file_urls_response"):
            break
    place = message.file_urls_response.file_urls[0]
    head = b'--x\r\nContent-Disposition: form-data; name="shoe.jpg"; filename="shoe.jpg"\r\n\r\n'
    body = head + data + b"\r\n--x--\r\n"
    request = (
        f"PUT {place.upload_url} HTTP/1.1\r\nHost: 127.0.0.1:{browser.port}\r\n"
        f"Cookie: {browser.cookies}\r\nX-Xsrftoken: {browser.token}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    answer = await ask(browser.port, request + body)
    if not 200 <= answer.status < 300:
        raise OSError(f"the upload was answered {answer.status}")
    state = WidgetState(id=uploader)
    file = state.file_uploader_state_value.uploaded_file_info.add()
    file.name, file.size, file.file_id = "shoe.jpg", len(data), place.file_id
    file.file_urls.CopyFrom(place)
    return state
