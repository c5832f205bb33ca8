"""Whether a model says the same by its int8 graph as by its weights: probabilities and verdicts.

Real photos, each in one drawn campaign and for every target, scored twice: the network by torch in
float32, and by OpenVINO in int8. The catalog's pictures stay what the database or the model has of
them, as they do on a server that changes from one to the other.

    python benchmarks/verdicts.py --images PHOTOS [--n 300] [--model ID]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from sneakeraug import load
from sneakeraug.dataset.sends import draw_contexts
from sneakeraug.errors import PhotoError
from sneakeraug.evaluate.metrics import wilson_interval
from sneakeraug.progress import silent
from sneakeraug.recommend import Recommender
from sneakeraug.records import Recommendation
from sneakeraug.settings import read_settings
from sneakeraug.training.backbone import open_served
from sneakeraug.training.collection import load_collection
from sneakeraug.vocabulary import CONTEXT_FIELDS, TARGETS


def compare(one: Recommendation, other: Recommendation, found: dict[str, list[float]]) -> None:
    """Add to `found` how far two answers to one question are from each other."""
    p = {variant.augmentation: variant.p for variant in other.variants}
    found["largest change of p, variants"].append(
        max(abs(variant.p - p[variant.augmentation]) for variant in one.variants)
    )
    p = {alternate.product_id: alternate.p for alternate in other.alternates}
    both = [(each.p, p[each.product_id]) for each in one.alternates if each.product_id in p]
    found["largest change of p, alternates"].append(max((abs(a - b) for a, b in both), default=0.0))
    edits, shelf = one.best_augmentation, one.best_alternate
    edits_too, shelf_too = other.best_augmentation, other.best_alternate
    found["same verdict, variants"].append(edits.verdict == edits_too.verdict)
    found["and same edit"].append(
        (edits.verdict, edits.augmentation) == (edits_too.verdict, edits_too.augmentation)
    )
    found["same verdict, alternates"].append(shelf.verdict == shelf_too.verdict)
    found["and same product"].append(
        (shelf.verdict, shelf.product_id) == (shelf_too.verdict, shelf_too.product_id)
    )


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, action="append", required=True)
    parser.add_argument("--n", type=int, default=300, help="photos of unseen products")
    parser.add_argument("--model")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sides: list[Recommender] = [
        load(args.model, settings=read_settings(device="cpu", backend=backend))
        for backend in ("torch", "openvino")
    ]
    network = open_served(args.model, "cpu")
    collection = load_collection(args.images, network.split_seed, silent, kinds=network.kinds)
    rng = np.random.default_rng(args.seed)
    photos = rng.permutation(collection.require("test"))[: args.n]
    drawn = draw_contexts(len(photos), rng)
    found: dict[str, list[float]] = defaultdict(list)
    n_refused = 0
    for place, i in enumerate(photos):
        try:
            pair = [side.analyse(collection.photos[i]) for side in sides]
            context = {
                field: CONTEXT_FIELDS[field][codes[place]]
                for field, codes in drawn.items()
                if field in ("campaign_type", "industry")
            }
            for target in TARGETS:
                both = [
                    side.score(analysis, target, **context)
                    for side, analysis in zip(sides, pair, strict=True)
                ]
                compare(*both, found)
        except PhotoError:
            n_refused += 1
    n = len(found["and same edit"])
    print(f"{n:,} questions: {len(photos) - n_refused} photos of unseen products, {len(TARGETS)}")
    print(f"targets; {n_refused} photos refused; model {sides[0].model_id}, seed {args.seed}")
    for name, values in found.items():
        each = np.array(values, dtype=np.float64)
        if name.startswith("largest"):
            print(f"{name:<34}{each.max():.5f} (mean {each.mean():.6f})")
        else:
            low, high = wilson_interval(float(each.mean()), len(each))
            print(f"{name:<34}{each.mean():.2%} ({low:.2%} to {high:.2%})")


if __name__ == "__main__":
    main()
