"""Recommend, keep the original, or cannot tell: one honest verdict from ranges, in one sentence."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from sneakeraug.records import Verdict
from sneakeraug.vocabulary import TARGETS, Direction

WORTHWHILE: Final = 0.02
"""A change for better of less than this share of the original's probability is not worth making:
0.34 points where 17 % open, 0.04 points where 2 % click."""

SURE: Final = 0.75
"""A change is recommended only where the chance that it does any good is at least this: three to
one. What more caution costs, and what less, stands in ``docs/statistics.md``."""

SENDS: Final = 10_000
"""Numbers are said for so many sends, or carts."""

EVENTS: Final = {
    "open_rate": "open the e-mail",
    "click_through": "click",
    "abandoned_cart": "abandon the cart",
    "unsubscribed": "unsubscribe",
}
"""What a recipient does, as it ends a sentence."""

TRIES: Final = {
    "open_rate": "sends",
    "click_through": "sends",
    "abandoned_cart": "carts",
    "unsubscribed": "sends",
}
"""What a target's events are counted of."""


def order_by_target(p: list[float], direction: Direction) -> list[int]:
    """Return positions from best to worst for a direction; on a tie the earlier position first."""
    sign = -1.0 if direction == "raise" else 1.0
    return sorted(range(len(p)), key=lambda i: (sign * p[i], i))


def decide(
    difference: float,
    interval: tuple[float, float],
    p_original: float,
    direction: Direction,
    sure: float = SURE,
) -> Verdict:
    """Judge the best candidate against the original.

    Parameters
    ----------
    difference
        Candidate minus original, of the probability of the target event.
    interval
        Its 90 % range.
    p_original
        The original's probability; what is worth while is a share of it.
    direction
        Whether the target is to be raised or lowered.
    sure
        The least chance of any gain that a recommendation takes.

    Returns
    -------
    verdict
        ``recommend`` where the expected gain is worth while and the chance that there is any is
        at least `sure`; ``keep_original`` where the estimate is not on the good side, or even the
        good end of the range is not worth while; else ``cannot_tell``.
    """
    sign = 1.0 if direction == "raise" else -1.0
    gain = sign * difference
    worthwhile = WORTHWHILE * p_original
    best = max(sign * interval[0], sign * interval[1])
    if gain >= worthwhile and chance_of_good(difference, interval, direction) >= sure:
        return "recommend"
    if gain <= 0 or best < worthwhile:
        return "keep_original"
    return "cannot_tell"


def chance_of_good(difference: float, interval: tuple[float, float], direction: Direction) -> float:
    """Return the chance that a difference is on the good side, from its 90 % range.

    Parameters
    ----------
    difference, interval
        As in `decide`; the range is read as a normal's.
    direction
        Whether the target is to be raised or lowered.
    """
    gain = difference if direction == "raise" else -difference
    spread = abs(interval[1] - interval[0]) / (2 * float(ndtri(0.95)))
    if spread <= 0:
        return 0.5 * (1.0 + float(np.sign(gain)))
    return float(ndtr(gain / spread))


def per_sends(p: float) -> str:
    """Say a probability as a count of `SENDS`: ``340``, or ``1.5`` where it is that rare."""
    count = abs(p) * SENDS
    if count == 0:
        return "0"
    return f"{count:,.1f}" if count < 10 else f"{count:,.0f}"


def sentence(
    verdict: Verdict,
    what: str,
    target: str,
    p: float,
    p_original: float,
    difference: float,
    interval: tuple[float, float],
) -> str:
    """Say a verdict in plain sentences with its numbers and what is at stake.

    Parameters
    ----------
    verdict
        From `decide`.
    what
        The candidate as it stands in a sentence, for instance ``the brighter picture``.
    target
        One of the targets.
    p, p_original, difference, interval
        Of the candidate, of the original, their difference and its 90 % range.
    """
    event, tries = EVENTS[target], TRIES[target]
    numbers = (
        f"of {SENDS:,} {tries} about {per_sends(p)} would {event}, {per_sends(p_original)} with "
        f"yours. That is {_signed(difference)}, likely {_signed(min(interval))} to "
        f"{_signed(max(interval))}"
    )
    if verdict == "recommend":
        chance = chance_of_good(difference, interval, TARGETS[target])
        return f"Use {what}: {numbers}; the chance that it does any good is {say_percent(chance)}."
    if verdict == "keep_original":
        return f"Keep the original. Nothing worth changing it for: with {what}, {numbers}."
    stake = f"About {per_sends(difference)} in {SENDS:,} are at stake: test both."
    return f"Cannot tell whether {what} would do better than yours: {numbers}. {stake}"


def _signed(difference: float) -> str:
    """A difference as a signed count of `SENDS`."""
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    return f"{sign}{per_sends(difference)}"


def say_percent(chance: float) -> str:
    """Say a chance in whole percent."""
    if chance > 0.99:
        return "over 99 %"
    return "under 1 %" if chance < 0.01 else f"{100 * chance:.0f} %"
