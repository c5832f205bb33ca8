"""The network in torch, from its weights, on CPU or GPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from sneakeraug.embed.encoder import Encoded, Encoder
from sneakeraug.embed.preprocess import NetworkInput, normalise
from sneakeraug.embed.resnet import AugmentationNet, choose_device
from sneakeraug.errors import ModelError, ModelNotFoundError


class TorchEncoder(Encoder):
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

    backend = "torch"

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
        super().__init__(n_outputs, size_px)
        if threads:
            torch.set_num_threads(threads)
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
    ) -> TorchEncoder:
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

    def encode_inputs(self, inputs: NetworkInput) -> Encoded:
        """Send prepared photos through the network once."""
        return encode_with(self.net, inputs, self.torch_device)


def encode_with(net: AugmentationNet, inputs: NetworkInput, device: torch.device) -> Encoded:
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


def is_cuda_available() -> bool:
    """Whether torch can use a GPU."""
    return torch.cuda.is_available()
