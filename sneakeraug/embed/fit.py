"""Training the network: a schedule of sizes, mixed precision, averaged weights, resumable."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from sneakeraug.embed.identity import product_contrast
from sneakeraug.embed.preprocess import MEAN, STD
from sneakeraug.embed.resnet import AugmentationNet, NetworkOutput
from sneakeraug.errors import InputError
from sneakeraug.files import write_bytes

CHECKPOINT: Final = "checkpoint.safetensors"


class Batch(NamedTuple):
    """What one step learns from.

    Attributes
    ----------
    squares, tones
        As in `preprocess.NetworkInput`: uint8 ``(n, s, s, 3)`` and float32 ``(n, N_TONES)``.
    labels
        Augmentation of each, int64 ``(n,)``; -1 for another edit, or no shoe.
    products
        Product number of each, int64 ``(n,)``; -1 where it is no shoe.
    """

    squares: Tensor
    tones: Tensor
    labels: Tensor
    products: Tensor


@dataclass(frozen=True)
class FitPlan:
    """How a network is trained.

    Attributes
    ----------
    sizes_px
        Input size of each epoch, in order; one entry an epoch.
    steps_per_epoch
        Batches in an epoch.
    learning_rate
        Its peak; it rises over `warmup_steps` and falls along a cosine to 0 at the end.
    weight_decay, momentum
        Of stochastic gradient descent with Nesterov momentum; no decay on biases and norms.
    ema_decay
        Decay a step of the averaged weights, which are the ones kept.
    identity_weight, gate_weight
        Of the products' contrastive loss, and of telling shoes and known edits from all else,
        beside the augmentations' cross-entropy.
    """

    sizes_px: tuple[int, ...]
    steps_per_epoch: int
    learning_rate: float = 0.08
    weight_decay: float = 5e-5
    momentum: float = 0.9
    warmup_steps: int = 200
    ema_decay: float = 0.996
    identity_weight: float = 0.1
    gate_weight: float = 0.2

    @property
    def n_steps(self) -> int:
        """Steps of the whole training."""
        return len(self.sizes_px) * self.steps_per_epoch

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        warm = min(1.0, (step + 1) / self.warmup_steps)
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / self.n_steps))


@dataclass
class FitState:
    """Where a training stands; `history` has one record an epoch."""

    step: int
    seconds: float
    history: list[dict[str, float]]


def fit_network(
    net: AugmentationNet,
    plan: FitPlan,
    batches_of_epoch: Callable[[int, int], Iterable[Batch]],
    evaluate: Callable[[AugmentationNet, int], float],
    device: torch.device,
    folder: Path,
    report: Callable[[str], None],
    checkpoint_every_s: float = 120.0,
) -> tuple[AugmentationNet, FitState]:
    """Train a network, going on from the folder's checkpoint where there is one.

    Parameters
    ----------
    net
        Trained in place; parameters that need no gradient stay as they are.
    plan
        The schedule.
    batches_of_epoch
        Called with the epoch and the number of its batches to leave out; gives the rest.
    evaluate
        Accuracy of a network at an input size, on validation products.
    device
        Where to train.
    folder
        Holds the checkpoint meanwhile.
    report
        Called with a line of progress now and then.
    checkpoint_every_s
        Seconds between checkpoints.

    Returns
    -------
    averaged
        The network with averaged weights, in evaluation mode.
    state
        Steps, seconds and history.
    """
    net.to(device).to(memory_format=torch.channels_last)
    changed = [p for p in net.parameters() if p.requires_grad]
    decayed = [p for p in changed if p.ndim > 1]
    plain = [p for p in changed if p.ndim <= 1]
    optimiser = torch.optim.SGD(
        [
            {"params": decayed, "weight_decay": plan.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ],
        lr=0.0,
        momentum=plan.momentum,
        nesterov=True,
    )
    averaged = {k: v.detach().clone() for k, v in net.state_dict().items()}
    checkpoint = Checkpoint(folder, plan)
    state = checkpoint.restore(net, averaged, optimiser) or FitState(0, 0.0, [])
    mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1) * 255
    std = torch.tensor(STD, device=device).view(1, 3, 1, 1) * 255
    started, saved, waited = time.monotonic() - state.seconds, time.monotonic(), 0.0
    n_photos, window, running = 0, time.monotonic(), 0.0

    for epoch in range(state.step // plan.steps_per_epoch, len(plan.sizes_px)):
        net.train()
        batches: Iterator[Batch] = iter(
            batches_of_epoch(epoch, state.step - epoch * plan.steps_per_epoch)
        )
        while True:
            asked = time.monotonic()
            batch = next(batches, None)
            waited += time.monotonic() - asked
            if batch is None:
                break
            for group in optimiser.param_groups:
                group["lr"] = plan.rate_at(state.step)
            x = batch.squares.to(device, non_blocking=True).permute(0, 3, 1, 2).float()
            x = ((x - mean) / std).contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                output = net(x, batch.tones.to(device))
            loss = batch_loss(output, batch, plan)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            _average(averaged, net, min(plan.ema_decay, (1 + state.step) / (10 + state.step)))
            state.step += 1
            n_photos += len(x)
            running = loss.item() if running == 0 else 0.98 * running + 0.02 * loss.item()
            now = time.monotonic()
            state.seconds = now - started
            if state.step % 50 == 0:
                report(
                    f"step {state.step}/{plan.n_steps} at {plan.sizes_px[epoch]} px: "
                    f"loss {running:.4f}, {n_photos / (now - window):.0f} photos/s, "
                    f"waiting {waited / (now - window):.0%}"
                )
                n_photos, window, waited = 0, now, 0.0
            if now - saved > checkpoint_every_s:
                checkpoint.save(net, averaged, optimiser, state)
                saved = now
        accuracy = evaluate(_loaded(net, averaged), plan.sizes_px[epoch])
        state.history.append(
            {
                "epoch": epoch + 1,
                "size_px": plan.sizes_px[epoch],
                "loss": round(running, 4),
                "validation_accuracy": round(accuracy, 4),
                "seconds": round(state.seconds),
            }
        )
        report(f"epoch {epoch + 1}/{len(plan.sizes_px)}: validation accuracy {accuracy:.4f}")
        checkpoint.save(net, averaged, optimiser, state)
    return _loaded(net, averaged), state


def batch_loss(output: NetworkOutput, batch: Batch, plan: FitPlan) -> Tensor:
    """Return what a step lowers: naming the edit, telling products apart, knowing one's limits.

    Parameters
    ----------
    output
        Of the network, for the batch.
    batch
        Its labels and products.
    plan
        The weights of the three.
    """
    labels = batch.labels.to(output.logits.device)
    products = batch.products.to(output.logits.device)
    is_shoe = products >= 0
    loss = nn.functional.cross_entropy(output.logits.float(), labels, ignore_index=-1)
    if plan.identity_weight:
        loss = loss + plan.identity_weight * product_contrast(output.identity, products)
    if plan.gate_weight:
        gate = output.gate.float()
        bce = nn.functional.binary_cross_entropy_with_logits
        shoe = bce(gate[:, 0], is_shoe.float())
        known = bce(gate[is_shoe, 1], (labels[is_shoe] >= 0).float())
        loss = loss + plan.gate_weight * (shoe + known)
    return loss


def calibrate_head(net: AugmentationNet, outputs: Tensor, labels: Tensor) -> dict[str, object]:
    """Scale and shift a network's six outputs so that its probabilities fit held-out photos.

    Vector scaling with one common scale (Guo et al., "On calibration of modern neural networks",
    2017), written into the last layer: nothing is added at serving time.

    Parameters
    ----------
    net
        Changed in place.
    outputs
        Its probabilities on photos it was not trained on, shape ``(n, 6)``.
    labels
        Their true labels, shape ``(n,)``.

    Returns
    -------
    about
        The fitted ``scale`` and ``shift``, for the card.
    """
    log_p = outputs.double().clamp_min(1e-12).log()
    log_scale = torch.zeros((), dtype=torch.float64, requires_grad=True)
    shift = torch.zeros(log_p.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_scale, shift], max_iter=100)

    def loss() -> Tensor:
        optimiser.zero_grad()
        fitted = nn.functional.cross_entropy(log_scale.exp() * log_p + shift, labels)
        value = fitted + 1e-3 * shift.square().sum()  # few photos must not move it far
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach()

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        scale = float(log_scale.exp())
        net.head.weight.mul_(scale)
        net.head.bias.mul_(scale).add_(shift.to(net.head.bias))
    return {"scale": round(scale, 4), "shift": [round(float(value), 4) for value in shift.detach()]}


class Checkpoint:
    """A training's state on disk, replaced atomically; safetensors and JSON, no pickle."""

    def __init__(self, folder: Path, plan: FitPlan) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / CHECKPOINT
        self.plan = json.loads(json.dumps(asdict(plan)))

    def save(
        self,
        net: AugmentationNet,
        averaged: dict[str, Tensor],
        optimiser: torch.optim.Optimizer,
        state: FitState,
    ) -> None:
        """Write all that the next step depends on, with the step it belongs to.

        Raises
        ------
        StoreError
            If there is no room; the checkpoint before stays.
        """
        tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
        tensors |= {f"averaged.{k}": v for k, v in averaged.items()}
        for name, parameter in net.named_parameters():
            buffer = optimiser.state[parameter].get("momentum_buffer")
            if buffer is not None:
                tensors[f"momentum.{name}"] = buffer
        about = json.dumps({"plan": self.plan, "state": asdict(state)})
        data = save({k: v.contiguous() for k, v in tensors.items()}, {"about": about})
        write_bytes(self.path, data)

    def restore(
        self,
        net: AugmentationNet,
        averaged: dict[str, Tensor],
        optimiser: torch.optim.Optimizer,
    ) -> FitState | None:
        """Load what was saved; None where nothing was.

        Raises
        ------
        InputError
            If the checkpoint belongs to another plan.
        """
        if not self.path.is_file():
            return None
        from safetensors import safe_open

        with safe_open(self.path, "pt") as file:
            about = json.loads(file.metadata()["about"])
        if about["plan"] != self.plan:
            raise InputError(
                f"The checkpoint {self.path} belongs to another training plan. Train into another "
                "folder, or remove it."
            )
        tensors = load_file(self.path)
        net.load_state_dict({k[4:]: v for k, v in tensors.items() if k.startswith("net.")})
        for name in averaged:
            averaged[name] = tensors[f"averaged.{name}"].to(averaged[name].device)
        for name, parameter in net.named_parameters():
            buffer = tensors.get(f"momentum.{name}")
            if buffer is not None:
                optimiser.state[parameter]["momentum_buffer"] = buffer.to(parameter.device)
        return FitState(**about["state"])


def _average(averaged: dict[str, Tensor], net: AugmentationNet, decay: float) -> None:
    """Move the averaged weights a little towards the present ones."""
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                averaged[name].lerp_(value, 1 - decay)
            else:
                averaged[name].copy_(value)


def _loaded(net: AugmentationNet, weights: dict[str, Tensor]) -> AugmentationNet:
    """A copy of a network in evaluation mode with other weights."""
    import copy

    other = copy.deepcopy(net)
    other.load_state_dict(weights)
    return other.eval()
