"""Draw simple pictures of sneakers for training.

All sneakers are invented and drawn from formulas; the same command always writes the same bytes::

    python tools/draw_catalog.py many --out DIR --n 300 --seed 7

`tools/render_catalog` renders the demonstration catalog and the sample pictures.
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
from sneaker_drawing.colour import invent
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
MANY = 33
"""First number of every seed: other tools' sneakers have others."""


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
    """Draw the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("many")
    command.add_argument("--out", type=Path, required=True, help="folder to write into")
    command.add_argument("--n", type=int, default=300, help="number of pictures")
    command.add_argument("--seed", type=int, default=7, help="seed of the set")
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    many(args.out, args.n, args.seed)


if __name__ == "__main__":
    main()
