"""From a recommendation and what was chosen of it to a sign-off report."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
from PIL import Image

from sneakeraug.arrays import UInt8Array
from sneakeraug.background import shrink_photo
from sneakeraug.card import Figure, ModelCard
from sneakeraug.catalog.products import Catalog
from sneakeraug.delivery import Delivery
from sneakeraug.errors import InputError
from sneakeraug.export.picture import MIME
from sneakeraug.export.report import Facts, Line, Report, Shown, SignOff
from sneakeraug.export.report_html import write_html
from sneakeraug.export.report_pdf import write_pdf
from sneakeraug.intake.decode import decode_photo
from sneakeraug.limits import Limits
from sneakeraug.rank.guards import WORSENS, why_barred
from sneakeraug.records import AlternateScore, Recommendation, VariantScore
from sneakeraug.wording import EVENTS, VARIANTS, detection, headline, label

THUMB_PX, ORIGINAL_PX = 216, 640
"""Longer side of a row's picture, and of the upload's."""

SHOWN_FIGURES: Final = (
    "augmentation accuracy",
    "90 % ranges that hold the true probability",
    "90 % ranges that hold the true difference",
    "lost by following the verdict, share of the best (lower is better)",
    "photos with a recommendation that does harm (lower is better)",
)
"""Of a card's figures, those a signature rests on; of the target's where they have one."""

_WRITERS: Final[Mapping[str, Callable[[Report], bytes]]] = {"html": write_html, "pdf": write_pdf}

REPORTS: Final = {"html": "text/html", "pdf": "application/pdf"}


def write_report(report: Report, kind: str) -> bytes:
    """Return a report as ``html`` or ``pdf``.

    Raises
    ------
    InputError
        If the kind is another.
    """
    if kind not in _WRITERS:
        raise InputError(f"A report as {kind[:20]!r} is not offered; html or pdf is expected.")
    return _WRITERS[kind](report)


def compose_report(
    recommendation: Recommendation,
    delivery: Delivery,
    variants: Mapping[str, UInt8Array],
    catalog: Catalog,
    card: ModelCard,
    limits: Limits,
    sign_off: SignOff,
    name: str,
) -> Report:
    """Gather what a sign-off report says.

    Parameters
    ----------
    recommendation
        What was advised.
    delivery
        What was chosen and made.
    variants
        Each variant's picture by its augmentation, RGB uint8 ``(h, w, 3)``, of any size.
    catalog
        Has the alternates' pictures.
    card
        Of the model that spoke.
    limits
        Checked before a catalog picture is decoded.
    sign_off
        Who, when, and a note.
    name
        Of the upload.

    Raises
    ------
    InputError
        If another model spoke.
    """
    if card.model_id != recommendation.model_id:
        raise InputError(
            f"The figures are of model {recommendation.model_id!r}, and {card.model_id!r} serves "
            "by now. Have the picture scored again, and sign what is said then."
        )
    best = recommendation.best_augmentation
    head, rest = headline(best.sentence)
    chosen = delivery.manifest.edit.augmentation
    request = recommendation.request
    ranges = [row.interval for row in (*recommendation.variants, *recommendation.alternates)]
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    room = 0.04 * (high - low)
    return Report(
        title=name,
        head=head,
        rest=rest,
        alternate=recommendation.best_alternate.sentence,
        demo=next((note for note in recommendation.warnings if "Demo model" in note), None),
        departure=_departure(recommendation, chosen),
        original=_shown(variants["original"], ORIGINAL_PX, f"{name}, as it came"),
        chosen=Shown(
            delivery.picture.data,
            MIME[delivery.picture.kind],
            delivery.picture.width,
            delivery.picture.height,
            delivery.alt,
        ),
        chosen_name=VARIANTS[chosen],
        event=EVENTS[request.target],
        fewer_is_better=request.direction == "lower",
        variants=tuple(_variants(recommendation, variants, name, chosen)),
        alternates=tuple(_alternates(recommendation, catalog, limits)),
        axis=(max(0.0, low - room), min(1.0, high + room)),
        p_original=recommendation.original.p,
        campaign=_campaign(recommendation),
        file=_file(delivery),
        model=_model(card, recommendation),
        figures=tuple(_figures(card, request.target)),
        limits=card.limits,
        notes=_notes(recommendation, delivery),
        sign_off=sign_off,
    )


def _departure(recommendation: Recommendation, chosen: str) -> str | None:
    """That something else was chosen than was advised, or what a guardrail bars."""
    advised = recommendation.best_augmentation.augmentation
    if chosen == (advised or "original"):
        return None
    what = f"advised was {VARIANTS[advised].lower()}" if advised else "no edit was advised"
    name = VARIANTS[chosen].lower()
    said = f"What is to be sent is not what was advised: {name} was chosen, {what}."
    score = recommendation.variant(chosen)
    barred = why_barred(score)
    return f"{said} A guardrail bars it: {barred}." if barred else said


def _shown(photo: UInt8Array, side_px: int, alt: str) -> Shown:
    small = shrink_photo(photo, side_px)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(small)).save(buffer, "JPEG", quality=88, optimize=True)
    return Shown(buffer.getvalue(), "image/jpeg", small.shape[1], small.shape[0], alt)


def _variants(
    recommendation: Recommendation, photos: Mapping[str, UInt8Array], name: str, chosen: str
) -> Iterable[Line]:
    advised = recommendation.best_augmentation.augmentation
    for score in sorted(recommendation.variants, key=lambda variant: variant.rank):
        kind = score.augmentation
        marks = {advised: "advised", "original": "yours"}
        yield Line(
            name=VARIANTS[kind],
            note=_note(score, "to be sent" if kind == chosen else ""),
            shown=_shown(photos[kind], THUMB_PX, f"{name}, {VARIANTS[kind].lower()}"),
            scored=score,
            p_best=score.p_best,
            mark=marks.get(kind, "barred" if score.is_barred else ""),
            is_original=kind == "original",
        )


def _alternates(recommendation: Recommendation, catalog: Catalog, limits: Limits) -> Iterable[Line]:
    advised = recommendation.best_alternate.product_id
    for score in sorted(recommendation.alternates, key=lambda alternate: alternate.rank):
        photo = decode_photo(catalog.image_bytes(score.product_id), limits, score.name, THUMB_PX)
        mark = "advised" if score.product_id == advised else "barred" if score.is_barred else ""
        yield Line(
            name=score.name,
            note=_note(score, score.brand),
            shown=_shown(photo.pixels, THUMB_PX, f"{score.name} by {score.brand}"),
            scored=score,
            p_best=None,
            mark=mark,
        )


def _note(score: VariantScore | AlternateScore, first: str) -> str:
    barred = why_barred(score)
    return " · ".join(part for part in (first, barred or "") if part)


def _campaign(recommendation: Recommendation) -> Facts:
    request = recommendation.request
    context = request.context
    facts = [
        ("Wanted", label(request.target)),
        ("Campaign", label(context.campaign_type)),
        ("Industry", label(context.industry)),
        ("Sneaker", label(context.sneaker_type) if context.sneaker_type else "any"),
        ("Worn by", label(context.gender) if context.gender else "any"),
    ]
    facts += [
        ("Guardrail", f"{WORSENS[target]} by at most {limit:g} in 10,000".capitalize())
        for target, limit in request.guard.items()
    ]
    return tuple(facts)


def _file(delivery: Delivery) -> Facts:
    picture, manifest = delivery.picture, delivery.manifest
    encoding = picture.encoding
    how = f"quality {encoding.quality}" if encoding.quality else "full colour"
    if encoding.n_colours:
        how = f"{encoding.n_colours} colours"
    return (
        ("Name", delivery.file_name),
        ("Size", f"{picture.width:,} × {picture.height:,} px, {len(picture.data) / 1000:.0f} KB"),
        ("Format", f"{picture.kind.upper()}, {how}"),
        ("Likeness", f"SSIM {picture.ssim:.3f} to the edit before it was compressed"),
        ("sha256", manifest.result.sha256),
        ("Upload", f"{manifest.source.width:,} × {manifest.source.height:,} px"),
        ("Its sha256", manifest.source.sha256),
    )


def _model(card: ModelCard, recommendation: Recommendation) -> Facts:
    return (
        ("Name", card.model_id),
        ("Made", card.created_utc),
        ("Trained on", card.trained_on),
        ("Ran on", f"{recommendation.device}, {recommendation.backend}"),
        ("Data", card.data_licence),
    )


def _figures(card: ModelCard, target: str) -> Iterable[tuple[str, str, str]]:
    by_name: dict[str, Figure] = {figure.name: figure for figure in card.figures}
    for name in SHOWN_FIGURES:
        figure = by_name.get(f"{target}: {name}") or by_name.get(name)
        if figure is None:
            continue
        interval = ""
        if figure.interval is not None:
            interval = f" ({100 * figure.interval[0]:.1f} to {100 * figure.interval[1]:.1f})"
        said = f"{figure.name[:1].upper()}{figure.name[1:]}".replace(f"{target.capitalize()}: ", "")
        yield (
            f"{said[:1].upper()}{said[1:]}",
            f"{100 * figure.value:.1f} %{interval}",
            f"n = {figure.n:,} {figure.unit}",
        )


def _notes(recommendation: Recommendation, delivery: Delivery) -> tuple[str, ...]:
    """Everything a reader should know but the demo notice, which stands at the top."""
    seen = detection(recommendation.detected_augmentation)
    notes = [
        f"The upload {seen[:1].lower()}{seen[1:]}.",
        *recommendation.quality.reasons,
        *(note for note in recommendation.warnings if "Demo model" not in note),
        *delivery.notes,
        "Differences are predicted, not caused: only a randomised test shows what a picture does.",
    ]
    return tuple(dict.fromkeys(notes))
