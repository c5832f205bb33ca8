"""The columns of a batch, and the rows of one picture: a row a variant, or one with its error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sneakeraug.batch.inputs import Item
from sneakeraug.batch.look import Unread
from sneakeraug.records import AlternateScore, Context, Recommendation, VariantScore

Row = dict[str, object]

COLUMNS: Final[Mapping[str, str]] = {
    "path": "string",
    "sha256": "string",
    "width": "int32",
    "height": "int32",
    "target": "string",
    "campaign_type": "string",
    "industry": "string",
    "sneaker_type": "string",
    "gender": "string",
    "kind": "string",
    "variant": "string",
    "rank": "int32",
    "p": "float64",
    "low": "float64",
    "high": "float64",
    "predicted_difference": "float64",
    "difference_low": "float64",
    "difference_high": "float64",
    "p_best": "float64",
    "similarity": "float64",
    "is_barred": "bool",
    "verdict": "string",
    "best_augmentation": "string",
    "sentence": "string",
    "alternate_verdict": "string",
    "best_alternate": "string",
    "quality": "string",
    "detected_augmentation": "string",
    "detected_probability": "float64",
    "warnings": "string",
    "model_id": "string",
    "device": "string",
    "backend": "string",
    "error": "string",
}
"""Name and Arrow type of each column, in order; what does not apply is null."""

VARIANT, ALTERNATE, ERROR = "variant", "alternate", "error"
"""Kinds of rows."""

DECIMALS: Final = 7
"""Of what is written of a number: processors agree on fewer."""


def rows_of(item: Item, result: Recommendation) -> list[Row]:
    """Return the rows of a scored picture: its variants by rank, then its alternates by rank."""
    request, detected = result.request, result.detected_augmentation
    best, other = result.best_augmentation, result.best_alternate
    about: Row = {
        "path": printable(item.name),
        "sha256": request.image_sha256,
        "width": request.width,
        "height": request.height,
        **_campaign(request.target, request.context),
        "verdict": best.verdict,
        "best_augmentation": best.augmentation,
        "sentence": best.sentence,
        "alternate_verdict": other.verdict if result.alternates else None,
        "best_alternate": other.product_id,
        "quality": result.quality.verdict,
        "detected_augmentation": detected.label,
        "detected_probability": round(detected.probability, DECIMALS),
        "warnings": " ".join((*result.quality.reasons, *result.warnings)),
        "model_id": result.model_id,
        "device": result.device,
        "backend": result.backend,
    }
    variants = [
        about
        | {"kind": VARIANT, "variant": v.augmentation, "p_best": round(v.p_best, DECIMALS)}
        | _numbers(v)
        for v in result.variants
    ]
    alternates = [
        about
        | {"kind": ALTERNATE, "variant": a.product_id, "similarity": round(a.similarity, DECIMALS)}
        | _numbers(a)
        for a in result.alternates
    ]
    return [{name: row.get(name) for name in COLUMNS} for row in variants + alternates]


def error_row(unread: Unread, target: str, context: Context) -> Row:
    """Return the one row of a picture that could not be scored."""
    about: Row = {
        "path": printable(unread.item.name),
        "sha256": unread.sha256 or None,
        "width": unread.width,
        "height": unread.height,
        **_campaign(target, context),
        **{name: printable(text) for name, text in unread.item.terms.items()},
        "kind": ERROR,
        "quality": "refuse" if unread.is_refused else None,
        "error": printable(unread.error),
    }
    return {name: about.get(name) for name in COLUMNS}


def _campaign(target: str, context: Context) -> Row:
    return {"target": target, **context.model_dump()}


def _numbers(scored: VariantScore | AlternateScore) -> Row:
    numbers = {
        "p": scored.p,
        "low": scored.interval[0],
        "high": scored.interval[1],
        "predicted_difference": scored.predicted_difference,
        "difference_low": scored.difference_interval[0],
        "difference_high": scored.difference_interval[1],
    }
    rounded = {name: round(value, DECIMALS) for name, value in numbers.items()}
    return {"rank": scored.rank, "is_barred": scored.is_barred, **rounded}


def printable(text: str) -> str:
    """Return text that any file can hold: bytes of a name that are no UTF-8 are written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
