"""How well a training does on sources it never saw, and what each ingredient of variation adds.

Leaves out each source in turn, trains on the others and measures on the one left out; then the
same with one ingredient of variation less. Runs that were finished are not run again, so a stop
costs little. `--arch resnet18 --size 96` makes it a matter of hours on two cores.

    python benchmarks/generalisation.py --images PHOTOS --out runs/generalisation
        [--arch resnet18] [--size 96] [--epochs 6] [--ingredients] [--device auto]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from sneakeraug.dataset.vary import INGREDIENTS
from sneakeraug.training.collection import load_collection
from sneakeraug.training.embedder import (
    EMBEDDER_CARD,
    EmbedderOptions,
    ingredients_without,
    train_embedder,
)
from sneakeraug.training.evaluation import ACCURACY
from sneakeraug.training.reports import report_embedder, trained_network

RESULT = "left-out.json"


def say(line: str) -> None:
    """Progress goes to stderr."""
    print(line, file=sys.stderr, flush=True)


def measure(images: list[Path], folder: Path, source: str, options: EmbedderOptions) -> float:
    """Accuracy on a source of a training without it; trained and measured where not yet."""
    result = folder / RESULT
    if not result.is_file():
        if not (folder / EMBEDDER_CARD).is_file():
            train_embedder(images, folder, options, say)
        network = trained_network(folder, options.device)
        report = report_embedder(images, network, "all", (source,), (), 0, say)
        result.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return float(json.loads(result.read_text(encoding="utf-8"))["accuracy"])


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ingredients", action="store_true", help="leave out each of them too")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    options = EmbedderOptions(
        architecture=args.arch,
        size_px=args.size,
        n_epochs=args.epochs,
        workers=args.workers,
        device=args.device,
        resume=True,
    )
    rows = load_collection(args.images, options.split_seed, say).rows
    sources = sorted({row.source for row in rows})
    without = ["", *(INGREDIENTS if args.ingredients else ())]
    print(f"{'left out: ' + ACCURACY:<34}" + "".join(f"{source:>12}" for source in sources))
    for name in without:
        cells = []
        for source in sources:
            chosen = replace(
                options,
                leave_out=(source,),
                ingredients=ingredients_without([name] if name else []),
            )
            folder = args.out / f"without-{name or 'nothing'}-{source}"
            cells.append(measure(args.images, folder, source, chosen))
        title = f"without {name}" if name else "every ingredient"
        print(f"{title:<34}" + "".join(f"{cell:>12.2%}" for cell in cells), flush=True)
    print(f"each on every photo of the source; {options.architecture}, {options.size_px} px")


if __name__ == "__main__":
    main()
