"""The words a campaign is described with; a trained model carries its own copy in its card."""

from __future__ import annotations

from typing import Final, Literal

from sneakeraug.errors import ContextError

Direction = Literal["raise", "lower"]

DEFAULT_CATEGORY: Final = "sneakers"
"""The category of products that is meant where none is named."""

PRODUCTS: Final = {"sneakers": "sneaker", "watches": "watch"}
"""What one product of a category is called; ``product`` where it is not listed."""

TARGETS: Final[dict[str, Direction]] = {
    "open_rate": "raise",
    "click_through": "raise",
    "abandoned_cart": "lower",
    "unsubscribed": "lower",
}
"""Each target and whether a campaign wants more or less of it."""

AUGMENTATIONS: Final = ("brighter", "darker", "original", "rotate", "sketch", "swivel")
"""Names in label order: the position is the label in data and model."""

CAMPAIGN_TYPES: Final = (
    "promotional",
    "newsletter",
    "product_launch",
    "welcome",
    "re_engagement",
    "cart_reminder",
    "seasonal",
    "loyalty",
)
INDUSTRIES: Final = (
    "retail",
    "sports_fitness",
    "software_technology",
    "finance_banking",
    "healthcare",
    "hospitality",
    "entertainment",
    "education",
    "real_estate",
    "other",
)
SNEAKER_TYPES: Final = (
    "running",
    "basketball",
    "training",
    "skate",
    "trail_hiking",
    "tennis_court",
    "lifestyle",
    "high_top",
)
GENDERS: Final = ("men", "women", "boys", "girls", "unisex")

CONTEXT_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "campaign_type": CAMPAIGN_TYPES,
    "industry": INDUSTRIES,
    "sneaker_type": SNEAKER_TYPES,
    "gender": GENDERS,
}
"""The fields of a context, in feature order, with their known values."""

OPTIONAL_FIELDS: Final = ("sneaker_type", "gender")
"""Fields that may be left open."""


def check_term(field: str, value: str | None) -> None:
    """Refuse a value the vocabulary does not know.

    Parameters
    ----------
    field
        ``target`` or a field of `CONTEXT_FIELDS`.
    value
        What was given; None is allowed for `OPTIONAL_FIELDS`.

    Raises
    ------
    ContextError
        Naming the known values.
    """
    known = tuple(TARGETS) if field == "target" else CONTEXT_FIELDS[field]
    if value is None and field in OPTIONAL_FIELDS:
        return
    if value not in known:
        raise ContextError(field, value, known)
