"""Simulated sends of a world: who got which picture in which campaign, and what came of it."""

from __future__ import annotations

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

FAVOURED: Final = tuple(AUGMENTATIONS.index(name) for name in ("brighter", "swivel"))
"""Edits that the confounded policy believes in."""

SENDS_AT_ONCE: Final = 5_000
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
    sent, propensity = _choose_pictures(
        world, pictures, chosen, contexts["campaign_type"], hours, rng.random(n), policy
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
    campaign_types: IntArray,
    hours: IntArray,
    luck: ProbabilityArray,
    policy: str,
) -> tuple[IntArray, ProbabilityArray]:
    """The picture of each send's product that a policy sends, and how likely that was."""
    order = np.argsort(pictures.products, kind="stable")
    starts, ends = (
        np.searchsorted(pictures.products[order], products, side) for side in ("left", "right")
    )
    preferences = _preferences(world)
    appeal = world.hidden_appeal(pictures, "click_through")
    evening = world.hour_effects("click_through")[hours]
    sent, propensity = np.zeros(len(products), dtype=np.int64), np.zeros(len(products))
    for start in range(0, len(products), SENDS_AT_ONCE):
        some = slice(start, start + SENDS_AT_ONCE)
        place = starts[some, None] + np.arange((ends - starts)[some].max())
        rows = order[np.minimum(place, len(order) - 1)]
        labels = pictures.labels[rows]
        liking = preferences[campaign_types[some, None], labels]
        if policy == "confounded":
            goes_well = 8.0 * appeal[rows] + 4.0 * evening[some, None]
            liking = 3.0 * liking + np.isin(labels, FAVOURED) * goes_well
        weights = np.where(place < ends[some, None], np.exp(liking), 0.0)
        shares = weights / weights.sum(axis=1, keepdims=True)
        picked = (luck[some, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
        every = np.arange(len(picked))
        sent[some], propensity[some] = rows[every, picked], shares[every, picked]
    return sent, propensity


def _preferences(world: World) -> ProbabilityArray:
    """How much each campaign type's policy prefers each edit; 0 everywhere in ``paper``."""
    shape = len(CONTEXT_FIELDS["campaign_type"]), len(AUGMENTATIONS)
    if world.name == "paper":
        return np.zeros(shape)
    table = np.random.default_rng(5).normal(0, 0.3, shape)
    table[:, AUGMENTATIONS.index("original")] += 0.5
    return np.asarray(table, dtype=np.float64)
