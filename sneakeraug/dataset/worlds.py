"""Simulated campaigns whose true probabilities are known, to train demos and to judge models on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import IntArray, ProbabilityArray
from sneakeraug.errors import InputError
from sneakeraug.records import Context
from sneakeraug.vocabulary import CONTEXT_FIELDS, OPTIONAL_FIELDS, TARGETS

WORLDS: Final = ("paper",)

WORKS: Final = 0.8
FAILS: Final = 0.2
"""Success rates of the source design: brighter and rotated pictures, and all others."""

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
        The campaign of each.
    p_true
        True probability of each target's event, by target, shape ``(n,)``.
    happened
        Whether it happened, by target, shape ``(n,)``, 0 or 1.
    """

    pictures: IntArray
    contexts: list[Context]
    p_true: dict[str, ProbabilityArray]
    happened: dict[str, ProbabilityArray]

    def __len__(self) -> int:
        """Sends."""
        return len(self.pictures)


def paper_probability(augmentations: list[str], target: str) -> ProbabilityArray:
    """Return the source design's true probability of the target event.

    Success is 80 % for brighter and rotated pictures and 20 % for the others, whatever the
    campaign; for the two targets to lower, success is the event not happening.

    Parameters
    ----------
    augmentations
        Of each picture.
    target
        One of the targets.
    """
    works = np.isin(augmentations, ("brighter", "rotate"))
    success = np.where(works, WORKS, FAILS)
    return success if TARGETS[target] == "raise" else 1.0 - success


def check_world(world: str) -> None:
    """Refuse a world that is none of `WORLDS`.

    Raises
    ------
    InputError
        Naming the known ones.
    """
    if world not in WORLDS:
        raise InputError(f"Unknown world {world!r}; expected one of: {', '.join(WORLDS)}.")


def draw_events(world: str, augmentations: list[str], n: int, rng: Generator) -> Events:
    """Draw sends: picture, campaign and outcomes at random.

    Parameters
    ----------
    world
        One of `WORLDS`.
    augmentations
        The augmentation of each picture there is.
    n
        Sends wanted.
    rng
        Where all choices come from.

    Raises
    ------
    InputError
        If the world is unknown.
    """
    check_world(world)
    pictures = rng.integers(len(augmentations), size=n)
    terms = {
        field: rng.choice(np.array(known, dtype=object), size=n)
        for field, known in CONTEXT_FIELDS.items()
    }
    for field in OPTIONAL_FIELDS:
        terms[field][rng.random(n) < OPEN_SHARE] = None
    contexts = [
        Context.model_construct(**dict(zip(terms, row, strict=True)))
        for row in zip(*terms.values(), strict=True)
    ]
    sent = [augmentations[i] for i in pictures]
    p_true = {target: paper_probability(sent, target) for target in TARGETS}
    happened = {t: (rng.random(n) < p).astype(np.float64) for t, p in p_true.items()}
    return Events(pictures, contexts, p_true, happened)
