"""The network: a torchvision ResNet that names the augmentation and tells products apart."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet as torchvision_resnet

from sneakeraug.embed.encoder import N_IDENTITY
from sneakeraug.embed.preprocess import N_TONES
from sneakeraug.errors import InputError, ModelNotFoundError

ARCHITECTURES: Final = ("resnet18", "resnet34", "resnet50", "resnet101")

N_TONE_FEATURES: Final = 64

IDENTITY_GRID: Final = 8
"""Cells a side of the maps that the identity is read from."""

IDENTITY_CHANNELS: Final = 64
"""Channels of each of them."""

IDENTITY_HIDDEN: Final = 512

HEADS: Final = ("gate.", "identity.")
"""Names of what can be trained upon a finished network, and what older weights are without."""


class NetworkOutput(NamedTuple):
    """What one forward pass gives.

    Attributes
    ----------
    logits
        One for each augmentation, shape ``(n, 6)``.
    identity
        Identity embedding, shape ``(n, N_IDENTITY)``, rows of L2 norm 1.
    gate
        Log-odds that this is a shoe, and that its edit is one of the six, shape ``(n, 2)``.
    """

    logits: Tensor
    identity: Tensor
    gate: Tensor


class IdentityHead(nn.Module):
    """Reads which product a picture shows from the ResNet's middle maps, where it still has a form.

    The last features are of no use here: they were made to tell edits apart, products aside.

    Parameters
    ----------
    n_middle, n_late
        Channels of the second and third stage's maps.
    """

    def __init__(self, n_middle: int, n_late: int) -> None:
        super().__init__()
        self.middle, self.late = (
            nn.Sequential(
                nn.Conv2d(n, IDENTITY_CHANNELS, 1, bias=False), nn.BatchNorm2d(IDENTITY_CHANNELS)
            )
            for n in (n_middle, n_late)
        )
        self.join = nn.Sequential(
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * IDENTITY_CHANNELS * IDENTITY_GRID**2, IDENTITY_HIDDEN, bias=False),
            nn.BatchNorm1d(IDENTITY_HIDDEN),
            nn.ReLU(),
            nn.Linear(IDENTITY_HIDDEN, N_IDENTITY),
        )

    def forward(self, middle: Tensor, late: Tensor) -> Tensor:
        """Return unit rows, shape ``(n, N_IDENTITY)``, of maps of any size."""
        maps = [
            functional.adaptive_avg_pool2d(narrow(stage), IDENTITY_GRID)
            for narrow, stage in ((self.middle, middle), (self.late, late))
        ]
        return functional.normalize(self.join(torch.cat(maps, dim=1)).float(), dim=1)


class AugmentationNet(nn.Module):
    """A ResNet that gives the augmentation outputs and the identity embedding of one pass.

    Outputs and gate come from linear layers on the pooled features and on two small layers over
    the picture's `preprocess.tone_profile`; the identity from `IdentityHead`.

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
        self.gate = nn.Linear(self.n_features + N_TONE_FEATURES, 2)
        self.identity = IdentityHead(self.n_features // 4, self.n_features // 2)

    def forward(self, x: Tensor, tones: Tensor) -> NetworkOutput:
        """Send pictures through once.

        Parameters
        ----------
        x
            Normalised squares, shape ``(n, 3, s, s)``.
        tones
            Their tone profiles, shape ``(n, N_TONES)``.
        """
        resnet = self.backbone
        stem = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(x))))
        middle = resnet.layer2(resnet.layer1(stem))
        late = resnet.layer3(middle)
        features = resnet.avgpool(resnet.layer4(late)).flatten(1)
        seen = torch.cat((features, self.tones(tones)), dim=1)
        return NetworkOutput(self.head(seen), self.identity(middle, late), self.gate(seen))

    def keep_all_but_heads(self) -> None:
        """Let training change the gate and the identity alone; what names the edits stays."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith(HEADS))

    def train(self, mode: bool = True) -> AugmentationNet:
        """Set the mode; norms of what training does not change stay as they are."""
        super().train(mode)
        if not any(parameter.requires_grad for parameter in self.backbone.parameters()):
            self.backbone.eval()
        return self


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
    InputError
        If they are another network's. Weights without `HEADS` leave those as they were.
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
    try:
        state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
        heads = {k: v for k, v in net.state_dict().items() if k.startswith(HEADS)}
        if heads.keys().isdisjoint(state):
            state |= heads
        net.load_state_dict(state)
    except (OSError, SafetensorError, RuntimeError) as exc:
        raise InputError(
            f"{path.name} does not hold the weights of a ResNet{net_depth(net)} of this package. "
            "Name another file, or the --arch it was trained with."
        ) from exc


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
