"""From an upload and a recommendation to what leaves the product; and back, from a manifest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import sneakeraug
from sneakeraug.analysis import decode_input
from sneakeraug.augment.bounds import check_parameters
from sneakeraug.augment.transforms import apply_augmentation
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
from sneakeraug.limits import Limits
from sneakeraug.records import Recommendation

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
    """Make a recommended variant ready for e-mail, from the upload at its full size.

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
    if hashlib.sha256(source).hexdigest() != recommendation.request.image_sha256:
        raise InputError(
            "The upload is not the picture of the recommendation; the same file is expected. "
            "Ask for a recommendation of it first."
        )
    parameters = check_parameters(augmentation, recommendation.variant(augmentation).parameters)
    alt = check_alt(alt)
    photo = decode_input(source, limits, name)
    made = fit_picture(
        apply_augmentation(photo.pixels, augmentation, parameters).photo, width_px, kind
    )
    width, height = photo.size
    manifest = Manifest(
        model_id=recommendation.model_id,
        source=Source(sha256=photo.sha256, width=width, height=height, format=photo.format),
        edit=Edit(augmentation=augmentation, parameters=dict(parameters)),
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


def rebuild(manifest: Manifest, source: bytes, limits: Limits) -> bytes:
    """Make the picture of a manifest again from its upload, the same to the last bit.

    Parameters
    ----------
    manifest
        From `export.manifest.read_manifest`.
    source
        The upload's file.
    limits
        Checked before pixels are decoded.

    Raises
    ------
    PhotoError, InputError
        If the source is another, a parameter is out of bounds, or other versions write other
        bytes; names what differs.
    """
    check_source(manifest, source)
    parameters = check_parameters(manifest.edit.augmentation, manifest.edit.parameters)
    photo = decode_input(source, limits, "the source")
    edited = apply_augmentation(photo.pixels, manifest.edit.augmentation, parameters).photo
    small = resize_photo(edited, manifest.result.width)
    data = encode_picture(small, manifest.result.encoding)
    check_result(manifest, data, _versions())
    return data


def _versions() -> dict[str, str]:
    """Of everything that decides a picture's bytes."""
    return {"sneakeraug": sneakeraug.__version__} | encoder_versions()
