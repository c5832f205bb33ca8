"""Fetching politely from a real server on 127.0.0.1 that misbehaves in every way we know."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from shop_server import Shop

from sneakeraug.collect.fetch import AGENT, Politeness, PoliteSession, read_retry_after
from sneakeraug.collect.guard import is_public
from sneakeraug.errors import FetchError

Encode = Callable[..., bytes]


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
