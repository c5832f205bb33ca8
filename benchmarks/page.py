"""The page in a browser: from a file chosen to ranked cards, over the engine's own time.

Starts a server and Debian's Chromium. One visitor chooses one picture after the other; then four
do at once. The engine is the same recommendation in a process of its own, in turn with the
browser's. Chromium shares the processors: that is in the figures.

    python benchmarks/page.py [--n 15] [--users 4] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from page_visit import serving_page
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright
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


async def choose(page: Page, path: Path) -> float:
    """Choose a file on the start page; seconds until its cards stand."""
    started = time.perf_counter()
    await page.locator(INPUT).first.set_input_files(path)
    await page.wait_for_function(
        f"document.querySelectorAll('{CARDS}').length === {N_CARDS}", polling=10
    )
    took = time.perf_counter() - started
    await page.wait_for_selector(IDLE)
    return took


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
        alone, engine = [], []
        with Side(engine_jobs, picture(0)) as side:
            for number in range(-3, args.n):
                await come(page, address)
                took = await choose(page, file(number + 3))
                own = side.run(OURS)
                if number >= 0:
                    alone.append(took)
                    engine.append(own)
        pages = [page, *[await visitor(browser) for _ in range(args.users - 1)]]
        together: list[float] = []
        for turn in range(-1, args.n):
            paths = [file(1000 + args.users * (turn + 1) + i) for i in range(args.users)]
            await asyncio.gather(*[come(page, address) for page in pages])
            some = await asyncio.gather(
                *[choose(page, path) for page, path in zip(pages, paths, strict=True)]
            )
            together += some if turn >= 0 else []
        found |= {
            "engine_ms": 1e3 * float(np.median(engine)),
            "page_ms": 1e3 * float(np.median(alone)),
            f"{args.users}_users_p95_ms": 1e3 * float(np.percentile(together, 95)),
            "page_over_engine": float(np.median(alone) / np.median(engine)),
            "p95_over_one_users_p50": float(np.percentile(together, 95) / np.median(alone)),
        }
        await browser.close()
    return found


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
        print(f"{name:<28}{value:>10.2f}", flush=True)
    write_json(args.json, document | found)


if __name__ == "__main__":
    main()
