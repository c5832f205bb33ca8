"""What the pages say beside `sneakeraug.wording`: sentences, and text made safe to show."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from sneakeraug.evidence import Evidence
from sneakeraug.rank.variants import tied_with_best
from sneakeraug.rank.verdict import SENDS, SURE, TRIES, chance_of_good
from sneakeraug.records import Driver, Recommendation
from sneakeraug.vocabulary import PRODUCTS, TARGETS, Direction
from sneakeraug.wording import ANY as ANY
from sneakeraug.wording import EVENTS as EVENTS
from sneakeraug.wording import NBSP as NBSP
from sneakeraug.wording import VARIANTS as VARIANTS
from sneakeraug.wording import chance as chance
from sneakeraug.wording import detection as detection
from sneakeraug.wording import headline as headline
from sneakeraug.wording import label as label
from sneakeraug.wording import likely as likely
from sneakeraug.wording import percent as percent
from sneakeraug.wording import points as points

GUARDS: Final = {
    "open_rate": "Fewer opens",
    "click_through": "Fewer clicks",
    "abandoned_cart": "More abandoned carts",
    "unsubscribed": "More unsubscribes",
}
"""Each target as what a guardrail limits."""

DRIVERS: Final = {
    "edit": "The edit",
    "how much the product fills": "How much of the frame the shoe fills",
    "background brightness": "Brightness of the background",
    "saturation": "Strength of the colours",
    "warmth": "Warmth of the colours",
    "gender": "Worn by",
}
"""Names of drivers that a reader would say otherwise."""

SIGNED: Final = {
    "shape of the frame": ("taller than wide", "as wide as tall, or wider"),
    "warmth": ("cool", "neutral to warm"),
}
"""Drivers whose number says little: what a negative and what another value means."""

SHARES: Final = (
    "brightness",
    "contrast",
    "saturation",
    "how much the product fills",
    "background brightness",
)
"""Drivers whose number is a share of the most there can be."""

STRENGTHS: Final = ((0.7, "a lot"), (0.25, "clearly"), (0.08, "a little"))
"""What a contribution on the log-odds scale is called, from the largest."""

DEMO: Final = (
    "Demo model, trained on simulated campaigns: use it to choose what to test, not as a forecast."
)

Judgement = Literal["better", "worse", "unclear"]


def missing(left_out: Mapping[str, str]) -> str | None:
    """Say what a model was not trained for, and the first thing that stood against each.

    Parameters
    ----------
    left_out
        From a card: why, by target; empty where it does not know.
    """
    if not left_out:
        return None
    said = []
    for target, why in left_out.items():
        first = why.split(". ")[0].rstrip(".")
        said.append(EVENTS[target] + (f" ({first[:1].lower()}{first[1:]})" if first else ""))
    return f"This model was not trained for {' or '.join(said)}."


def plain(text: str) -> str:
    """Escape text from outside so that Markdown shows it as it is, on one line.

    Parameters
    ----------
    text
        A file name, a product name, an error message.

    Returns
    -------
    escaped
        Every ASCII punctuation mark with a backslash; control characters become spaces.
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line)


def figures(text: str) -> str:
    """Write the percentages of one of our own sentences as the pages do; quoted names stay.

    Parameters
    ----------
    text
        A verdict or a warning.
    """
    return re.sub(r"(“[^”]*”)|(?<=\d) ?%", lambda found: found[1] or f"{NBSP}%", text)


def listed(names: Sequence[str]) -> str:
    """Join names as they stand in a sentence: ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def loss(nats: float, is_difference: bool = False) -> str:
    """Say a log loss, or a difference of two with its sign."""
    return f"{nats:{'+' if is_difference else ''}.5f}".replace("-", "\u2212")


def odds(effect: float) -> str:
    """Say the size of an effect on the log-odds scale as a change of the odds."""
    return percent(math.expm1(abs(effect)))


def guard(limit: str) -> str:
    """Say a guardrail's limit as a choice of its drop-down."""
    return "No limit" if limit == ANY else f"at most {limit} in {SENDS:,}"


def as_sentence(text: str) -> str:
    """Return words that end a sentence as one of their own."""
    return f"{text[:1].upper()}{text[1:]}."


def judge(interval: tuple[float, float], direction: Direction) -> Judgement:
    """Say whether a difference is surely enough on the good side, on the bad side, or neither."""
    chance = chance_of_good(sum(interval) / 2, interval, direction)
    if 1 - SURE < chance < SURE:
        return "unclear"
    return "better" if chance >= SURE else "worse"


def change(judgement: Judgement, target: str) -> str:
    """Say in words what a judgement means for a target."""
    event = EVENTS[target]
    if judgement == "unclear":
        return "no clear change"
    more = (judgement == "better") == (TARGETS[target] == "raise")
    return f"{'more' if more else 'fewer'} {event}, {judgement}"


def tie(recommendation: Recommendation) -> str | None:
    """Say which variants are too close to the best to call, or None where none is."""
    tied = tied_with_best(recommendation.variants)
    if not tied:
        return None
    if len(tied) == len(recommendation.variants):
        return "All six are too close to call: each may be the best."
    names = listed([VARIANTS[variant.augmentation].lower() for variant in tied])
    which = "either" if len(tied) == 2 else "each"
    return f"{names.capitalize()} are too close to call: {which} may be the best."


def past_campaign(evidence: Evidence, target: str) -> dict[str, str]:
    """Say a past campaign as a row of a table, of columns that a phone has room for."""
    context = evidence.context
    terms = (context.campaign_type, context.industry, context.sneaker_type, context.gender)
    campaign = ", ".join(label(term) for term in terms if term)
    version = VARIANTS[evidence.edit] if evidence.edit else "edit not known"
    picture = f"{100 * evidence.similarity:.0f}{NBSP}% alike, {version.lower()}"
    low, high = evidence.interval
    return {
        "Campaign": f"{plain(campaign)}  \n:gray[:small[{plain(picture)}]]",
        "When": (evidence.month or "–").replace("-", "\u2011"),
        TRIES[target].capitalize(): f"{evidence.tries:,}",
        EVENTS[target].capitalize(): (
            f"**{percent(evidence.rate)}**  \n:gray[:small[{percent(low)} to {percent(high)}]]"
        ),
    }


def product(category: str) -> str:
    """Name one product of a category, as plain text."""
    return plain(PRODUCTS.get(category, "product"))


def driver(what: Driver, target: str) -> tuple[str, str, str]:
    """Return a driver's name, its value and what it does, as a reader would say them."""
    value = VARIANTS.get(what.value, what.value)
    name, _, when = what.name.partition(", ")
    if name in SIGNED:
        low, high = SIGNED[name]
        value = low if what.value.startswith("-") else high
    elif name in SHARES:
        value = f"{100 * float(what.value):.0f}{NBSP}%"
    size = abs(what.contribution)
    does = f"{'raises' if what.contribution > 0 else 'lowers'} {EVENTS[target]}"
    effect = f"hardly {does}"
    for least, how_much in STRENGTHS:
        if size >= least:
            effect = f"{does} {how_much}"
            break
    said = DRIVERS.get(name, name.capitalize())
    return f"{said}, {when}" if when else said, value, effect
