"""Which catalog pictures may stand in for a picture, how they rank, and whether one is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, ProbabilityArray
from sneakeraug.rank.choice import choose_best
from sneakeraug.rank.verdict import order_by_target
from sneakeraug.records import (
    AlternateScore,
    BestAlternate,
    Context,
    Guard,
    Product,
    ProductFilter,
    direction_of,
)
from sneakeraug.vocabulary import GENDERS, SNEAKER_TYPES

Search = Callable[[int, IntArray], tuple[IntArray, FloatArray]]
"""``(k, allowed rows) -> (rows, similarity)``, best first."""


OVERSAMPLED: Final = 4
"""Nearest rows looked at for each one wanted: others may be the same shoe in another colour."""


class Shelf:
    """What filters ask of a catalog's products, as columns in row order.

    Parameters
    ----------
    products
        The catalog.
    """

    def __init__(self, products: Sequence[Product]) -> None:
        self.sneaker_types = np.array([SNEAKER_TYPES.index(p.sneaker_type) for p in products])
        self.genders = np.array([GENDERS.index(p.gender) for p in products])
        self.in_stock = np.array([p.in_stock for p in products], dtype=np.bool_)
        self.brand_names, self.brands = np.unique(
            np.array([p.brand.casefold() for p in products], dtype=np.str_), return_inverse=True
        )
        self.prices = np.array(
            [np.nan if p.price_cents is None else p.price_cents for p in products], dtype=np.float64
        )
        shoes = [f"{p.brand}\n{p.name}".casefold() for p in products]
        self.shoes = np.unique(shoes, return_inverse=True)[1] if shoes else np.empty(0, np.int64)

    def among(self, wanted: ProductFilter) -> BoolArray:
        """Return which rows a filter leaves, as `ProductFilter.fits` says of each product."""
        left = np.ones(len(self.in_stock), dtype=np.bool_)
        if wanted.in_stock:
            left &= self.in_stock
        if wanted.brands:
            named = np.isin(self.brand_names, [brand.casefold() for brand in wanted.brands])
            left &= named[self.brands]
        if wanted.least_cents is not None:
            left &= self.prices >= wanted.least_cents
        if wanted.most_cents is not None:
            left &= self.prices <= wanted.most_cents
        return left

    def fitting(
        self, context: Context, by_type: bool, by_gender: bool, among: BoolArray
    ) -> BoolArray:
        """Return which of some rows pass a context's filter; unisex fits every gender."""
        fits = among.copy()
        if by_type and context.sneaker_type:
            fits &= self.sneaker_types == SNEAKER_TYPES.index(context.sneaker_type)
        if by_gender and context.gender:
            wanted = [GENDERS.index(context.gender), GENDERS.index("unisex")]
            fits &= np.isin(self.genders, wanted)
        return fits


def choose_alternates(
    shelf: Shelf, context: Context, n: int, search: Search, among: ProductFilter
) -> tuple[list[tuple[int, float]], str | None]:
    """Pick up to `n` products, the nearest of the strictest filter that has any left first.

    Colourways of one shoe are not offered side by side, unless there is nothing else.

    Parameters
    ----------
    shelf
        The catalog's products.
    context
        Its sneaker type and gender are the filter; open ones filter nothing.
    n
        Alternates wanted.
    search
        Nearest rows among allowed ones.
    among
        Which products may be chosen at all; this filter is never widened.

    Returns
    -------
    chosen
        Row number and similarity, in the order they were picked.
    note
        A sentence where the filter had to be widened, else None.
    """
    chosen: list[tuple[int, float]] = []
    n_strict = 0
    left = shelf.among(among)
    widths = [(True, True), (True, False), (False, True), (False, False)]
    passes = [(*width, True) for width in widths] + [(*width, False) for width in widths]
    for number, (by_type, by_gender, is_diverse) in enumerate(passes):
        fits = shelf.fitting(context, by_type, by_gender, left)
        fits[[row for row, _ in chosen]] = False
        rows, similarity = search(OVERSAMPLED * (n - len(chosen)), np.flatnonzero(fits))
        for row, value in zip(rows.tolist(), similarity.tolist(), strict=True):
            shown = {shelf.shoes[other] for other, _ in chosen}
            if len(chosen) < n and not (is_diverse and shelf.shoes[row] in shown):
                chosen.append((row, value))
                n_strict += number in (0, len(widths))
        if len(chosen) >= n:
            break
    wanted = " ".join(
        filter(
            None, [context.sneaker_type or "", f"for {context.gender}" if context.gender else ""]
        )
    ).replace("_", " ")
    note = None
    if n_strict < len(chosen) and wanted:
        products = "product" if n_strict == 1 else "products"
        n_more = len(chosen) - n_strict
        added = "1 other was" if n_more == 1 else f"{n_more} others were"
        note = f"The catalog has {n_strict} matching {products} ({wanted}); {added} added."
    return chosen, note


def rank_alternates(
    products: Sequence[Product],
    similarity: Sequence[float],
    p: ProbabilityArray,
    intervals: ProbabilityArray,
    difference: ProbabilityArray,
    difference_intervals: ProbabilityArray,
    target: str,
    guards: Sequence[tuple[Guard, ...]] = (),
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
    guards
        What guardrails say of each; none where there are none.
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
            guards=guards[i] if guards else (),
            rank=rank,
        )
        for rank, i in enumerate(order, start=1)
    )


def choose_alternate(
    alternates: Sequence[AlternateScore], p_original: float, target: str
) -> BestAlternate:
    """Judge the best alternate that no guard bars against the uploaded picture."""
    if not alternates:
        return BestAlternate(
            product_id=None,
            verdict="cannot_tell",
            p=None,
            sentence="No alternate picture was asked for, or the catalog has none.",
        )
    choice = choose_best(alternates, _named, "alternate", p_original, target)
    best = choice.shown
    return BestAlternate(
        product_id=best.product_id if choice.verdict == "recommend" else None,
        verdict=choice.verdict,
        p=best.p,
        sentence=" ".join(filter(None, [choice.sentence, choice.barred])),
    )


def _named(alternate: AlternateScore) -> str:
    """An alternate as it stands in a sentence."""
    return f"“{alternate.name}” by {alternate.brand}"
