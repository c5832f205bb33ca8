"""Training the embedder: photos → variations → six augmentations → network → folder."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch.utils.data import DataLoader, Dataset

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import AUGMENTATIONS, apply_augmentation
from sneakeraug.dataset.photos import (
    PhotoRow,
    difference_hash,
    group_products,
    list_photos,
    split_of,
)
from sneakeraug.dataset.vary import recompress, vary_photo
from sneakeraug.embed.fit import Batch, FitPlan, fit_network
from sneakeraug.embed.preprocess import fit_square, normalise
from sneakeraug.embed.resnet import AugmentationNet, choose_device, start_from
from sneakeraug.errors import InputError, PhotoError
from sneakeraug.intake.decode import decode_photo

KEPT_SIDE_PX = 320
"""Longer side photos are kept at in memory while training and evaluating."""


@dataclass(frozen=True)
class Collection:
    """Decoded photos with the product group and split side of each.

    Attributes
    ----------
    rows
        What each photo is.
    photos
        RGB uint8, longer side at most `KEPT_SIDE_PX`.
    groups
        Product group names, see `dataset.photos.group_products`.
    splits
        ``train``, ``validation`` or ``test``.
    n_unreadable
        Files left out because they could not be decoded.
    """

    rows: list[PhotoRow]
    photos: list[UInt8Array]
    groups: list[str]
    splits: list[str]
    n_unreadable: int

    def indices(self, split: str) -> list[int]:
        """Positions of one side of the split, in order."""
        return [i for i, side in enumerate(self.splits) if side == split]


def load_collection(
    images: Sequence[Path], split_seed: int, report: Callable[[str], None]
) -> Collection:
    """Decode photos once, keep them small, and split them by product.

    Parameters
    ----------
    images
        Folders or CSVs, see `dataset.photos.list_photos`.
    split_seed
        Seed of the split.
    report
        Called with a line of progress.

    Returns
    -------
    Collection

    Raises
    ------
    InputError
        If a folder holds no photo, or none can be read.
    """
    rows, photos, n_unreadable = [], [], 0
    for row in [row for path in images for row in list_photos(path)]:
        try:
            pixels = decode_photo(row.path.read_bytes(), name=row.path.name).pixels
        except (PhotoError, OSError):
            n_unreadable += 1
            continue
        rows.append(row)
        photos.append(shrink(pixels, KEPT_SIDE_PX))
        if len(rows) % 2000 == 0:
            report(f"decoded {len(rows)} photos")
    if not rows:
        raise InputError("None of the photos could be read; check --images and try again.")
    groups = group_products(rows, [difference_hash(photo) for photo in photos])
    splits = [str(split_of(group, split_seed)) for group in groups]
    report(
        f"{len(rows)} photos of {len(set(groups))} products: "
        + ", ".join(f"{splits.count(side)} {side}" for side in ("train", "validation", "test"))
        + (f"; {n_unreadable} unreadable left out" if n_unreadable else "")
    )
    return Collection(rows, photos, groups, splits, n_unreadable)


def shrink(photo: UInt8Array, side_px: int) -> UInt8Array:
    """Return a copy whose longer side is at most `side_px`; the photo itself if it already is.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    side_px
        Longest side allowed.
    """
    h, w = photo.shape[:2]
    scale = side_px / max(h, w)
    if scale >= 1:
        return photo
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


class SixFoldSamples(Dataset[tuple[UInt8Array, list[int]]]):
    """Photo `i` of an epoch: its six variants as input squares, freshly varied, with labels.

    Parameters
    ----------
    photos
        Decoded photos.
    size_px
        Side of the network's input.
    seed, epoch
        Together with the index they fix every choice.
    """

    def __init__(self, photos: Sequence[UInt8Array], size_px: int, seed: int, epoch: int) -> None:
        self.photos, self.size_px, self.seed, self.epoch = photos, size_px, seed, epoch

    def __len__(self) -> int:
        """Photos, not variants."""
        return len(self.photos)

    def __getitem__(self, index: int) -> tuple[UInt8Array, list[int]]:
        """Squares ``(6, s, s, 3)`` uint8 and their labels."""
        cv2.setNumThreads(0)
        rng = np.random.default_rng([self.seed, self.epoch, index])
        photo = vary_photo(self.photos[index], rng)
        if rng.random() < 0.4:
            photo = recompress(photo, rng)
        squares = []
        for name in AUGMENTATIONS:
            variant = apply_augmentation(photo, name).photo
            if rng.random() < 0.3:
                variant = recompress(variant, rng)
            squares.append(fit_square(variant, self.size_px))
        return np.stack(squares), list(range(len(AUGMENTATIONS)))


def collate(samples: list[tuple[UInt8Array, list[int]]]) -> Batch:
    """Join photos' variants into one batch."""
    squares = np.concatenate([squares for squares, _ in samples])
    labels = np.concatenate([labels for _, labels in samples])
    return torch.from_numpy(squares), torch.from_numpy(labels.astype(np.int64))


@dataclass(frozen=True)
class EmbedderOptions:
    """What `train_embedder` may be told; the defaults are the shipped model's."""

    architecture: str = "resnet50"
    sizes_px: tuple[int, ...] = (80, 96, 96, 128)
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
        Receives ``embedder.safetensors`` (fp16), ``embedder.json`` and, meanwhile, a checkpoint;
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
    if len(photos) < options.photos_per_batch or not held_out:
        raise InputError(
            f"{len(photos)} training and {len(held_out)} validation photos are too few; at least "
            f"{options.photos_per_batch} and 1 are expected. Give more photos."
        )
    device = choose_device(options.device)
    torch.manual_seed(options.seed)
    net = AugmentationNet(options.architecture, len(AUGMENTATIONS))
    start_from(net, options.weights)
    plan = FitPlan(
        options.sizes_px,
        len(photos) // options.photos_per_batch,
        options.learning_rate,
        warmup_steps=min(200, 1 + len(photos) // options.photos_per_batch),
    )

    def batches_of_epoch(epoch: int, n_skipped: int) -> Iterable[Batch]:
        order = np.random.default_rng([options.seed, epoch]).permutation(len(photos))
        order = order[n_skipped * options.photos_per_batch :]
        samples = SixFoldSamples(photos, options.sizes_px[epoch], options.seed, epoch)
        return DataLoader(
            samples,
            batch_size=options.photos_per_batch,
            sampler=order.tolist(),
            drop_last=True,
            num_workers=options.workers,
            collate_fn=collate,
            prefetch_factor=4 if options.workers else None,
        )

    def accuracy(candidate: AugmentationNet, size_px: int) -> float:
        predicted = predict_labels(candidate, held_out, size_px, device)
        return float((predicted == np.arange(len(AUGMENTATIONS))).mean())

    trained, state = fit_network(
        net, plan, batches_of_epoch, accuracy, device, out, report
    )
    save_file(
        {k: v.detach().to("cpu", torch.float16 if v.is_floating_point() else v.dtype).contiguous()
         for k, v in trained.state_dict().items()},
        out / "embedder.safetensors",
    )
    card = {
        "architecture": options.architecture,
        "labels": list(AUGMENTATIONS),
        "trained_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "started_from": options.weights if options.weights in ("none", "imagenet") else "weights",
        "sizes_px": list(options.sizes_px),
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
        "steps": state.step,
        "seconds": round(state.seconds),
        "history": state.history,
        "hardware": f"{device.type}, {platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
    }
    (out / "embedder.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return out


def predict_labels(
    net: AugmentationNet, photos: Sequence[UInt8Array], size_px: int, device: torch.device
) -> np.ndarray:
    """Return the label the network gives each variant of each photo, shape ``(n, 6)``."""
    net.eval()
    labels = []
    with torch.inference_mode():
        for photo in photos:
            squares = np.stack(
                [fit_square(apply_augmentation(photo, n).photo, size_px) for n in AUGMENTATIONS]
            )
            x = torch.from_numpy(normalise(squares)).to(device)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                outputs, _ = net(x.contiguous(memory_format=torch.channels_last))
            labels.append(outputs.float().argmax(dim=1).cpu().numpy())
    return np.stack(labels)
