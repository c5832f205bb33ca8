"""From an upload and a recommendation to what leaves the product; and back, from a manifest."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Final

import sneakeraug
from sneakeraug.analysis import decode_input
from sneakeraug.augment.bounds import check_parameters
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.background import shrink_photo
from sneakeraug.errors import InputError
from sneakeraug.export.mail_tools import Item
from sneakeraug.export.manifest import (
    Edit,
    Manifest,
    Result,
    Source,
    check_result,
    check_source,
    encoder_versions,
)
from sneakeraug.export.picture import (
    ENDINGS,
    WIDTHS_PX,
    EmailPicture,
    Kind,
    encode_picture,
    fit_picture,
    resize_photo,
)
from sneakeraug.export.snippet import check_alt, propose_alt
from sneakeraug.files import safe_stem
from sneakeraug.intake.decode import Photo
from sneakeraug.limits import Limits
from sneakeraug.records import Recommendation

EDITED_PIXELS: Final = 6_000_000
"""An upload of more is scaled down before it is edited; the largest export, 1,200 × 4,800 px, has
fewer."""

ENLARGED: Final = "The upload is narrower than the export: it was enlarged, and looks softer."


@dataclass(frozen=True)
class Delivery:
    """A picture ready for e-mail, with what says how it came about.

    Attributes
    ----------
    picture
        The file and its measures.
    manifest
        Rebuilds it from the upload.
    notes
        What was done to it that its owner may want to know, in sentences.
    stem
        Of the names of its files.
    """

    picture: EmailPicture
    manifest: Manifest
    notes: tuple[str, ...]
    stem: str

    @property
    def alt(self) -> str:
        """Its alternative text."""
        return self.manifest.alt

    @property
    def file_name(self) -> str:
        """Of the picture."""
        return f"{self.stem}.{ENDINGS[self.picture.kind]}"


def deliver(
    source: bytes,
    name: str,
    recommendation: Recommendation,
    augmentation: str,
    alt: str,
    limits: Limits,
    width_px: int = WIDTHS_PX[0],
    kind: Kind = "jpeg",
) -> Delivery:
    """Make a recommended variant ready for e-mail, from at most `EDITED_PIXELS` of the upload.

    Parameters
    ----------
    source
        The upload's file.
    name
        Of the upload; names of files follow it.
    recommendation
        Of that upload; has the edit's parameters and the model's name.
    augmentation
        Which variant.
    alt
        Alternative text.
    limits
        Checked before pixels are decoded.
    width_px, kind
        See `export.picture.fit_picture`.

    Raises
    ------
    PhotoError, InputError
        If the upload is not the recommendation's, cannot be read, or cannot be made to fit.
    """
    request = recommendation.request
    if hashlib.sha256(source).hexdigest() != request.image_sha256:
        raise InputError(
            "The upload is not the picture of the recommendation; the same file is expected. "
            "Ask for a recommendation of it first."
        )
    parameters = check_parameters(augmentation, recommendation.variant(augmentation).parameters)
    alt = check_alt(alt)
    side_px = edited_side(request.width, request.height)
    photo = _decode(source, limits, name, side_px)
    made = fit_picture(
        apply_augmentation(photo.pixels, augmentation, parameters).photo, width_px, kind
    )
    width, height = photo.size
    manifest = Manifest(
        model_id=recommendation.model_id,
        source=Source(sha256=photo.sha256, width=width, height=height, format=photo.format),
        edit=Edit(augmentation=augmentation, parameters=dict(parameters), side_px=side_px),
        result=Result(
            sha256=hashlib.sha256(made.data).hexdigest(),
            n_bytes=len(made.data),
            width=made.width,
            height=made.height,
            encoding=made.encoding,
            ssim=made.ssim,
        ),
        alt=alt,
        versions=_versions(),
    )
    notes = (*photo.warnings, *((ENLARGED,) if made.is_enlarged else ()))
    return Delivery(made, manifest, notes, f"{safe_stem(name)}-{augmentation}-{width_px}")


def item_of(
    delivery: Delivery,
    recommendation: Recommendation,
    name: str,
    picture_url: str | None = None,
    link: str | None = None,
) -> Item:
    """Return what e-mail tools are told of a delivery.

    Parameters
    ----------
    delivery, recommendation
        What was chosen, and of what.
    name
        Of the product or its file.
    picture_url, link
        Where the picture will be, and where a click leads; None where not known.
    """
    context = recommendation.request.context
    attributes = {
        "augmentation": delivery.manifest.edit.augmentation,
        "target": recommendation.request.target,
        **{field: str(value) for field, value in context.model_dump().items() if value},
    }
    return Item(
        key=delivery.stem,
        title=propose_alt(name, "original", context.sneaker_type, context.gender),
        alt=delivery.alt,
        picture=delivery.picture,
        file_name=delivery.file_name,
        attributes=attributes,
        picture_url=picture_url or None,
        link=link or None,
    )


def edited_side(width: int, height: int) -> int | None:
    """Return the longer side that an upload is scaled down to before it is edited.

    Parameters
    ----------
    width, height
        Of the upload, upright.

    Returns
    -------
    side_px
        None where it has at most `EDITED_PIXELS`, and is edited as it is.
    """
    if width * height <= EDITED_PIXELS:
        return None
    return math.floor(max(width, height) * math.sqrt(EDITED_PIXELS / (width * height)))


def _decode(source: bytes, limits: Limits, name: str, side_px: int | None) -> Photo:
    """The upload as it is edited."""
    photo = decode_input(source, limits, name, side_px)
    if side_px is None:
        return photo
    return replace(photo, pixels=shrink_photo(photo.pixels, side_px))


def rebuild(manifest: Manifest, source: bytes, limits: Limits, is_bounded: bool = False) -> bytes:
    """Make the picture of a manifest again from its upload, the same to the last bit.

    Manifests written before large uploads were scaled down for their edit say no size for it: what
    they tell of was edited at full size, and is again.

    Parameters
    ----------
    manifest
        From `export.manifest.read_manifest`.
    source
        The upload's file.
    limits
        Checked before pixels are decoded.
    is_bounded
        Whether a manifest that edits more than `EDITED_PIXELS` is refused, as that can take
        seconds and a gigabyte.

    Raises
    ------
    PhotoError, InputError
        If the source is another, a parameter is out of bounds, too many pixels would be edited,
        or other versions write other bytes; names what differs.
    """
    check_source(manifest, source)
    parameters = check_parameters(manifest.edit.augmentation, manifest.edit.parameters)
    photo = _decode(source, limits, "the source", manifest.edit.side_px)
    h, w = photo.pixels.shape[:2]
    most_px = edited_side(*photo.size)
    if is_bounded and most_px is not None and max(h, w) > most_px:
        raise InputError(
            f"The manifest edits a picture of {w:,} × {h:,} px; a longer side of at most "
            f"{most_px:,} px is expected here. Rebuild it with `sneakeraug rebuild`, which has no "
            "such bound."
        )
    edited = apply_augmentation(photo.pixels, manifest.edit.augmentation, parameters).photo
    small = resize_photo(edited, manifest.result.width)
    data = encode_picture(small, manifest.result.encoding)
    check_result(manifest, data, _versions())
    return data


def _versions() -> dict[str, str]:
    """Of everything that decides a picture's bytes."""
    return {"sneakeraug": sneakeraug.__version__} | encoder_versions()
