"""Terms and numbers as a reader sees them, on the pages, in reports and in files."""

from __future__ import annotations

import re
from typing import Final

from sneakeraug.records import UNKNOWN_EDIT, DetectedAugmentation

NBSP: Final = "\u00a0"

ANY: Final = "any"
"""The link's word for a field that is left open."""

WANTS: Final = {
    "open_rate": "More opens",
    "click_through": "More clicks",
    "abandoned_cart": "Fewer abandoned carts",
    "unsubscribed": "Fewer unsubscribes",
}
"""Each target as what a campaign wants."""

EVENTS: Final = {
    "open_rate": "opens",
    "click_through": "clicks",
    "abandoned_cart": "abandoned carts",
    "unsubscribed": "unsubscribes",
}
"""Each target as what is counted."""

VARIANTS: Final = {
    "brighter": "Brighter",
    "darker": "Darker",
    "original": "Original",
    "rotate": "Rotated 90°",
    "sketch": "Pencil sketch",
    "swivel": "Swivelled 30°",
}
"""Each augmentation as a card's name."""

LOOKS_LIKE: Final = {
    "brighter": "a picture that was already brightened",
    "darker": "a picture that was already darkened",
    "original": "an unedited product photo",
    "rotate": "a picture that was already rotated",
    "sketch": "a drawing",
    "swivel": "a picture that was already swivelled",
    UNKNOWN_EDIT: "a picture with an edit the model does not know",
}
"""What the network takes a picture for, as it ends a sentence."""

SPECIAL: Final = {
    "sports_fitness": "Sports & fitness",
    "software_technology": "Software & technology",
    "finance_banking": "Finance & banking",
    "trail_hiking": "Trail & hiking",
    "tennis_court": "Tennis & court",
    "re_engagement": "Re-engagement",
    "high_top": "High-top",
    ANY: "Any",
}
"""Terms whose label is not their code with spaces."""


def label(term: str) -> str:
    """Return a vocabulary term as a reader sees it, for instance ``Product launch``."""
    if term in WANTS:
        return WANTS[term]
    return SPECIAL.get(term, term.replace("_", " ").capitalize())


def percent(p: float) -> str:
    """Say a probability, with one decimal, or two where it is below 10 %."""
    digits = 2 if 0 < p < 0.1 else 1
    return f"{100 * p:.{digits}f}{NBSP}%"


def points(difference: float) -> str:
    """Say a difference of two probabilities with its sign, for instance ``+0.5``."""
    value = 100 * difference
    digits = 2 if 0 < abs(value) < 1 else 1
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return "±0"
    return f"{'+' if value > 0 else '−'}{text}"


def chance(p: float) -> str:
    """Say a chance in whole percent."""
    said = ">99" if p > 0.99 else "<1" if p < 0.01 else f"{100 * p:.0f}"
    return f"{said}{NBSP}%"


def likely(interval: tuple[float, float]) -> str:
    """Say a range in words."""
    return f"Likely {percent(interval[0])} to {percent(interval[1])}"


def headline(sentence: str) -> tuple[str, str]:
    """Split a verdict's sentence into what to do and the numbers behind it.

    Parameters
    ----------
    sentence
        From a recommendation.

    Returns
    -------
    head, rest
        For instance ``Use the brighter picture.`` and ``About 34 of 1,000 would click, …``.
    """
    match = re.match(r"(.+?)[:.] +(.*)", sentence)
    if match is None:
        return sentence, ""
    head, rest = match.groups()
    return f"{head}.", rest[:1].upper() + rest[1:]


def detection(detected: DetectedAugmentation) -> str:
    """Say what the network takes the uploaded picture for."""
    sure = "Looks like" if detected.probability >= 0.8 else "May be"
    return f"{sure} {LOOKS_LIKE[detected.label]} ({chance(detected.probability)} sure)"
