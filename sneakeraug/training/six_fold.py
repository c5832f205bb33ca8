"""The six variants of photos as network and measures see them: what models learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, UInt8Array
from sneakeraug.dataset.looks import measure_hues
from sneakeraug.dataset.worlds import LOOKS, Pictures
from sneakeraug.embed.encoder import Encoder
from sneakeraug.errors import InputError
from sneakeraug.progress import Report
from sneakeraug.score.features import PICTURE_FEATURES, PictureRows, measure_picture
from sneakeraug.training.collection import Collection
from sneakeraug.training.conditions import AS_IT_IS, CONDITIONS, Condition
from sneakeraug.vocabulary import AUGMENTATIONS

PHOTOS_PER_PASS = 16


@dataclass(frozen=True)
class SixFold:
    """Network outputs and measures of all six variants of some photos, photo by photo.

    Attributes
    ----------
    outputs
        Shape ``(6 n, 6)``, float32.
    embeddings
        Identity embeddings, shape ``(6 n, d)``, float32.
    measures
        Shape ``(6 n, 8)``, float32.
    labels
        True augmentation of each row, shape ``(6 n,)``.
    photos
        Position in the collection of each row's photo, shape ``(6 n,)``.
    """

    outputs: FloatArray = field(repr=False)
    embeddings: FloatArray = field(repr=False)
    measures: FloatArray = field(repr=False)
    labels: IntArray = field(repr=False)
    photos: IntArray = field(repr=False)

    @property
    def originals(self) -> IntArray:
        """The row of the original of each row's photo."""
        first = np.arange(len(self.labels)) // len(AUGMENTATIONS) * len(AUGMENTATIONS)
        return first + AUGMENTATIONS.index("original")

    def picture_rows(self, is_edit_known: bool = True) -> PictureRows:
        """Return what models are told of the variants.

        Parameters
        ----------
        is_edit_known
            Whether the edit enters as it is, or as the network sees it.
        """
        known = np.eye(len(AUGMENTATIONS), dtype=np.float32)[self.labels]
        originals = self.originals
        return PictureRows(
            known if is_edit_known else self.outputs,
            self.measures,
            self.measures[originals],
            self.embeddings[originals],
        )

    @property
    def is_plain(self) -> BoolArray:
        """Whether the original of each row's photo stands on a plain background."""
        originals = self.labels == AUGMENTATIONS.index("original")
        plain = self.measures[originals, PICTURE_FEATURES.index("is_plain")] > 0.5
        return np.repeat(plain, len(AUGMENTATIONS))


def encode_six_fold(
    collection: Collection,
    positions: list[int],
    encoder: Encoder,
    report: Report,
    condition: Condition = CONDITIONS[AS_IT_IS],
) -> SixFold:
    """Make and encode the six variants of some photos of a collection.

    Parameters
    ----------
    collection, positions
        Which photos; those of which the condition cannot be made are left out.
    encoder
        The network.
    report
        Called with a line of progress now and then.
    condition
        What happens to the pictures on their way.
    """
    outputs, embeddings, measures, used = [], [], [], []
    for start in range(0, len(positions), PHOTOS_PER_PASS):
        pictures: list[UInt8Array] = []
        for position in positions[start : start + PHOTOS_PER_PASS]:
            six = condition.make_six(collection.photos[position])
            if six is not None:
                pictures += six
                used.append(position)
        if pictures:
            encoded = encoder.encode(pictures, batch_size=len(pictures))
            outputs.append(encoded.outputs)
            embeddings.append(encoded.embeddings)
            measures += [measure_picture(picture) for picture in pictures]
        if start % (PHOTOS_PER_PASS * 20) == 0:
            report(f"encoded {start} of {len(positions)} photos, six variants each")
    if not used:
        raise InputError("The condition can be made of none of the photos; give others.")
    return SixFold(
        np.concatenate(outputs),
        np.concatenate(embeddings),
        np.stack(measures),
        np.tile(np.arange(len(AUGMENTATIONS)), len(used)),
        np.repeat(np.array(used, dtype=np.int64), len(AUGMENTATIONS)),
    )


def world_pictures(six_fold: SixFold, collection: Collection) -> Pictures:
    """Return the variants as pictures a world can send.

    Parameters
    ----------
    six_fold
        Encoded variants.
    collection
        Where they come from: pixels and products.
    """
    photos = six_fold.photos[:: len(AUGMENTATIONS)]
    hues = np.stack([measure_hues(collection.photos[photo]) for photo in photos])
    measured = six_fold.measures[six_fold.originals]
    n = len(LOOKS) - hues.shape[1]
    looks = np.concatenate([measured[:, :n], np.repeat(hues, len(AUGMENTATIONS), axis=0)], axis=1)
    products = number_names([collection.groups[photo] for photo in six_fold.photos])
    return Pictures(six_fold.labels, products, looks)


def number_names(names: Sequence[str]) -> IntArray:
    """Return names as numbers from 0, the same for the same name, shape ``(n,)``."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
