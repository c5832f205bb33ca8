"""The page in a browser: from a file chosen to ranked cards, over the engine's own time.

Starts a server and Debian's Chromium. One visitor chooses one picture after the other; then four
do at once. The engine is the same recommendation in a process of its own, in turn with the
browser's. Chromium shares the processors: that is in the figures. So the same is asked again over
the page's own protocol (`page_visit.py`), as if visitors had machines of their own.

What the time consists of is read off the wire between browser and server: the upload, the script
from the message that tells it of the file to the last thing it draws, and what the browser takes
before and after.

    python benchmarks/page.py [--n 15] [--users 4] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from page_visit import read_token, serving_page, visit
from PIL import Image
from playwright.async_api import Browser, Page, Request, WebSocket, async_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from timing import Job, Side, machine, write_json

from sneakeraug import load
from sneakeraug.catalog.products import load_catalog

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
CARDS = '[data-testid="stMetric"]'
N_CARDS = 12
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
INPUT = '[data-testid="stFileUploaderDropzoneInput"]'
WAIT_MS = 60_000
OURS = "engine"
COUNTS = ("runs", "frames")
"""Of a visit, beside its times."""


def picture(number: int) -> bytes:
    """A JPEG of 1,200 px, each of other bytes, made of the demo catalog's pictures."""
    catalog = load_catalog()
    path = catalog.image_path(catalog.products[number % len(catalog.products)])
    with Image.open(path) as image:
        large = image.convert("RGB").resize((1200, 900), Image.Resampling.BILINEAR)
    large.putpixel((0, 0), (number % 256, number // 256 % 256, 0))
    buffer = io.BytesIO()
    large.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def engine_jobs(data: bytes) -> dict[str, Job]:
    """The same recommendation without a page."""
    recommender = load()
    return {OURS: lambda: recommender.recommend(data)}


class Wire:
    """What goes between a page and its server: when each thing was sent, and what."""

    def __init__(self, page: Page) -> None:
        self.uploads: list[tuple[float, float]] = []
        self.sent: list[float] = []
        self.came: list[tuple[float, ForwardMsg]] = []
        page.on("requestfinished", self._note_upload)
        page.on("websocket", self._listen)

    def _note_upload(self, request: Request) -> None:
        if request.method == "PUT":
            took_s = max(0.0, request.timing["responseEnd"]) / 1e3
            self.uploads.append((time.perf_counter() - took_s, time.perf_counter()))

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda _data: self.sent.append(time.perf_counter()))
        socket.on("framereceived", self._note_message)

    def _note_message(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.came.append((time.perf_counter(), ForwardMsg.FromString(data)))

    def forget(self) -> None:
        """Begin anew."""
        self.uploads, self.sent, self.came = [], [], []

    def parts(self, started: float, ended: float) -> dict[str, float]:
        """Where the time between a choice and its cards went, in seconds by part."""
        upload_began, upload_ended = self.uploads[0]
        told = next(moment for moment in self.sent if moment >= upload_ended - 0.02)
        drawn = [
            moment
            for moment, message in self.came
            if told <= moment <= ended and message.delta.new_element.HasField("metric")
        ]
        n_runs = sum(message.HasField("script_finished") for _, message in self.came)
        return {
            "before_upload": upload_began - started,
            "upload": upload_ended - upload_began,
            "until_told": told - upload_ended,
            "script_to_first_card": drawn[0] - told,
            "script_to_last_card": drawn[-1] - drawn[0],
            "drawing": ended - drawn[-1],
            "runs": float(n_runs),
            "frames": float(len(self.came)),
        }


async def visitor(browser: Browser) -> Page:
    """A visitor of its own."""
    context = await browser.new_context(viewport={"width": 1440, "height": 1000}, bypass_csp=True)
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    return page


async def come(page: Page, address: str) -> None:
    """Open the start page anew, and wait until it is at rest."""
    await page.goto(address)
    await page.wait_for_selector("h1")
    await page.wait_for_selector(IDLE)


async def choose(page: Page, path: Path) -> tuple[float, float]:
    """Choose a file on the start page; when that was, and when its cards stood."""
    started = time.perf_counter()
    await page.locator(INPUT).first.set_input_files(path)
    await page.wait_for_function(
        f"document.querySelectorAll('{CARDS}').length === {N_CARDS}", polling=10
    )
    ended = time.perf_counter()
    await page.wait_for_selector(IDLE)
    return started, ended


async def measure(args: argparse.Namespace, address: str, folder: Path) -> dict[str, float]:
    """All figures, by name."""

    def file(number: int) -> Path:
        path = folder / f"shoe-{number:05}.jpg"
        path.write_bytes(picture(number))
        return path

    found: dict[str, float] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await visitor(browser)
        wire = Wire(page)
        alone, engine, parts = [], [], []
        with Side(engine_jobs, picture(0)) as side:
            for number in range(-3, args.n):
                await come(page, address)
                wire.forget()
                started, ended = await choose(page, file(number + 3))
                own = side.run(OURS)
                if number >= 0:
                    alone.append(ended - started)
                    engine.append(own)
                    parts.append(wire.parts(started, ended))
        pages = [page, *[await visitor(browser) for _ in range(args.users - 1)]]
        together: list[float] = []
        for turn in range(-1, args.n):
            paths = [file(1000 + args.users * (turn + 1) + i) for i in range(args.users)]
            await asyncio.gather(*[come(page, address) for page in pages])
            some = await asyncio.gather(
                *[choose(page, path) for page, path in zip(pages, paths, strict=True)]
            )
            together += [ended - started for started, ended in some] if turn >= 0 else []
        found |= {
            "engine_ms": 1e3 * float(np.median(engine)),
            "page_ms": 1e3 * float(np.median(alone)),
            f"{args.users}_users_p95_ms": 1e3 * float(np.percentile(together, 95)),
            "page_over_engine": float(np.median(alone) / np.median(engine)),
            "p95_over_one_users_p50": float(np.percentile(together, 95) / np.median(alone)),
        }
        found |= await without_browser(args)
        for name in parts[0]:
            unit, scale = ("", 1.0) if name in COUNTS else ("_ms", 1e3)
            found[f"of_it_{name}{unit}"] = scale * float(np.median([one[name] for one in parts]))
        await browser.close()
    return found


async def without_browser(args: argparse.Namespace) -> dict[str, float]:
    """One visitor after the other, then so many who upload at once; to the last message each."""
    token, numbers = read_token(args.port), itertools.count(100_000)

    async def visits(n: int) -> list[float]:
        others = asyncio.Barrier(n)
        asked = [visit(args.port, token, picture(next(numbers)), others) for _ in range(n)]
        answers = await asyncio.gather(*asked)
        if any(answer.status != 200 for answer in answers):
            raise SystemExit(f"a visit was not answered: {[answer.status for answer in answers]}")
        return [answer.seconds for answer in answers]

    alone = [await visits(1) for _ in range(3 + args.n)][3:]
    together = [await visits(args.users) for _ in range(1 + args.n)][1:]
    median, p95 = float(np.median(alone)), float(np.percentile(together, 95))
    return {
        "no_browser_ms": 1e3 * median,
        f"no_browser_{args.users}_users_p95_ms": 1e3 * p95,
        "no_browser_p95_over_one_users_p50": p95 / median,
    }


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=15)
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--port", type=int, default=8098)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    document = {"machine": machine(), "n": args.n}
    print(document["machine"])
    address = f"http://127.0.0.1:{args.port}"
    with tempfile.TemporaryDirectory() as folder, serving_page(args.port):
        found = asyncio.run(measure(args, address, Path(folder)))
    for name, value in found.items():
        print(f"{name:<36}{value:>10.2f}", flush=True)
    write_json(args.json, document | found)


if __name__ == "__main__":
    main()
