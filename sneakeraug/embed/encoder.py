"""Photos to network outputs and embeddings, in batches, on CPU or GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.embed.preprocess import NetworkInput, normalise, prepare_photos
from sneakeraug.embed.resnet import AugmentationNet, choose_device
from sneakeraug.errors import ModelCorruptError, ModelNotFoundError

BACKEND: Final = "torch"


@dataclass(frozen=True)
class Encoded:
    """What one forward pass says of n photos.

    Attributes
    ----------
    outputs
        Probabilities of the augmentations, shape ``(n, 6)``, float32, rows sum to 1.
    embeddings
        Pooled features, shape ``(n, d)``, float32, rows of L2 norm 1.
    """

    outputs: FloatArray
    embeddings: FloatArray


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
    ModelNotFoundError, ModelCorruptError
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
            raise ModelCorruptError(weights.name, "of its card", "unreadable") from exc
        self.net = net.float().eval().to(self.torch_device).to(memory_format=torch.channels_last)

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.torch_device.type

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
        return Encoded(
            np.concatenate([part.outputs for part in parts]),
            np.concatenate([part.embeddings for part in parts]),
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
        logits, features = net(x, torch.from_numpy(inputs.tones).to(device))
    unit = torch.nn.functional.normalize(features.float(), dim=1)
    return Encoded(torch.softmax(logits.float(), dim=1).cpu().numpy(), unit.cpu().numpy())
