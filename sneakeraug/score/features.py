"""One function makes the rows that conversion models are trained on and served with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.background import estimate_background
from sneakeraug.errors import FeatureSchemaError, ShapeError
from sneakeraug.records import Context
from sneakeraug.vocabulary import CONTEXT_FIELDS

PICTURE_FEATURES: Final = (
    "brightness",
    "contrast",
    "saturation",
    "warmth",
    "fill",
    "background_brightness",
    "is_plain",
    "aspect",
)
"""What `measure_picture` measures, in order."""

MEASURED_SIDE_PX: Final = 128


def feature_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of `build_features`, in order.

    Parameters
    ----------
    labels
        The network's outputs in order.
    """
    outputs = [f"augmentation={label}" for label in labels]
    context = [f"{field}={term}" for field, terms in CONTEXT_FIELDS.items() for term in terms]
    return (*outputs, *PICTURE_FEATURES, *context)


def measure_picture(photo: UInt8Array) -> FloatArray:
    """Measure what a picture looks like, at a fixed small size.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.

    Returns
    -------
    measures
        Shape ``(8,)``, float32, in the order of `PICTURE_FEATURES`: mean luma [0, 1]; standard
        deviation of luma; mean HSV saturation [0, 1]; mean red minus blue [-1, 1]; share of the
        frame the product's box fills (0, 1]; background luma [0, 1]; 1 where the background is
        plain; log of width over height.
    """
    h, w = photo.shape[:2]
    scale = MEASURED_SIDE_PX / max(h, w)
    size = (max(8, round(w * scale)), max(8, round(h * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    rgb = small.astype(np.float32) / 255.0
    luma = rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    top = rgb.max(axis=2)
    saturation = (top - rgb.min(axis=2)) / np.maximum(top, 1e-3)
    background = estimate_background(photo)
    r, g, b = background.colour
    return np.array(
        [
            luma.mean(),
            luma.std(),
            saturation.mean(),
            (rgb[..., 0] - rgb[..., 2]).mean(),
            background.fill,
            (0.299 * r + 0.587 * g + 0.114 * b) / 255.0,
            float(background.is_plain),
            np.log(w / h),
        ],
        dtype=np.float32,
    )


def build_features(
    outputs: FloatArray, measures: FloatArray, contexts: Sequence[Context]
) -> FloatArray:
    """Join network outputs, picture measures and contexts to feature rows.

    Parameters
    ----------
    outputs
        Probabilities of the augmentations, shape ``(n, k)``, float32.
    measures
        From `measure_picture`, shape ``(n, 8)``, float32.
    contexts
        One for each row, or a single one for all.

    Returns
    -------
    x
        Shape ``(n, len(feature_names(labels)))``, float32. A context field left open is NaN in
        all its columns, which the trees treat as missing.

    Raises
    ------
    ShapeError
        If the numbers of rows disagree.
    """
    n = outputs.shape[0]
    if measures.shape != (n, len(PICTURE_FEATURES)):
        raise ShapeError("Picture measures", measures.shape, f"({n}, {len(PICTURE_FEATURES)})")
    if len(contexts) not in (1, n):
        raise ShapeError("Contexts", (len(contexts),), f"1 or {n}")
    encoded = np.stack([encode_context(context) for context in contexts])
    if len(contexts) == 1:
        encoded = np.broadcast_to(encoded, (n, encoded.shape[1]))
    return np.concatenate([outputs, measures, encoded], axis=1).astype(np.float32)


def encode_context(context: Context) -> FloatArray:
    """Return a context's columns: 1 for its terms, 0 for others, NaN where left open."""
    columns: list[float] = []
    for field, terms in CONTEXT_FIELDS.items():
        value = getattr(context, field)
        columns += [np.nan if value is None else float(value == term) for term in terms]
    return np.array(columns, dtype=np.float32)


def check_schema(expected: Sequence[str], offered: Sequence[str]) -> None:
    """Refuse features of another schema than a model's.

    Raises
    ------
    FeatureSchemaError
        Naming what is missing and what is unexpected.
    """
    if tuple(expected) != tuple(offered):
        raise FeatureSchemaError(
            sorted(set(expected) - set(offered)), sorted(set(offered) - set(expected))
        )
