"""Effects with their uncertainty: a hierarchical logistic regression by empirical Bayes.

Every effect is drawn from a normal of its block, whose spread the data choose: a block that does
not matter shrinks to nothing, one that matters keeps its size. Products, and pictures of a
product, have intercepts of their own, so that many sends of one shoe are not taken for news of
all shoes. Laplace's approximation gives the posterior (Tierney and Kadane, 1986), MacKay's fixed
point the spreads ("Bayesian interpolation", 1992).

That edits matter at all is not taken for granted: the posterior is an average over "they do" and
"they do not" (Hoeting et al., "Bayesian model averaging", 1999), each weighed by its evidence
(Dickey, "The weighted likelihood ratio", 1971).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.special import expit, logit

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.score.design import (
    BLOCKS,
    CREDIT,
    FeatureRows,
    Scale,
    design_rows,
    fit_scale,
    pieces,
)
from sneakeraug.score.effects import N_DRAWS, EffectsModel

KEPT_ROWS: Final = 400_000
"""Design rows of an array made once and kept in memory; else they are made in every iteration."""

PASSES: Final = 6
"""Newton steps over all rows; the base rate is near enough for five to arrive."""

SOLUTIONS_A_PASS: Final = 12
"""How often the spreads are learnt from one quadratic approximation, which costs no pass."""

LIKELY_SPREAD: Final = 0.1
LIKELY_INTERACTION_SPREAD: Final = 0.03
LIKELY_PRODUCT_SPREAD: Final = 0.10
LIKELY_PICTURE_SPREAD: Final = 0.02
"""Spreads in log-odds that are thought likely before any event: what a campaign or an edit
changes; how that differs from one to the other, and with how an edited picture looks; and what is
a product's or a picture's own."""

BELIEF: Final = 4.0
"""How many well-known effects that belief weighs: few clicks move a spread little, many as far as
they say. Without it a spread collapses to nothing on few events, and ranges with it."""

LEAST_VARIANCE, MOST_VARIANCE = 1e-6, 4.0

OF_EDITS: Final = ("edit", "measure", *(name for name in BLOCKS if name.startswith("edit by ")))
"""Blocks that are nothing if edits do not matter, which is as likely as not before any event."""


def fit_effects(
    x: FeatureRows,
    y_true: ProbabilityArray,
    weight: ProbabilityArray,
    products: IntArray,
    pictures: IntArray,
    rng: Generator,
) -> EffectsModel:
    """Learn the effects of one target.

    Parameters
    ----------
    x
        Feature rows, shape ``(n, d)``, float32.
    y_true
        Whether the event happened, 0 or 1, shape ``(n,)``; both occur.
    weight
        How many sends each row stands for, shape ``(n,)``.
    products, pictures
        Numbers of the product and of the picture of each row, shape ``(n,)``.
    rng
        Draws from the posterior.

    Returns
    -------
    EffectsModel
    """
    scale = fit_scale(x)
    rows = _Rows(x, scale, y_true, weight, products, pictures)
    spreads = _Spreads.likely()
    point = _Point.at_base_rate(rows)
    for _ in range(PASSES):
        around = _expand(rows, point)
        for _ in range(SOLUTIONS_A_PASS):
            solution = _solve(rows, point, around, spreads)
            spreads = solution.learn(spreads)
        point = solution.point
    chance = solution.chance_of_edits(spreads)
    return EffectsModel(
        scale,
        solution.draw(chance, rng).astype(np.float32),
        rows.mean_row(),
        float(np.sqrt(spreads.product)),
        float(np.sqrt(spreads.picture)),
        chance,
    )


class _Rows:
    """The training rows in pieces, with the product of every picture."""

    def __init__(
        self,
        x: FeatureRows,
        scale: Scale,
        y_true: ProbabilityArray,
        weight: ProbabilityArray,
        products: IntArray,
        pictures: IntArray,
    ) -> None:
        self.x, self.scale, self.y, self.weight = x, scale, y_true, weight
        _, first, self.pictures = np.unique(pictures, return_index=True, return_inverse=True)
        _, self.product_of = np.unique(products[first], return_inverse=True)
        self.n_pictures, self.n_products = len(first), int(self.product_of.max()) + 1
        self.n_columns = len(CREDIT)
        self._by_product = np.argsort(self.product_of, kind="stable")
        self._product_starts = np.searchsorted(
            self.product_of[self._by_product], np.arange(self.n_products)
        )
        self._kept: list[FloatArray] = []
        if isinstance(x, np.ndarray) and len(x) <= KEPT_ROWS:
            self._kept = [design_rows(x[rows], scale) for rows in pieces(len(x))]

    def __iter__(self) -> Iterator[tuple[slice, FloatArray]]:
        for number, rows in enumerate(pieces(len(self.x))):
            yield rows, self._kept[number] if self._kept else design_rows(self.x[rows], self.scale)

    def mean_row(self) -> FloatArray:
        """The weighted mean design row."""
        total = np.zeros(self.n_columns)
        for rows, design in self:
            total += self.weight[rows] @ design
        return np.asarray(total / self.weight.sum(), dtype=np.float32)

    def by_product(self, values: ProbabilityArray) -> ProbabilityArray:
        """Sums of pictures' values over their products."""
        ordered = values[self._by_product]
        return np.asarray(np.add.reduceat(ordered, self._product_starts, axis=0))


@dataclass(frozen=True)
class _Spreads:
    """Prior variances: of each block's effects, of products', of pictures' intercepts."""

    blocks: dict[str, float]
    product: float
    picture: float

    @classmethod
    def likely(cls) -> _Spreads:
        """What is thought before any event."""
        return cls(
            {name: _likely_variance(name) for name in BLOCKS},
            LIKELY_PRODUCT_SPREAD**2,
            LIKELY_PICTURE_SPREAD**2,
        )


@dataclass(frozen=True)
class _Point:
    """Effects, and intercepts of products and pictures."""

    effects: ProbabilityArray
    of_product: ProbabilityArray
    of_picture: ProbabilityArray

    @classmethod
    def at_base_rate(cls, rows: _Rows) -> _Point:
        """Where the search begins."""
        effects = np.zeros(rows.n_columns)
        effects[0] = logit(np.average(rows.y, weights=rows.weight))
        return cls(effects, np.zeros(rows.n_products), np.zeros(rows.n_pictures))


@dataclass(frozen=True)
class _Expansion:
    """The log-likelihood's gradient and negative Hessian at a point.

    Of effects ``(k, k)`` and ``(k,)``; of pictures, whose Hessian is diagonal, ``(m,)`` each; and
    between pictures and effects ``(m, k)``.
    """

    hessian: ProbabilityArray
    gradient: ProbabilityArray
    by_picture: ProbabilityArray
    w_picture: ProbabilityArray
    g_picture: ProbabilityArray


@dataclass(frozen=True)
class _Solution:
    """The best point of a quadratic approximation, and how sure it is of its parts."""

    point: _Point
    factor: tuple[ProbabilityArray, bool]
    v_product: ProbabilityArray
    v_picture: ProbabilityArray

    def learn(self, old: _Spreads) -> _Spreads:
        """MacKay's fixed point for every spread."""
        point = self.point
        uncertain = np.diag(self.covariance)
        return _Spreads(
            {
                name: _fixed_point(
                    point.effects[columns], uncertain[columns], variance, _likely_variance(name)
                )
                for (name, columns), variance in zip(
                    BLOCKS.items(), old.blocks.values(), strict=True
                )
            },
            _fixed_point(point.of_product, self.v_product, old.product, LIKELY_PRODUCT_SPREAD**2),
            _fixed_point(point.of_picture, self.v_picture, old.picture, LIKELY_PICTURE_SPREAD**2),
        )

    def chance_of_edits(self, spreads: _Spreads) -> float:
        """How likely it is that edits matter: prior over posterior density of no effects."""
        columns = _columns_of(OF_EDITS)
        prior = np.concatenate([np.full(len(BLOCKS[n]), spreads.blocks[n]) for n in OF_EDITS])
        root = cholesky(self.covariance[np.ix_(columns, columns)], lower=True)
        away = solve_triangular(root, self.point.effects[columns], lower=True)
        evidence = 0.5 * away @ away + np.log(np.diag(root)).sum() - 0.5 * np.log(prior).sum()
        return float(expit(evidence))

    @cached_property
    def covariance(self) -> ProbabilityArray:
        """Of the effects, shape ``(k, k)``."""
        return np.asarray(cho_solve(self.factor, np.eye(len(self.point.effects))))

    def draw(self, chance_of_edits: float, rng: Generator) -> ProbabilityArray:
        """Effects by draw, those of edits in their share of draws; the second half mirrors."""
        n_pairs, effects = N_DRAWS // 2, self.point.effects
        normal = rng.standard_normal((n_pairs, len(effects)))
        normal *= np.sqrt(n_pairs / np.maximum((normal**2).sum(axis=0), 1e-12))
        away = solve_triangular(self.factor[0], normal.T, lower=True, trans="T").T
        draws = np.concatenate([effects + away, effects - away])
        without = rng.permutation(n_pairs)[: round((1 - chance_of_edits) * n_pairs)]
        rows = np.concatenate([without, n_pairs + without])
        columns, covariance = _columns_of(OF_EDITS), self.covariance
        # What else is true where edits do nothing (Matheron's rule).
        gain = np.linalg.solve(covariance[np.ix_(columns, columns)], covariance[columns])
        draws[rows] -= draws[np.ix_(rows, columns)] @ gain
        draws[np.ix_(rows, columns)] = 0.0
        return draws


def _expand(rows: _Rows, point: _Point) -> _Expansion:
    """One pass over the data."""
    k, n = rows.n_columns, rows.n_pictures
    hessian, gradient = np.zeros((k, k)), np.zeros(k)
    by_picture = np.zeros((n, k), dtype=np.float32)
    w_picture, g_picture = np.zeros(n), np.zeros(n)
    offset = point.of_picture + point.of_product[rows.product_of]
    effects = point.effects.astype(np.float32)
    for span, design in rows:
        picture = rows.pictures[span]
        p = expit(design @ effects + offset[picture])
        w = rows.weight[span] * p * (1 - p)
        residual = rows.weight[span] * (rows.y[span] - p)
        weighted = design * w[:, None].astype(np.float32)
        hessian += design.T @ weighted
        gradient += design.T @ residual.astype(np.float32)
        order = np.argsort(picture, kind="stable")
        numbers, starts = np.unique(picture[order], return_index=True)
        by_picture[numbers] += np.add.reduceat(weighted[order], starts, axis=0)
        w_picture += np.bincount(picture, w, n)
        g_picture += np.bincount(picture, residual, n)
    return _Expansion(hessian, gradient, by_picture.astype(np.float64), w_picture, g_picture)


def _solve(rows: _Rows, start: _Point, around: _Expansion, spreads: _Spreads) -> _Solution:
    """The best point of the approximation around `start` under some prior spreads.

    Pictures' intercepts are eliminated first, then products', by Schur complements: what is
    solved stays as small as the design.
    """
    prior = np.full(rows.n_columns, 1e-4)
    for name, columns in BLOCKS.items():
        prior[columns] = 1 / spreads.blocks[name]
    hessian = around.hessian + np.diag(prior)
    gradient = around.gradient - prior * start.effects
    d_picture = around.w_picture + 1 / spreads.picture
    g_picture = around.g_picture - start.of_picture / spreads.picture
    share = around.w_picture / d_picture
    kept = 1 - share
    by_picture = around.by_picture
    hessian -= (by_picture / d_picture[:, None]).T @ by_picture
    gradient -= by_picture.T @ (g_picture / d_picture)
    cross = rows.by_product(kept[:, None] * by_picture)
    d_product = rows.by_product(kept * around.w_picture) + 1 / spreads.product
    g_product = rows.by_product(around.g_picture - share * g_picture)
    g_product -= start.of_product / spreads.product
    hessian -= (cross / d_product[:, None]).T @ cross
    gradient -= cross.T @ (g_product / d_product)
    factor = cho_factor(hessian, lower=True)
    move = cho_solve(factor, gradient)
    move_product = (g_product - cross @ move) / d_product
    pull = by_picture @ move + around.w_picture * move_product[rows.product_of]
    v_product = 1 / d_product
    return _Solution(
        _Point(
            start.effects + move,
            start.of_product + move_product,
            start.of_picture + (g_picture - pull) / d_picture,
        ),
        factor,
        v_product,
        1 / d_picture + share**2 * v_product[rows.product_of],
    )


def _columns_of(names: Sequence[str]) -> IntArray:
    """The columns of some blocks."""
    return np.concatenate([BLOCKS[name] for name in names])


def _likely_variance(block: str) -> float:
    is_fine = " by " in block or block == "measure"
    return (LIKELY_INTERACTION_SPREAD if is_fine else LIKELY_SPREAD) ** 2


def _fixed_point(
    effects: ProbabilityArray, uncertain: ProbabilityArray, variance: float, likely: float
) -> float:
    """The next variance of a block: its squared size over how many of it the data determine."""
    determined = max(float(len(effects) - uncertain.sum() / variance), 0.0)
    new = (float((effects**2).sum()) + BELIEF * likely) / (determined + BELIEF)
    return float(np.clip(new, LEAST_VARIANCE, MOST_VARIANCE))
