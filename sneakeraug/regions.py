"""Which parts of a picture move its score: each is covered in turn, and the score taken again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import expit, logit, ndtr

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, ProbabilityArray, UInt8Array
from sneakeraug.augment.transforms import Variant, apply_augmentation
from sneakeraug.background import estimate_background
from sneakeraug.embed.encoder import Encoder
from sneakeraug.rank.verdict import EVENTS, SENDS, TRIES, per_sends
from sneakeraug.records import Context
from sneakeraug.score.conversion import ConversionModel
from sneakeraug.score.features import (
    PICTURE_FEATURES,
    PictureRows,
    Projection,
    build_features,
    encode_contexts,
    measure_picture,
)
from sneakeraug.vocabulary import AUGMENTATIONS

PATCHES: Final = 8
"""Patches along the picture's longer side."""

UNCHANGED: Final = 1.0
"""Where covering a patch changes its pixels by less than this on average (0 to 255), it is not
tried: there was nothing on it."""

RING: Final = 0.5
"""Width of the surroundings whose median covers a patch, as a share of the patch; of a photo
with a plain background that background covers it."""

NOTEWORTHY: Final = 0.01
"""Effects on the log-odds scale smaller than this are called no effect: a hundredth of the odds."""

FALSE_SHARE: Final = 0.10
"""Share of the patches called sure that may be chance, in the model's own uncertainty (Benjamini
and Hochberg, "Controlling the false discovery rate", 1995)."""

PICTURES_AT_ONCE: Final = 32


@dataclass(frozen=True)
class Covered:
    """A picture with one patch after the other covered, as the network and the measures see it.

    Attributes
    ----------
    grid
        Rows and columns of patches.
    patches
        Numbers of the patches that hold anything, row by row, shape ``(n,)``.
    photos
        The picture with each of these covered, ``n`` of them.
    outputs, embeddings, measures
        As of an `Analysis`, of each photo; shapes ``(n, 6)``, ``(n, d)``, ``(n, 8)``, float32.
    """

    grid: tuple[int, int]
    patches: IntArray
    photos: tuple[UInt8Array, ...] = field(repr=False)
    outputs: FloatArray = field(repr=False)
    embeddings: FloatArray = field(repr=False)
    measures: FloatArray = field(repr=False)

    def picture_rows(self, variant: Variant) -> PictureRows:
        """Return what conversion models are told of the photos after a variant's edit."""
        if variant.augmentation == "original":
            return PictureRows(self.outputs, self.measures, self.measures, self.embeddings)
        edits = np.zeros_like(self.outputs)
        edits[:, AUGMENTATIONS.index(variant.augmentation)] = 1.0
        edited = [
            measure_picture(
                apply_augmentation(photo, variant.augmentation, variant.parameters).photo
            )
            for photo in self.photos
        ]
        measures = np.stack(edited) if edited else self.measures
        return PictureRows(edits, measures, self.measures, self.embeddings)


@dataclass(frozen=True)
class Regions:
    """What each patch of a picture adds to a score.

    Attributes
    ----------
    effects
        Log-odds of the score less those with the patch covered, shape ``(rows, columns)``: above
        0 the patch raises the probability of the target event.
    spread
        Standard deviation of the effects by the model's own uncertainty, same shape.
    is_sure
        Where an effect is more than chance and `NOTEWORTHY`, same shape.
    sentence
        What the strongest one does, in plain words; or that none matters.
    """

    effects: ProbabilityArray = field(repr=False)
    spread: ProbabilityArray = field(repr=False)
    is_sure: BoolArray = field(repr=False)
    sentence: str


class Patches:
    """A picture cut into a grid of nearly square patches, and what each is covered with.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    """

    def __init__(self, photo: UInt8Array) -> None:
        h, w = photo.shape[:2]
        side = max(h, w) / PATCHES
        self.grid = max(1, round(h / side)), max(1, round(w / side))
        self._photo = photo
        self._tops, self._lefts = (
            np.linspace(0, length, n + 1).round().astype(int)
            for length, n in zip((h, w), self.grid, strict=True)
        )
        background = estimate_background(photo)
        self._plain = background.colour if background.is_plain else None
        self._colours = [self._surroundings(i) for i in range(self.grid[0] * self.grid[1])]

    def _box(self, patch: int) -> tuple[slice, slice]:
        row, column = divmod(patch, self.grid[1])
        return (
            slice(self._tops[row], self._tops[row + 1]),
            slice(self._lefts[column], self._lefts[column + 1]),
        )

    def _surroundings(self, patch: int) -> UInt8Array:
        """The colour a patch is covered with, shape ``(3,)``."""
        if self._plain is not None:
            return np.array(self._plain, dtype=np.uint8)
        rows, columns = self._box(patch)
        ring = max(1, round(RING * (rows.stop - rows.start)))
        top, left = max(0, rows.start - ring), max(0, columns.start - ring)
        around = self._photo[top : rows.stop + ring, left : columns.stop + ring]
        is_outside = np.ones(around.shape[:2], dtype=np.bool_)
        is_outside[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ] = False
        return np.asarray(np.median(around[is_outside], axis=0), dtype=np.uint8)

    def cover(self, patches: Collection[int]) -> UInt8Array:
        """Return a copy of the picture with some patches covered, given by number."""
        covered = self._photo.copy()
        for patch in patches:
            covered[self._box(patch)] = self._colours[patch]
        return covered

    def filled(self) -> IntArray:
        """Return the numbers of the patches that covering changes, shape ``(n,)``."""
        changes = [
            np.abs(self._photo[self._box(i)].astype(np.float32) - colour).mean()
            for i, colour in enumerate(self._colours)
        ]
        return np.flatnonzero(np.array(changes) >= UNCHANGED).astype(np.int64)

    def place(self, patch: int) -> str:
        """Say where a patch is, for instance ``the lower left of the product``."""
        row, column = divmod(patch, self.grid[1])
        across = (self._lefts[column] + self._lefts[column + 1]) / 2 / self._photo.shape[1]
        down = (self._tops[row] + self._tops[row + 1]) / 2 / self._photo.shape[0]
        background = estimate_background(self._photo)
        left, top, right, bottom = background.box
        is_of_product = (
            background.is_plain
            and left <= across <= right
            and top <= down <= bottom
            and min((bottom - top) * self.grid[0], (right - left) * self.grid[1]) >= LEAST_SPAN
        )
        if is_of_product:
            across, down = (across - left) / (right - left), (down - top) / (bottom - top)
        third = PLACES[min(2, int(3 * down))][min(2, int(3 * across))]
        return f"the {third} of the {'product' if is_of_product else 'picture'}"


LEAST_SPAN: Final = 2.0
"""Places are said of the product where it spans so many patches both ways, else of the picture."""

PLACES: Final = (
    ("upper left", "top", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "bottom", "lower right"),
)


def cover_patches(photo: UInt8Array, encoder: Encoder) -> Covered:
    """Cover each patch of a picture in turn, and send all through the network in batches.

    Parameters
    ----------
    photo
        At scoring size, RGB, shape ``(h, w, 3)``, uint8.
    encoder
        The network.
    """
    patches = Patches(photo)
    filled = patches.filled()
    photos = tuple(patches.cover([patch]) for patch in filled.tolist())
    return encode_covered(patches.grid, filled, photos, encoder)


def encode_covered(
    grid: tuple[int, int], patches: IntArray, photos: Sequence[UInt8Array], encoder: Encoder
) -> Covered:
    """Look at photos with something covered, as `Covered` describes them."""
    encoded = encoder.encode(photos, PICTURES_AT_ONCE)
    measures = [measure_picture(photo) for photo in photos]
    return Covered(
        grid,
        patches,
        tuple(photos),
        encoded.outputs,
        encoded.embeddings,
        np.stack(measures) if measures else np.empty((0, len(PICTURE_FEATURES)), np.float32),
    )


def measure_regions(
    covered: Covered,
    photo: UInt8Array,
    whole: PictureRows,
    variant: Variant,
    model: ConversionModel,
    projection: Projection,
    context: Context,
    target: str,
    p: float,
) -> Regions:
    """Take the score again with each patch covered.

    Parameters
    ----------
    covered, photo
        From `cover_patches`, and the picture it was given.
    whole
        What conversion models are told of the variant with nothing covered, one row.
    variant
        Whose score is explained; what is covered is covered before its edit.
    model, projection
        Of the target.
    context
        The campaign.
    target
        What the score is of.
    p
        The score.
    """
    from scipy.stats import false_discovery_control  # a third of a second that few ask for

    context_codes = encode_contexts([context])
    effects = np.zeros(covered.grid[0] * covered.grid[1])
    spread = np.zeros_like(effects)
    z = model.log_odds_by_draw(build_features(whole, context_codes, projection))
    x = build_features(covered.picture_rows(variant), context_codes, projection)
    changes = (z - model.log_odds_by_draw(x)).astype(np.float64)
    effects[covered.patches] = changes.mean(axis=0)
    spread[covered.patches] = changes.std(axis=0, ddof=1)
    chance = np.ones_like(effects)
    tried = np.abs(effects[covered.patches]) / np.maximum(spread[covered.patches], 1e-9)
    chance[covered.patches] = false_discovery_control(2 * ndtr(-tried)) if len(tried) else 1.0
    is_sure = (np.abs(effects) >= NOTEWORTHY) & (chance <= FALSE_SHARE)
    return Regions(
        effects.reshape(covered.grid),
        spread.reshape(covered.grid),
        is_sure.reshape(covered.grid),
        _sentence(effects, is_sure, Patches(photo), target, p),
    )


def _sentence(
    effects: ProbabilityArray, is_sure: BoolArray, patches: Patches, target: str, p: float
) -> str:
    """What the strongest sure patch does."""
    if not is_sure.any():
        return (
            "No part of the picture matters more than chance: with any one patch covered the "
            "score stays where it is, as far as the model can tell."
        )
    strongest = int(np.argmax(np.where(is_sure, np.abs(effects), 0)))
    without = float(expit(logit(p) - effects[strongest]))
    return (
        f"What matters most beyond chance is {patches.place(strongest)}: with a patch there "
        f"covered, of {SENDS:,} {TRIES[target]} about {per_sends(without)} would {EVENTS[target]} "
        f"instead of {per_sends(p)}."
    )
