"""The source design's own pipeline on a world, to be measured beside: XGBoost, best guess taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xgboost as xgb

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.dataset.sends import draw_events
from sneakeraug.dataset.worlds import World
from sneakeraug.errors import InputError
from sneakeraug.evaluate.metrics import log_loss
from sneakeraug.score.features import Projection, build_features
from sneakeraug.training.conversion_figures import Unseen, draw_campaigns
from sneakeraug.training.world_models import event_rows
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

ROUNDS: Final = 100

N_CONTEXT: Final = sum(len(terms) for terms in CONTEXT_FIELDS.values())


@dataclass(frozen=True)
class DesignPipeline:
    """Default trees on edit and context, uncalibrated, as the source design has them.

    Attributes
    ----------
    booster
        Of one target.
    """

    booster: Any

    def predict(self, x: FloatArray) -> ProbabilityArray:
        """Return probabilities ``(n,)`` of feature rows ``(n, d)``."""
        return np.asarray(self.booster.inplace_predict(design_columns(x)), dtype=np.float64)

    def pick(self, x: FloatArray, target: str) -> IntArray:
        """Return the edit it guesses to be best for each photo, of six rows each."""
        sign = 1.0 if TARGETS[target] == "raise" else -1.0
        guesses = sign * self.predict(x).reshape(-1, len(AUGMENTATIONS))
        return np.asarray(guesses.argmax(axis=1), dtype=np.int64)


def design_columns(x: FloatArray) -> FloatArray:
    """Return what the design's trees read of feature rows: the edit and the context."""
    return np.concatenate([x[:, : len(AUGMENTATIONS)], x[:, -N_CONTEXT:]], axis=1)


def learn_design(x: FloatArray, y: ProbabilityArray) -> DesignPipeline:
    """Train the design's trees on feature rows ``(n, d)`` and outcomes ``(n,)``, 0 or 1."""
    data = xgb.DMatrix(design_columns(x), label=y)
    return DesignPipeline(xgb.train({"objective": "binary:logistic"}, data, num_boost_round=ROUNDS))


def add_design(
    metrics: Mapping[str, Mapping[str, Any]],
    learnt_from: Unseen,
    unseen: Unseen,
    projection: Projection,
    world: World,
    n_events: int,
    n_measured: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Measure the design's pipeline on the sends and campaigns of `measure_conversions`.

    Parameters
    ----------
    metrics
        Of the models it stands beside, by target.
    learnt_from
        Pictures whose sends it learns from. Of a picture it reads the edit alone, so that those it
        is measured on may be taken where there are no others, to its advantage.
    unseen
        Pictures it is measured on.
    projection
        Of the models it stands beside.
    world
        Whose truth is known.
    n_events
        Sends learnt from.
    n_measured, seed
        As `measure_conversions` was told.

    Returns
    -------
    metrics
        Those given, and ``design_log_loss``, ``design_log_loss_excess`` and
        ``regret_mean_of_design`` of the targets whose sends had both outcomes.
    """
    rng = np.random.default_rng(seed)
    events = draw_events(world, unseen.pictures, n_measured, rng)
    campaigns = draw_campaigns(unseen, rng)
    history = draw_events(world, learnt_from.pictures, n_events, np.random.default_rng([seed, 1]))
    features = [build_features(unseen.rows, context, projection) for context in campaigns]
    joined = {target: dict(found) for target, found in metrics.items()}
    for target in joined:
        try:
            rows = event_rows(learnt_from, history, target, projection)
        except InputError:  # too few sends for this target
            continue
        design = learn_design(rows.x[:], rows.y_true)
        happened = np.flatnonzero(~np.isnan(events.happened[target]))
        pictures = events.pictures[happened]
        contexts = {name: codes[happened] for name, codes in events.contexts.items()}
        p = design.predict(build_features(unseen.rows.take(pictures), contexts, projection))
        shown = unseen.pictures.take(pictures)
        truth = world.probability(shown, contexts, target)
        possible = world.probability(shown, contexts, target, is_hidden_seen=False)
        regret = []
        for context, x in zip(campaigns, features, strict=True):
            true_p = world.probability(unseen.pictures, context, target)
            regret.append(lost_by(design.pick(x, target), true_p, target))
        joined[target] |= {
            "design_log_loss": log_loss(p, events.happened[target][happened]),
            "design_log_loss_excess": log_loss(p, truth) - log_loss(possible, truth),
            "regret_mean_of_design": float(np.concatenate(regret).mean()),
        }
    return joined


def lost_by(choice: IntArray, true_p: ProbabilityArray, target: str) -> ProbabilityArray:
    """Return what choosing an edit of each photo loses, as a share of the best one's probability.

    Parameters
    ----------
    choice
        Number of the edit, shape ``(n,)``.
    true_p
        True probabilities, six of each photo, shape ``(6 n,)``.
    target
        Whose direction holds.
    """
    sign = 1.0 if TARGETS[target] == "raise" else -1.0
    true = sign * true_p.reshape(-1, len(AUGMENTATIONS))
    best = true.max(axis=1)
    return np.asarray((best - true[np.arange(len(choice)), choice]) / np.abs(best))
