"""Simulated campaigns whose true probabilities are known, to train demos and to judge models on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.special import expit, logit

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, OPTIONAL_FIELDS, TARGETS

WORLDS: Final = ("paper", "market", "null")

POLICIES: Final = ("randomised", "confounded")
"""Who chose the edit of each send: chance, with its probability written down; or somebody who
knew things that are not in the data."""

LOOKS: Final = (
    "brightness",
    "contrast",
    "saturation",
    "warmth",
    "fill",
    "background_brightness",
    "is_plain",
    "red",
    "yellow",
    "green",
    "blue",
)
"""What of a photo matters in `market`: the measures of `score.features.measure_picture` by their
names, and the shares of `dataset.looks.measure_hues`."""

OPEN_SHARE: Final = 0.10
"""Share of events in which an optional context field is left open."""

WORKS, FAILS = 0.8, 0.2
"""Success rates of the source design: brighter and rotated pictures, and all others."""

BASE_RATES: Final = {
    "open_rate": 0.17,
    "click_through": 0.02,
    "abandoned_cart": 0.70,
    "unsubscribed": 0.0015,
}
"""Of e-mail campaigns at large; the second to last of carts, the others of sends."""

CART_SHARE: Final = 0.015
"""Recipients with a cart; in cart reminders everybody has one."""

PICTURE_EFFECT: Final = {
    "open_rate": 0.6,
    "click_through": 1.0,
    "abandoned_cart": 0.8,
    "unsubscribed": 0.8,
}
"""How much pictures matter to a target, on the log-odds scale beside `click_through`."""

HIDDEN_APPEAL: Final = 0.08
"""Standard deviation of the part of a product's appeal, in log-odds, that nobody can see."""

MEANS: Final = np.array([0.75, 0.25, 0.25, 0.03, 0.6, 0.95, 0.9, 0.3, 0.15, 0.1, 0.25])
SPREADS: Final = np.array([0.12, 0.07, 0.15, 0.06, 0.2, 0.1, 0.3, 0.3, 0.2, 0.2, 0.3])
"""Round figures that bring `LOOKS` to one scale."""

N_NODES: Final = 25
"""Points that stand for a distribution where a probability is averaged over it."""

_AVERAGE_EFFECT: Final = {
    "brighter": 0.05,
    "darker": -0.08,
    "original": 0.0,
    "rotate": -0.15,
    "sketch": -0.25,
    "swivel": 0.03,
}


@dataclass(frozen=True)
class Pictures:
    """The pictures a campaign may send.

    Attributes
    ----------
    labels
        Augmentation of each, shape ``(n,)``.
    products
        Product number of each, shape ``(n,)``.
    looks
        Of the photo each was made from, shape ``(n, len(LOOKS))``.
    """

    labels: IntArray
    products: IntArray
    looks: FloatArray = field(repr=False)

    def __len__(self) -> int:
        """Pictures."""
        return len(self.labels)

    def take(self, rows: IntArray) -> Pictures:
        """Some of them, in the order asked for."""
        return Pictures(self.labels[rows], self.products[rows], self.looks[rows])


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


def check_world(world: str, policy: str = POLICIES[0]) -> None:
    """Refuse a world that is none of `WORLDS`, or a policy that is none of `POLICIES`.

    Raises
    ------
    InputError
        Naming the known ones.
    """
    if world not in WORLDS:
        raise InputError(f"Unknown world {world!r}; expected one of: {', '.join(WORLDS)}.")
    if policy not in POLICIES:
        raise InputError(f"Unknown policy {policy!r}; expected one of: {', '.join(POLICIES)}.")


class World:
    """The laws of one world.

    Parameters
    ----------
    name
        One of `WORLDS`. In ``paper`` an edit works or does not, and nothing else matters. In
        ``market`` the effects of edits differ in sign and size by campaign, industry, sneaker
        type and by how the photo looks; products have an appeal, and hours of the week theirs.
        ``null`` is ``market`` without any picture mattering.
    seed
        Another seed is another world of the kind.

    Raises
    ------
    InputError
        If the world is unknown.
    """

    def __init__(self, name: str, seed: int = 0) -> None:
        check_world(name)
        self.name, self.seed = name, seed
        rng = np.random.default_rng([2025, seed])
        n_edits = len(AUGMENTATIONS)
        edited = (np.arange(n_edits) != AUGMENTATIONS.index("original"))[:, None]
        hour = np.arange(168)
        self._laws: dict[str, _Law] = {}
        for target in TARGETS:
            daily = 0.18 * np.sin(2 * np.pi * (hour % 24 - rng.uniform(6, 12)) / 24)
            self._laws[target] = _Law(
                terms={
                    name: rng.normal(0, spread, len(CONTEXT_FIELDS[name]))
                    for name, spread in _CONTEXT_SPREADS.items()
                },
                edits={
                    name: edited * rng.normal(0, spread, (n_edits, len(CONTEXT_FIELDS[name])))
                    for name, spread in _EDIT_SPREADS.items()
                },
                edit_looks=edited * rng.normal(0, 0.025, (n_edits, len(LOOKS))),
                campaign_looks=rng.normal(
                    0, 0.03, (len(CONTEXT_FIELDS["campaign_type"]), len(LOOKS))
                ),
                appeal=rng.normal(0, 0.08, len(LOOKS)),
                hours=daily + np.repeat(rng.normal(0, 0.08, 7), 24),
            )

    def probability(
        self,
        pictures: Pictures,
        contexts: Mapping[str, IntArray],
        target: str,
        is_hidden_seen: bool = True,
    ) -> ProbabilityArray:
        """Return the true probability of a target's event, averaged over the hours of the week.

        Parameters
        ----------
        pictures
            One a row, ``n`` of them.
        contexts
            As in `Events`.
        target
            One of the targets.
        is_hidden_seen
            Whether the product's hidden appeal is known. Where not, the answer is the best one
            of somebody who sees all that can be seen.

        Returns
        -------
        p
            Shape ``(n,)``.
        """
        if self.name == "paper":
            return paper_probability(pictures.labels, target)
        law = self._laws[target]
        z = self._log_odds(pictures, contexts, target)
        spread = law.hours
        if is_hidden_seen:
            z = z + self._hidden(pictures, target)
        else:
            normal = np.random.default_rng(0).normal(0, self._hidden_sd(target), 200)
            spread = (spread[:, None] + normal[None]).ravel()
        return np.asarray(np.mean([expit(z + node) for node in _nodes(spread)], axis=0))

    def happen(
        self,
        pictures: Pictures,
        contexts: Mapping[str, IntArray],
        hours: IntArray,
        target: str,
        rng: Generator,
    ) -> ProbabilityArray:
        """Draw whether a target's event happens: 0 or 1, NaN where it could not; shape ``(n,)``."""
        if self.name == "paper":
            p = paper_probability(pictures.labels, target)
        else:
            z = self._log_odds(pictures, contexts, target) + self._hidden(pictures, target)
            p = expit(z + self._laws[target].hours[hours])
        happened = (rng.random(len(p)) < p).astype(np.float64)
        if target == "abandoned_cart" and self.name != "paper":
            reminder = CONTEXT_FIELDS["campaign_type"].index("cart_reminder")
            has_cart = rng.random(len(p)) < CART_SHARE
            happened[(contexts["campaign_type"] != reminder) & ~has_cart] = np.nan
        return happened

    def _log_odds(
        self, pictures: Pictures, contexts: Mapping[str, IntArray], target: str
    ) -> ProbabilityArray:
        """All that can be seen, but for the hour."""
        law = self._laws[target]
        z = np.full(len(pictures), logit(BASE_RATES[target]))
        for name, effects in law.terms.items():
            z += _of(effects, contexts[name])
        if self.name == "null":
            return z
        labels = pictures.labels
        looks = np.clip((pictures.looks - MEANS) / SPREADS, -2.5, 2.5)
        effect = np.array([_AVERAGE_EFFECT[name] for name in AUGMENTATIONS])[labels]
        for name, table in law.edits.items():
            effect += _of(table.T, contexts[name])[np.arange(len(labels)), labels]
        effect += (law.edit_looks[labels] * looks).sum(axis=1)
        effect += _fitting_edit(labels, looks)
        effect += (law.campaign_looks[contexts["campaign_type"]] * looks).sum(axis=1)
        effect += np.sin(1.3 * looks) @ law.appeal + 0.06 * looks[:, 3] * looks[:, 4]
        return np.asarray(z + _sign(target) * PICTURE_EFFECT[target] * effect)

    def _hidden_sd(self, target: str) -> float:
        return 0.0 if self.name == "null" else HIDDEN_APPEAL * PICTURE_EFFECT[target]

    def _hidden(self, pictures: Pictures, target: str) -> ProbabilityArray:
        """The hidden appeal of each picture's product; the same wherever it is asked for."""
        if len(pictures) == 0:
            return np.empty(0)
        rng = np.random.default_rng([7, self.seed, list(TARGETS).index(target)])
        drawn = rng.normal(0, 1, int(pictures.products.max()) + 1)
        return self._hidden_sd(target) * drawn[pictures.products]


@dataclass(frozen=True)
class _Law:
    """Effects on a target's log-odds, before a picture's are scaled."""

    terms: dict[str, ProbabilityArray]
    edits: dict[str, ProbabilityArray]
    edit_looks: ProbabilityArray
    campaign_looks: ProbabilityArray
    appeal: ProbabilityArray
    hours: ProbabilityArray


_CONTEXT_SPREADS: Final = {
    "campaign_type": 0.25,
    "industry": 0.15,
    "sneaker_type": 0.10,
    "gender": 0.06,
}
_EDIT_SPREADS: Final = {"campaign_type": 0.06, "industry": 0.04, "sneaker_type": 0.04}


def _of(effects: ProbabilityArray, codes: IntArray) -> ProbabilityArray:
    """Effects by code; of a field left open their mean."""
    known = np.concatenate([effects, effects.mean(axis=0, keepdims=True)])
    return np.asarray(known[codes], dtype=np.float64)


def _fitting_edit(labels: IntArray, looks: FloatArray) -> ProbabilityArray:
    """An edit helps where a photo lacks it, and hurts where it has enough."""
    brightness, contrast, saturation, fill = looks[:, 0], looks[:, 1], looks[:, 2], looks[:, 4]
    fits = {
        "brighter": -0.12 * np.tanh(1.5 * (brightness + 0.3)),
        "darker": 0.10 * np.tanh(1.5 * (brightness - 0.6)),
        "rotate": -0.04 * np.tanh(fill),
        "sketch": 0.08 * np.tanh(contrast) - 0.08 * np.tanh(saturation),
        "swivel": -0.06 * np.tanh(2 * (fill - 0.5)),
    }
    effect = np.zeros(len(labels))
    for name, values in fits.items():
        chosen = labels == AUGMENTATIONS.index(name)
        effect[chosen] = values[chosen]
    return effect


def _nodes(values: ProbabilityArray) -> ProbabilityArray:
    """A few points that stand for a distribution, each for as much of it."""
    pieces = np.array_split(np.sort(values), min(N_NODES, len(values)))
    return np.array([piece.mean() for piece in pieces])


def _sign(target: str) -> float:
    return 1.0 if TARGETS[target] == "raise" else -1.0


def paper_probability(labels: IntArray, target: str) -> ProbabilityArray:
    """Return the source design's true probability of the target event.

    Success is 80 % for brighter and rotated pictures and 20 % for the others, whatever the
    campaign; for the two targets to lower, success is the event not happening.

    Parameters
    ----------
    labels
        Augmentation of each picture, shape ``(n,)``.
    target
        One of the targets.
    """
    works = np.isin(labels, [AUGMENTATIONS.index(name) for name in ("brighter", "rotate")])
    success = np.where(works, WORKS, FAILS)
    return success if TARGETS[target] == "raise" else 1.0 - success


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
    check_world(world.name, policy)
    contexts = draw_contexts(n, rng)
    hours = rng.integers(168, size=n)
    products = np.unique(pictures.products)
    chosen = products[rng.integers(len(products), size=n)]
    order = np.argsort(pictures.products, kind="stable")
    starts = np.searchsorted(pictures.products[order], chosen, "left")
    counts = np.searchsorted(pictures.products[order], chosen, "right") - starts
    weights = np.zeros((n, int(counts.max())))
    rows = np.zeros_like(weights, dtype=np.int64)
    for place in range(weights.shape[1]):
        there = place < counts
        rows[there, place] = order[starts[there] + place]
        labels = pictures.labels[rows[:, place]]
        liking = _liking(world, labels, contexts)
        if policy == "confounded":
            appeal = world._hidden(pictures.take(rows[:, place]), "click_through")
            evening = world._laws["click_through"].hours[hours]
            liking = 3.0 * liking + np.isin(labels, (0, 5)) * (8.0 * appeal + 4.0 * evening)
        weights[:, place] = np.where(there, np.exp(liking), 0.0)
    shares = weights / weights.sum(axis=1, keepdims=True)
    place = (rng.random((n, 1)) > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    sent = rows[np.arange(n), place]
    shown = pictures.take(sent)
    happened = {t: world.happen(shown, contexts, hours, t, rng) for t in TARGETS}
    propensity = shares[np.arange(n), place]
    if policy == "confounded":
        propensity = np.full(n, np.nan)
    return Events(sent, contexts, hours, happened, propensity)


def _liking(world: World, labels: IntArray, contexts: Mapping[str, IntArray]) -> ProbabilityArray:
    """How much a campaign type's policy prefers an edit; 0 everywhere in ``paper``."""
    if world.name == "paper":
        return np.zeros(len(labels))
    n_types = len(CONTEXT_FIELDS["campaign_type"])
    table = np.random.default_rng(5).normal(0, 0.3, (n_types, len(AUGMENTATIONS)))
    table[:, AUGMENTATIONS.index("original")] += 0.5
    return np.asarray(table[contexts["campaign_type"], labels], dtype=np.float64)
