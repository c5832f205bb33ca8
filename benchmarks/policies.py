"""What models learn from a log depends on who chose the edits: three logs of one world compared.

`randomised` has propensities and counts every send alike; `weighed` is the same log with inverse
propensity weights, as a history with propensities is learnt from; `confounded` was written by
somebody who showed brighter and swivelled pictures of products of more hidden appeal at better
hours, and says nothing of it. Photos are encoded as `worlds.py` encodes them, once for all.

    python benchmarks/policies.py --images PHOTOS --out runs/worlds
        [--events 200000] [--seeds 1,2,3]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from worlds import encode, parser_of, say, spread

from sneakeraug.dataset.sends import Events, draw_contexts, draw_events
from sneakeraug.dataset.worlds import Pictures, World
from sneakeraug.score.conversion import ConversionModel, fit_conversion
from sneakeraug.score.features import Projection, build_features, fit_projection
from sneakeraug.training.conversion_figures import Unseen, measure_conversions, predict_rows
from sneakeraug.training.history_rows import weigh
from sneakeraug.training.world_models import HELD_OUT_SHARE, event_rows
from sneakeraug.vocabulary import AUGMENTATIONS

LOGS = {"randomised": "randomised", "weighed": "randomised", "confounded": "confounded"}
"""Logs by name, and the policy of each."""

TARGETS = ("open_rate", "click_through")
FAVOURED = ("brighter", "swivel")
"""Edits that the confounded policy shows where it goes well anyway."""

SHOWN = ("log_loss_excess", "interval_coverage", "difference_coverage", "regret_mean")
N_MEASURED = 40_000


def learn(
    parts: dict[str, Unseen],
    world: World,
    log: str,
    target: str,
    n: int,
    rng: np.random.Generator,
) -> tuple[ConversionModel, Projection]:
    """The model of a target from one log, and what reduces identities for it."""
    projection = fit_projection(parts["train"].rows.identities[:: len(AUGMENTATIONS)])
    sides = []
    for side, size in (("train", n), ("validation", round(HELD_OUT_SHARE * n))):
        sends = draw_events(world, parts[side].pictures, size, rng, LOGS[log])
        rows = event_rows(parts[side], sends, target, projection)
        if log == "weighed":
            rows = replace(rows, weight=weights_of(parts[side].pictures, sends, target))
        sides.append(rows)
    return fit_conversion(sides[0], sides[1], rng), projection


def weights_of(pictures: Pictures, sends: Events, target: str) -> np.ndarray:
    """Inverse propensity weights of a target's chances."""
    rows = np.flatnonzero(~np.isnan(sends.happened[target]))
    labels = pictures.labels[sends.pictures[rows]]
    return weigh(labels, sends.propensity[rows], np.ones(len(rows)))[0]


def measure(parts: dict[str, Unseen], log: str, target: str, n: int, seed: int) -> dict[str, float]:
    """Metrics of a target, and what the favoured edits are said to bring beside what they do."""
    world = World("market", seed)
    say(f"{target}, seed {seed}, {log}")
    model, projection = learn(parts, world, log, target, n, np.random.default_rng(seed))
    test = parts["test"]
    metrics = measure_conversions({target: model}, projection, test, world, N_MEASURED, seed + 100)
    found = {name: float(metrics[target][name]) for name in SHOWN}
    n_edits = len(AUGMENTATIONS)
    drawn = draw_contexts(len(test.rows) // n_edits, np.random.default_rng(seed + 200))
    contexts = {name: np.repeat(codes, n_edits) for name, codes in drawn.items()}
    x = build_features(test.rows, contexts, projection)
    said = predict_rows(model, x, test.pictures.products)[0].reshape(-1, n_edits)
    true = world.probability(test.pictures, contexts, target).reshape(-1, n_edits)
    original = AUGMENTATIONS.index("original")
    for name in FAVOURED:
        edit = AUGMENTATIONS.index(name)
        for what, p in (("said", said), ("truly", true)):
            found[f"{name}, {what}"] = float((p[:, edit] / p[:, original] - 1).mean())
    return found


def main() -> None:
    """Print one table: a row a target and metric, a column a log, the mean over seeds."""
    args = parser_of(__doc__).parse_args()
    parts = encode(args.images, args.out, args.photos)
    seeds = [int(seed) for seed in args.seeds.split(",")]
    print(f"market: {args.events:,} sends, seeds {args.seeds}; mean (least to most)")
    for target in TARGETS:
        runs = {
            log: [measure(parts, log, target, args.events, seed) for seed in seeds] for log in LOGS
        }
        print(f"\n{target:<24}" + "".join(f"{log:>30}" for log in LOGS))
        for metric in runs["weighed"][0]:
            cells = "".join(f"{spread([run[metric] for run in runs[log]], 4):>30}" for log in LOGS)
            print(f"{metric:<24}{cells}", flush=True)


if __name__ == "__main__":
    main()
