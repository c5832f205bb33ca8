"""Training the embedder: photos → variations → six augmentations → network → folder."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch.utils.data import DataLoader, Dataset

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.augment.transforms import AUGMENTATIONS, apply_augmentation
from sneakeraug.background import estimate_background, shrink_photo
from sneakeraug.dataset.vary import recompress, vary_photo
from sneakeraug.embed.encoder import encode_inputs
from sneakeraug.embed.fit import Batch, FitPlan, calibrate_head, fit_network
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos
from sneakeraug.embed.resnet import AugmentationNet, choose_device, start_from
from sneakeraug.errors import InputError
from sneakeraug.registry import WEIGHTS
from sneakeraug.training.collection import KEPT_SIDE_PX, load_collection

EMBEDDER_CARD = "embedder.json"
"""What a trained embedder says of itself, beside its weights."""


AS_IT_IS_SIDES_PX: Final = (160, KEPT_SIDE_PX)
"""Longer side of a training photo that is not varied, from and to."""


DRAWN_EVERY: Final[Mapping[str, int]] = {"darker": 2, "sketch": 4}
"""These are learnt within minutes, so only every 2nd and 4th photo spends time on them."""


class SixFoldSamples(Dataset[tuple[NetworkInput, list[int]]]):
    """The photos of an epoch in order: variants as network input, freshly varied, with labels.

    Parameters
    ----------
    photos
        Decoded photos.
    order
        Which photo comes when.
    size_px
        Side of the network's input.
    vary_share
        Share of photos that are varied; the others come as they are or mirrored.
    seed, epoch
        Together with the photo's index they fix every choice.
    """

    def __init__(
        self,
        photos: Sequence[UInt8Array],
        order: Sequence[int],
        size_px: int,
        vary_share: float,
        seed: int,
        epoch: int,
    ) -> None:
        self.photos, self.order = photos, order
        self.size_px, self.vary_share = size_px, vary_share
        self.seed, self.epoch = seed, epoch

    def __len__(self) -> int:
        """Photos, not variants."""
        return len(self.order)

    def __getitem__(self, position: int) -> tuple[NetworkInput, list[int]]:
        """N variants and their labels; `DRAWN_EVERY` says why n is 4 to 6."""
        cv2.setNumThreads(0)
        index = self.order[position]
        rng = np.random.default_rng([self.seed, self.epoch, index])
        photo = self.photos[index]
        if rng.random() < self.vary_share:
            photo = vary_photo(photo, rng)
            if rng.random() < 0.4:
                photo = recompress(photo, rng)
        else:
            photo = shrink_photo(photo, int(rng.integers(*AS_IT_IS_SIDES_PX, endpoint=True)))
            if rng.random() < 0.5:
                photo = np.ascontiguousarray(photo[:, ::-1])
        variants, labels = [], []
        for label, name in enumerate(AUGMENTATIONS):
            if position % DRAWN_EVERY.get(name, 1):
                continue
            variant = apply_augmentation(photo, name).photo
            if rng.random() < 0.3:
                variant = recompress(variant, rng)
            variants.append(variant)
            labels.append(label)
        return prepare_photos(variants, self.size_px), labels


def collate(samples: list[tuple[NetworkInput, list[int]]]) -> Batch:
    """Join photos' variants into one batch."""
    squares = np.concatenate([inputs.squares for inputs, _ in samples])
    tones = np.concatenate([inputs.tones for inputs, _ in samples])
    labels = np.concatenate([labels for _, labels in samples]).astype(np.int64)
    return torch.from_numpy(squares), torch.from_numpy(tones), torch.from_numpy(labels)


@dataclass(frozen=True)
class EmbedderOptions:
    """What `train_embedder` may be told; the defaults are the shipped model's."""

    architecture: str = "resnet50"
    sizes_px: tuple[int, ...] = (80, 96, 96, 96, 128, 128, 128, 128, 128)
    vary_shares: tuple[float, ...] = (1.0, 1.0, 0.4, 0.15, 0.15, 0.4, 0.2, 0.15, 0.1)
    photos_per_batch: int = 16
    learning_rate: float = 0.08
    weights: str = "none"
    seed: int = 0
    split_seed: int = 0
    device: str = "auto"
    workers: int = 1


def train_embedder(
    images: Sequence[Path],
    out: Path,
    options: EmbedderOptions,
    report: Callable[[str], None],
) -> Path:
    """Train a network to name the augmentation, and write it to a folder.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    out
        Receives ``embedder.safetensors`` (fp16), ``embedder.json``, and, meanwhile, a checkpoint;
        calling again goes on where it stopped.
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
        If there are too few photos, or the checkpoint belongs to another training.
    """
    collection = load_collection(images, options.split_seed, report)
    photos = [collection.photos[i] for i in collection.indices("train")]
    held_out = [collection.photos[i] for i in collection.indices("validation")]
    if len(options.sizes_px) != len(options.vary_shares):
        raise InputError("Sizes and vary shares are expected in equal number, one an epoch.")
    if len(photos) < options.photos_per_batch or not held_out:
        raise InputError(
            f"{len(photos)} training and {len(held_out)} validation photos are too few; at least "
            f"{options.photos_per_batch} and 1 are expected. Give more photos."
        )
    device = choose_device(options.device)
    torch.manual_seed(options.seed)
    net = AugmentationNet(options.architecture, len(AUGMENTATIONS))
    start_from(net, options.weights)
    # Floors and rooms are the rarer and the harder backgrounds: an epoch sees such a photo twice.
    busy = [i for i, photo in enumerate(photos) if not estimate_background(photo).is_plain]
    pool = np.array([*range(len(photos)), *busy])
    plan = FitPlan(
        options.sizes_px,
        len(pool) // options.photos_per_batch,
        options.learning_rate,
        warmup_steps=min(200, 1 + len(pool) // options.photos_per_batch),
    )

    def batches_of_epoch(epoch: int, n_skipped: int) -> Iterable[Batch]:
        order = np.random.default_rng([options.seed, epoch]).permutation(pool)
        samples = SixFoldSamples(
            photos,
            order.tolist(),
            options.sizes_px[epoch],
            options.vary_shares[epoch],
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
        )

    def outputs_of(candidate: AugmentationNet, size_px: int) -> FloatArray:
        rows = []
        for photo in held_out:
            variants = [apply_augmentation(photo, name).photo for name in AUGMENTATIONS]
            inputs = prepare_photos(variants, size_px)
            rows.append(encode_inputs(candidate, inputs, device).outputs)
        return np.concatenate(rows)

    labels = np.tile(np.arange(len(AUGMENTATIONS)), len(held_out))

    def accuracy(candidate: AugmentationNet, size_px: int) -> float:
        return float((outputs_of(candidate, size_px).argmax(axis=1) == labels).mean())

    trained, state = fit_network(net, plan, batches_of_epoch, accuracy, device, out, report)
    size_px = options.sizes_px[-1]
    calibration = calibrate_head(
        trained, torch.from_numpy(outputs_of(trained, size_px)), torch.from_numpy(labels)
    )
    report(f"calibrated on validation photos: accuracy {accuracy(trained, size_px):.4f}")
    save_file(
        {
            k: v.detach()
            .to("cpu", torch.float16 if v.is_floating_point() else v.dtype)
            .contiguous()
            for k, v in trained.state_dict().items()
        },
        out / WEIGHTS,
    )
    card = {
        "architecture": options.architecture,
        "labels": list(AUGMENTATIONS),
        "images": [path.name for path in images],
        "trained_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "started_from": options.weights if options.weights in ("none", "imagenet") else "weights",
        "sizes_px": list(options.sizes_px),
        "vary_shares": list(options.vary_shares),
        "photos_per_batch": options.photos_per_batch,
        "learning_rate": options.learning_rate,
        "seed": options.seed,
        "split_seed": options.split_seed,
        "n_photos": {s: len(collection.indices(s)) for s in ("train", "validation", "test")},
        "n_products": len(set(collection.groups)),
        "n_by_source": {
            source: sum(row.source == source for row in collection.rows)
            for source in sorted({row.source for row in collection.rows})
        },
        "calibration": calibration,
        "steps": state.step,
        "seconds": round(state.seconds),
        "history": state.history,
        "hardware": f"{device.type}, {platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
    }
    (out / EMBEDDER_CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return out
