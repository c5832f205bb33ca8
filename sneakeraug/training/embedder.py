"""Training the embedder: photos → variations → six augmentations → network → folder."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch.utils.data import DataLoader

from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.background import estimate_background
from sneakeraug.card import WEIGHTS
from sneakeraug.dataset.photos import KINDS
from sneakeraug.dataset.vary import INGREDIENTS, Variation
from sneakeraug.embed.encoder import Encoded, join_encoded
from sneakeraug.embed.fit import CHECKPOINT, Batch, FitPlan, calibrate_head, fit_network
from sneakeraug.embed.preprocess import prepare_photos
from sneakeraug.embed.resnet import AugmentationNet, choose_device, start_from
from sneakeraug.embed.torch_encoder import encode_with
from sneakeraug.errors import InputError
from sneakeraug.files import file_sha256, write_bytes
from sneakeraug.progress import Report
from sneakeraug.training.collection import load_collection
from sneakeraug.training.embedder_card import EMBEDDER_CARD, choose_gate, trained_before
from sneakeraug.training.samples import (
    DRAWN_EVERY,
    SixFoldSamples,
    collate,
    epoch_order,
    yield_to_training,
)
from sneakeraug.vocabulary import AUGMENTATIONS


def plan_epochs(
    size_px: int, n_epochs: int, is_trained: bool = False
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the input size and the share of varied photos of each epoch.

    Small squares first, where most is learnt for the least time; the last epochs see more
    photos as they are. A network that was trained before goes on at its full size.

    Parameters
    ----------
    size_px
        Of the last epochs, and of serving.
    n_epochs
        Epochs.
    is_trained
        Whether training starts from weights of this package.
    """
    if is_trained:
        shares_left = np.linspace(0.5, 0.2, n_epochs).round(2).tolist()
        return (size_px,) * n_epochs, tuple(shares_left)
    sizes, shares = [], []
    for epoch in range(n_epochs):
        done = (epoch + 1) / n_epochs
        scale = 0.625 if done <= 0.15 else 0.75 if done <= 0.45 else 1.0
        sizes.append(max(32, round(size_px * scale / 16) * 16) if scale < 1 else size_px)
        shares.append(1.0 if done <= 0.3 else 0.7 if done <= 0.7 else 0.4)
    return tuple(sizes), tuple(shares)


@dataclass(frozen=True)
class EmbedderOptions:
    """What `train_embedder` may be told; the defaults are the shipped model's."""

    architecture: str = "resnet50"
    size_px: int = 128
    n_epochs: int = 9
    photos_per_batch: int = 16
    learning_rate: float = 0.08
    identity_weight: float = 0.1
    gate_weight: float = 0.2
    ingredients: tuple[str, ...] = INGREDIENTS
    leave_out: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    weights: str = "none"
    heads_only: bool = False
    seed: int = 0
    split_seed: int = 0
    device: str = "auto"
    workers: int = 1
    resume: bool = False


def train_embedder(
    images: Sequence[Path],
    out: Path,
    options: EmbedderOptions,
    report: Report,
) -> Path:
    """Train a network to name the augmentation, and write it to a folder.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    out
        Receives ``embedder.safetensors`` (fp16), ``embedder.json``, and, meanwhile, a checkpoint
        that `options.resume` goes on from.
    options
        Network, schedule, seeds, device.
    report
        Called with a line of progress now and then.

    Returns
    -------
    out

    Raises
    ------
    InputError
        If there are too few photos, an option names nothing known, a training was begun in the
        folder and is not to be gone on with, or its checkpoint belongs to another training.
    StoreError
        If there is no room for the checkpoint or the weights.
    """
    if options.size_px < 32 or options.n_epochs < 1:
        raise InputError(
            f"A size of {options.size_px} px and {options.n_epochs} epochs cannot be trained; at "
            "least 32 px and 1 epoch are expected."
        )
    if not options.resume and (out / CHECKPOINT).exists():
        raise InputError(
            f"{out} holds a training that was begun. Go on with --resume, or train into another "
            "folder."
        )
    collection = load_collection(
        images, options.split_seed, report, options.leave_out, options.kinds
    )
    train = collection.indices("train")
    photos = [collection.photos[i] for i in train]
    held_out = [collection.photos[i] for i in collection.indices("validation")]
    if len(photos) < options.photos_per_batch or not held_out:
        raise InputError(
            f"{len(photos)} training and {len(held_out)} validation photos are too few; at least "
            f"{options.photos_per_batch} and 1 are expected. Give more photos."
        )
    products = np.unique(np.array([collection.groups[i] for i in train]), return_inverse=True)[1]
    device = choose_device(options.device)
    torch.manual_seed(options.seed)
    net = AugmentationNet(options.architecture, len(AUGMENTATIONS))
    start_from(net, options.weights)
    is_trained = options.weights not in ("none", "imagenet")
    if options.heads_only and not is_trained:
        raise InputError(
            "Heads alone can be trained only upon a finished network. Name its weights file too."
        )
    if options.heads_only:
        net.keep_all_but_heads()
    # Floors and rooms are the rarer and the harder backgrounds: an epoch sees such a photo twice.
    busy = [i for i, photo in enumerate(photos) if not estimate_background(photo).is_plain]
    pool = np.array([*range(len(photos)), *busy])
    variation = Variation(
        options.ingredients, [photos[i] for i in busy], max_side_px=max(128, 2 * options.size_px)
    )
    sizes_px, vary_shares = plan_epochs(options.size_px, options.n_epochs, is_trained)
    steps_per_epoch = len(pool) // options.photos_per_batch
    plan = FitPlan(
        sizes_px,
        steps_per_epoch,
        options.learning_rate,
        warmup_steps=min(200, 1 + steps_per_epoch),
        identity_weight=options.identity_weight,
        gate_weight=options.gate_weight,
    )

    def batches_of_epoch(epoch: int, n_skipped: int) -> Iterable[Batch]:
        order = epoch_order(pool, products, np.random.default_rng([options.seed, epoch]))
        samples = SixFoldSamples(
            photos,
            products,
            order,
            sizes_px[epoch],
            vary_shares[epoch],
            variation,
            {} if options.heads_only else DRAWN_EVERY,
            options.seed,
            epoch,
        )
        return DataLoader(
            samples,
            batch_size=options.photos_per_batch,
            sampler=range(n_skipped * options.photos_per_batch, len(order)),
            drop_last=True,
            num_workers=options.workers,
            collate_fn=collate,
            prefetch_factor=4 if options.workers else None,
            worker_init_fn=yield_to_training,
        )

    def encode_held_out(candidate: AugmentationNet, size_px: int) -> Encoded:
        parts = []
        for photo in held_out:
            variants = [apply_augmentation(photo, name).photo for name in AUGMENTATIONS]
            parts.append(encode_with(candidate, prepare_photos(variants, size_px), device))
        return join_encoded(parts)

    labels = np.tile(np.arange(len(AUGMENTATIONS)), len(held_out))

    def accuracy(candidate: AugmentationNet, size_px: int) -> float:
        outputs = encode_held_out(candidate, size_px).outputs
        return float((outputs.argmax(axis=1) == labels).mean())

    trained, state = fit_network(net, plan, batches_of_epoch, accuracy, device, out, report)
    encoded = encode_held_out(trained, options.size_px)
    calibration = None
    if not options.heads_only:
        calibration = calibrate_head(
            trained, torch.from_numpy(encoded.outputs), torch.from_numpy(labels)
        )
        calibrated = accuracy(trained, options.size_px)
        report(f"calibrated on validation photos: accuracy {calibrated:.4f}")
    weights = save(
        {
            k: v.detach()
            .to("cpu", torch.float16 if v.is_floating_point() else v.dtype)
            .contiguous()
            for k, v in trained.state_dict().items()
        }
    )
    write_bytes(out / WEIGHTS, weights)
    card = {
        "architecture": options.architecture,
        "labels": list(AUGMENTATIONS),
        "images": [path.name for path in images],
        "trained_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "started_from": file_sha256(Path(options.weights)) if is_trained else options.weights,
        "before": trained_before(Path(options.weights)) if is_trained else [],
        "heads_only": options.heads_only,
        "size_px": options.size_px,
        "sizes_px": list(sizes_px),
        "vary_shares": list(vary_shares),
        "ingredients": list(options.ingredients),
        "left_out": list(options.leave_out),
        "kinds": list(options.kinds),
        "photos_per_batch": options.photos_per_batch,
        "learning_rate": options.learning_rate,
        "identity_weight": options.identity_weight,
        "gate_weight": options.gate_weight,
        "seed": options.seed,
        "split_seed": options.split_seed,
        "n_photos": {s: len(collection.indices(s)) for s in ("train", "validation", "test")},
        "n_products": len(set(collection.groups)),
        "n_by_source": {
            source: sum(row.source == source for row in collection.rows)
            for source in sorted({row.source for row in collection.rows})
        },
        "calibration": calibration,
        "gate": choose_gate(encoded),
        "steps": state.step,
        "seconds": round(state.seconds),
        "history": state.history,
        "hardware": f"{device.type}, {platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
    }
    write_bytes(out / EMBEDDER_CARD, (json.dumps(card, indent=2) + "\n").encode())
    return out


def ingredients_without(names: Sequence[str]) -> tuple[str, ...]:
    """Return the ingredients of variation but for some.

    Raises
    ------
    InputError
        If one is unknown.
    """
    for name in names:
        if name not in INGREDIENTS:
            raise InputError(
                f"Unknown ingredient {name!r}; expected any of: {', '.join(INGREDIENTS)}."
            )
    return tuple(name for name in INGREDIENTS if name not in names)
