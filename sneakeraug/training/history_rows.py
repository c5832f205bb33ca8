"""From a history with its pictures to what models learn from: split, weights, fitting."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import numpy as np

from sneakeraug.arrays import IntArray, ProbabilityArray
from sneakeraug.dataset.history import History, weighted_rows
from sneakeraug.dataset.photos import share_of
from sneakeraug.errors import InputError, ModelError
from sneakeraug.evaluate.weighted import Trials
from sneakeraug.progress import Report
from sneakeraug.score.conversion import Boost, ConversionModel, Rows, boost_here, fit_conversion
from sneakeraug.score.features import Projection, fit_projection
from sneakeraug.training.conversion_figures import predict_rows
from sneakeraug.training.publish import Fitted
from sneakeraug.training.sent_pictures import Sends
from sneakeraug.vocabulary import TARGETS

SPLIT: Final = "split.json"
"""The products of each side, in a model's folder."""

TEST_SHARE, VALIDATION_SHARE = 0.20, 0.15
LEAST_GROUPS: Final = 2
"""Product groups on each of the two sides at least; of more, the shares."""

LATER_SHARE: Final = 0.2
"""Share of sends, the latest, that the figure by time is measured on."""

MOST_WEIGHT: Final = 10.0
"""A send counts at most so many times the average send of its augmentation: few sends that were
very unlikely must not decide everything (Cole and Hernán, "Constructing inverse probability
weights", 2008)."""

Side = Literal["train", "validation", "test"]
SIDES: Final[tuple[Side, ...]] = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Which product groups are on which side.

    Attributes
    ----------
    sides
        Position in `SIDES` of each group of `Sends.groups`, shape ``(n_groups,)``.
    """

    sides: IntArray = field(repr=False)

    def rows(self, sends: Sends, *sides: Side) -> IntArray:
        """Rows of `sends` on some sides, in order."""
        wanted = [SIDES.index(side) for side in sides]
        return np.flatnonzero(np.isin(self.sides[sends.groups_of_rows], wanted))

    def to_json(self, sends: Sends) -> bytes:
        """The product names of each side, as a model's folder keeps them."""
        names: dict[str, list[str]] = {side: [] for side in SIDES}
        for group, side in zip(sends.groups, self.sides.tolist(), strict=True):
            names[SIDES[side]] += group
        return (json.dumps({k: sorted(v) for k, v in names.items()}, indent=1) + "\n").encode()


def split_groups(sends: Sends, seed: int) -> Split:
    """Put product groups on sides by a number drawn from their name.

    A group stays on its side when a history grows, but for the least that each side must have.

    Parameters
    ----------
    sends
        Whose groups.
    seed
        Another seed is another split.

    Raises
    ------
    InputError
        If there are too few groups for three sides.
    """
    n = len(sends.groups)
    if n < 3 * LEAST_GROUPS:
        raise InputError(
            f"The history shows {n} different products; at least {3 * LEAST_GROUPS} are expected, "
            "to learn from some and to judge on others. Add campaigns of other products."
        )
    shares = np.array([share_of(group[0], seed) for group in sends.groups])
    n_test = max(LEAST_GROUPS, int((shares < TEST_SHARE).sum()))
    n_held = max(n_test + LEAST_GROUPS, int((shares < TEST_SHARE + VALIDATION_SHARE).sum()))
    rank = np.argsort(np.argsort(shares, kind="stable"), kind="stable")
    sides = np.zeros(n, dtype=np.int64)
    sides[rank < n_held] = SIDES.index("validation")
    sides[rank < n_test] = SIDES.index("test")
    return Split(sides)


def products_seen(folder: Path) -> set[str]:
    """Return the products of a history that a published model learnt from; none of a demo model.

    Raises
    ------
    ModelError
        If the folder's list cannot be read.
    """
    path = folder / SPLIT
    if not path.is_file():
        return set()
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
        return {*names["train"], *names["validation"]}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(
            f"{SPLIT} of model {folder.name!r} cannot be read. Restore the model folder from "
            "where it was published and try again."
        ) from exc


def rows_unseen(sends: Sends, seen: set[str]) -> IntArray:
    """Return the rows whose product group holds none of some products."""
    is_new = np.array([seen.isdisjoint(group) for group in sends.groups])
    return np.flatnonzero(is_new[sends.groups_of_rows])


def split_by_time(sends: Sends) -> tuple[IntArray, IntArray] | None:
    """Return the rows before the last fifth of sends, and those of it; None if it has no before."""
    order = np.argsort(sends.history.sent_at, kind="stable")
    n = sends_of_rows(sends.history)[order]
    place = int(np.searchsorted(np.cumsum(n), (1 - LATER_SHARE) * n.sum()))
    cut = sends.history.sent_at[order[min(place, len(order) - 1)]]
    earlier, later = (
        np.flatnonzero(sends.history.sent_at < cut),
        np.flatnonzero(sends.history.sent_at >= cut),
    )
    return (earlier, later) if len(earlier) and len(later) else None


def sends_of_rows(history: History) -> IntArray:
    """Return how many sends each row tells of, shape ``(n,)``."""
    return np.asarray(np.max([history.trials[target] for target in TARGETS], axis=0))


def is_randomised(history: History) -> bool:
    """Whether every row tells how likely its picture was to be chosen, and chance had a say."""
    known = history.propensity
    return bool(np.isfinite(known).all() and (known < 1).any())


def weigh(
    augmentations: IntArray, propensity: ProbabilityArray, weight: ProbabilityArray
) -> tuple[ProbabilityArray, float]:
    """Weigh sends by the inverse of their propensity.

    Stabilised: on average a send of each augmentation counts once. Clipped at `MOST_WEIGHT`.
    Scaled: all together count as many as they are worth (Kish's effective sample size, 1965), so
    that ranges do not get narrower than the data allow.

    Parameters
    ----------
    augmentations
        Of each row, -1 where nobody knows it, shape ``(m,)``.
    propensity
        Probability with which each row's picture was chosen, all known, shape ``(m,)``.
    weight
        Trials that each row stands for, shape ``(m,)``.

    Returns
    -------
    weights
        Shape ``(m,)``.
    n_effective
        Their sum.
    """
    labels = augmentations + 1
    inverse = 1 / propensity
    mean = np.bincount(labels, weight * inverse) / np.maximum(np.bincount(labels, weight), 1)
    relative = np.minimum(inverse / mean[labels], MOST_WEIGHT)
    total = float(weight @ relative)
    n_effective = total**2 / float(weight @ relative**2)
    return weight * relative * (n_effective / total), n_effective


@dataclass(frozen=True)
class Learnt:
    """What was learnt from a history.

    Attributes
    ----------
    fitted
        Models of the targets that could be learnt.
    left_out
        Why not, of the others.
    n_effective
        Effective number of trials of each target; their number where all count the same.
    """

    fitted: Fitted
    left_out: dict[str, str]
    n_effective: dict[str, float]


def learn(
    sends: Sends,
    train: IntArray,
    held_out: IntArray,
    targets: Sequence[str],
    seed: int,
    report: Report,
    boost: Boost | None = None,
) -> Learnt:
    """Learn targets from rows of a history.

    Parameters
    ----------
    sends
        The history; where `is_randomised` holds of all of it, its sends are weighed.
    train, held_out
        Rows to learn from, and rows of other products that choose trees and calibration.
    targets
        Which.
    seed
        Of everything drawn.
    report
        Called with a line of progress.
    boost
        Grows the trees elsewhere; feature rows are then never all in memory.
    """
    learning, checking = sends.take(train), sends.take(held_out)
    is_weighed = is_randomised(sends.history)
    identities = sends.pictures.identities[np.unique(learning.of_row)]
    projection = fit_projection(np.unique(identities, axis=0))
    models: dict[str, ConversionModel] = {}
    left_out: dict[str, str] = {}
    n_effective: dict[str, float] = {}
    for number, target in enumerate(targets):
        started = time.monotonic()
        sides = [
            _target_rows(part, target, projection, is_weighed, boost is not None)
            for part in (learning, checking)
        ]
        if any(rows is None for rows, _ in sides):
            left_out[target] = (
                "its events fall on too few products: both outcomes are expected among those "
                "learnt from and those that calibrate."
            )
            continue
        (rows, n_effective[target]), (checks, _) = sides
        assert rows is not None and checks is not None  # noqa: PT018, S101 - for mypy
        rng = np.random.default_rng([seed, number])
        models[target] = fit_conversion(rows, checks, rng, boost or boost_here)
        report(
            f"{target}: {models[target].n_rounds} trees beyond the effects, "
            f"{time.monotonic() - started:.0f} s"
        )
    return Learnt(Fitted(models, projection), left_out, n_effective)


def _target_rows(
    sends: Sends, target: str, projection: Projection, is_weighed: bool, is_on_demand: bool
) -> tuple[Rows | None, float]:
    """What a target's model learns from, and its effective size; none without both outcomes."""
    rows, y, weight = weighted_rows(sends.history, target)
    if len(np.unique(y)) < 2:
        return None, 0.0
    weights, n_effective = weight, float(weight.sum())
    if is_weighed:
        history = sends.history
        weights, n_effective = weigh(history.augmentations[rows], history.propensity[rows], weight)
    sent = sends.of_row[rows]
    x = (sends.features_on_demand if is_on_demand else sends.features)(rows, projection)
    return Rows(x, y, weights, sends.products[sent], sent), n_effective


def score_sends(
    fitted: Fitted, sends: Sends, target: str, is_all_original: bool = False
) -> Trials | None:
    """Return a target's probabilities of a history's trials beside what happened.

    Parameters
    ----------
    fitted
        Knows the target.
    sends
        Any history.
    target
        Which.
    is_all_original
        Whether the model is told that every picture is the original it was made from.

    Returns
    -------
    trials
        One row for each distinct key and outcome, see `weighted_rows`; None where there is no
        trial.
    """
    rows, y, weight = weighted_rows(sends.history, target)
    if not len(rows):
        return None
    groups = sends.groups_of_rows[rows]
    x = sends.features(rows, fitted.projection, is_all_original)
    return Trials(predict_rows(fitted.models[target], x, groups)[0], y, weight, groups)
