"""A listing collected from a real server on 127.0.0.1: pages, pictures, stops, refusals."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shop_server import Shop

from sneakeraug import ingest
from sneakeraug.arrays import UInt8Array
from sneakeraug.collect.fetch import Politeness
from sneakeraug.errors import FetchError, ParseError, StoreError
from sneakeraug.ingest import collect

Encode = Callable[..., bytes]


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
