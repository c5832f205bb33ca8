"""What does not depend on the campaign: a picture decoded, judged, in six variants, encoded."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.augment.transforms import Parameters, Variant, apply_augmentation, make_variants
from sneakeraug.background import shrink_photo
from sneakeraug.errors import InputError, ShapeError
from sneakeraug.intake.decode import Photo, decode_photo, read_photo_bytes
from sneakeraug.intake.quality import MEASURED_SIDE_PX, judge_quality, measure_quality
from sneakeraug.limits import Limits
from sneakeraug.records import UNKNOWN_EDIT, DetectedAugmentation, Quality
from sneakeraug.score.features import PictureRows, measure_picture
from sneakeraug.vocabulary import AUGMENTATIONS

SCORING_SIDE_PX: Final = 320
"""Longer side of the copy that is scored, as large as photos are in training; the augmentations
look alike at any size."""

ORIGINAL: Final = AUGMENTATIONS.index("original")

ImageInput = str | Path | bytes | Image.Image | UInt8Array


@dataclass(frozen=True)
class Prepared:
    """A picture ready for the network.

    Attributes
    ----------
    photo
        The decoded picture, its pixels shrunk to the size that its quality is measured at.
    width, height
        Of the picture as it came, upright.
    quality
        Whether it can be scored.
    variants
        The six, in label order, at scoring size.
    measures
        Picture measures of each variant, shape ``(6, 8)``, float32.
    """

    photo: Photo
    width: int
    height: int
    quality: Quality
    variants: tuple[Variant, ...]
    measures: FloatArray = field(repr=False)


@dataclass(frozen=True)
class Analysis(Prepared):
    """A prepared picture with what the network says of it.

    Attributes
    ----------
    detected
        What the network takes the picture as it came for.
    outputs
        Augmentation probabilities of each variant, shape ``(6, 6)``, float32.
    embedding
        Of the original, shape ``(d,)``, float32, L2 norm 1.
    timing_ms
        Milliseconds of ``decode``, ``augment`` and ``embed``.
    network
        Hash of the weights that said it; the numbers mean nothing to conversion models of another.
    """

    detected: DetectedAugmentation
    outputs: FloatArray = field(repr=False)
    embedding: FloatArray = field(repr=False)
    timing_ms: dict[str, float]
    network: str

    def picture_rows(self) -> PictureRows:
        """Return what conversion models are told of the six variants.

        The edits we made are known; what the picture had been through before is the network's to
        say, and its original enters as the network sees it.
        """
        edits = np.eye(len(AUGMENTATIONS), dtype=np.float32)
        edits[ORIGINAL] = self.outputs[ORIGINAL]
        n = len(self.variants)
        return PictureRows(
            edits,
            self.measures,
            np.repeat(self.measures[[ORIGINAL]], n, axis=0),
            np.repeat(self.embedding[None], n, axis=0),
        )


@dataclass(frozen=True)
class Gate:
    """Below which probabilities a picture is warned about, refused, or its edit not named.

    Attributes
    ----------
    shoe_warn, shoe_refuse
        Of being a shoe.
    known_edit
        Of carrying one of the six edits.
    """

    shoe_warn: float
    shoe_refuse: float
    known_edit: float


def judge_shoe(quality: Quality, is_shoe: float, gate: Gate, product: str = "sneaker") -> Quality:
    """Add to a quality verdict what follows from how likely the picture shows what is known.

    Parameters
    ----------
    quality
        The verdict so far.
    is_shoe
        Probability that the picture shows a shoe, or whatever the network was trained on.
    gate
        Where the lines are.
    product
        What one product of the model's category is called.
    """
    if quality.verdict == "refuse" or is_shoe >= gate.shoe_warn:
        return quality
    if is_shoe < gate.shoe_refuse:
        reason = f"This does not look like a {product}, and the model knows nothing else."
        return Quality(verdict="refuse", reasons=(f"{reason} Choose a photo of one {product}.",))
    reason = (
        f"This hardly looks like the {product} photos the model knows: read its scores with care."
    )
    return Quality(verdict="warn", reasons=(reason, *quality.reasons))


def name_edit(outputs: FloatArray, is_known_edit: float, gate: Gate) -> DetectedAugmentation:
    """Return the edit a picture carries; `UNKNOWN_EDIT` where it is likely none of the six.

    Parameters
    ----------
    outputs
        Augmentation probabilities of the picture, shape ``(6,)``.
    is_known_edit
        Probability that its edit is one of the six.
    gate
        Where the line is.
    """
    if is_known_edit < gate.known_edit:
        return DetectedAugmentation(label=UNKNOWN_EDIT, probability=1.0 - is_known_edit)
    label = int(outputs.argmax())
    return DetectedAugmentation(
        label=AUGMENTATIONS[label], probability=min(1.0, float(outputs[label]))
    )


def decode_input(
    image: ImageInput, limits: Limits, name: str = "picture", side_px: int | None = None
) -> Photo:
    """Decode any accepted input; arrays and PIL images pass through PNG, like a file.

    Parameters
    ----------
    image
        A path, a file's bytes, a PIL image, or an RGB uint8 array ``(h, w, 3)``.
    limits
        Checked before pixels are decoded.
    name
        What messages call it; a path's own name is used for a path.
    side_px
        Longer side that is enough; all of it where None.

    Raises
    ------
    PhotoError
        If it cannot be read or is over a limit.
    InputError
        If it is none of these types, or an array of another shape.
    """
    if isinstance(image, str | Path):
        path = Path(image)
        return decode_photo(read_photo_bytes(path, limits), limits, path.name, side_px)
    if isinstance(image, bytes):
        return decode_photo(image, limits, name, side_px)
    if isinstance(image, np.ndarray):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ShapeError(f"The array ({image.dtype})", image.shape, "uint8 (h, w, 3)")
        image = Image.fromarray(image)
    if not isinstance(image, Image.Image):
        raise InputError(
            f"A {type(image).__name__} is no picture; a path, bytes, a PIL image or an RGB uint8 "
            "array is expected."
        )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return decode_photo(buffer.getvalue(), limits, name)


def decode_small(image: ImageInput, limits: Limits, name: str = "picture") -> UInt8Array:
    """Return the copy of a picture that is scored; parameters and errors are `decode_input`'s."""
    photo = decode_input(image, limits, name, MEASURED_SIDE_PX)
    return shrink_photo(shrink_photo(photo.pixels, MEASURED_SIDE_PX), SCORING_SIDE_PX)


def prepare_input(image: ImageInput, limits: Limits, name: str = "picture") -> Prepared:
    """Decode as much of a picture as scoring needs, and prepare it; see `decode_input`."""
    return prepare(decode_input(image, limits, name, MEASURED_SIDE_PX))


def prepare(photo: Photo) -> Prepared:
    """Judge a photo, make its six variants at scoring size, and measure them."""
    small = shrink_photo(photo.pixels, MEASURED_SIDE_PX)
    width, height = photo.size
    variants = tuple(make_variants(shrink_photo(small, SCORING_SIDE_PX)))
    return Prepared(
        photo=replace(photo, pixels=small),
        width=width,
        height=height,
        quality=judge_quality(measure_quality(small, max(photo.size))),
        variants=variants,
        measures=np.stack([measure_picture(variant.photo) for variant in variants]),
    )


def render_variant(
    image: ImageInput, augmentation: str, parameters: Parameters, limits: Limits
) -> bytes:
    """Make one variant at the picture's full size.

    Parameters
    ----------
    image
        As in `decode_input`.
    augmentation, parameters
        As recorded in a `Variant` of the same picture at any size.
    limits
        Checked before pixels are decoded.

    Returns
    -------
    png
        PNG bytes without metadata.
    """
    photo = decode_input(image, limits)
    variant = apply_augmentation(photo.pixels, augmentation, parameters)
    buffer = io.BytesIO()
    Image.fromarray(variant.photo).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
