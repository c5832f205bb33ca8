"""What the network is shown while it trains: photos freshly varied, in six versions each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from sneakeraug.arrays import IntArray, UInt8Array
from sneakeraug.augment.transforms import apply_augmentation, choose_parameters, scale_strength
from sneakeraug.background import shrink_photo
from sneakeraug.dataset.unknown import TRAINED_EDITS, TRAINED_SCENES
from sneakeraug.dataset.vary import Variation, recompress
from sneakeraug.embed.fit import Batch
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos
from sneakeraug.training.collection import KEPT_SIDE_PX
from sneakeraug.vocabulary import AUGMENTATIONS

AS_IT_IS_SIDES_PX: Final = (160, KEPT_SIDE_PX)
"""Longer side of a training photo that is not varied, from and to."""

DRAWN_EVERY: Final[Mapping[str, int]] = {"darker": 2, "sketch": 4}
"""Naming these is learnt in minutes, so only every 2nd and 4th photo spends time on them."""

PHOTOS_OF_A_PRODUCT_AT_ONCE: Final = 2
"""Photos of one product that come one after the other, so that a batch shows two views of it."""

UNKNOWN_EDIT_SHARE: Final = 0.4
NO_SHOE_SHARE: Final = 0.2
"""Shares of photos beside whose variants an unknown edit, or a picture of no shoe, is shown."""


@dataclass(frozen=True)
class Sample:
    """Pictures as network input, with labels and products; -1 as in `Batch`."""

    inputs: NetworkInput
    labels: list[int]
    products: list[int]


class SixFoldSamples(Dataset[Sample]):
    """The photos of an epoch in order: variants as network input, freshly varied.

    Parameters
    ----------
    photos
        Decoded photos.
    products
        Product number of each.
    order
        Which photo comes when.
    size_px
        Side of the network's input.
    vary_share
        Share of photos that are varied; the others come as they are or mirrored.
    variation
        How.
    drawn_every
        Variants of which only every so many photos show one, such as `DRAWN_EVERY`.
    seed, epoch
        Together with the photo's place in the order they fix every choice.
    """

    def __init__(
        self,
        photos: Sequence[UInt8Array],
        products: IntArray,
        order: IntArray,
        size_px: int,
        vary_share: float,
        variation: Variation,
        drawn_every: Mapping[str, int],
        seed: int,
        epoch: int,
    ) -> None:
        self.photos, self.products, self.order = photos, products, order
        self.size_px, self.vary_share, self.variation = size_px, vary_share, variation
        self.drawn_every, self.seed, self.epoch = drawn_every, seed, epoch

    def __len__(self) -> int:
        """Photos, not variants."""
        return len(self.order)

    def __getitem__(self, position: int) -> Sample:
        """Up to six variants, and now and then what is none of the six."""
        cv2.setNumThreads(0)
        index = int(self.order[position])
        rng = np.random.default_rng([self.seed, self.epoch, position])
        photo = self.photos[index]
        is_varied = rng.random() < self.vary_share
        if is_varied:
            photo = self.variation.vary(photo, rng)
        else:
            photo = shrink_photo(photo, int(rng.integers(*AS_IT_IS_SIDES_PX, endpoint=True)))
            if rng.random() < 0.5:
                photo = np.ascontiguousarray(photo[:, ::-1])
        variants, labels = [], []
        for label, name in enumerate(AUGMENTATIONS):
            if position % self.drawn_every.get(name, 1):
                continue
            parameters = choose_parameters(photo, name)
            if is_varied:
                parameters = scale_strength(name, parameters, self.variation.strength(rng))
            variant = apply_augmentation(photo, name, parameters).photo
            if "compression" in self.variation.ingredients and rng.random() < 0.3:
                variant = recompress(variant, rng)
            variants.append(variant)
            labels.append(label)
        products = [int(self.products[index])] * len(variants)
        if rng.random() < UNKNOWN_EDIT_SHARE:
            edits = list(TRAINED_EDITS.values())
            variants.append(edits[int(rng.integers(len(edits)))](photo, rng))
            labels.append(-1)
            products.append(products[0])
        if rng.random() < NO_SHOE_SHARE:
            scenes = list(TRAINED_SCENES.values())
            scene = scenes[int(rng.integers(len(scenes)))](rng)
            name = AUGMENTATIONS[int(rng.integers(len(AUGMENTATIONS)))]
            variants.append(apply_augmentation(scene, name).photo)
            labels.append(-1)
            products.append(-1)
        return Sample(prepare_photos(variants, self.size_px), labels, products)


def yield_to_training(_worker: int) -> None:
    """Let a worker take what the network leaves of the processor, and no threads of its own."""
    cv2.setNumThreads(0)
    if hasattr(os, "nice"):
        os.nice(5)


def collate(samples: list[Sample]) -> Batch:
    """Join photos' variants into one batch."""
    return Batch(
        torch.from_numpy(np.concatenate([sample.inputs.squares for sample in samples])),
        torch.from_numpy(np.concatenate([sample.inputs.tones for sample in samples])),
        torch.tensor([label for sample in samples for label in sample.labels]),
        torch.tensor([product for sample in samples for product in sample.products]),
    )


def epoch_order(pool: IntArray, products: IntArray, rng: np.random.Generator) -> IntArray:
    """Shuffle photos so that now and then two of one product follow each other.

    Parameters
    ----------
    pool
        Photo numbers; one may stand in it twice.
    products
        Product number of each photo.
    rng
        Shuffles.

    Returns
    -------
    order
        The photo numbers of `pool`.
    """
    shuffled = rng.permutation(pool)
    by_product = shuffled[np.argsort(products[shuffled], kind="stable")]
    pieces: list[IntArray] = []
    for run in np.split(by_product, np.flatnonzero(np.diff(products[by_product])) + 1):
        pieces += [
            run[i : i + PHOTOS_OF_A_PRODUCT_AT_ONCE]
            for i in range(0, len(run), PHOTOS_OF_A_PRODUCT_AT_ONCE)
        ]
    return np.concatenate([pieces[i] for i in rng.permutation(len(pieces))])
