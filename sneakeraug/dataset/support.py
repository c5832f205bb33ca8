"""Whether a history can support a model at all, target by target, and what is missing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from sneakeraug.arrays import IntArray
from sneakeraug.dataset.history import History
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

MIN_OF_EACH_OUTCOME: Final = 100
"""Events, and trials without the event. With 100 of the rarer one its rate is known to about a
fifth (1.96 / √100); below, ten candidate predictors are more than the events can carry (Peduzzi et
al., *A simulation study of the number of events per variable*, 1996: ten events a predictor)."""

MIN_PER_AUGMENTATION: Final = 30
"""Events, or trials without, that an augmentation needs to be compared: a rate from 30 is known to
about a third; 30 trials without any event put it below a tenth (the rule of three)."""

MIN_AUGMENTATIONS: Final = 2
"""Whoever sent one look only has nothing to compare it with."""

MIN_PRODUCTS: Final = 10
"""Products are split over training, validation and test; a side with one product judges nothing."""


@dataclass(frozen=True)
class TargetSupport:
    """What a history says of one target.

    Attributes
    ----------
    n_trials, n_events
        How often the event could have happened, and did.
    by_augmentation
        The same of each augmentation that was sent, trials before events.
    n_unnamed
        Trials whose row names no augmentation.
    n_products
        Products among the trials.
    missing
        What a model would need besides; none where one can be trained.
    """

    n_trials: int
    n_events: int
    by_augmentation: dict[str, tuple[int, int]]
    n_unnamed: int
    n_products: int
    missing: tuple[str, ...]

    @property
    def can_train(self) -> bool:
        """Whether a model can be trained."""
        return not self.missing


@dataclass(frozen=True)
class Support:
    """What a history can support.

    Attributes
    ----------
    targets
        By target.
    notes
        What a model of it will not know.
    """

    targets: dict[str, TargetSupport]
    notes: tuple[str, ...]

    @property
    def trainable(self) -> tuple[str, ...]:
        """Targets a model can be trained for."""
        return tuple(target for target, found in self.targets.items() if found.can_train)

    def require(self) -> tuple[str, ...]:
        """Return the targets a model can be trained for; each of the others says why not.

        Raises
        ------
        InputError
            If there is none.
        """
        if not self.trainable:
            reasons = (f"{name}: {found.missing[0]}" for name, found in self.targets.items())
            raise InputError(
                f"No model can be trained on this history. {' '.join(reasons)} "
                "Add campaigns and try again."
            )
        return self.trainable

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {
            "trainable": list(self.trainable),
            "targets": {name: asdict(found) for name, found in self.targets.items()},
            "notes": list(self.notes),
        }


def assess(history: History) -> Support:
    """Count what each target has, and say what is missing for a model of it.

    Parameters
    ----------
    history
        The rows; it may be empty.
    """
    numbers = {name: i for i, name in enumerate(dict.fromkeys(history.products))}
    products = np.array([numbers[name] for name in history.products], dtype=np.int64)
    return Support(
        {target: _assess_target(history, target, products) for target in TARGETS},
        tuple(_notes(history)),
    )


def _assess_target(history: History, target: str, products: IntArray) -> TargetSupport:
    trials, events = history.trials[target], history.happened[target]
    n_trials, n_events = int(trials.sum()), int(events.sum())
    size = len(AUGMENTATIONS) + 1  # the last for those not named: position -1
    each = np.zeros((size, 2), dtype=np.int64)
    np.add.at(each, history.augmentations, np.column_stack([trials, events]))
    by_augmentation = {
        name: (int(each[i, 0]), int(each[i, 1]))
        for i, name in enumerate(AUGMENTATIONS)
        if each[i, 0]
    }
    n_unnamed = int(each[-1, 0])
    n_products = len(np.unique(products[history.pictures[trials > 0]]))
    missing: list[str] = []
    if n_trials == 0:
        missing.append("No row tells it.")
    else:
        missing += _missing_outcomes(n_trials, n_events)
        missing += _missing_augmentations(by_augmentation, n_unnamed)
        if n_products < MIN_PRODUCTS:
            missing.append(
                f"{_count(n_products, 'product')}; at least {MIN_PRODUCTS} are expected, to judge "
                "the model on products it has not seen."
            )
    return TargetSupport(n_trials, n_events, by_augmentation, n_unnamed, n_products, tuple(missing))


def _missing_outcomes(n_trials: int, n_events: int) -> list[str]:
    said = []
    for n, what in ((n_events, "with the event"), (n_trials - n_events, "without the event")):
        if n < MIN_OF_EACH_OUTCOME:
            number = f"{n:,}" if n else "None"
            said.append(
                f"{number} of {_count(n_trials, 'trial')} {what}; at least {MIN_OF_EACH_OUTCOME} "
                f"are expected."
            )
    return said


def _missing_augmentations(
    by_augmentation: dict[str, tuple[int, int]], n_unnamed: int
) -> list[str]:
    enough = [
        name
        for name, (trials, events) in by_augmentation.items()
        if max(events, trials - events) >= MIN_PER_AUGMENTATION
    ]
    if n_unnamed or len(enough) >= MIN_AUGMENTATIONS:
        return []  # what is not named is read from the pictures when a model is trained
    return [
        f"{_count(len(enough), 'augmentation')} ({', '.join(enough) or 'none'}) with at least "
        f"{MIN_PER_AUGMENTATION} events or {MIN_PER_AUGMENTATION} trials without; at least "
        f"{MIN_AUGMENTATIONS} are expected, to compare them."
    ]


def _notes(history: History) -> list[str]:
    notes = []
    n_unnamed = int((history.augmentations < 0).sum())
    if n_unnamed:
        notes.append(
            f"{n_unnamed:,} of {_count(len(history), 'row')} name no augmentation; it is read from "
            "the pictures when a model is trained."
        )
    seen = set(history.augmentations.tolist())
    fields = {"augmentation": (AUGMENTATIONS, seen)} | {
        name: (terms, set(history.contexts[name].tolist()))
        for name, terms in CONTEXT_FIELDS.items()
    }
    for name, (terms, codes) in fields.items():
        absent = [term for i, term in enumerate(terms) if i not in codes]
        if len(absent) == len(terms):
            notes.append(f"No row names its {name}.")
        elif absent:
            notes.append(f"Never seen, so a model cannot know it: {name} {', '.join(absent)}.")
    return notes


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
