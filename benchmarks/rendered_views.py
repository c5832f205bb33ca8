"""What rendered views of the demo catalog do to an embedder's figures on real photos.

Trains a small network on a sample of the photos, once without and once with the pictures that
`python tools/render_catalog views` makes, for each seed, and measures both on real photos alone:
unseen products of the sources trained on, and sources left out of training. Runs that were
finished are not run again.

    python benchmarks/rendered_views.py --images PHOTOS --rendered DIR --out runs/rendered
        [--photos-per-source 400] [--left-out phone,clutter] [--epochs 8] [--seeds 2]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from generalisation import sample, say

from sneakeraug.dataset.photos import list_photos
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.embedder import EmbedderOptions, train_embedder
from sneakeraug.training.embedder_card import EMBEDDER_CARD
from sneakeraug.training.reports import report_embedder


def measured(
    trained_on: list[Path], real: Path, folder: Path, left_out: list[str], options: EmbedderOptions
) -> dict[str, dict[str, Any]]:
    """Figures by name of one training, on real photos; trained and measured where not yet."""
    result = folder / "figures.json"
    if not result.is_file():
        if not (folder / EMBEDDER_CARD).is_file():
            train_embedder(trained_on, folder, replace(options, leave_out=tuple(left_out)), say)
        network = open_backbone(folder, options.device)
        known = sorted({row.source for row in list_photos(real)} - set(left_out))
        figures = {}
        for name, split, sources in (
            ("unseen products", "test", known),
            *((f"{source}, left out", "all", [source]) for source in left_out),
        ):
            report = report_embedder([real], network, split, sources, (), 0, say)
            figures[name] = {
                "value": report["accuracy"],
                "interval": report["accuracy_interval"],
                "n": report["n_variants"],
            }
            if split == "test":
                figures |= {
                    figure["name"]: {k: figure[k] for k in ("value", "interval", "n")}
                    for figure in report["figures"]
                    if figure["name"].startswith("product")
                }
        result.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos-per-source", type=int, default=400)
    parser.add_argument("--left-out", default="phone,clutter")
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    left_out = args.left_out.split(",")
    options = EmbedderOptions(
        architecture=args.arch,
        size_px=args.size,
        n_epochs=args.epochs,
        device=args.device,
        resume=True,
    )
    folder = args.out / "photos"
    real = sample(args.images, folder, args.photos_per_source, 2 * args.size, 0)
    runs: dict[str, list[dict[str, dict[str, Any]]]] = {"without": [], "with": []}
    for seed in range(args.seeds):
        for name, extra in (("without", []), ("with", [args.rendered])):
            folder = args.out / f"{name}-{seed}"
            chosen = replace(options, seed=seed)
            runs[name].append(measured([real, *extra], real, folder, left_out, chosen))
    print(f"{'on real photos, %':<52}{'n':>7}{'without':>22}{'with':>22}{'difference':>12}")
    for figure, first in runs["without"][0].items():
        cells, means = "", []
        for some in runs.values():
            values = [100 * run[figure]["value"] for run in some]
            means.append(np.mean(values))
            cells += f"{' '.join(f'{value:.1f}' for value in values):>22}"
        print(f"{figure:<52}{first['n']:>7,}{cells}{means[1] - means[0]:>+12.1f}")
    print(
        f"{options.architecture} at {options.size_px} px, {options.n_epochs} epochs, at most "
        f"{args.photos_per_source} photos a source and {len(list_photos(args.rendered))} rendered; "
        f"a number for each of {args.seeds} seeds"
    )


if __name__ == "__main__":
    main()
