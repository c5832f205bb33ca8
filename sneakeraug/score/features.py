"""One function makes the rows that conversion models are trained on and served with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import (
    FloatArray,
    IntArray,
    UInt8Array,
    largest_channel,
    smallest_channel,
)
from sneakeraug.background import estimate_background
from sneakeraug.errors import FeatureSchemaError, InputError, ShapeError
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

N_IDENTITY_FEATURES: Final = 16
"""Directions the identity embedding is reduced to."""

MEASURED_SIDE_PX: Final = 128


@dataclass(frozen=True)
class PictureRows:
    """What is known of pictures, one a row.

    Attributes
    ----------
    edits
        Probability of each augmentation, shape ``(n, k)``, float32: 1 and 0 where the edit is
        known, because we made it or the history says so, and the network's outputs where not.
    measures
        Of the picture itself, from `measure_picture`, shape ``(n, 8)``, float32.
    sources
        The same of the photo it was made from; its own where that is not known.
    identities
        Identity embedding of that photo, shape ``(n, d)``, float32.
    """

    edits: FloatArray = field(repr=False)
    measures: FloatArray = field(repr=False)
    sources: FloatArray = field(repr=False)
    identities: FloatArray = field(repr=False)

    def __len__(self) -> int:
        """Pictures."""
        return len(self.edits)

    def take(self, rows: IntArray) -> PictureRows:
        """Some rows, in the order asked for."""
        return PictureRows(
            self.edits[rows], self.measures[rows], self.sources[rows], self.identities[rows]
        )

    @classmethod
    def join(cls, parts: Sequence[PictureRows]) -> PictureRows:
        """Put at least one set of rows after the other."""
        return cls(
            np.concatenate([part.edits for part in parts]),
            np.concatenate([part.measures for part in parts]),
            np.concatenate([part.sources for part in parts]),
            np.concatenate([part.identities for part in parts]),
        )


@dataclass(frozen=True)
class Projection:
    """The directions in which photos' identities differ most.

    Attributes
    ----------
    mean
        Shape ``(d,)``, float32.
    axes
        Shape ``(d, N_IDENTITY_FEATURES)``, float32; what comes out has unit variance.
    """

    mean: FloatArray = field(repr=False)
    axes: FloatArray = field(repr=False)

    def __call__(self, identities: FloatArray) -> FloatArray:
        """Reduce embeddings ``(n, d)`` to ``(n, N_IDENTITY_FEATURES)``, float32."""
        return np.asarray((identities - self.mean) @ self.axes, dtype=np.float32)


def fit_projection(identities: FloatArray) -> Projection:
    """Find the principal directions of some photos' identity embeddings.

    Parameters
    ----------
    identities
        Shape ``(n, d)``, float32.

    Raises
    ------
    InputError
        If there are fewer photos than two.
    """
    if len(identities) < 2:
        raise InputError(
            f"{len(identities)} photos are too few to learn from; at least 2 are expected."
        )
    mean = identities.mean(axis=0)
    _, spread, axes = np.linalg.svd(identities - mean, full_matrices=False)
    k = min(N_IDENTITY_FEATURES, len(spread))
    scale = np.maximum(spread[:k] / np.sqrt(len(identities)), 1e-6)
    reduced = np.zeros((identities.shape[1], N_IDENTITY_FEATURES), dtype=np.float32)
    reduced[:, :k] = axes[:k].T / scale
    return Projection(mean.astype(np.float32), reduced)


def feature_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of `build_features`, in order.

    Parameters
    ----------
    labels
        The network's outputs in order.
    """
    edits = [f"augmentation={label}" for label in labels]
    sources = [f"source_{name}" for name in PICTURE_FEATURES]
    identity = [f"identity_{i}" for i in range(N_IDENTITY_FEATURES)]
    context = [f"{field}={term}" for field, terms in CONTEXT_FIELDS.items() for term in terms]
    return (*edits, *PICTURE_FEATURES, *sources, *identity, *context)


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
    top = largest_channel(rgb)
    saturation = (top - smallest_channel(rgb)) / np.maximum(top, 1e-3)
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
    pictures: PictureRows, contexts: Mapping[str, IntArray], projection: Projection
) -> FloatArray:
    """Join what is known of pictures and their contexts to feature rows.

    Parameters
    ----------
    pictures
        ``n`` of them.
    contexts
        From `encode_contexts`: by field the position of the term, -1 where left open; ``n`` each,
        or a single one for all.
    projection
        Reduces the identities; the model's own.

    Returns
    -------
    x
        Shape ``(n, len(feature_names(labels)))``, float32. A context field left open is NaN in
        all its columns.

    Raises
    ------
    ShapeError
        If the numbers of rows disagree.
    """
    n = len(pictures)
    for rows in (pictures.measures, pictures.sources):
        if rows.shape != (n, len(PICTURE_FEATURES)):
            raise ShapeError("Picture measures", rows.shape, f"({n}, {len(PICTURE_FEATURES)})")
    if len(pictures.identities) != n:
        raise ShapeError("Identities", pictures.identities.shape, f"({n}, d)")
    parts = [pictures.edits, pictures.measures, pictures.sources, projection(pictures.identities)]
    for name, terms in CONTEXT_FIELDS.items():
        codes = contexts[name]
        if len(codes) not in (1, n):
            raise ShapeError("Contexts", codes.shape, f"1 or {n}")
        k = len(terms)
        columns = np.concatenate([np.eye(k), np.full((1, k), np.nan)]).astype(np.float32)
        parts.append(np.broadcast_to(columns[codes], (n, k)))
    return np.concatenate(parts, axis=1).astype(np.float32)


def encode_contexts(contexts: Sequence[Context]) -> dict[str, IntArray]:
    """Return each context field's position in the vocabulary, -1 where left open."""
    return {
        name: np.array(
            [
                -1 if (value := getattr(context, name)) is None else terms.index(value)
                for context in contexts
            ],
            dtype=np.int64,
        )
        for name, terms in CONTEXT_FIELDS.items()
    }


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
