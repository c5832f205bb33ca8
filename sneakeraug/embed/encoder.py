"""Photos to network outputs and embeddings, in batches, on CPU or GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.embed.preprocess import NetworkInput, normalise, prepare_photos
from sneakeraug.embed.resnet import N_IDENTITY, AugmentationNet, choose_device
from sneakeraug.errors import ModelError, ModelNotFoundError

BACKEND: Final = "torch"


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


class Encoder:
    """The network in evaluation mode on a device.

    Parameters
    ----------
    weights
        A safetensors file of `AugmentationNet`.
    architecture
        Its depth, for instance ``resnet50``.
    n_outputs
        Augmentations it tells apart.
    size_px
        Side of the input square it serves at.
    device
        ``auto``, ``cpu`` or ``cuda``.
    threads
        Processor threads; 0 leaves the choice to torch.

    Raises
    ------
    ModelNotFoundError, ModelError
        If the weights are missing, or are not this network's.
    """

    def __init__(
        self,
        weights: Path,
        architecture: str,
        n_outputs: int,
        size_px: int,
        device: str = "auto",
        threads: int = 0,
    ) -> None:
        if not weights.is_file():
            raise ModelNotFoundError(
                f"Model file {weights.name!r} is missing from its folder. Restore it and try again."
            )
        if threads:
            torch.set_num_threads(threads)
        self.size_px = size_px
        self.torch_device = choose_device(device)
        net = AugmentationNet(architecture, n_outputs)
        try:
            net.load_state_dict(load_file(weights))
        except (SafetensorError, RuntimeError) as exc:
            raise ModelError(
                f"{weights.name} does not hold the weights of a {architecture} as this version of "
                "sneakeraug knows it. Use the version that trained it, or train it anew."
            ) from exc
        self.net = net.float().eval().to(self.torch_device).to(memory_format=torch.channels_last)

    @classmethod
    def of(
        cls, weights: Path, about: Mapping[str, Any], device: str = "auto", threads: int = 0
    ) -> Encoder:
        """Open weights with what their training says of them: depth, labels, size."""
        return cls(
            weights,
            str(about["architecture"]),
            len(about["labels"]),
            int(about["size_px"]),
            device,
            threads,
        )

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.torch_device.type

    @property
    def _nothing(self) -> Encoded:
        """What no photos give."""
        numbers = np.empty(0, dtype=np.float32)
        outputs = np.empty((0, self.net.head.out_features), dtype=np.float32)
        return Encoded(outputs, np.empty((0, N_IDENTITY), dtype=np.float32), numbers, numbers)

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
            encode_inputs(
                self.net,
                prepare_photos(photos[i : i + batch_size], self.size_px),
                self.torch_device,
            )
            for i in range(0, len(photos), batch_size)
        ]
        return join_encoded(parts) if parts else self._nothing


def join_encoded(parts: Sequence[Encoded]) -> Encoded:
    """Put what several passes say one after the other."""
    return Encoded(
        np.concatenate([part.outputs for part in parts]),
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.is_shoe for part in parts]),
        np.concatenate([part.is_known_edit for part in parts]),
    )


def encode_inputs(net: AugmentationNet, inputs: NetworkInput, device: torch.device) -> Encoded:
    """Send prepared photos through a network once.

    Parameters
    ----------
    net
        In evaluation mode, on `device`.
    inputs
        See `prepare_photos`.
    device
        float32 on a CPU; bf16 autocast on a GPU, where it is the faster one.
    """
    x = (
        torch.from_numpy(normalise(inputs.squares))
        .to(device)
        .contiguous(memory_format=torch.channels_last)
    )
    with (
        torch.inference_mode(),
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"),
    ):
        output = net(x, torch.from_numpy(inputs.tones).to(device))
    probabilities = torch.softmax(output.logits.float(), dim=1)
    gate = torch.sigmoid(output.gate.float()).cpu().numpy()
    identity = output.identity.float().cpu().numpy()
    return Encoded(probabilities.cpu().numpy(), identity, gate[:, 0], gate[:, 1])
