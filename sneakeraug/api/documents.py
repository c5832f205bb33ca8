"""What requests and answers hold; a recommendation itself is the record of the contract."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from sneakeraug.api.problems import Problem
from sneakeraug.rank.guards import check_guard
from sneakeraug.rank.verdict import SENDS
from sneakeraug.recommend import Campaign
from sneakeraug.records import Context, Product, ProductFilter, Recommendation, Record, direction_of
from sneakeraug.scoring import MAX_ALTERNATES
from sneakeraug.store.decisions import By, Decision, DecisionId, Note, Sha256
from sneakeraug.vocabulary import (
    AUGMENTATIONS,
    CAMPAIGN_TYPES,
    GENDERS,
    INDUSTRIES,
    SNEAKER_TYPES,
    TARGETS,
)

MAX_PICTURES: Final = 16
"""Pictures of one batch."""

MAX_DECISIONS: Final = 500
"""Decisions of one answer."""

LONGEST_NAME: Final = 200

_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?")
LARGEST_WHOLE: Final = 999_999_999_999_999
"""As many digits as are read."""

_WHOLE: Final = re.compile(r"-?\d{1,15}")


def whole(value: object, info: ValidationInfo) -> object:
    """A whole number as JSON has it, or in digits where all is text; no ``1_000`` or `` 5 ``."""
    if isinstance(value, str) and info.mode != "json" and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _number(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and info.mode != "json" and _NUMBER.fullmatch(value):
        return float(value)
    return value


def _truth(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and info.mode != "json":
        return {"true": True, "false": False}.get(value, value)
    return value


def _terms(known: Sequence[str]) -> Any:
    """One of some words; checked where the known ones can be named."""
    return Field(json_schema_extra={"enum": list(known)})


def open_terms(known: Sequence[str]) -> Any:
    """One of some words, or null."""
    return Field(json_schema_extra={"enum": [*known, None]})


HowMany = Annotated[int, Field(strict=True, ge=0, le=MAX_ALTERNATES), BeforeValidator(whole)]
AtLeastOne = Annotated[int, Field(strict=True, ge=1, le=MAX_ALTERNATES), BeforeValidator(whole)]
Limit = Annotated[
    float,
    Field(strict=True, json_schema_extra={"minimum": 0, "maximum": SENDS}),  # see check_guard
    BeforeValidator(_number),
]
Price = Annotated[
    float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e7), BeforeValidator(_number)
]
Truth = Annotated[bool, Field(strict=True), BeforeValidator(_truth)]
SneakerType = Annotated[str | None, open_terms(SNEAKER_TYPES)]
Gender = Annotated[str | None, open_terms(GENDERS)]
Base64Picture = Annotated[
    str,
    Field(
        min_length=1,
        description="The picture's file in base64: JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF.",
        json_schema_extra={"format": "byte", "contentEncoding": "base64"},
    ),
]
Name = Annotated[str, Field(max_length=LONGEST_NAME, description="What messages call it.")]
ProductId = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class CampaignFields(Record):
    """The campaign a picture is for, as `sneakeraug recommend` takes it."""

    target: Annotated[str, _terms(tuple(TARGETS))] = "click_through"
    campaign_type: Annotated[str, _terms(CAMPAIGN_TYPES)] = "promotional"
    industry: Annotated[str, _terms(INDUSTRIES)] = "retail"
    sneaker_type: SneakerType = None
    gender: Gender = None
    n_alternates: HowMany = 5
    guard: dict[str, Limit] = Field(
        default_factory=dict,
        description="By target, how many more bad (or fewer good) events per 10,000 sends are "
        "tolerated; what does not surely stay within is never recommended.",
        json_schema_extra={
            "propertyNames": {"enum": list(TARGETS)},
            "maxProperties": len(TARGETS),
        },
    )

    def campaign(self) -> Campaign:
        """Return the campaign, its words checked before any picture is looked at.

        Raises
        ------
        ContextError, InputError
            If a word is unknown, or a guard cannot be held.
        """
        direction_of(self.target)
        check_guard(self.guard)
        context = Context.of(
            campaign_type=self.campaign_type,
            industry=self.industry,
            sneaker_type=self.sneaker_type,
            gender=self.gender,
        )
        return Campaign(
            target=self.target,
            campaign_type=context.campaign_type,
            industry=context.industry,
            sneaker_type=context.sneaker_type,
            gender=context.gender,
            n_alternates=self.n_alternates,
            guard=self.guard,
        )


class SearchFields(Record):
    """Which products may be found, as `sneakeraug catalog search` takes it."""

    sneaker_type: SneakerType = None
    gender: Gender = None
    brand: Annotated[list[Annotated[str, Field(max_length=LONGEST_NAME)]], Field(max_length=50)] = (
        Field(default_factory=list)
    )
    min_price: Price | None = Field(None, description="As 59.90, in the currency each product has.")
    max_price: Price | None = None
    in_stock: Truth = Field(True, description="Leave out what is sold out.")
    n: AtLeastOne = 10

    def among(self) -> ProductFilter:
        """Return the filter, the words beside it checked.

        Raises
        ------
        ContextError, InputError
            If a word is unknown, or no price is within the bounds.
        """
        Context.of(sneaker_type=self.sneaker_type, gender=self.gender)
        return ProductFilter(
            brands=tuple(self.brand),
            least_cents=_cents(self.min_price),
            most_cents=_cents(self.max_price),
            in_stock=self.in_stock,
        )


class PictureDocument(Record):
    """A picture within JSON."""

    image: Base64Picture
    name: Name = "picture"


class RecommendationRequest(CampaignFields, PictureDocument):
    """One picture and the campaign it is for."""


class BatchRequest(CampaignFields):
    """Several pictures for one campaign."""

    images: Annotated[list[PictureDocument], Field(min_length=1, max_length=MAX_PICTURES)]


class SearchRequest(SearchFields, PictureDocument):
    """A picture, and which products may be found."""


class SearchQuery(SearchFields):
    """A product of the catalog, and which others may be found."""

    product_id: Annotated[
        str, Field(min_length=1, max_length=LONGEST_NAME, description="Like this one's picture.")
    ]


class ChosenVariant(Record):
    """One of the six variants goes out; the original is one of them."""

    augmentation: Annotated[str, _terms(AUGMENTATIONS)]


class ChosenProduct(Record):
    """An alternate goes out: a product among those offered for the picture."""

    product_id: ProductId


class DecisionRequest(RecommendationRequest):
    """A picture, its campaign, and what was chosen: the figures are worked out here, not told."""

    by: By
    chosen: ChosenVariant | ChosenProduct
    note: Note = ""
    decision_id: DecisionId | None = None
    model_id: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Whose figures were seen; 409 where another model answers now."
    )


class DecisionsQuery(Record):
    """Which decisions are wanted."""

    n: Annotated[int, Field(strict=True, ge=1, le=MAX_DECISIONS), BeforeValidator(whole)] = 100
    before: (
        Annotated[int, Field(strict=True, ge=1, le=LARGEST_WHOLE), BeforeValidator(whole)] | None
    ) = Field(None, description="Only those with a lower number: the answer's `next`.")
    image_sha256: Sha256 | None = Field(None, description="Only those of this picture.")


class DecisionsAnswer(Record):
    """Decisions, the latest first."""

    decisions: tuple[Decision, ...]
    next: int | None = Field(description="`before` of the decisions that come after these.")


class BatchItem(Record):
    """What came of one picture: one of the two is there, the other is null."""

    index: int
    name: str
    recommendation: Recommendation | None = None
    error: Problem | None = None


class BatchAnswer(Record):
    """What came of each picture, in their order."""

    schema_: Literal["sneakeraug.recommendations/1"] = Field(
        "sneakeraug.recommendations/1", alias="schema"
    )
    items: tuple[BatchItem, ...]


class FoundProduct(Product):
    """A product, and how much it is like the picture."""

    similarity: float = Field(description="Cosine, in [-1, 1].")


class SearchAnswer(Record):
    """Products, most alike first."""

    products: tuple[FoundProduct, ...]
    note: str | None = Field(None, description="Where others than asked for had to be added.")


class ModelSummary(Record):
    """A model folder in short."""

    model_id: str
    category: str
    is_active: bool
    is_demo: bool
    created_utc: str
    targets: tuple[str, ...]


class ModelsAnswer(Record):
    """The model that answers here, and the model folders there are."""

    serving: str | None = Field(description="Answers recommendations of this service.")
    active: dict[str, str] = Field(description="By category of product.")
    models: tuple[ModelSummary, ...]


class Health(Record):
    """Whether the process lives."""

    status: Literal["ok"] = "ok"


class Readiness(Record):
    """Whether a model serves."""

    ready: Literal[True] = True
    model_id: str


def _cents(price: float | None) -> int | None:
    return None if price is None else round(100 * price)
