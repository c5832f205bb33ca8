"""Ranks the six variants of a picture and says which edit, if any, to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sneakeraug.arrays import ProbabilityArray
from sneakeraug.rank.choice import choose_best
from sneakeraug.rank.verdict import order_by_target
from sneakeraug.records import BestAugmentation, Guard, VariantScore, direction_of

ORIGINAL: Final = "original"

MAY_BE_BEST: Final = 0.15
"""Variants whose chance to be the best is at least this are named beside the best."""

IN_A_SENTENCE: Final = {
    "brighter": "the brighter picture",
    "darker": "the darker picture",
    "rotate": "the rotated picture",
    "sketch": "the pencil sketch",
    "swivel": "the swivelled picture",
}


def rank_variants(
    named: Sequence[tuple[str, Mapping[str, Any]]],
    p: ProbabilityArray,
    intervals: ProbabilityArray,
    difference: ProbabilityArray,
    difference_intervals: ProbabilityArray,
    p_best: ProbabilityArray,
    target: str,
    guards: Sequence[tuple[Guard, ...]] = (),
) -> tuple[VariantScore, ...]:
    """Join the variants with their scores, best first for the target.

    Parameters
    ----------
    named
        Augmentation and parameters of each variant, in label order.
    p, difference, p_best
        Shape ``(n,)``.
    intervals, difference_intervals
        Low and high, shape ``(n, 2)``.
    target
        Its direction orders them.
    guards
        What guardrails say of each; none where there are none. The original breaks none.

    Returns
    -------
    variants
        A permutation of the input with ranks 1 to n; the earlier label first on a tie.
    """
    order = order_by_target(p.tolist(), direction_of(target))
    return tuple(
        VariantScore(
            augmentation=named[i][0],
            label=i,
            parameters=dict(named[i][1]),
            p=p[i],
            interval=(intervals[i, 0], intervals[i, 1]),
            predicted_difference=difference[i],
            difference_interval=(difference_intervals[i, 0], difference_intervals[i, 1]),
            p_best=p_best[i],
            guards=guards[i] if guards and named[i][0] != ORIGINAL else (),
            rank=rank,
        )
        for rank, i in enumerate(order, start=1)
    )


def original_of(variants: Sequence[VariantScore]) -> VariantScore:
    """Return the original among ranked variants."""
    return next(variant for variant in variants if variant.augmentation == ORIGINAL)


def choose_augmentation(variants: Sequence[VariantScore], target: str) -> BestAugmentation:
    """Judge the best edit that no guard bars against the original.

    Parameters
    ----------
    variants
        From `rank_variants`.
    target
        One of the targets.

    Returns
    -------
    BestAugmentation
        With the numbers of that edit, whatever the verdict; of the best one where all are barred.
    """
    original = original_of(variants)
    edits = [variant for variant in variants if variant is not original]
    choice = choose_best(
        edits, lambda edit: IN_A_SENTENCE[edit.augmentation], "edit", original.p, target
    )
    best, says = choice.shown, [choice.sentence]
    close = [
        IN_A_SENTENCE[v.augmentation]
        for v in variants
        if v not in (best, original) and may_be_best(v) and not v.is_barred
    ]
    if choice.verdict == "recommend" and close:
        also = close[0] if len(close) == 1 else ", ".join(close[:-1]) + " and " + close[-1]
        says.append(f"Too close to call against it: {also}.")
    return BestAugmentation(
        augmentation=best.augmentation if choice.verdict == "recommend" else None,
        verdict=choice.verdict,
        p=best.p,
        predicted_difference=best.predicted_difference,
        sentence=" ".join(filter(None, [*says, choice.barred])),
    )


def tied_with_best(variants: Sequence[VariantScore]) -> tuple[VariantScore, ...]:
    """Return the variants that are too close to call, best first; none where the best is clear.

    A barred one cannot be chosen, and so is none of them.
    """
    free = sorted((v for v in variants if not v.is_barred), key=lambda variant: variant.rank)
    tied = tuple(v for v in free if v is free[0] or may_be_best(v))
    return tied if len(tied) > 1 else ()


def may_be_best(variant: VariantScore) -> bool:
    """Return whether a variant is too close to the best to call: it may well be the best itself."""
    return variant.p_best >= MAY_BE_BEST
