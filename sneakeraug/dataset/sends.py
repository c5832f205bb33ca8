"""Simulated sends of a world: who got which picture in which campaign, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import IntArray, ProbabilityArray
from sneakeraug.dataset.worlds import Pictures, World
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, OPTIONAL_FIELDS, TARGETS

POLICIES: Final = ("randomised", "confounded")
"""Who chose the edit of each send: chance, with its probability written down; or somebody who
knew things that are not in the data."""

SENDS_AT_ONCE: Final = 20_000
"""Sends whose pictures are chosen together: a product may have hundreds to choose from."""

OPEN_SHARE: Final = 0.10
"""Share of events in which an optional context field is left open."""


@dataclass(frozen=True)
class Events:
    """Simulated sends.

    Attributes
    ----------
    pictures
        Position of the picture sent, shape ``(n,)``.
    contexts
        Position of each context field's term in `CONTEXT_FIELDS`, by field, shape ``(n,)``;
        -1 where it is left open.
    hours
        Hour of the week, 0 to 167, shape ``(n,)``.
    happened
        Whether it happened, by target, shape ``(n,)``, 0 or 1; NaN where it could not, such as
        abandoning a cart that was not there.
    propensity
        Probability with which this picture of the product was chosen; NaN where nobody knows.
    """

    pictures: IntArray
    contexts: dict[str, IntArray]
    hours: IntArray
    happened: dict[str, ProbabilityArray]
    propensity: ProbabilityArray

    def __len__(self) -> int:
        """Sends."""
        return len(self.pictures)


def check_policy(policy: str) -> None:
    """Refuse a policy that is none of `POLICIES`.

    Raises
    ------
    InputError
        Naming the known ones.
    """
    if policy not in POLICIES:
        raise InputError(f"Unknown policy {policy!r}; expected one of: {', '.join(POLICIES)}.")


def draw_contexts(n: int, rng: Generator) -> dict[str, IntArray]:
    """Draw contexts evenly, as in `Events`; optional fields are left open at times."""
    contexts = {
        name: rng.integers(len(terms), size=n).astype(np.int64)
        for name, terms in CONTEXT_FIELDS.items()
    }
    for name in OPTIONAL_FIELDS:
        contexts[name][rng.random(n) < OPEN_SHARE] = -1
    return contexts


def draw_events(
    world: World,
    pictures: Pictures,
    n: int,
    rng: Generator,
    policy: str = POLICIES[0],
) -> Events:
    """Draw sends: product, campaign, edit and outcomes.

    Parameters
    ----------
    world
        Whose laws hold.
    pictures
        All that may be sent.
    n
        Sends wanted.
    rng
        Where all choices come from.
    policy
        One of `POLICIES`. ``randomised`` prefers some edits in some campaigns, by chance, and
        writes down the probabilities. ``confounded`` shows the edits it believes in to products
        of more hidden appeal, at better hours, and writes down nothing.

    Raises
    ------
    InputError
        If the policy is unknown.
    """
    check_policy(policy)
    contexts = draw_contexts(n, rng)
    hours = rng.integers(168, size=n)
    products = np.unique(pictures.products)
    chosen = products[rng.integers(len(products), size=n)]
    luck = rng.random(n)
    sent, propensity = np.zeros(n, dtype=np.int64), np.zeros(n)
    for start in range(0, n, SENDS_AT_ONCE):
        rows = slice(start, start + SENDS_AT_ONCE)
        some = {name: codes[rows] for name, codes in contexts.items()}
        sent[rows], propensity[rows] = _choose_pictures(
            world, pictures, chosen[rows], some, hours[rows], luck[rows], policy
        )
    shown = pictures.take(sent)
    happened = {t: world.happen(shown, contexts, hours, t, rng) for t in TARGETS}
    if policy == "confounded":
        propensity = np.full(n, np.nan)
    return Events(sent, contexts, hours, happened, propensity)


def _choose_pictures(
    world: World,
    pictures: Pictures,
    products: IntArray,
    contexts: Mapping[str, IntArray],
    hours: IntArray,
    luck: ProbabilityArray,
    policy: str,
) -> tuple[IntArray, ProbabilityArray]:
    """The picture of each product that a policy sends, and how likely that was."""
    n = len(products)
    order = np.argsort(pictures.products, kind="stable")
    starts = np.searchsorted(pictures.products[order], products, "left")
    counts = np.searchsorted(pictures.products[order], products, "right") - starts
    weights = np.zeros((n, int(counts.max(initial=1))))
    rows = np.zeros_like(weights, dtype=np.int64)
    for place in range(weights.shape[1]):
        there = place < counts
        rows[there, place] = order[starts[there] + place]
        labels = pictures.labels[rows[:, place]]
        liking = _liking(world, labels, contexts)
        if policy == "confounded":
            appeal = world.hidden_appeal(pictures.take(rows[:, place]), "click_through")
            evening = world.hour_effects("click_through")[hours]
            liking = 3.0 * liking + np.isin(labels, (0, 5)) * (8.0 * appeal + 4.0 * evening)
        weights[:, place] = np.where(there, np.exp(liking), 0.0)
    shares = weights / weights.sum(axis=1, keepdims=True)
    place = (luck[:, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    every = np.arange(n)
    return rows[every, place], shares[every, place]


def _liking(world: World, labels: IntArray, contexts: Mapping[str, IntArray]) -> ProbabilityArray:
    """How much a campaign type's policy prefers an edit; 0 everywhere in ``paper``."""
    if world.name == "paper":
        return np.zeros(len(labels))
    n_types = len(CONTEXT_FIELDS["campaign_type"])
    table = np.random.default_rng(5).normal(0, 0.3, (n_types, len(AUGMENTATIONS)))
    table[:, AUGMENTATIONS.index("original")] += 0.5
    return np.asarray(table[contexts["campaign_type"], labels], dtype=np.float64)
