"""Draw the demonstration catalog, the sample pictures and extra training pictures.

All sneakers are invented and rendered from formulas; the same command always writes the
same bytes::

    python tools/draw_catalog.py catalog --out sneakeraug/catalog/demo
    python tools/draw_catalog.py samples --out sneakeraug/ui/samples
    python tools/draw_catalog.py many --out DIR --n 300 --seed 7
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from sneaker_drawing.build import Scene, draw
from sneaker_drawing.colour import colours, invent
from sneaker_drawing.shape import SPECS

BRANDS = ("Velmora", "Tarnhill", "Okivo", "Fernstep", "Lumaro", "Brisk & Fell")
WORDS = (
    "Drift",
    "Tide",
    "Ember",
    "Halo",
    "Quarry",
    "Loft",
    "Meridian",
    "Sprint",
    "Cedar",
    "Pivot",
    "Orbit",
    "Lumen",
    "Ridge",
    "Cove",
    "Flint",
    "Nimbus",
    "Arc",
    "Tempo",
    "Harbor",
    "Vista",
)
GENDERS = ("men", "women", "boys", "girls", "unisex")
# The first number of every seed keeps the three commands' sneakers apart.
CATALOG, SAMPLES, MANY = 11, 22, 33

# type, name, brand, gender, colourway, price in cents
PRODUCTS: tuple[tuple[str, str, str, str, str, int], ...] = (
    ("running", "Drift Pacer", "Velmora", "women", "White / Coral", 12900),
    ("running", "Tempo Cloudline", "Okivo", "men", "Black / Volt", 13900),
    ("running", "Nimbus Mile", "Lumaro", "unisex", "Sky / Lemon", 11900),
    ("basketball", "Pivot Mid", "Okivo", "men", "Black / Ember", 14900),
    ("basketball", "Halo Court", "Velmora", "boys", "Scarlet / White", 9900),
    ("basketball", "Orbit Rise", "Tarnhill", "unisex", "White / Royal", 13500),
    ("training", "Flint Lifter", "Tarnhill", "men", "Graphite / Mint", 9900),
    ("training", "Tempo Base", "Lumaro", "women", "Fuchsia / Ink", 9500),
    ("training", "Arc Circuit", "Okivo", "unisex", "Navy / White", 8900),
    ("skate", "Ledge Low", "Brisk & Fell", "men", "Black / Gum", 7900),
    ("skate", "Cove Suede", "Fernstep", "unisex", "Brick", 7500),
    ("skate", "Loft Kick", "Brisk & Fell", "boys", "Teal / Sand", 5900),
    ("trail_hiking", "Ridge Runner", "Tarnhill", "men", "Olive / Orange", 14500),
    ("trail_hiking", "Quarry GT", "Fernstep", "women", "Aqua / Flare", 13900),
    ("trail_hiking", "Cedar Scout", "Tarnhill", "unisex", "Sand / Brown", 12500),
    ("tennis_court", "Baseline Clean", "Fernstep", "women", "White / Forest", 8900),
    ("tennis_court", "Rally Court", "Velmora", "men", "White", 9500),
    ("tennis_court", "Meridian Ace", "Lumaro", "girls", "Blush", 6500),
    ("lifestyle", "Harbor 84", "Brisk & Fell", "unisex", "Navy / Gold", 9900),
    ("lifestyle", "Vista Jogger", "Fernstep", "women", "Sage", 9500),
    ("lifestyle", "Lumen Retro", "Lumaro", "men", "Mocha", 10500),
    ("high_top", "Ember High", "Brisk & Fell", "unisex", "Burgundy", 6900),
    ("high_top", "Cove High", "Fernstep", "girls", "Mustard", 5500),
    ("high_top", "Loft Canvas", "Brisk & Fell", "men", "Black / White", 6900),
)

# file, title, type, gender, colourway, scene
SIZE = (1200, 900)
SHOTS: tuple[tuple[str, str, str, str, str, Scene], ...] = (
    ("running-cobalt", "Running shoe on white", "running", "men", "Cobalt", Scene(SIZE, 20, 10)),
    (
        "high-top-forest",
        "Canvas high-top on light grey",
        "high_top",
        "unisex",
        "Forest / Cream",
        Scene(SIZE, 26, 12, 0.78, backdrop="studio", tone=(0.78, 0.79, 0.8)),
    ),
    (
        "lifestyle-tangerine",
        "Retro sneaker on a teal studio background",
        "lifestyle",
        "women",
        "Tangerine",
        Scene(SIZE, 14, 12, 0.8, backdrop="studio", tone=(0.17, 0.42, 0.44), mirrored=True),
    ),
    (
        "skate-mocha",
        "Skate shoe on a wooden floor",
        "skate",
        "boys",
        "Mocha",
        Scene(SIZE, 30, 19, 0.76, backdrop="wood", tone=(0.62, 0.44, 0.28)),
    ),
    (
        "trail-storm",
        "Trail shoe on concrete",
        "trail_hiking",
        "men",
        "Storm Grey",
        Scene(SIZE, 22, 17, 0.78, backdrop="concrete", tone=(0.55, 0.54, 0.52), mirrored=True),
    ),
    (
        "basketball-lilac",
        "Basketball shoe on a blush studio background",
        "basketball",
        "girls",
        "Lilac / Citrus",
        Scene(SIZE, 32, 13, 0.8, backdrop="studio", tone=(0.86, 0.66, 0.62)),
    ),
)


def save(image: np.ndarray, path: Path, quality: int, most: int) -> None:
    """Write a JPEG of at most `most` bytes, lowering the quality if need be."""
    while True:
        data = io.BytesIO()
        Image.fromarray(image).save(data, "JPEG", quality=quality, optimize=True, progressive=True)
        if data.tell() <= most or quality <= 50:
            path.write_bytes(data.getvalue())
            return
        quality -= 3


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write dictionaries with equal keys as CSV."""
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def catalog(out: Path) -> None:
    """Draw the 24 products of the demonstration shop and their table."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for index, (kind, name, brand, gender, colourway, price) in enumerate(PRODUCTS):
        number = sum(p[0] == kind for p in PRODUCTS[: index + 1])
        product = f"demo-{kind.replace('_', '-')}-{number:02d}"
        rng = np.random.default_rng([CATALOG, index])
        scene = Scene(azimuth=(14.0, 24.0, 19.0)[number - 1], elevation=10.0 + number)
        if kind in ("high_top", "basketball"):
            scene.fill, scene.shift = 0.8, (0.0, 0.01)
        save(draw(kind, colours(colourway), scene, rng), out / f"{product}.jpg", 88, 90_000)
        rows.append(
            {
                "product_id": product,
                "name": name,
                "brand": brand,
                "gender": gender,
                "sneaker_type": kind,
                "colour": colourway,
                "price_cents": price,
                "currency": "EUR",
                "image": f"{product}.jpg",
            }
        )
    write_rows(out / "products.csv", rows)


def samples(out: Path) -> None:
    """Draw the six sample pictures for trying the product out."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for index, (stem, title, kind, gender, colourway, scene) in enumerate(SHOTS):
        rng = np.random.default_rng([SAMPLES, index])
        save(draw(kind, colours(colourway), scene, rng), out / f"{stem}.jpg", 88, 160_000)
        rows.append(
            {"image": f"{stem}.jpg", "title": title, "sneaker_type": kind, "gender": gender}
        )
    write_rows(out / "samples.csv", rows)


def any_scene(rng: np.random.Generator) -> Scene:
    """Return a random view and backdrop for a small training picture."""
    fill = float(rng.uniform(0.6, 0.95))
    room = (1 - fill) / 2 * 0.8
    backdrop = str(rng.choice(["white", "studio", "concrete", "wood"], p=[0.5, 0.28, 0.11, 0.11]))
    if backdrop == "white":
        tone = (1.0, 1.0, 1.0)
    elif backdrop == "studio":
        grey = rng.uniform(0.15, 0.85)
        tone = tuple(
            float(v)
            for v in np.clip(grey + rng.uniform(-0.25, 0.25, 3) * (rng.random() < 0.6), 0.04, 0.9)
        )
    elif backdrop == "wood":
        tone = tuple(float(v) for v in np.array([0.62, 0.44, 0.28]) * rng.uniform(0.5, 1.2))
    else:
        tone = (float(rng.uniform(0.3, 0.65)),) * 3
    return Scene(
        (448, 336),
        float(rng.uniform(-24, 42)),
        float(rng.uniform(6, 24)),
        fill,
        (float(rng.uniform(-room, room)), float(rng.uniform(-room, room))),
        backdrop,
        tone,
        bool(rng.random() < 0.5),
        1.5,
        3,
    )


def many(out: Path, count: int, seed: int) -> None:
    """Draw any number of small random pictures and their table."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for index in range(count):
        rng = np.random.default_rng([MANY, seed, index])
        kind = str(rng.choice(list(SPECS)))
        name, hue = invent(rng)
        save(draw(kind, hue, any_scene(rng), rng), out / f"{index:05d}.jpg", 86, 60_000)
        brand, word = str(rng.choice(BRANDS)), str(rng.choice(WORDS))
        rows.append(
            {
                "path": f"{index:05d}.jpg",
                "item_id": f"drawn-{seed}-{index:05d}",
                "kind": "sneaker",
                "brand": brand,
                "gender": str(rng.choice(GENDERS)),
                "name": f"{word} {kind.replace('_', ' ')} {name}",
            }
        )
    write_rows(out / "images.csv", rows)


def main(argv: list[str] | None = None) -> None:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("catalog", "samples", "many"):
        command = commands.add_parser(name)
        command.add_argument("--out", type=Path, required=True, help="folder to write into")
        if name == "many":
            command.add_argument("--n", type=int, default=300, help="number of pictures")
            command.add_argument("--seed", type=int, default=7, help="seed of the set")
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    if args.command == "many":
        many(args.out, args.n, args.seed)
    else:
        {"catalog": catalog, "samples": samples}[args.command](args.out)


if __name__ == "__main__":
    main()
