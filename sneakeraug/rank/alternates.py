"""Which catalog pictures may stand in for a picture, how they rank, and whether one is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.rank.verdict import decide, order_by_target, sentence
from sneakeraug.records import AlternateScore, BestAlternate, Context, Product, direction_of

Search = Callable[[int, IntArray], tuple[IntArray, FloatArray]]
"""``(k, allowed rows) -> (rows, similarity)``, best first."""


def choose_alternates(
    products: Sequence[Product], context: Context, n: int, search: Search
) -> tuple[list[tuple[int, float]], str | None]:
    """Pick up to `n` products, the nearest of the strictest filter that has any left first.

    Parameters
    ----------
    products
        The catalog, in row order.
    context
        Its sneaker type and gender are the filter; open ones filter nothing.
    n
        Alternates wanted.
    search
        Nearest rows among allowed ones.

    Returns
    -------
    chosen
        Row number and similarity, in the order they were picked.
    note
        A sentence where the filter had to be widened, else None.
    """
    chosen: list[tuple[int, float]] = []
    n_strict = 0
    for width, (by_type, by_gender) in enumerate(
        [(True, True), (True, False), (False, True), (False, False)]
    ):
        taken = {row for row, _ in chosen}
        allowed = [
            row
            for row, product in enumerate(products)
            if row not in taken and _matches(product, context, by_type, by_gender)
        ]
        rows, similarity = search(n - len(chosen), np.array(allowed, dtype=np.int64))
        chosen += [(int(r), float(s)) for r, s in zip(rows, similarity, strict=True)]
        if width == 0:
            n_strict = len(chosen)
        if len(chosen) >= n:
            break
    wanted = " ".join(
        filter(
            None, [context.sneaker_type or "", f"for {context.gender}" if context.gender else ""]
        )
    ).replace("_", " ")
    note = None
    if n_strict < len(chosen) and wanted:
        note = (
            f"The catalog has {n_strict} matching products ({wanted}); "
            f"{len(chosen) - n_strict} others were added."
        )
    return chosen, note


def rank_alternates(
    products: Sequence[Product],
    similarity: Sequence[float],
    p: ProbabilityArray,
    intervals: ProbabilityArray,
    difference: ProbabilityArray,
    difference_intervals: ProbabilityArray,
    target: str,
) -> tuple[AlternateScore, ...]:
    """Join the chosen products with their scores, best first for the target.

    Parameters
    ----------
    products, similarity
        The chosen products, nearest first, and how alike they are.
    p, difference
        Shape ``(n,)``; the difference is from the uploaded picture.
    intervals, difference_intervals
        Low and high, shape ``(n, 2)``.
    target
        Its direction orders them; on a tie the more alike first.
    """
    order = order_by_target(p.tolist(), direction_of(target))
    return tuple(
        AlternateScore(
            product_id=products[i].product_id,
            name=products[i].name,
            brand=products[i].brand,
            gender=products[i].gender,
            sneaker_type=products[i].sneaker_type,
            image=products[i].image,
            similarity=round(similarity[i], 4),
            p=p[i],
            interval=(intervals[i, 0], intervals[i, 1]),
            predicted_difference=difference[i],
            difference_interval=(difference_intervals[i, 0], difference_intervals[i, 1]),
            rank=rank,
        )
        for rank, i in enumerate(order, start=1)
    )


def choose_alternate(
    alternates: Sequence[AlternateScore], p_original: float, target: str
) -> BestAlternate:
    """Judge the best alternate against the uploaded picture."""
    if not alternates:
        return BestAlternate(
            product_id=None,
            verdict="cannot_tell",
            p=None,
            sentence="No alternate picture was asked for, or the catalog has none.",
        )
    best = alternates[0]
    verdict = decide(
        best.predicted_difference, best.difference_interval, p_original, direction_of(target)
    )
    return BestAlternate(
        product_id=best.product_id if verdict == "recommend" else None,
        verdict=verdict,
        p=best.p,
        sentence=sentence(
            verdict,
            f"“{best.name}” by {best.brand}",
            target,
            best.p,
            p_original,
            best.predicted_difference,
            best.difference_interval,
        ),
    )


def _matches(product: Product, context: Context, by_type: bool, by_gender: bool) -> bool:
    """Whether a product passes the filter; unisex fits every gender."""
    is_type = not by_type or context.sneaker_type in (None, product.sneaker_type)
    is_gender = not by_gender or not context.gender or product.gender in (context.gender, "unisex")
    return is_type and is_gender
