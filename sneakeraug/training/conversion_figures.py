"""Measuring conversion models on a world whose truth is known, beside the best possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, ProbabilityArray
from sneakeraug.dataset.sends import draw_contexts, draw_events
from sneakeraug.dataset.worlds import Pictures, World
from sneakeraug.evaluate.metrics import (
    brier_score,
    calibration_slope,
    coverage,
    debiased_calibration_error,
    log_loss,
    mean_with_interval,
    reliability_bins,
    roc_auc,
)
from sneakeraug.rank.verdict import SURE, decide
from sneakeraug.score.conversion import ConversionModel
from sneakeraug.score.features import PictureRows, Projection, build_features
from sneakeraug.score.uncertainty import difference_intervals, probability_intervals, share_best
from sneakeraug.vocabulary import AUGMENTATIONS, CAMPAIGN_TYPES, TARGETS

ROWS_AT_ONCE: Final = 4_096

CAMPAIGNS_A_PHOTO: Final = 3
"""Campaigns each photo is recommended for."""

ORIGINAL: Final = AUGMENTATIONS.index("original")

CAUTIONS: Final = (0.5, 0.9)
"""Other chances of any gain that a recommendation might take, measured beside `SURE`."""

NEARLY_SURE: Final = (0.85, 0.95)
"""Variants whose `p_best` lies between: how often they are best is `p_best_calibration`."""


@dataclass(frozen=True)
class Unseen:
    """Pictures of unseen products, for a world and for models.

    Attributes
    ----------
    pictures
        As the world sees them, six variants of one photo after the other.
    rows
        As the models see them.
    """

    pictures: Pictures
    rows: PictureRows


def measure_conversions(
    models: Mapping[str, ConversionModel],
    projection: Projection,
    unseen: Unseen,
    world: World,
    n_events: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Measure the models of all targets on sends and on recommendations.

    Parameters
    ----------
    models, projection
        Of a model folder.
    unseen
        Pictures of products no model was trained on.
    world
        Whose truth is known.
    n_events
        Sends drawn; recommendations are made for every photo in `CAMPAIGNS_A_PHOTO` campaigns.
    seed
        Of everything drawn.

    Returns
    -------
    metrics
        By target, as `docs/statistics.md` defines them. ``None`` where nothing can be measured.
    """
    rng = np.random.default_rng(seed)
    events = draw_events(world, unseen.pictures, n_events, rng)
    campaigns = draw_campaigns(unseen, rng)
    metrics = {}
    for target, model in models.items():
        happened = np.flatnonzero(~np.isnan(events.happened[target]))
        contexts = {name: codes[happened] for name, codes in events.contexts.items()}
        shown = unseen.pictures.take(events.pictures[happened])
        y = events.happened[target][happened]
        x = build_features(unseen.rows.take(events.pictures[happened]), contexts, projection)
        p, intervals = predict_rows(model, x, shown.products)
        truth = world.probability(shown, contexts, target)
        possible = world.probability(shown, contexts, target, is_hidden_seen=False)
        found = _measure_sends(p, intervals, y, truth, possible, contexts["campaign_type"])
        held = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
        found |= _bootstrap(
            {
                "accuracy": (p > 0.5) == (y > 0.5),
                "log_loss": np.where(y > 0.5, -np.log(p), -np.log1p(-p)),
                "interval_coverage": held,
            },
            shown.products,
            seed,
        )
        found |= _measure_verdicts(model, projection, unseen, world, campaigns, target, seed)
        metrics[target] = found
    return metrics


def predict_rows(
    model: ConversionModel, x: FloatArray, products: IntArray
) -> tuple[ProbabilityArray, ProbabilityArray]:
    """Return probabilities ``(n,)`` and 90 % ranges ``(n, 2)`` of many rows.

    Parameters
    ----------
    model
        Of one target.
    x
        Feature rows, shape ``(n, d)``, float32.
    products
        Number of the product of each row, shape ``(n,)``.
    """
    parts = []
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        numbers = np.unique(products[rows], return_inverse=True)[1]
        parts.append(probability_intervals(model.predict_members(x[rows], numbers)))
    return np.concatenate([p for p, _ in parts]), np.concatenate([i for _, i in parts])


def _measure_sends(
    p: ProbabilityArray,
    intervals: ProbabilityArray,
    y: ProbabilityArray,
    truth: ProbabilityArray,
    possible: ProbabilityArray,
    campaign_types: IntArray,
) -> dict[str, Any]:
    """What can be said of probabilities of single sends.

    Excesses are over somebody who sees all that can be seen, in expectation under the truth.
    """
    base = float(y.mean())
    held = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
    by_campaign = _by_campaign(held, campaign_types)
    return {
        "n": len(y),
        "base_rate": base,
        "accuracy": float(((p > 0.5) == (y > 0.5)).mean()),
        "bayes_accuracy": float(((possible > 0.5) == (y > 0.5)).mean()),
        "commoner_accuracy": max(base, 1 - base),
        "log_loss": log_loss(p, y),
        "bayes_log_loss": log_loss(possible, y),
        "base_rate_log_loss": log_loss(np.full_like(y, base), y),
        "log_loss_excess": log_loss(p, truth) - log_loss(possible, truth),
        "brier_excess": brier_score(p, truth) - brier_score(possible, truth),
        "auc": roc_auc(p, y) if 0 < base < 1 else None,
        "bayes_auc": roc_auc(possible, y) if 0 < base < 1 else None,
        "ece": debiased_calibration_error(p, y),
        "calibration_slope": calibration_slope(p, truth),
        "interval_coverage": coverage(intervals, truth),
        "interval_coverage_worst_campaign": min(by_campaign.values()),
        "interval_coverage_by_campaign": by_campaign,
        "interval_width": float((intervals[:, 1] - intervals[:, 0]).mean()),
        "point_coverage": float((p == truth).mean()),
        "reliability": reliability_bins(p, y, truth),
    }


def _by_campaign(held: BoolArray, campaign_types: IntArray) -> dict[str, float]:
    """The share that held, by campaign type."""
    return {
        CAMPAIGN_TYPES[code]: float(held[campaign_types == code].mean())
        for code in np.unique(campaign_types).tolist()
    }


def _bootstrap(
    values: Mapping[str, BoolArray | ProbabilityArray], products: IntArray, seed: int
) -> dict[str, tuple[float, float]]:
    """The 95 % interval of each mean, by product."""
    return {
        f"{name}_interval": mean_with_interval(
            value.astype(np.float64), products, np.random.default_rng(seed)
        )[1]
        for name, value in values.items()
    }


def draw_campaigns(unseen: Unseen, rng: np.random.Generator) -> list[dict[str, IntArray]]:
    """Draw contexts for every photo, the same for its six variants, `CAMPAIGNS_A_PHOTO` times."""
    n_photos = len(unseen.rows) // len(AUGMENTATIONS)
    drawn = (draw_contexts(n_photos, rng) for _ in range(CAMPAIGNS_A_PHOTO))
    return [
        {name: np.repeat(codes, len(AUGMENTATIONS)) for name, codes in contexts.items()}
        for contexts in drawn
    ]


@dataclass(frozen=True)
class _Verdicts:
    """One campaign's recommendations: ``(n_photos, 6)`` arrays, and ``(n_photos,)`` choices.

    Gains are on the good side of the target's direction; `chosen_at` has a column for each of
    `CAUTIONS`.
    """

    gain: ProbabilityArray
    held: BoolArray
    p_best: ProbabilityArray
    best: IntArray
    chosen: IntArray
    chosen_at: IntArray
    true_p: ProbabilityArray
    true_gain: ProbabilityArray


def _judge(
    model: ConversionModel,
    projection: Projection,
    unseen: Unseen,
    world: World,
    contexts: Mapping[str, IntArray],
    target: str,
) -> _Verdicts:
    """Recommend for every photo in one campaign each, as the product does."""
    n_edits = len(AUGMENTATIONS)
    sign = 1.0 if TARGETS[target] == "raise" else -1.0
    x = build_features(unseen.rows, contexts, projection)
    truth = world.probability(unseen.pictures, contexts, target).reshape(-1, n_edits)
    gains, held, p_best, best, chosen = [], [], [], [], []
    for number, members in enumerate(_members_of_photos(model, x)):
        p, _ = probability_intervals(members)
        difference, ranges = difference_intervals(members, members[:, ORIGINAL])
        true_difference = truth[number] - truth[number, ORIGINAL]
        gains.append(sign * difference)
        held.append((ranges[:, 0] <= true_difference) & (true_difference <= ranges[:, 1]))
        p_best.append(share_best(members, lower_is_better=sign < 0))
        top = max((i for i in range(n_edits) if i != ORIGINAL), key=lambda i: (sign * p[i], -i))
        verdicts = [
            decide(
                float(difference[top]),
                (float(ranges[top, 0]), float(ranges[top, 1])),
                float(p[ORIGINAL]),
                TARGETS[target],
                sure,
            )
            for sure in (SURE, *CAUTIONS)
        ]
        best.append(top)
        chosen.append([top if verdict == "recommend" else ORIGINAL for verdict in verdicts])
    return _Verdicts(
        np.array(gains),
        np.array(held),
        np.array(p_best),
        np.array(best),
        np.array(chosen)[:, 0],
        np.array(chosen)[:, 1:],
        truth,
        sign * (truth - truth[:, [ORIGINAL]]),
    )


def _members_of_photos(model: ConversionModel, x: FloatArray) -> Iterator[ProbabilityArray]:
    """Draws of the six variants of one photo after the other, ``(draws, 6)``."""
    n_edits = len(AUGMENTATIONS)
    at_once = ROWS_AT_ONCE // n_edits * n_edits
    for start in range(0, len(x), at_once):
        rows = x[start : start + at_once]
        members = model.predict_members(rows, np.arange(len(rows)) // n_edits)
        for first in range(0, len(rows), n_edits):
            yield members[:, first : first + n_edits]


def _measure_verdicts(
    model: ConversionModel,
    projection: Projection,
    unseen: Unseen,
    world: World,
    campaigns: list[dict[str, IntArray]],
    target: str,
    seed: int,
) -> dict[str, Any]:
    """What can be said of recommendations, on every photo in some campaigns."""
    parts = [_judge(model, projection, unseen, world, c, target) for c in campaigns]
    gain, held, p_best, best, chosen, chosen_at, true_p, true_gain = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in _Verdicts.__dataclass_fields__
    )
    rows = np.arange(len(gain))
    possible = true_gain.max(axis=1)
    best_p = true_p[rows, true_gain.argmax(axis=1)]

    def regret(choice: IntArray) -> ProbabilityArray:
        return np.asarray((possible - true_gain[rows, choice]) / best_p)

    followed = regret(chosen)
    changed = chosen != ORIGINAL
    claimed, came = gain[rows, best], true_gain[rows, best]
    sure = (p_best >= NEARLY_SURE[0]) & (p_best < NEARLY_SURE[1])
    is_best = true_gain >= possible[:, None]
    edited = np.arange(len(AUGMENTATIONS)) != ORIGINAL
    codes = np.concatenate([c["campaign_type"][:: len(AUGMENTATIONS)] for c in campaigns])
    by_campaign = _by_campaign(held[:, edited], codes)
    other: dict[str, float] = {}
    does_harm = changed & (true_gain[rows, chosen] <= 0)
    intervals = _bootstrap(
        {
            "regret_mean": followed,
            "false_recommendation_rate": does_harm,
            "difference_coverage": held[:, edited].mean(axis=1),
        },
        np.tile(unseen.pictures.products[:: len(AUGMENTATIONS)], len(campaigns)),
        seed,
    )
    for least, choice in zip(CAUTIONS, chosen_at.T, strict=True):
        cautious = (choice != ORIGINAL) & (true_gain[rows, choice] <= 0)
        other[f"regret_mean_if_sure_{least:.0%}"] = float(regret(choice).mean())
        other[f"false_recommendation_rate_if_sure_{least:.0%}"] = float(cautious.mean())
    return {
        **intervals,
        **other,
        "n_recommendations": len(gain),
        "regret_mean": float(followed.mean()),
        "regret_p95": float(np.quantile(followed, 0.95)),
        "regret_mean_if_always_the_best_guess": float(regret(gain.argmax(axis=1)).mean()),
        "regret_mean_if_always_original": float(regret(np.full(len(rows), ORIGINAL)).mean()),
        "regret_mean_if_random": float(((possible[:, None] - true_gain) / best_p[:, None]).mean()),
        "share_recommended": float(changed.mean()),
        "false_recommendation_rate": float(does_harm.mean()),
        "false_rate_if_always_the_best_guess": float((true_gain[rows, best] <= 0).mean()),
        "in_the_two_best": _share_in_two_best(true_gain[changed], chosen[changed]),
        "p_best_calibration": float(is_best[sure].mean()) if sure.any() else None,
        "n_p_best": int(sure.sum()),
        "p_best_claimed": float(p_best[sure].mean()) if sure.any() else None,
        "difference_coverage": float(held[:, edited].mean()),
        "difference_coverage_worst_campaign": min(by_campaign.values()),
        "difference_coverage_by_campaign": by_campaign,
        "claimed_difference": float(claimed.mean()),
        "true_difference": float(came.mean()),
        "winner_bias": _relative(float(claimed.mean()), float(came.mean())),
    }


def _share_in_two_best(true_gain: ProbabilityArray, chosen: IntArray) -> float | None:
    """How often a recommended variant is truly among the two best; ties count as best."""
    if not len(chosen):
        return None
    second = np.sort(true_gain, axis=1)[:, -2]
    return float((true_gain[np.arange(len(chosen)), chosen] >= second - 1e-12).mean())


def _relative(claimed: float, came: float) -> float | None:
    """Claimed over true difference, less 1; None where there is no true difference."""
    return claimed / came - 1 if abs(came) > 1e-9 else None
