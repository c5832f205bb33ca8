"""A shop on 127.0.0.1 that misbehaves in every way we know, for the tests of collecting."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOMB = gzip.compress(b"0" * 50_000_000, compresslevel=1)


class Shop(ThreadingHTTPServer):
    """A shop whose pages a test writes; counts what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.pages: dict[str, bytes] = {}
        self.robots = b""
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.until_well = 2

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what these tests are about."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shop

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, data: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        path = self.path
        self.server.asked[path] += 1
        self.server.agents.add(self.headers["User-Agent"])
        first_tries = self.server.asked[path] <= self.server.until_well
        if path == "/robots.txt":
            self.answer(200 if self.server.robots else 404, self.server.robots)
        elif path in ("/busy", "/away") and first_tries:
            self.answer(429 if path == "/busy" else 503, Retry_After="3")
        elif path == "/long-away":
            self.answer(503, Retry_After="86400")
        elif path == "/always-busy":
            self.answer(503)
        elif path == "/no":
            self.answer(403)
        elif path.startswith("/to/"):
            self.answer(302, Location=path.removeprefix("/to/"))
        elif path == "/loop":
            self.answer(302, Location="/loop")
        elif path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65_536)
            except OSError:
                self.close_connection = True
        elif path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            try:
                for _ in range(60):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            except OSError:
                pass
            self.close_connection = True
        elif path == "/bomb":
            self.answer(200, BOMB, Content_Encoding="gzip")
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")
            self.close_connection = True
        elif path in self.server.pages:
            self.answer(200, self.server.pages[path], Content_Type="text/html")
        elif path in ("/busy", "/away"):
            self.answer(200, b"well again")
        else:
            self.answer(404)
