"""A picture's variants and its alternates in one campaign: scored, ranked, guarded, and said."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import numpy as np

from sneakeraug.analysis import ORIGINAL, Analysis
from sneakeraug.arrays import ProbabilityArray
from sneakeraug.errors import InputError, PhotoError
from sneakeraug.model import LoadedModel
from sneakeraug.offers import EncodedCatalog
from sneakeraug.rank.alternates import choose_alternate, rank_alternates
from sneakeraug.rank.guards import judge_guard
from sneakeraug.rank.variants import choose_augmentation, rank_variants
from sneakeraug.records import (
    UNKNOWN_EDIT,
    AlternateScore,
    Context,
    Guard,
    ProductFilter,
    Recommendation,
    Request,
    Scored,
    Timing,
)
from sneakeraug.registry import ModelCard
from sneakeraug.score.uncertainty import difference_intervals, probability_intervals, share_best

MAX_ALTERNATES: Final = 100


def score_analysis(
    model: LoadedModel,
    pictures: EncodedCatalog,
    analysis: Analysis,
    context: Context,
    target: str,
    n_alternates: int,
    among: ProductFilter,
    guard: Mapping[str, float],
) -> Recommendation:
    """Score an analysed picture and its alternates, and recommend; nothing is embedded again.

    Parameters
    ----------
    model
        Scores.
    pictures
        Alternates come from these.
    analysis
        The picture.
    context
        The campaign.
    target, n_alternates, among, guard
        As for `Recommender.score`, which names the errors.
    """
    started = time.perf_counter()
    direction = model.direction(target)
    model.check_guard(guard)
    if not 0 <= n_alternates <= MAX_ALTERNATES:
        raise InputError(
            f"{n_alternates} alternates were asked for; 0 to {MAX_ALTERNATES} is expected."
        )
    if analysis.quality.verdict == "refuse":
        raise PhotoError(" ".join(analysis.quality.reasons), reason="quality")
    members = {name: model.predict_variants(name, analysis, context) for name in {target, *guard}}
    of_original = {name: drawn[:, ORIGINAL] for name, drawn in members.items()}
    p, intervals = probability_intervals(members[target])
    difference, ranges = difference_intervals(members[target], of_original[target])
    variants = rank_variants(
        [(variant.augmentation, variant.parameters) for variant in analysis.variants],
        p,
        intervals,
        difference,
        ranges,
        share_best(members[target], lower_is_better=direction == "lower"),
        target,
        _judge_guards(guard, members, of_original),
    )
    scored = time.perf_counter()
    alternates, note = _score_alternates(
        model, pictures, analysis, context, target, of_original, n_alternates, among, guard
    )
    done = time.perf_counter()
    timing = analysis.timing_ms | {
        "score": 1e3 * (scored - started),
        "alternates": 1e3 * (done - scored),
    }
    return Recommendation(
        model_id=model.model_id,
        device=model.device,
        backend=model.backend,
        request=Request(
            image_sha256=analysis.photo.sha256,
            width=analysis.width,
            height=analysis.height,
            target=target,
            direction=direction,
            context=context,
            guard=dict(guard),
        ),
        quality=analysis.quality,
        detected_augmentation=analysis.detected,
        original=Scored(p=p[ORIGINAL], interval=(intervals[ORIGINAL, 0], intervals[ORIGINAL, 1])),
        variants=variants,
        best_augmentation=choose_augmentation(variants, target),
        alternates=alternates,
        best_alternate=choose_alternate(alternates, float(p[ORIGINAL]), target),
        warnings=_warnings(analysis, model.card, note),
        timing_ms=Timing(
            **{k: round(v, 2) for k, v in timing.items()}, total=round(sum(timing.values()), 2)
        ),
    )


def _score_alternates(
    model: LoadedModel,
    pictures: EncodedCatalog,
    analysis: Analysis,
    context: Context,
    target: str,
    of_original: Mapping[str, ProbabilityArray],
    n: int,
    among: ProductFilter,
    guard: Mapping[str, float],
) -> tuple[tuple[AlternateScore, ...], str | None]:
    """Alternates scored and ranked, and a note where the filter had to be widened."""
    offer = pictures.choose(analysis.embedding, context, n, among)
    if not offer.products:
        return (), offer.note
    products = np.arange(1, len(offer.products) + 1)
    rows = offer.picture_rows()
    members = {name: model.predict(name, rows, context, products) for name in {target, *guard}}
    alternates = rank_alternates(
        offer.products,
        offer.similarity,
        *probability_intervals(members[target]),
        *difference_intervals(members[target], of_original[target]),
        target,
        _judge_guards(guard, members, of_original),
    )
    return alternates, offer.note


def _judge_guards(
    guard: Mapping[str, float],
    members: Mapping[str, ProbabilityArray],
    of_original: Mapping[str, ProbabilityArray],
) -> list[tuple[Guard, ...]]:
    """What the guards say of each picture, from draws of the guarded targets."""
    judged = [
        judge_guard(name, limit, *difference_intervals(members[name], of_original[name]))
        for name, limit in guard.items()
    ]
    return list(zip(*judged, strict=True))


def _warnings(analysis: Analysis, card: ModelCard, note: str | None) -> tuple[str, ...]:
    """What the reader should know, in sentences."""
    notes = list(analysis.photo.warnings)
    detected = analysis.detected
    if detected.label == UNKNOWN_EDIT:
        notes.append(
            f"The picture seems to carry an edit the model does not know "
            f"({detected.probability:.0%} sure): read its scores with care."
        )
    elif detected.label != "original":
        notes.append(
            f"The picture looks already edited ({detected.label}, "
            f"{detected.probability:.0%} sure); its variants are edits of an edit."
        )
    elif detected.probability < 0.8:
        notes.append("The network is not sure that the picture is an unedited product photo.")
    if note:
        notes.append(note)
    if card.is_demo:
        notes.append(
            "Demo model, trained on simulated campaigns: use it to choose what to test, "
            "not as a forecast."
        )
    if card.is_confounded:
        notes.append(
            "Differences between pictures may be differences between the campaigns they were "
            "sent in: the model's history was not randomised. Test before relying on them."
        )
    return tuple(notes)
