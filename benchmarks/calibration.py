"""Which calibration? Five of them, fitted on held-out products and measured on others.

    python benchmarks/calibration.py --images PHOTOS --out runs/worlds
        [--events 200000] [--seeds 1,2,3]

Models of the `market` world are learnt once a seed; each method sees the same log-odds. Photos are
encoded as `worlds.py` encodes them, once for both. One table: the debiased calibration error, and
the expected log loss over the best possible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit
from simpler_ranges import venn_abers_ends
from worlds import encode, parser_of, say, spread

from sneakeraug.arrays import ProbabilityArray
from sneakeraug.dataset.sends import draw_events
from sneakeraug.dataset.worlds import World
from sneakeraug.evaluate.metrics import debiased_calibration_error, log_loss
from sneakeraug.score.calibration import fit_calibration
from sneakeraug.score.conversion import Rows
from sneakeraug.score.features import build_features
from sneakeraug.training.conversion_figures import Unseen
from sneakeraug.training.world_models import HELD_OUT_SHARE, event_rows, fit_models
from sneakeraug.vocabulary import TARGETS

Predict = Callable[[ProbabilityArray], ProbabilityArray]

LEAST_P = 1e-6


def none(_margin: ProbabilityArray, _y: ProbabilityArray) -> Predict:
    """As the effects and the trees say it."""
    return expit


def shrunk_platt(margin: ProbabilityArray, y: ProbabilityArray) -> Predict:
    """What models do: slope and intercept, drawn towards changing nothing (Platt 1999)."""
    fitted = fit_calibration(margin, y, np.ones(len(y)))
    return lambda z: expit(fitted.slope * z + fitted.intercept)


def isotonic(margin: ProbabilityArray, y: ProbabilityArray) -> Predict:
    """The best monotone step function (Zadrozny and Elkan 2002), between the steps a line."""
    order = np.argsort(margin, kind="stable")
    steps = isotonic_regression(y[order]).x
    return lambda z: np.clip(np.interp(z, margin[order], steps), LEAST_P, 1 - LEAST_P)


def beta(margin: ProbabilityArray, y: ProbabilityArray) -> Predict:
    """Weights of log p and of log (1 - p), and an intercept (Kull, Silva Filho and Flach 2017)."""

    def rows(z: ProbabilityArray) -> ProbabilityArray:
        return np.stack([-np.logaddexp(0, -z), np.logaddexp(0, z), np.ones_like(z)], axis=1)

    known = rows(margin)

    def loss(theta: ProbabilityArray) -> tuple[float, ProbabilityArray]:
        z = known @ theta
        gradient = known.T @ (expit(z) - y) / len(y)
        return float(np.mean(np.logaddexp(0, z) - y * z)), gradient

    bounds = [(0, None), (0, None), (None, None)]  # monotone
    theta = minimize(loss, [1.0, 1.0, 0.0], jac=True, method="L-BFGS-B", bounds=bounds).x
    return lambda z: expit(rows(z) @ theta)


def venn_abers(margin: ProbabilityArray, y: ProbabilityArray) -> Predict:
    """The two probabilities of inductive Venn–Abers made one, as p1 / (1 - p0 + p1)."""
    ends = venn_abers_ends(margin, y)

    def predict(z: ProbabilityArray) -> ProbabilityArray:
        p0, p1 = ends(z).T
        return np.clip(p1 / (1 - p0 + p1), LEAST_P, 1 - LEAST_P)

    return predict


METHODS = {
    "none": none,
    "shrunk Platt (ours)": shrunk_platt,
    "isotonic": isotonic,
    "beta": beta,
    "Venn–Abers": venn_abers,
}


def measure(
    parts: dict[str, Unseen], seed: int, n_events: int, n_measured: int
) -> list[dict[str, Any]]:
    """Each method's figures for each target of one world."""
    train, held_out, test = parts["train"], parts["validation"], parts["test"]
    world = World("market", seed)
    fitted = fit_models(
        train, held_out, world, n_events, np.random.default_rng(seed), say, is_partial=True
    )
    # other sends of the held-out products than those that chose the trees
    checks = draw_events(
        world, held_out.pictures, round(HELD_OUT_SHARE * n_events), np.random.default_rng(seed + 50)
    )
    events = draw_events(world, test.pictures, n_measured, np.random.default_rng(seed + 100))
    shown = test.pictures.take(events.pictures)
    found: list[dict[str, Any]] = []
    for target, model in fitted.models.items():
        rows: Rows = event_rows(held_out, checks, target, fitted.projection)
        margin = model.mean_log_odds(rows.x).astype(np.float64)
        x = build_features(test.rows.take(events.pictures), events.contexts, fitted.projection)
        z = model.mean_log_odds(x).astype(np.float64)
        truth = world.probability(shown, events.contexts, target)
        best = world.probability(shown, events.contexts, target, is_hidden_seen=False)
        there = ~np.isnan(events.happened[target])
        y = events.happened[target][there]
        for name, fit in METHODS.items():
            p = fit(margin, rows.y_true)(z)
            found.append(
                {
                    "target": target,
                    "method": name,
                    "n": len(rows),
                    "n_events": int(rows.y_true.sum()),
                    "ece": debiased_calibration_error(p[there], y),
                    "excess": log_loss(p, truth) - log_loss(best, truth),
                }
            )
    return found


def main() -> None:
    """Print one table: a row a target and method, the mean over seeds and its range."""
    parser = parser_of(__doc__)
    parser.add_argument("--measured", type=int, default=100_000)
    args = parser.parse_args()
    parts = encode(args.images, args.out, args.photos)
    seeds = [int(seed) for seed in args.seeds.split(",")]
    found = [row for seed in seeds for row in measure(parts, seed, args.events, args.measured)]
    print(f"market: {args.events:,} sends, seeds {args.seeds}; mean (least to most)")
    print(f"{'target':<16}{'method':<22}{'fitted on':>22}{'ECE':>30}{'log loss excess':>32}")
    for target in TARGETS:
        for name in METHODS:
            rows = [row for row in found if (row["target"], row["method"]) == (target, name)]
            if rows:
                sizes = f"{rows[0]['n_events']:,} of {rows[0]['n']:,}"
                cells = "".join(
                    f"{spread([row[key] for row in rows], 5):>31}" for key in ("ece", "excess")
                )
                print(f"{target:<16}{name:<22}{sizes:>22}{cells}")


if __name__ == "__main__":
    main()
