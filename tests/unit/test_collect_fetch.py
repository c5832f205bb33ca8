"""Fetching politely from a real server on 127.0.0.1 that misbehaves in every way we know."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from sneakeraug import ingest
from sneakeraug.arrays import UInt8Array
from sneakeraug.collect.fetch import AGENT, Politeness, PoliteSession, read_retry_after
from sneakeraug.collect.guard import is_public
from sneakeraug.errors import FetchError, ParseError, StoreError
from sneakeraug.ingest import collect

Encode = Callable[..., bytes]


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


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def session(tmp_path: Path, slept: list[float]) -> PoliteSession:
    politeness = Politeness(
        rate_s=0.0, timeout_s=2, deadline_s=1.0, max_bytes=300_000, allow_private=True
    )
    return PoliteSession(tmp_path / "cache", politeness, slept.append)


def test_an_answer_is_kept_and_not_asked_for_twice(
    shop: Shop, session: PoliteSession, tmp_path: Path
) -> None:
    shop.pages["/a"] = b"hello"
    url = f"{shop.address}/a"
    assert session.get(url).data == session.get(url).data == b"hello"
    again = PoliteSession(tmp_path / "cache", session.politeness)
    assert again.get(f"{url}#part").kind == "text/html"
    assert shop.asked["/a"] == 1
    assert shop.agents == {AGENT}


def test_a_damaged_kept_answer_is_fetched_anew(
    shop: Shop, session: PoliteSession, tmp_path: Path
) -> None:
    shop.pages["/a"] = b"hello"
    session.get(f"{shop.address}/a")
    (kept,) = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    kept.write_bytes(kept.read_bytes()[:-2])
    assert session.get(f"{shop.address}/a").data == b"hello"
    assert shop.asked["/a"] == 2


def test_robots_txt_is_obeyed_with_its_delay(
    shop: Shop, session: PoliteSession, slept: list[float]
) -> None:
    shop.robots = b"User-agent: *\nDisallow: /private\nCrawl-delay: 7\n"
    shop.pages["/a"] = shop.pages["/private/b"] = b"x"
    session.get(f"{shop.address}/a")
    with pytest.raises(FetchError, match=r"robots\.txt asks not to fetch"):
        session.get(f"{shop.address}/private/b")
    with pytest.raises(FetchError, match=r"robots\.txt"):
        session.get(f"{shop.address}/to//private/b")
    assert shop.asked["/private/b"] == 0
    assert shop.asked["/robots.txt"] == 1
    assert any(6 < pause <= 7 for pause in slept)


@pytest.mark.parametrize("path", ["/busy", "/away"])
def test_a_busy_server_is_waited_for_as_long_as_it_asks(
    shop: Shop, session: PoliteSession, slept: list[float], path: str
) -> None:
    assert session.get(f"{shop.address}{path}").data == b"well again"
    assert slept.count(3.0) == 2


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/always-busy", "server is busy"),
        ("/long-away", "left alone for 86,400 s"),
        ("/no", "the shop refuses"),
        ("/missing", "no such page"),
        ("/loop", "redirects more than 5 times"),
        ("/to/ftp://x/y", "no http address"),
        ("/endless", "over 0 MB"),
        ("/bomb", "over 0 MB"),
        ("/drip", "not whole after 1 s"),
        ("/cut", "did not answer"),
    ],
)
def test_a_server_that_misbehaves_gives_one_clear_error_in_bounded_time(
    shop: Shop, session: PoliteSession, path: str, says: str
) -> None:
    started = time.monotonic()
    with pytest.raises(FetchError, match=says):
        session.get(f"{shop.address}{path}")
    assert time.monotonic() - started < 30
    assert shop.asked[path] <= 6


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "shop.example/x", "http://", "ftp://a/b"]
)
def test_what_is_no_web_address_is_never_asked(session: PoliteSession, url: str) -> None:
    with pytest.raises(FetchError, match="http or https address is expected"):
        session.get(url)


def test_private_networks_are_refused_at_every_redirect(shop: Shop, tmp_path: Path) -> None:
    guarded = PoliteSession(tmp_path / "guarded", Politeness(rate_s=0.0, attempts=1))
    for host in (shop.address, shop.address.replace("127.0.0.1", "localhost")):
        with pytest.raises(FetchError, match="private network"):
            guarded.get(f"{host}/a")
    assert not shop.asked


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - never bound
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("64:ff9b::a00:1", False),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_retry_after_is_seconds_or_a_date() -> None:
    assert read_retry_after("12") == 12
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert read_retry_after(in_a_minute) == pytest.approx(60, abs=2)
    assert read_retry_after("soon") is None
    assert read_retry_after(None) is None


def fill(shop: Shop, picture: bytes, n_pages: int = 2, per_page: int = 3) -> str:
    """A listing with a picture of its own for each product, and one that is none."""
    for page in range(n_pages):
        cards = []
        for i in range(per_page):
            number = page * per_page + i
            shop.pages[f"/img/{number}.png"] = picture + bytes([number])
            product = {
                "@type": "Product",
                "sku": f"S{number}",
                "name": f"=Sneaker {number} <b>",
                "brand": "Velmora",
                "image": f"/img/{number}.png",
                "offers": {"price": "59.90", "priceCurrency": "EUR"},
            }
            cards.append(f'<script type="application/ld+json">{json.dumps(product)}</script>')
        following = f'<link rel="next" href="/men?p={page + 1}">' if page + 1 < n_pages else ""
        shop.pages[f"/men?p={page}"] = (following + "".join(cards)).encode()
    return f"{shop.address}/men?p=0"


QUICK = Politeness(rate_s=0.0, allow_private=True)


def test_a_listing_is_collected_page_by_page_with_its_pictures(
    shop: Shop, shoe: UInt8Array, encode: Encode, tmp_path: Path
) -> None:
    url = fill(shop, encode(shoe))
    shop.pages["/img/4.png"] = b"no picture at all"
    del shop.pages["/img/5.png"]
    said: list[str] = []
    found = collect(url, tmp_path / "out", QUICK, 10, said.append)
    assert (found.n_pages, found.n_products, found.n_pictures) == (2, 6, 4)
    assert sorted(reason.split(" ")[0] for _, reason in found.rejects) != []
    lines = (tmp_path / "out" / "products.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("image,shoe_brand,shoe_gender,shoe_name,product_id")
    assert len(lines) == 5
    assert "'=Sneaker 0 <b>" in lines[1]
    assert ",men," in lines[1]
    assert len(list((tmp_path / "out" / "images").iterdir())) == 4
    assert "no such page" in (tmp_path / "out" / "rejects.csv").read_text(encoding="utf-8")


def test_the_same_command_again_asks_for_nothing_it_has(
    shop: Shop, shoe: UInt8Array, encode: Encode, tmp_path: Path
) -> None:
    url = fill(shop, encode(shoe))
    collect(url, tmp_path / "out", QUICK, 1, lambda _: None)
    first = shop.asked.total()
    found = collect(url, tmp_path / "out", QUICK, 10, lambda _: None)
    assert found.n_pictures == 6
    assert max(n for path, n in shop.asked.items() if path != "/robots.txt") == 1
    assert shop.asked.total() > first


def test_a_second_run_decodes_and_writes_no_picture_it_has(
    shop: Shop, shoe: UInt8Array, encode: Encode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fill(shop, encode(shoe))
    first = collect(url, tmp_path / "out", QUICK, 10, lambda _: None)
    images = tmp_path / "out" / "images"
    before = {path.name: path.stat().st_mtime_ns for path in images.iterdir()}
    table = (tmp_path / "out" / "products.csv").read_bytes()
    decoded: list[str] = []
    monkeypatch.setattr(ingest, "check", lambda _data, name, _settings: decoded.append(name))
    assert collect(url, tmp_path / "out", QUICK, 10, lambda _: None) == first
    assert decoded == []
    assert {path.name: path.stat().st_mtime_ns for path in images.iterdir()} == before
    assert (tmp_path / "out" / "products.csv").read_bytes() == table


def test_a_killed_run_goes_on_without_asking_twice(
    shop: Shop, shoe: UInt8Array, encode: Encode, tmp_path: Path
) -> None:
    url = fill(shop, encode(shoe), n_pages=3, per_page=4)
    arguments = ["collect", url, "--out", str(tmp_path / "out"), "--allow-private", "--rate", "0.3"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sneakeraug", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ,
    )
    deadline = time.monotonic() + 90
    while sum(path.startswith("/img") for path in shop.asked) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    found = collect(url, tmp_path / "out", QUICK, 10, lambda _: None)
    assert found.n_pictures == 12
    twice = {p: n for p, n in shop.asked.items() if n > 1 and p != "/robots.txt"}
    assert sum(twice.values()) <= 2  # only what was under way when it was killed


def test_a_page_without_products_and_a_refusal_are_one_clear_error(
    shop: Shop, tmp_path: Path
) -> None:
    shop.pages["/empty"] = b"<html></html>"
    with pytest.raises(ParseError, match="does not hold a product"):
        collect(f"{shop.address}/empty", tmp_path / "a", QUICK, 1, lambda _: None)
    with pytest.raises(FetchError, match="the shop refuses"):
        collect(f"{shop.address}/no", tmp_path / "b", QUICK, 1, lambda _: None)


def test_a_listing_that_robots_txt_forbids_is_not_collected(shop: Shop, tmp_path: Path) -> None:
    shop.robots = b"User-agent: *\nDisallow: /men\n"
    with pytest.raises(FetchError, match=r"robots\.txt asks not to fetch this\. Ask the shop for"):
        collect(f"{shop.address}/men", tmp_path / "out", QUICK, 1, lambda _: None)
    assert shop.asked["/men"] == 0


def test_pictures_that_are_forbidden_or_refused_are_left_out_with_the_reason(
    shop: Shop, shoe: UInt8Array, encode: Encode, tmp_path: Path
) -> None:
    url = fill(shop, encode(shoe), n_pages=1)
    shop.robots = b"User-agent: *\nDisallow: /img/1.png\n"
    page = shop.pages["/men?p=0"].replace(b"/img/2.png", b"/no")
    shop.pages["/men?p=0"] = page
    found = collect(url, tmp_path / "out", QUICK, 10, lambda _: None)
    assert (found.n_products, found.n_pictures) == (3, 1)
    forbidden, refused = (reason for _, reason in found.rejects)
    assert "robots.txt asks not to fetch this" in forbidden
    assert "the shop refuses (status 403)" in refused


def test_a_full_disk_stops_a_collection_and_with_room_it_finishes(
    shop: Shop, encode: Encode, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    url = fill(shop, encode(noise))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(StoreError, match="Make room and run again; what was collected stays"):
            collect(url, tmp_path / "out", QUICK, 10, lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "out").rglob("*partial*"))
    assert collect(url, tmp_path / "out", QUICK, 10, lambda _: None).n_pictures == 6


def test_two_runs_into_one_folder_are_refused(shop: Shop, tmp_path: Path) -> None:
    import fcntl

    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="Another run is writing"):
            collect(f"{shop.address}/x", out, QUICK, 1, lambda _: None)


def test_a_folder_that_cannot_be_written_is_said(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        collect(f"{shop.address}/x", tmp_path / "file" / "out", QUICK, 1, lambda _: None)
