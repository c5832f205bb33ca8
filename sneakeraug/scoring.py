"""A picture's variants and its alternates in one campaign: scored, ranked, guarded, and said."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from sneakeraug.analysis import ORIGINAL, Analysis
from sneakeraug.arrays import IntArray, ProbabilityArray
from sneakeraug.card import ModelCard
from sneakeraug.errors import InputError, PhotoError
from sneakeraug.model import LoadedModel
from sneakeraug.offers import EncodedCatalog, Offer
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
from sneakeraug.score.features import PictureRows
from sneakeraug.score.uncertainty import difference_intervals, probability_intervals, share_best

MAX_ALTERNATES: Final = 100

Drawn = dict[str, ProbabilityArray]
"""Probabilities of some pictures by target, each of shape ``(draws, n)``."""


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
    """Score one analysed picture; the parameters are those of `score_analyses`."""
    return score_analyses(model, pictures, [analysis], context, target, n_alternates, among, guard)[
        0
    ]


def score_analyses(
    model: LoadedModel,
    pictures: EncodedCatalog,
    analyses: Sequence[Analysis],
    context: Context,
    target: str,
    n_alternates: int,
    among: ProductFilter,
    guard: Mapping[str, float],
) -> list[Recommendation]:
    """Score analysed pictures and their alternates, and recommend; nothing is embedded again.

    Parameters
    ----------
    model
        Scores, all pictures at once.
    pictures
        Alternates come from these.
    analyses
        The pictures; each gets what it would get alone.
    context
        The campaign.
    target, n_alternates, among, guard
        As for `Recommender.score`, which names the errors.
    """
    started = time.perf_counter()
    model.direction(target)
    model.check_guard(guard)
    if not 0 <= n_alternates <= MAX_ALTERNATES:
        raise InputError(
            f"{n_alternates} alternates were asked for; 0 to {MAX_ALTERNATES} is expected."
        )
    for analysis in analyses:
        if analysis.quality.verdict == "refuse":
            raise PhotoError(" ".join(analysis.quality.reasons), reason="quality")
    if not analyses:
        return []

    def predict(rows: Sequence[PictureRows], products: IntArray) -> list[Drawn]:
        joined = PictureRows.join(rows)
        members = {
            name: model.predict(name, joined, context, products, len(rows))
            for name in dict.fromkeys((target, *guard))
        }
        starts = range(0, len(joined), len(products))
        return [
            {name: drawn[:, start : start + len(products)] for name, drawn in members.items()}
            for start in starts
        ]

    own = [analysis.picture_rows() for analysis in analyses]
    drawn = predict(own, np.zeros(len(own[0]), dtype=np.int64))
    scored = time.perf_counter()
    offers = [pictures.choose(a.embedding, context, n_alternates, among) for a in analyses]
    of_offers: dict[int, Drawn] = {}
    for n in sorted({len(offer.products) for offer in offers} - {0}):
        alike = [i for i, offer in enumerate(offers) if len(offer.products) == n]
        found = predict([offers[i].picture_rows() for i in alike], np.arange(1, n + 1))
        of_offers |= dict(zip(alike, found, strict=True))
    done = time.perf_counter()
    shares = (scored - started) / len(analyses), (done - scored) / len(analyses)
    return [
        _recommend(
            model, analysis, context, target, guard, drawn[i], offers[i], of_offers.get(i), shares
        )
        for i, analysis in enumerate(analyses)
    ]


def _recommend(
    model: LoadedModel,
    analysis: Analysis,
    context: Context,
    target: str,
    guard: Mapping[str, float],
    members: Drawn,
    offer: Offer,
    of_offer: Drawn | None,
    shares: tuple[float, float],
) -> Recommendation:
    """Rank what was drawn of one picture, and recommend; `shares` are the seconds it took."""
    started = time.perf_counter()
    direction = model.direction(target)
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
    alternates: tuple[AlternateScore, ...] = ()
    if of_offer is not None:
        alternates = rank_alternates(
            offer.products,
            offer.similarity,
            *probability_intervals(of_offer[target]),
            *difference_intervals(of_offer[target], of_original[target]),
            target,
            _judge_guards(guard, of_offer, of_original),
        )
    done = time.perf_counter()
    timing = analysis.timing_ms | {
        "score": 1e3 * (shares[0] + scored - started),
        "alternates": 1e3 * (shares[1] + done - scored),
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
        warnings=_warnings(analysis, model.card, offer.note),
        timing_ms=Timing(
            **{k: round(v, 2) for k, v in timing.items()}, total=round(sum(timing.values()), 2)
        ),
    )


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
