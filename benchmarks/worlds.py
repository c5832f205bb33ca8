"""How good the conversion models are where the truth is known, beside simpler ways.

For each world and seed: draws sends of training products, learns all targets, and measures on
unseen products, as `docs/statistics.md` defines it. Beside ours stands the source design's own
pipeline: XGBoost on edit and context, uncalibrated, its best guess always followed. Beside our
ranges stand the simpler ones of `simpler_ranges.py`. Photos are encoded once, and finished runs are
not run again.

    python benchmarks/worlds.py --images PHOTOS --out runs/worlds
        [--worlds market,null,paper] [--seeds 1,2,3] [--events 200000] [--photos 1500]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from simpler_ranges import simpler_ranges

from sneakeraug.dataset.sends import draw_events
from sneakeraug.dataset.worlds import Pictures, World
from sneakeraug.evaluate.metrics import coverage, log_loss
from sneakeraug.score.features import PictureRows, build_features
from sneakeraug.training.backbone import open_served
from sneakeraug.training.conversion_figures import Unseen, measure_conversions
from sneakeraug.training.design_pipeline import learn_design, lost_by
from sneakeraug.training.publish import Fitted
from sneakeraug.training.world_models import HELD_OUT_SHARE, encode_sides, event_rows, fit_models
from sneakeraug.vocabulary import AUGMENTATIONS, TARGETS

SHOWN = (
    "accuracy",
    "log_loss_excess",
    "brier_excess",
    "auc_over_bayes",
    "ece",
    "calibration_slope",
    "regret_mean",
    "regret_p95",
    "regret_mean_if_always_the_best_guess",
    "regret_mean_if_always_original",
    "interval_coverage",
    "interval_coverage_worst_campaign",
    "interval_width",
    "difference_coverage",
    "p_best_calibration",
    "winner_bias",
    "share_recommended",
    "false_recommendation_rate",
    "regret_mean_if_sure_50%",
    "false_recommendation_rate_if_sure_50%",
    "regret_mean_if_sure_90%",
    "false_recommendation_rate_if_sure_90%",
    "in_the_two_best",
)

BY_CAMPAIGN = ("interval_coverage_by_campaign", "difference_coverage_by_campaign")
SIDES = ("train", "validation", "test")
N_MEASURED = 40_000


def say(line: str) -> None:
    """Progress goes to stderr."""
    print(line, file=sys.stderr, flush=True)


def parser_of(about: str | None) -> argparse.ArgumentParser:
    """The flags of all benchmarks of worlds, described by the first line of their text."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--images", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True, help="keeps the encoded photos")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--photos", type=int, default=1_500)
    parser.add_argument("--seeds", default="1,2,3")
    return parser


def encode(images: list[Path], out: Path, n_photos: int) -> dict[str, Unseen]:
    """The three sides of the split as worlds and models see them; encoded once."""
    kept = out / f"encoded-{n_photos}.npz"
    if not kept.is_file():
        sides = encode_sides(images, open_served(None, "auto"), n_photos, 0, say)
        out.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept,
            **{
                f"{name}.{key}": value
                for name, side in sides.items()
                for part in (side.pictures, side.rows)
                for key, value in vars(part).items()
            },
        )
    arrays = dict(np.load(kept))
    return {
        name: Unseen(
            Pictures(*(arrays[f"{name}.{key}"] for key in ("labels", "products", "looks"))),
            PictureRows(
                *(arrays[f"{name}.{k}"] for k in ("edits", "measures", "sources", "identities"))
            ),
        )
        for name in SIDES
    }


def measure(
    parts: dict[str, Unseen], name: str, seed: int, n_events: int, path: Path
) -> dict[str, Any]:
    """Metrics by target of one world and seed, and of the design's own pipeline."""
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    world, rng = World(name, seed), np.random.default_rng(seed)
    started = time.monotonic()
    fitted = fit_models(parts["train"], parts["validation"], world, n_events, rng, say)
    seconds = time.monotonic() - started
    metrics = measure_conversions(
        fitted.models, fitted.projection, parts["test"], world, N_MEASURED, seed + 100
    )
    for target, found in metrics.items():
        found["seconds"] = seconds
        found["auc_over_bayes"] = found["auc"] / found["bayes_auc"]
        found["design"] = measure_design(parts, fitted, world, target, n_events, seed)
    path.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    return metrics


def measure_design(
    parts: dict[str, Unseen], fitted: Fitted, world: World, target: str, n_events: int, seed: int
) -> dict[str, float]:
    """The design's pipeline: default trees on edit and context, its best guess followed."""
    rng = np.random.default_rng(seed)
    sends = draw_events(world, parts["train"].pictures, n_events, rng)
    rows = event_rows(parts["train"], sends, target, fitted.projection)
    n_edits = len(AUGMENTATIONS)
    design = learn_design(rows.x, rows.y_true)
    unseen, rng = parts["test"], np.random.default_rng(seed + 100)
    events = draw_events(world, unseen.pictures, N_MEASURED, rng)
    shown = unseen.pictures.take(events.pictures)
    truth = world.probability(shown, events.contexts, target)
    seen = world.probability(shown, events.contexts, target, is_hidden_seen=False)
    x = build_features(unseen.rows.take(events.pictures), events.contexts, fitted.projection)
    p = design.predict(x)
    ranges = {}
    if world.name == "market":  # elsewhere there is little to be unsure of
        checks = draw_events(
            world, parts["validation"].pictures, round(HELD_OUT_SHARE * n_events), rng
        )
        held_out = event_rows(parts["validation"], checks, target, fitted.projection)
        ranges = simpler_ranges(rows, held_out, x, rng)
    n_photos = len(unseen.rows) // n_edits
    six = {k: np.repeat(v[:n_photos], n_edits) for k, v in events.contexts.items()}
    x = build_features(unseen.rows, six, fitted.projection)
    true_p = world.probability(unseen.pictures, six, target)
    found = {
        "log_loss_excess": log_loss(p, truth) - log_loss(seen, truth),
        "regret_mean": float(lost_by(design.pick(x, target), true_p, target).mean()),
    }
    for name, ends in ranges.items():
        found[f"interval_coverage, {name}"] = coverage(ends, truth)
        found[f"interval_width, {name}"] = float((ends[:, 1] - ends[:, 0]).mean())
    return found


def main() -> None:
    """Print one table for each world: targets in columns, the mean over seeds and its range."""
    parser = parser_of(__doc__)
    parser.add_argument("--worlds", default="market,null,paper")
    args = parser.parse_args()
    parts = encode(args.images, args.out, args.photos)
    seeds = [int(seed) for seed in args.seeds.split(",")]
    for name in args.worlds.split(","):
        runs = [
            measure(parts, name, seed, args.events, args.out / f"{name}-{seed}-{args.events}.json")
            for seed in seeds
        ]
        print(f"\n{name}: {args.events:,} sends, seeds {args.seeds}; mean (least to most)")
        print(f"{'':<40}" + "".join(f"{target:>28}" for target in TARGETS))
        for metric in SHOWN:
            print(f"{metric:<40}" + "".join(cell(runs, t, metric) for t in TARGETS), flush=True)
        for metric in BY_CAMPAIGN:
            worst = (f"{worst_campaign(runs, t, metric):.4f}" for t in TARGETS)
            print(f"{metric + ', lowest mean':<40}" + "".join(f"{w:>28}" for w in worst))
        design = [{t: run[t]["design"] for t in TARGETS} for run in runs]
        for metric in design[0][next(iter(TARGETS))]:
            title = metric if "," in metric else f"{metric}, design’s own"
            print(f"{title:<40}" + "".join(cell(design, t, metric) for t in TARGETS))
        print(f"learnt in {np.mean([run['open_rate']['seconds'] for run in runs]):.0f} s")
    print(f"{HELD_OUT_SHARE:.0%} more sends of validation products chose trees and calibration")


def cell(runs: list[dict[str, Any]], target: str, metric: str) -> str:
    """Mean and range over seeds, of those that have the metric."""
    values = [run[target][metric] for run in runs if run[target][metric] is not None]
    if not values:
        return f"{'–':>28}"
    return f"{spread(values, 4):>28}"


def spread(values: Sequence[float], digits: int) -> str:
    """Mean and range."""
    mean, least, most = (f"{v:.{digits}f}" for v in (np.mean(values), min(values), max(values)))
    return f"{mean} ({least} to {most})"


def worst_campaign(runs: list[dict[str, Any]], target: str, metric: str) -> float:
    """Mean over seeds of the campaign type where that is lowest."""
    found = [run[target][metric] for run in runs]
    return float(min(np.mean([one[name] for one in found]) for name in found[0]))


if __name__ == "__main__":
    main()
