"""Recommend, keep the original, or cannot tell: one honest verdict from ranges, in one sentence."""

from __future__ import annotations

from typing import Final

from sneakeraug.records import Verdict
from sneakeraug.vocabulary import Direction

WORTHWHILE: Final = 0.05
"""A change for better of less than this share of the original's probability is not worth making:
1.2 points where 24 % open, 0.05 points where 1 % click."""

EVENTS: Final = {
    "open_rate": "open the e-mail",
    "click_through": "click",
    "abandoned_cart": "abandon the cart",
    "unsubscribed": "unsubscribe",
}
"""What a recipient does, as it ends a sentence."""


def order_by_target(p: list[float], direction: Direction) -> list[int]:
    """Return positions from best to worst for a direction; on a tie the earlier position first."""
    sign = -1.0 if direction == "raise" else 1.0
    return sorted(range(len(p)), key=lambda i: (sign * p[i], i))


def decide(
    difference: float, interval: tuple[float, float], p_original: float, direction: Direction
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

    Returns
    -------
    verdict
        ``recommend`` where the whole range is on the good side and the estimate is worth while;
        ``keep_original`` where the estimate is not on the good side, or even the good end of the
        range is not worth while; else ``cannot_tell``.
    """
    sign = 1.0 if direction == "raise" else -1.0
    gain = sign * difference
    worthwhile = WORTHWHILE * p_original
    worst, best = sorted((sign * interval[0], sign * interval[1]))
    if worst > 0 and gain >= worthwhile:
        return "recommend"
    if gain <= 0 or best < worthwhile:
        return "keep_original"
    return "cannot_tell"


def per_thousand(p: float) -> str:
    """Say a probability as a count: ``about 34 of 1,000``."""
    count = p * 1000
    return f"about {count:.1f}" if count < 10 else f"about {count:.0f}"


def sentence(
    verdict: Verdict,
    what: str,
    target: str,
    p: float,
    p_original: float,
    difference: float,
    interval: tuple[float, float],
) -> str:
    """Say a verdict in one or two plain sentences with its numbers.

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
    event = EVENTS[target]
    low, high = (f"{100 * end:+.1f}" for end in sorted(interval))
    numbers = (
        f"{per_thousand(p)} of 1,000 would {event}, {per_thousand(p_original)} with yours "
        f"({100 * difference:+.1f} points, likely {low} to {high})."
    )
    if verdict == "recommend":
        return f"Use {what}: {numbers}"
    if verdict == "keep_original":
        return f"Keep the original. Nothing worth changing it for: with {what}, {numbers}"
    return f"Cannot tell whether {what} would do better than yours: {numbers} Test both."
