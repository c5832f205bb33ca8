"""A fresh server on a free port, and Debian's Chromium, or the one `CHROMIUM` names."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP sneakeraug.example 127.0.0.1",
]
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
START_S = 180
WAIT_MS = 90_000

NewPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@contextlib.contextmanager
def serving(**variables: str) -> Iterator[str]:
    """A server of its own, with variables set; gives its address once a model is loaded."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(ROOT / "app.py"),
            "--server.address",
            "127.0.0.1",
            "--server.port",
            str(port),
            "--server.headless",
            "true",
            "--server.fileWatcherType",
            "none",
        ],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_S
        while not _is_ready(address):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not get ready"
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=30) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """One server for the tests of a module."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed; name another by CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open pages, each of a visitor of its own, and close them after the test."""
    contexts: list[BrowserContext] = []

    def open_(url: str, width: int = 1440, height: int = 1100, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.asked = asked  # type: ignore[attr-defined]
        page.goto(url)
        page.wait_for_selector("h1")
        settle(page)
        return page

    yield open_
    for context in contexts:
        context.close()


def settle(page: Page) -> None:
    """Wait until the page has nothing left to do."""
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


def take_sample(page: Page, number: int = 0) -> None:
    """Click a sample on the start screen and wait for its cards."""
    page.get_by_role("button", name="Try this one").nth(number).click()
    wait_for_cards(page)


def wait_for_cards(page: Page) -> None:
    """Wait for the six variants and the six alternates."""
    expect(page.get_by_test_id("stMetric")).to_have_count(12, timeout=WAIT_MS)
    settle(page)


def upload(page: Page, path: Path) -> None:
    """Choose a file in the first uploader."""
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(path)
