"""Render the demonstration catalog, the sample pictures, and views for training.

All sneakers are invented and modelled by formulas; a picture is made again only where its design
changed, so a stopped run goes on where it was::

    python tools/render_catalog catalog --out sneakeraug/catalog/demo
    python tools/render_catalog samples --out sneakeraug/ui/samples
    python tools/render_catalog views --out DIR --views 3
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from designs import Design, sample, shop
from PIL import Image
from scene import View, render
from shoes import build_shoe

REVISION = 1
"""Of the models: a higher number renders everything again."""

MAX_BYTES = 60_000
SHOT = View(azimuth=4.0, elevation=6.0, samples=6)

# File, title, type, gender, colourway, style, view.
SAMPLE_SIZE = (1200, 900)
SAMPLES: tuple[tuple[str, str, str, str, str, int, View], ...] = (
    ("running-cobalt", "Running shoe on white", "running", "men", "Cobalt", 13,
     View(SAMPLE_SIZE, 10, 8, 0.8, 28)),
    ("high-top-forest", "Canvas high-top on light grey", "high_top", "unisex", "Forest / Cream", 12,
     View(SAMPLE_SIZE, 16, 9, 0.7, 28, "light grey")),
    ("lifestyle-tangerine", "Retro sneaker on a teal studio background", "lifestyle", "women",
     "Tangerine", 14, View(SAMPLE_SIZE, 8, 9, 0.76, 28, "teal")),
    ("skate-mocha", "Skate shoe on a wooden floor", "skate", "boys", "Mocha", 17,
     View(SAMPLE_SIZE, 22, 16, 0.72, 28, "wood")),
    ("trail-storm", "Trail shoe on concrete", "trail_hiking", "men", "Storm Grey", 13,
     View(SAMPLE_SIZE, 14, 14, 0.76, 28, "concrete")),
    ("basketball-lilac", "Basketball shoe on a blush studio background", "basketball", "girls",
     "Lilac / Citrus", 12, View(SAMPLE_SIZE, 20, 10, 0.74, 28, "blush")),
)  # fmt: skip

# Name, azimuth and elevation of the views for training.
ANGLES: tuple[tuple[str, float, float], ...] = (
    ("front", 38.0, 16.0), ("back", -36.0, 14.0), ("inner", 176.0, 8.0), ("turned", 18.0, 11.0),
    ("low", -12.0, 3.0), ("far-front", 62.0, 20.0), ("high", 12.0, 38.0), ("top", 0.0, 88.0),
)  # fmt: skip


def key_of(design: Design, view: View) -> str:
    """Return what a picture was made from, as a short hash; its noise is no part of it."""
    return hashlib.sha256(f"{REVISION} {design} {replace(view, samples=0)}".encode()).hexdigest()[
        :16
    ]


def is_made(path: Path, key: str) -> bool:
    """Tell whether a picture with this key is there."""
    if not path.is_file():
        return False
    with Image.open(path) as image:
        return image.info.get("comment") == key.encode()


def save(pixels: np.ndarray, path: Path, key: str, quality: int = 88) -> int:
    """Write a JPEG of at most `MAX_BYTES`, lowering the quality if need be; return its size."""
    while True:
        data = io.BytesIO()
        Image.fromarray(pixels).save(
            data, "JPEG", quality=quality, optimize=True, progressive=True, comment=key.encode()
        )
        if data.tell() <= MAX_BYTES or quality <= 50:
            path.write_bytes(data.getvalue())
            return data.tell()
        quality -= 3


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write dictionaries with equal keys as CSV."""
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def make(jobs: Sequence[tuple[Path, Design, View]], detail: float) -> None:
    """Render the pictures that are not there yet, and say how long each took."""
    todo = [job for job in jobs if not is_made(job[0], key_of(job[1], job[2]))]
    print(f"{len(jobs) - len(todo)} of {len(jobs)} pictures are there", flush=True)
    built: tuple[Design, list[Any]] | None = None
    for number, (path, design, view) in enumerate(todo, start=1):
        if is_made(path, key_of(design, view)):  # by another part
            continue
        start = time.perf_counter()
        if built is None or built[0] != design:
            built = (design, build_shoe(design, detail))
        size = save(render(built[1], view), path, key_of(design, view))
        took = time.perf_counter() - start
        print(f"{number}/{len(todo)} {path.name} {took:.1f} s {size / 1000:.0f} kB", flush=True)


def catalog(out: Path, part: tuple[int, int]) -> None:
    """Render the shop's products, and write their table."""
    designs = shop()
    rows = [
        {
            "product_id": d.product_id,
            "name": d.name,
            "brand": d.brand,
            "gender": d.gender,
            "sneaker_type": d.sneaker_type,
            "colour": d.colourway,
            "price_cents": d.price_cents,
            "currency": "EUR",
            "image": f"{d.product_id}.jpg",
        }
        for d in designs
    ]
    write_rows(out / "products.csv", rows)
    jobs = [(out / f"{d.product_id}.jpg", d, SHOT) for d in designs]
    make(jobs[part[0] :: part[1]], 0.6)


def samples(out: Path) -> None:
    """Render the six sample pictures, and write their table."""
    rows, jobs = [], []
    for stem, title, kind, gender, colourway, style, view in SAMPLES:
        rows.append(
            {"image": f"{stem}.jpg", "title": title, "sneaker_type": kind, "gender": gender}
        )
        jobs.append((out / f"{stem}.jpg", sample(kind, gender, colourway, style), view))
    write_rows(out / "samples.csv", rows)
    make(jobs, 1.0)


def views(out: Path, n_views: int, part: tuple[int, int], size_px: int, n_samples: int) -> None:
    """Render further views of the shop's products, and write their table."""
    rows, jobs = [], []
    for number, design in enumerate(shop()):
        rng = np.random.default_rng([33, number])
        order = rng.permutation(len(ANGLES))
        for name, azimuth, elevation in (ANGLES[i] for i in order[:n_views]):
            view = View(
                (size_px, size_px * 3 // 4),
                azimuth + float(rng.uniform(-8, 8)),
                min(88.0, elevation + float(rng.uniform(-3, 5))),
                float(rng.uniform(0.7, 0.86)),
                n_samples,
            )
            path = out / f"{design.product_id}-{name}.jpg"
            jobs.append((path, design, view))
            rows.append(
                {
                    "path": path.name,
                    "product_id": design.product_id,
                    "kind": "sneaker",
                    "brand": design.brand,
                    "gender": design.gender,
                    "name": f"{design.name} {design.colourway}",
                    "view": name,
                }
            )
    write_rows(out / "images.csv", rows)
    if part[1] > 1:
        jobs = [j for j in jobs if int(j[1].product_id[-2:]) % part[1] == part[0]]
    make(jobs, 0.6)


def main(argv: list[str] | None = None) -> None:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("catalog", "samples", "views"):
        command = commands.add_parser(name)
        command.add_argument("--out", type=Path, required=True, help="folder to write into")
        if name != "samples":
            command.add_argument(
                "--part", default="0/1", help="K/N: every N-th picture from the K-th on"
            )
        if name == "views":
            command.add_argument("--views", type=int, default=3, help="views of each sneaker")
            command.add_argument("--size", type=int, default=320, help="width in pixels")
            command.add_argument("--spp", type=int, default=32, help="paths a pixel")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.command == "samples":
        samples(args.out)
        return
    first, _, count = args.part.partition("/")
    part = (int(first), int(count))
    if args.command == "catalog":
        catalog(args.out, part)
    else:
        views(args.out, args.views, part, args.size, args.spp)


if __name__ == "__main__":
    main()
