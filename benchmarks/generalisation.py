"""How well a training does on sources it never saw, and what each ingredient of variation adds.

Leaves out each source in turn, trains on the others and measures on the one left out. With
`--ingredients`, also trains on one half of the sources and measures on the other half, once with
everything and once without each ingredient. Runs that were finished are not run again, so a stop
costs little. A small network on a sample of the photos makes it a matter of hours on two cores;
what it says of ingredients it says by comparison.

    python benchmarks/generalisation.py --images PHOTOS --out runs/generalisation
        [--photos-per-source 600] [--arch resnet18] [--size 96] [--epochs 8]
        [--ingredients] [--half clutter,crops,shops] [--device auto]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sneakeraug.background import shrink_photo
from sneakeraug.dataset.photos import PhotoRow, list_photos
from sneakeraug.dataset.vary import INGREDIENTS
from sneakeraug.limits import Limits
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.collection import read_small
from sneakeraug.training.embedder import EmbedderOptions, ingredients_without, train_embedder
from sneakeraug.training.embedder_card import EMBEDDER_CARD
from sneakeraug.training.reports import report_embedder

SHORT_SIDE_PX = 66
"""Smaller photos are refused as too small."""


def say(line: str) -> None:
    """Progress goes to stderr."""
    print(line, file=sys.stderr, flush=True)


def sample(images: Path, out: Path, n_per_source: int, side_px: int, seed: int) -> Path:
    """Write so many photos of each source to a folder, made small, with their table; once."""
    table = out / "images.csv"
    if table.is_file():
        return out
    rows = list_photos(images)
    rng = np.random.default_rng(seed)
    chosen: list[PhotoRow] = []
    for source in sorted({row.source for row in rows}):
        of_source = [row for row in rows if row.source == source]
        picked = rng.permutation(len(of_source))[:n_per_source]
        chosen += [of_source[i] for i in sorted(picked)]
    for row in chosen:
        (out / row.source).mkdir(parents=True, exist_ok=True)
        photo = read_small(row.path, Limits())
        side = max(side_px, math.ceil(SHORT_SIDE_PX * max(photo.shape) / min(photo.shape[:2])))
        small = Image.fromarray(shrink_photo(photo, side))
        small.save(out / row.source / f"{row.path.stem}.png")
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "product_id", "brand", "gender", "name"))
        for row in chosen:
            path = f"{row.source}/{row.path.stem}.png"
            writer.writerow((path, row.product_id, row.brand, row.gender, row.name))
    return out


def measure(
    images: Path, folder: Path, left_out: Sequence[str], options: EmbedderOptions
) -> dict[str, Any]:
    """The report on each source left out of a training; trained and measured where not yet."""
    reports = {}
    for source in left_out:
        result = folder / f"{source}.json"
        if not result.is_file():
            if not (folder / EMBEDDER_CARD).is_file():
                train_embedder([images], folder, replace(options, leave_out=tuple(left_out)), say)
            network = open_backbone(folder, options.device)
            report = report_embedder([images], network, "all", (source,), (), 0, say)
            result.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        reports[source] = json.loads(result.read_text(encoding="utf-8"))
    return reports


def print_row(title: str, sources: Sequence[str], reports: dict[str, Any]) -> None:
    """One training, or several that are shown as one: accuracy by source, and their mean."""
    values = [100 * reports[source]["accuracy"] for source in sources]
    cells = "".join(f"{value:>10.1f}" for value in values)
    print(f"{title:<24}{cells}{np.mean(values):>10.1f}", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos-per-source", type=int, default=600)
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ingredients", action="store_true", help="leave out each of them too")
    parser.add_argument("--half", default="clutter,crops,shops", help="sources of one half")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    options = EmbedderOptions(
        architecture=args.arch,
        size_px=args.size,
        n_epochs=args.epochs,
        identity_weight=0.0,
        workers=args.workers,
        device=args.device,
        resume=True,
    )
    side_px = 2 * args.size
    folder = args.out / "photos"
    images = sample(args.images, folder, args.photos_per_source, side_px, options.seed)
    sources = sorted({row.source for row in list_photos(images)})
    print(f"{'% right on ones left out':<24}" + "".join(f"{s:>10}" for s in (*sources, "mean")))
    reports: dict[str, Any] = {}
    for source in sources:
        folder = args.out / f"all-but-{source}"
        reports |= measure(images, folder, (source,), options)
        n_variants, interval = (reports[source][k] for k in ("n_variants", "accuracy_interval"))
        say(f"{source}: {reports[source]['accuracy']:.4f} {interval}, n = {n_variants:,}")
    print_row("one source left out", sources, reports)
    half = args.half.split(",")
    halves = [half, [source for source in sources if source not in half]]
    for name in ("", *INGREDIENTS) if args.ingredients else ():
        chosen = replace(options, ingredients=ingredients_without([name] if name else []))
        reports = {}
        for number, left_out in enumerate(halves):
            folder = args.out / f"half-{number}-without-{name or 'nothing'}"
            reports |= measure(images, folder, left_out, chosen)
        print_row(f"half, without {name or 'nothing'}", sources, reports)
    print(
        f"{options.architecture} at {options.size_px} px, {options.n_epochs} epochs, at most "
        f"{args.photos_per_source} photos a source, six variants of each; seed {options.seed}"
    )


if __name__ == "__main__":
    main()
