"""Photos to network outputs and embeddings, in batches, whatever runs the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos

N_IDENTITY: Final = 128
"""Numbers of the identity embedding."""


@dataclass(frozen=True)
class Encoded:
    """What one forward pass says of n photos.

    Attributes
    ----------
    outputs
        Probabilities of the augmentations, shape ``(n, 6)``, float32, rows sum to 1.
    embeddings
        Identity embedding, shape ``(n, 128)``, float32, rows of L2 norm 1: near for pictures of
        one product, whatever the edit.
    is_shoe
        Probability that this is a shoe like those the network knows, shape ``(n,)``, float32.
    is_known_edit
        Probability that its edit is one of the six, shape ``(n,)``, float32.
    """

    outputs: FloatArray
    embeddings: FloatArray
    is_shoe: FloatArray
    is_known_edit: FloatArray

    def take(self, start: int, end: int) -> Encoded:
        """Return what was said of the photos from `start` to before `end`."""
        return Encoded(
            self.outputs[start:end],
            self.embeddings[start:end],
            self.is_shoe[start:end],
            self.is_known_edit[start:end],
        )


class Encoder(ABC):
    """The network, ready to encode photos; safe to share between threads.

    Parameters
    ----------
    n_outputs
        Augmentations it tells apart.
    size_px
        Side of the input square it serves at.

    Attributes
    ----------
    backend
        What runs it: ``torch`` or ``openvino``.
    """

    backend: str

    def __init__(self, n_outputs: int, size_px: int) -> None:
        self.n_outputs, self.size_px = n_outputs, size_px

    @property
    @abstractmethod
    def device(self) -> str:
        """``cpu`` or ``cuda``."""

    @abstractmethod
    def encode_inputs(self, inputs: NetworkInput) -> Encoded:
        """Send prepared photos, at least one, through the network once."""

    def encode(self, photos: Sequence[UInt8Array], batch_size: int = 64) -> Encoded:
        """Encode photos; all of them in one pass where they fit a batch.

        Parameters
        ----------
        photos
            RGB uint8 ``(h, w, 3)``, of any sizes.
        batch_size
            Photos a pass at most.

        Returns
        -------
        Encoded
            Rows in the order of `photos`.
        """
        parts = [
            self.encode_inputs(prepare_photos(photos[i : i + batch_size], self.size_px))
            for i in range(0, len(photos), batch_size)
        ]
        return join_encoded(parts) if parts else self._nothing

    @property
    def _nothing(self) -> Encoded:
        """What no photos give."""
        numbers = np.empty(0, dtype=np.float32)
        outputs = np.empty((0, self.n_outputs), dtype=np.float32)
        return Encoded(outputs, np.empty((0, N_IDENTITY), dtype=np.float32), numbers, numbers)


def join_encoded(parts: Sequence[Encoded]) -> Encoded:
    """Put what several passes say one after the other."""
    return Encoded(
        np.concatenate([part.outputs for part in parts]),
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.is_shoe for part in parts]),
        np.concatenate([part.is_known_edit for part in parts]),
    )
