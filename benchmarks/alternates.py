"""Alternates from 10,000 products in one campaign: the nearest found, scored, ranked, said.

Beside it: every product's point score, as the source design would rank them; no ranges, and the
best of them may look like anything.

    python benchmarks/alternates.py [--products 10000] [--n 50] [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

import numpy as np
from adding import fill
from timing import machine, write_json

from sneakeraug.card import WEIGHTS, read_card
from sneakeraug.catalog.own import open_own_catalog
from sneakeraug.catalog.products import load_catalog
from sneakeraug.records import Context
from sneakeraug.registry import chosen_folder
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.training.int8_figures import time_passes
from sneakeraug.vocabulary import CAMPAIGN_TYPES

OURS, EVERY, VARIANTS = "variants, ranges and alternates", "every product scored", "variants alone"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    demo = load_catalog()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        card = read_card(chosen_folder(settings.models_dir, None, settings.model_id))
        own = open_own_catalog(settings)
        fill(own, args.products, card.files[WEIGHTS], np.random.default_rng(0))
        recommender = load(settings=settings)
        analysis = recommender.analyse(demo.image_path(demo.products[0]).read_bytes())
        campaigns = itertools.cycle(CAMPAIGN_TYPES)
        every = recommender.pictures.choose(
            analysis.embedding, Context.of(), args.products
        ).picture_rows()

        def score(n_alternates: int) -> None:
            recommender.score(analysis, campaign_type=next(campaigns), n_alternates=n_alternates)

        def score_every() -> None:
            x = recommender.model.features(every, Context.of(campaign_type=next(campaigns)))
            recommender.model.conversions["click_through"].mean_log_odds(x).argsort()

        times = time_passes(
            {OURS: lambda: score(5), VARIANTS: lambda: score(0), EVERY: score_every}, args.n
        )
    medians = {name: float(np.median(some)) for name, some in times.items()}
    print(f"{args.products:,} products, {machine()}")
    for name, some in times.items():
        print(f"{name:<34}{medians[name]:>9.1f} ms, p95 {np.percentile(some, 95):.1f} ms")
    write_json(args.json, {"machine": machine(), "products": args.products, "median_ms": medians})


if __name__ == "__main__":
    main()
