"""The records that travel: a context, a recommendation and its parts. JSON as in the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sneakeraug.errors import InputError
from sneakeraug.vocabulary import CONTEXT_FIELDS, TARGETS, Direction, check_term

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Interval = tuple[Probability, Probability]
"""``(low, high)``, 90 %."""

DifferenceInterval = tuple[float, float]
"""``(low, high)`` of a difference of two probabilities, 90 %."""

Verdict = Literal["recommend", "keep_original", "cannot_tell"]


class Record(BaseModel):
    """Base of every record: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Context(Record):
    """What a campaign is: the drop-downs of the page.

    Raises
    ------
    ContextError
        On building one with an unknown value; the error names the known ones.
    """

    campaign_type: str = "promotional"
    industry: str = "retail"
    sneaker_type: str | None = None
    gender: str | None = None

    @classmethod
    def of(cls, **values: str | None) -> Self:
        """Build a context, refusing unknown values with `ContextError`."""
        context = cls(**values)
        for name in CONTEXT_FIELDS:
            check_term(name, getattr(context, name))
        return context


class Request(Record):
    """What was asked, with the picture named by its hash."""

    image_sha256: str
    width: int
    height: int
    target: str
    direction: Direction
    context: Context
    guard: dict[str, float] = Field(default_factory=dict)


class Quality(Record):
    """Whether the picture can be scored, and why not."""

    verdict: Literal["ok", "warn", "refuse"]
    reasons: tuple[str, ...] = ()


UNKNOWN_EDIT: Final = "unknown"


class DetectedAugmentation(Record):
    """What the network takes the uploaded picture for; `UNKNOWN_EDIT` is one of the labels."""

    label: str
    probability: Probability


class Scored(Record):
    """A modelled probability of the target event, with its 90 % interval."""

    p: Probability
    interval: Interval

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.interval
        if not low <= self.p <= high:
            raise ValueError(f"p {self.p} lies outside its interval {self.interval}")
        return self


class Guard(Record):
    """Whether another target stays within the limit that was set for it, for one picture.

    `limit` is how many more bad, or fewer good, events per 10,000 sends are tolerated; `chance`
    is that of staying within it.
    """

    target: str
    limit: float
    predicted_difference: float
    difference_interval: DifferenceInterval
    chance: Probability
    holds: bool


class Candidate(Scored):
    """A picture that may be sent instead of the original."""

    predicted_difference: float
    difference_interval: DifferenceInterval
    guards: tuple[Guard, ...] = ()
    rank: int

    @property
    def is_barred(self) -> bool:
        """Whether a guard forbids to recommend it."""
        return not all(guard.holds for guard in self.guards)


class VariantScore(Candidate):
    """One of the six variants; the original is among them with a difference of 0."""

    augmentation: str
    label: int
    parameters: dict[str, Any]
    p_best: Probability


class BestAugmentation(Record):
    """The one recommendation among the augmentations; None where nothing is recommended."""

    augmentation: str | None
    verdict: Verdict
    p: Probability
    predicted_difference: float
    sentence: str


class AlternateScore(Candidate):
    """A catalog picture scored in the same context."""

    product_id: str
    name: str
    brand: str
    gender: str
    sneaker_type: str
    similarity: float
    image: str


class BestAlternate(Record):
    """The one recommendation among the alternates; None where nothing is recommended."""

    product_id: str | None
    verdict: Verdict
    p: Probability | None
    sentence: str


class Timing(Record):
    """Where the time went, in milliseconds."""

    decode: float
    augment: float
    embed: float
    score: float
    alternates: float
    total: float


class Recommendation(Record):
    """Everything the product says about one picture in one context."""

    schema_: Literal["sneakeraug.recommendation/1"] = Field(
        "sneakeraug.recommendation/1", alias="schema"
    )
    model_id: str
    device: str
    backend: str
    request: Request
    quality: Quality
    detected_augmentation: DetectedAugmentation
    original: Scored
    variants: tuple[VariantScore, ...]
    best_augmentation: BestAugmentation
    alternates: tuple[AlternateScore, ...]
    best_alternate: BestAlternate
    warnings: tuple[str, ...]
    timing_ms: Timing

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the contract, as plain Python objects."""
        return self.model_dump(mode="json", by_alias=True)

    def variant(self, augmentation: str) -> VariantScore:
        """Return the variant of an augmentation.

        Raises
        ------
        InputError
            If there is none.
        """
        for variant in self.variants:
            if variant.augmentation == augmentation:
                return variant
        known = ", ".join(variant.augmentation for variant in self.variants)
        raise InputError(f"There is no variant {augmentation[:40]!r}; expected one of: {known}.")


class Driver(Record):
    """How much one thing about picture or campaign moved a score, on the log-odds scale."""

    name: str
    value: str
    contribution: float


class Product(Record):
    """A catalog product; names are text, never markup."""

    product_id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    brand: str = ""
    gender: str = "unisex"
    sneaker_type: str = "lifestyle"
    colour: str = ""
    price_cents: Annotated[int, Field(ge=0)] | None = None
    currency: str = "USD"
    in_stock: bool = True
    image: str


@dataclass(frozen=True)
class ProductFilter:
    """Which products of a catalog are wanted; what is left open filters nothing.

    Attributes
    ----------
    brands
        Any of these, upper or lower case.
    least_cents, most_cents
        Bounds of the price, both included, in the currency each product has; a product without
        a price is within none.
    in_stock
        Whether what is sold out is left out.

    Raises
    ------
    InputError
        If the least price is above the most.
    """

    brands: tuple[str, ...] = ()
    least_cents: int | None = None
    most_cents: int | None = None
    in_stock: bool = True

    def __post_init__(self) -> None:
        """Refuse bounds that no price is within."""
        least, most = self.least_cents, self.most_cents
        if least is not None and most is not None and least > most:
            raise InputError(
                f"The least price {least / 100:.2f} is above the most, {most / 100:.2f}; the other "
                "way round is expected."
            )

    def fits(self, product: Product) -> bool:
        """Whether a product is wanted."""
        price = product.price_cents
        return (
            (product.in_stock or not self.in_stock)
            and (
                not self.brands
                or product.brand.casefold() in {brand.casefold() for brand in self.brands}
            )
            and (self.least_cents is None or (price is not None and price >= self.least_cents))
            and (self.most_cents is None or (price is not None and price <= self.most_cents))
        )


def direction_of(target: str) -> Direction:
    """Return ``raise`` or ``lower``.

    Raises
    ------
    ContextError
        If the target is unknown.
    """
    check_term("target", target)
    return TARGETS[target]
