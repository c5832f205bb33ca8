"""The network: a torchvision ResNet whose six outputs name the augmentation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torchvision.models import resnet as torchvision_resnet

from sneakeraug.embed.preprocess import N_TONES
from sneakeraug.errors import InputError, ModelNotFoundError

ARCHITECTURES: Final = ("resnet18", "resnet34", "resnet50", "resnet101")

N_TONE_FEATURES: Final = 64


class AugmentationNet(nn.Module):
    """A ResNet that gives the augmentation outputs and the pooled features of one pass.

    The outputs come from a linear layer on the pooled features and on two small layers over the
    picture's `preprocess.tone_profile`.

    Parameters
    ----------
    architecture
        One of `ARCHITECTURES`.
    n_outputs
        Augmentations it tells apart.
    """

    def __init__(self, architecture: str = "resnet50", n_outputs: int = 6) -> None:
        super().__init__()
        if architecture not in ARCHITECTURES:
            raise InputError(
                f"Unknown network {architecture!r}; expected one of: {', '.join(ARCHITECTURES)}."
            )
        build = getattr(torchvision_resnet, architecture)
        # Zero-initialised residual branches help short trainings (Goyal et al. 2017).
        backbone = build(weights=None, zero_init_residual=True)
        self.n_features = int(backbone.fc.in_features)
        backbone.fc = nn.Identity()
        self.backbone = backbone
        self.tones = nn.Sequential(
            nn.Linear(N_TONES, N_TONE_FEATURES),
            nn.ReLU(),
            nn.Linear(N_TONE_FEATURES, N_TONE_FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(self.n_features + N_TONE_FEATURES, n_outputs)

    def forward(self, x: Tensor, tones: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs ``(n, 6)`` (logits) and pooled features ``(n, d)``.

        Parameters
        ----------
        x
            Normalised squares, shape ``(n, 3, s, s)``.
        tones
            Their tone profiles, shape ``(n, N_TONES)``.
        """
        features = self.backbone(x)
        return self.head(torch.cat((features, self.tones(tones)), dim=1)), features


def start_from(net: AugmentationNet, weights: str) -> None:
    """Load starting weights into a network, in place.

    Parameters
    ----------
    net
        A fresh network.
    weights
        ``none``; ``imagenet`` (torchvision's file, from torch's cache folder or, where the
        machine may, from the network); or the path of a safetensors file of this package.

    Raises
    ------
    ModelNotFoundError
        If the weights are not to be had. Training never goes on without saying so.
    """
    if weights == "none":
        return
    if weights == "imagenet":
        enum = torchvision_resnet.__dict__[f"ResNet{net_depth(net)}_Weights"].DEFAULT
        try:
            state = enum.get_state_dict(progress=False, check_hash=True)
        except (OSError, RuntimeError) as exc:
            raise ModelNotFoundError(
                f"ImageNet weights could not be fetched ({exc}). Put the file into torch's cache "
                "folder, or train with --weights none."
            ) from exc
        net.backbone.load_state_dict(
            {k: v for k, v in state.items() if not k.startswith("fc.")}, strict=False
        )
        return
    path = Path(weights)
    if not path.is_file():
        raise ModelNotFoundError(
            f"There is no weights file {weights!r}; none, imagenet or a .safetensors file "
            "is expected."
        )
    from safetensors.torch import load_file

    state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
    net.load_state_dict(state)


def net_depth(net: AugmentationNet) -> int:
    """18, 34, 50 or 101."""
    blocks = sum(
        len(stage)
        for stage in (
            net.backbone.layer1,
            net.backbone.layer2,
            net.backbone.layer3,
            net.backbone.layer4,
        )
    )
    bottleneck = net.n_features == 2048
    return {8: 18, 16: 50 if bottleneck else 34, 33: 101}[blocks]


def choose_device(name: str) -> torch.device:
    """Return the torch device for ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    InputError
        If ``cuda`` is asked for and there is none.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise InputError("No CUDA device is available; use --device cpu or --device auto.")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")
