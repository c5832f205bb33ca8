"""Guardrails: how much worse another target may become, and which pictures are barred for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from sneakeraug.arrays import ProbabilityArray
from sneakeraug.errors import ContextError, InputError
from sneakeraug.rank.verdict import SENDS, TRIES, chance_of_good, say_percent
from sneakeraug.records import Candidate, Guard, Verdict
from sneakeraug.vocabulary import TARGETS

SURE_OF_LIMIT: Final = 0.90
"""A guard holds where the chance of staying within its limit is at least this."""

WORSENS: Final = {
    "open_rate": "opens may fall",
    "click_through": "clicks may fall",
    "abandoned_cart": "abandoned carts may rise",
    "unsubscribed": "unsubscribes may rise",
}
"""What a guardrail is against, as it begins a sentence."""


def check_guard(guard: Mapping[str, float]) -> None:
    """Refuse limits that cannot be held.

    Parameters
    ----------
    guard
        By target, how many more bad events, or fewer good ones, per `SENDS` sends (carts, of
        abandoned carts) are tolerated.

    Raises
    ------
    ContextError
        If a target is unknown.
    InputError
        If a limit is no number of 0 to `SENDS`.
    """
    for target, limit in guard.items():
        if target not in TARGETS:
            raise ContextError("guard", target, tuple(TARGETS))
        is_number = isinstance(limit, int | float) and math.isfinite(limit)
        if not is_number or not 0 <= limit <= SENDS:
            raise InputError(
                f"The guard of {target} is {limit!r}; a number of 0 to {SENDS:,} per {SENDS:,} "
                f"{TRIES[target]} is expected."
            )


def parse_guards(given: Sequence[str]) -> dict[str, float]:
    """Read guards of the form ``TARGET=N``.

    Raises
    ------
    ContextError, InputError
        If one has another form, names a target twice or an unknown one, or its limit is no number
        of 0 to 10,000.
    """
    guards: dict[str, float] = {}
    for text in given:
        target, separator, limit = text.partition("=")
        try:
            number = float(limit)
        except ValueError:
            separator = ""
        if not separator:
            raise InputError(
                f"The guard {text!r} is not usable; TARGET=N is expected, for instance "
                "unsubscribed=5."
            )
        if target in guards:
            raise InputError(f"The guard of {target} is given twice; one limit is expected.")
        guards[target] = number
    check_guard(guards)
    return guards


def judge_guard(
    target: str,
    limit: float,
    difference: ProbabilityArray,
    intervals: ProbabilityArray,
) -> list[Guard]:
    """Say of each picture whether a guarded target stays within its limit.

    Parameters
    ----------
    target, limit
        See `check_guard`.
    difference, intervals
        Of the guarded target from the original, shapes ``(n,)`` and ``(n, 2)``.

    Returns
    -------
    guards
        One each; a guard holds where the chance that the worsening is within the limit is at
        least `SURE_OF_LIMIT`.
    """
    direction = TARGETS[target]
    room = limit / SENDS if direction == "raise" else -limit / SENDS
    guards = []
    for value, (low, high) in zip(difference.tolist(), intervals.tolist(), strict=True):
        chance = chance_of_good(value + room, (low, high), direction)
        guards.append(
            Guard(
                target=target,
                limit=limit,
                predicted_difference=value,
                difference_interval=(low, high),
                chance=chance,
                holds=chance >= SURE_OF_LIMIT,
            )
        )
    return guards


def why_barred(scored: Candidate) -> str | None:
    """Say which guards a picture breaks, as it ends a sentence; None where it breaks none."""
    broken = [
        f"{WORSENS[guard.target]} by more than {guard.limit:g} in {SENDS:,} "
        f"(chance that they do not {say_percent(guard.chance)})"
        for guard in scored.guards
        if not guard.holds
    ]
    return " and ".join(broken) or None


def say_barred(what: str, verdict: Verdict, barred: Candidate) -> str:
    """Say in a sentence that the best candidate is barred.

    Parameters
    ----------
    what
        The candidate as it stands in a sentence.
    verdict
        On it, but for its guards.
    barred
        Its scores.
    """
    if verdict == "keep_original":
        return f"With {what}, {why_barred(barred)}."
    does = "would win" if verdict == "recommend" else "might do better"
    return f"{what[:1].upper()}{what[1:]} {does}, but is barred: {why_barred(barred)}."
