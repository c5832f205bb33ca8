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
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

WORLDS: Final = ("paper", "market", "null")

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


def check_world(world: str) -> None:
    """Refuse a world that is none of `WORLDS`.

    Raises
    ------
    InputError
        Naming the known ones.
    """
    if world not in WORLDS:
        raise InputError(f"Unknown world {world!r}; expected one of: {', '.join(WORLDS)}.")


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
            As in `sends.Events`.
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
        z = self._log_odds(pictures, contexts, target)
        spread = self.hour_effects(target)
        if is_hidden_seen:
            z = z + self.hidden_appeal(pictures, target)
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
            z = self._log_odds(pictures, contexts, target) + self.hidden_appeal(pictures, target)
            p = expit(z + self.hour_effects(target)[hours])
        happened = (rng.random(len(p)) < p).astype(np.float64)
        if target == "abandoned_cart" and self.name != "paper":
            reminder = CONTEXT_FIELDS["campaign_type"].index("cart_reminder")
            has_cart = rng.random(len(p)) < CART_SHARE
            happened[(contexts["campaign_type"] != reminder) & ~has_cart] = np.nan
        return happened

    def hidden_appeal(self, pictures: Pictures, target: str) -> ProbabilityArray:
        """Return what nobody can see of each picture's product, in log-odds, shape ``(n,)``.

        The same wherever it is asked for.
        """
        if len(pictures) == 0:
            return np.empty(0)
        rng = np.random.default_rng([7, self.seed, list(TARGETS).index(target)])
        drawn = rng.normal(0, 1, int(pictures.products.max()) + 1)
        return self._hidden_sd(target) * drawn[pictures.products]

    def hour_effects(self, target: str) -> ProbabilityArray:
        """Return what each hour of the week does to a target, in log-odds, shape ``(168,)``."""
        return self._laws[target].hours

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
