"""Measuring conversion models on history: figures by product, beside trivial rules and rivals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug import registry
from sneakeraug.arrays import ProbabilityArray
from sneakeraug.card import Figure, read_card
from sneakeraug.catalog.products import Catalog
from sneakeraug.challenger import Comparison, Difference
from sneakeraug.errors import ModelError, ModelNotFoundError
from sneakeraug.evaluate.metrics import reliability_bins
from sneakeraug.evaluate.weighted import Statistic, Trials, losses, statistics, with_intervals
from sneakeraug.progress import Report
from sneakeraug.score.conversion import load_conversions
from sneakeraug.score.features import check_schema, feature_names
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.history_rows import products_seen, rows_unseen, score_sends
from sneakeraug.training.publish import Fitted
from sneakeraug.training.sent_pictures import Sends, encode_sent
from sneakeraug.vocabulary import AUGMENTATIONS

BASELINES: Final = {"base rate": "base_rate", "every picture taken for its original": "as_original"}
"""Rules to read a figure beside, and how their metrics begin."""

COMPARED: Final = ("log_loss", "brier")
"""Metrics that rules have too."""

NAMES: Final = {
    "log_loss": "log loss (lower is better)",
    "brier": "Brier score (lower is better)",
    "auc": "AUROC",
    "accuracy": "accuracy",
    "ece": "calibration error (lower is better)",
    "calibration_slope": "calibration slope (1 is right)",
}

BY_TIME: Final = "log loss of the last fifth of sends, trained on those before (lower is better)"


def measure_history(fitted: Fitted, sends: Sends, seed: int) -> dict[str, dict[str, Any]]:
    """Measure models on the trials of a history.

    What needs the true probability, such as regret or the coverage of ranges, cannot be measured
    on history and is not there.

    Parameters
    ----------
    fitted
        The models; targets without a trial are left out.
    sends
        History, best of products the models have not seen.
    seed
        Of the bootstrap.

    Returns
    -------
    metrics
        By target: ``n, n_events, n_products, base_rate``, the metrics of `NAMES` with their 95 %
        intervals by product, and those of `BASELINES`. ``None`` where a metric cannot be told.
        In ``reliability`` what was predicted and what happened, from `reliability_bins`.
    """
    metrics = {}
    for number, target in enumerate(fitted.models):
        trials = score_sends(fitted, sends, target)
        original = score_sends(fitted, sends, target, is_all_original=True)
        if trials is None or original is None:
            continue
        rng = np.random.default_rng([seed, number])
        found: dict[str, Any] = {
            "n": int(trials.weight.sum()),
            "n_events": int(trials.weight @ trials.y_true),
            "n_products": len(np.unique(trials.groups)),
            "base_rate": trials.base_rate,
        }
        for name, measured in with_intervals(trials, statistics(trials), rng).items():
            found[name] = measured[0] if measured else None
            found[f"{name}_interval"] = measured[1] if measured else None
        constant = np.full(len(trials.p), trials.base_rate)
        found["reliability"] = reliability_bins(trials.p, trials.y_true, weight=trials.weight)
        found |= _rule("base_rate", constant, trials) | _rule("as_original", original.p, trials)
        metrics[target] = found
    return metrics


def _rule(name: str, p: ProbabilityArray, trials: Trials) -> dict[str, float]:
    """Log loss and Brier score of other probabilities of the same trials."""
    loss, square = losses(p, trials.y_true), (p - trials.y_true) ** 2
    return {
        f"{name}_log_loss": float(np.average(loss, weights=trials.weight)),
        f"{name}_brier": float(np.average(square, weights=trials.weight)),
    }


def history_figures(
    metrics: Mapping[str, Mapping[str, Any]], seed: int, command: str, unit: str
) -> list[Figure]:
    """Return the figures of `measure_history`; `unit` says of which products."""
    return list(_figures(metrics, seed, command, unit))


def _figures(
    metrics: Mapping[str, Mapping[str, Any]], seed: int, command: str, unit: str
) -> Iterator[Figure]:
    for target, found in metrics.items():
        for key, name in NAMES.items():
            if found[key] is None:
                continue
            beside = {
                title: round(float(found[f"{rule}_{key}"]), 5)
                for title, rule in BASELINES.items()
                if key in COMPARED
            }
            if key == "accuracy":
                beside = {
                    "commoner outcome": round(max(found["base_rate"], 1 - found["base_rate"]), 5)
                }
            yield Figure(
                name=f"{target}: {name}",
                value=round(float(found[key]), 5),
                interval=_rounded(found[f"{key}_interval"]),
                n=found["n"],
                unit=f"trials of {found['n_products']} {unit}",
                seed=seed,
                baselines=beside,
                command=command,
            )


def time_figures(fitted: Fitted, later: Sends, seed: int, command: str) -> list[Figure]:
    """Return the log loss of later sends by models of earlier ones."""
    figures = []
    for number, target in enumerate(fitted.models):
        trials = score_sends(fitted, later, target)
        if trials is None:
            continue
        only: dict[str, Statistic] = {"log_loss": statistics(trials)["log_loss"]}
        found = with_intervals(trials, only, np.random.default_rng([seed, number]))["log_loss"]
        rule = _rule("base_rate", np.full(len(trials.p), trials.base_rate), trials)
        if found is None:
            continue
        figures.append(
            Figure(
                name=f"{target}: {BY_TIME}",
                value=round(found[0], 5),
                interval=_rounded(found[1]),
                n=int(trials.weight.sum()),
                unit=f"trials of {len(np.unique(trials.groups))} products, seen and unseen",
                seed=seed,
                baselines={"base rate": round(rule["base_rate_log_loss"], 5)},
                command=command,
            )
        )
    return figures


def compare_with_serving(
    candidate: Fitted,
    sends: Sends,
    images: Path,
    catalog: Catalog,
    models_dir: Path,
    category: str,
    device: str,
    seed: int,
    report: Report,
) -> Comparison | None:
    """Compare new models with those that serve, on products neither has learnt from.

    Parameters
    ----------
    candidate
        The new models.
    sends
        History of products the candidate has not learnt from.
    images, catalog
        Where its pictures are: the serving model sees them through its own network.
    models_dir, category
        Which model serves.
    device
        Where its network runs.
    seed
        Of the bootstrap.
    report
        Told why there is no comparison.

    Returns
    -------
    comparison
        None where no model serves, it cannot be used, or it knows all these products.
    """
    try:
        serving = registry.active_model(models_dir, category)
    except ModelNotFoundError:
        return None
    folder = models_dir / serving
    try:
        backbone = open_backbone(folder, device)
        card = backbone.card or read_card(folder)
        check_schema(card.features, feature_names(AUGMENTATIONS))
        rival = Fitted(*load_conversions(folder, card.conversion))
        seen = products_seen(folder)
    except ModelError as exc:
        report(f"not compared with {serving}, which cannot be used: {exc}")
        return None
    shared = sends.take(rows_unseen(sends, seen))
    if not len(shared):
        report(f"not compared with {serving}: it learnt from all products held out here")
        return None
    theirs = encode_sent(shared.history, images, catalog, backbone.encoder, report)
    targets = {}
    for number, target in enumerate(candidate.models):
        ours = score_sends(candidate, shared, target)
        other = score_sends(rival, theirs, target) if target in rival.models else None
        if ours is not None and other is not None:
            rng = np.random.default_rng([seed, number])
            targets[target] = _difference(ours, other.p, rng)
    return Comparison(serving=serving, targets=targets) if targets else None


def _difference(ours: Trials, theirs: ProbabilityArray, rng: np.random.Generator) -> Difference:
    """Paired bootstrap by product of the difference of two log losses."""
    own, other = losses(ours.p, ours.y_true), losses(theirs, ours.y_true)
    gap = own - other

    def mean(weight: ProbabilityArray) -> float | None:
        return float(np.average(gap, weights=weight)) if weight.sum() > 0 else None

    found = with_intervals(ours, {"gap": mean}, rng, n_draws=2000)["gap"]
    value, interval = found if found else (0.0, (0.0, 0.0))
    return Difference(
        value=round(value, 6),
        interval=(round(interval[0], 6), round(interval[1], 6)),
        candidate=round(float(np.average(own, weights=ours.weight)), 6),
        serving=round(float(np.average(other, weights=ours.weight)), 6),
        n=int(ours.weight.sum()),
        n_products=len(np.unique(ours.groups)),
    )


def comparison_figures(comparison: Comparison | None, seed: int, command: str) -> list[Figure]:
    """Return a comparison as figures; none where there is none."""
    if comparison is None:
        return []
    return [
        Figure(
            name=f"{target}: log loss less that of {comparison.serving} (below 0 is better)",
            value=found.value,
            interval=found.interval,
            n=found.n,
            unit=f"trials of {found.n_products} products that neither model has seen",
            seed=seed,
            baselines={"this model": found.candidate, comparison.serving: found.serving},
            command=command,
        )
        for target, found in comparison.targets.items()
    ]


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(float(interval[0]), 5), round(float(interval[1]), 5)
