"""The real service on a real socket of this machine, in a thread, with the small model."""

from __future__ import annotations

import base64
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from fastapi import FastAPI

from sneakeraug.api.app import create_app
from sneakeraug.api.server import options
from sneakeraug.arrays import UInt8Array
from sneakeraug.settings import Settings

READY_S = 60

ONE = "/v1/recommendations"


@dataclass
class Service:
    """A running service.

    Attributes
    ----------
    url
        Where it listens.
    app
        What answers there.
    headers
        Sent with every request.
    """

    url: str
    app: FastAPI
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return self.request("POST", path, **more)

    def request(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = self.headers | more.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=20, **more)

    def raw(self, data: bytes, *, wait_s: float = 10) -> bytes:
        """Send bytes over a connection of their own; what comes back until it is closed."""
        with socket.create_connection(self.address, timeout=wait_s) as connection:
            connection.sendall(data)
            return read_all(connection)


def head(service: Service, *lines: str, path: str = ONE) -> bytes:
    """The head of a request that posts a picture."""
    host = "{}:{}".format(*service.address)
    fixed = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: image/jpeg"]
    fixed += [f"{name}: {value}" for name, value in service.headers.items()]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes, or resets."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def logged_request(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    """The one request in the log; its line is written once its answer was sent."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for record in caplog.records:
            if record.getMessage() == "request":
                return record
        time.sleep(0.01)
    raise AssertionError("nothing was logged")


@contextlib.contextmanager
def serve(settings: Settings, *, is_ready: bool = True) -> Iterator[Service]:
    """Run the service until the block ends."""
    app = create_app(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, **options(settings)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        service = Service(f"http://127.0.0.1:{port}", app)
        path = "/readyz" if is_ready else "/healthz"
        try:
            deadline = time.monotonic() + READY_S
            while not _answers(service.url + path):
                assert time.monotonic() < deadline, "the service did not get ready"
                time.sleep(0.05)
            yield service
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="session")
def small_settings(small_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a service with the small model and a home of its own."""
    home = tmp_path_factory.mktemp("service-home")
    return Settings(home=home, models_dir=small_models, device="cpu", max_wait_s=60)


@pytest.fixture(scope="session")
def service(small_settings: Settings) -> Iterator[Service]:
    """One service for all tests that leave it as it is."""
    with serve(small_settings) as running:
        yield running


@pytest.fixture(scope="session")
def jpeg(shoe: UInt8Array, encode: Callable[..., bytes]) -> bytes:
    return encode(shoe, "JPEG", quality=90)


@pytest.fixture(scope="session")
def in_base64(jpeg: bytes) -> str:
    return base64.b64encode(jpeg).decode()
