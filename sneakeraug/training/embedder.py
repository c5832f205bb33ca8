"""Training the embedder: photos → variations → six augmentations → network → folder."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from safetensors.torch import save
from torch.utils.data import DataLoader, Dataset

from sneakeraug.arrays import IntArray, UInt8Array
from sneakeraug.augment.transforms import apply_augmentation, choose_parameters, scale_strength
from sneakeraug.background import estimate_background, shrink_photo
from sneakeraug.dataset.photos import KINDS
from sneakeraug.dataset.unknown import TRAINED_EDITS, TRAINED_SCENES
from sneakeraug.dataset.vary import INGREDIENTS, Variation, recompress
from sneakeraug.embed.encoder import Encoded, encode_inputs, join_encoded
from sneakeraug.embed.fit import CHECKPOINT, Batch, FitPlan, calibrate_head, fit_network
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos
from sneakeraug.embed.resnet import AugmentationNet, choose_device, start_from
from sneakeraug.errors import InputError, ModelNotFoundError
from sneakeraug.files import file_sha256, write_bytes
from sneakeraug.registry import CARD, WEIGHTS
from sneakeraug.training.collection import KEPT_SIDE_PX, load_collection
from sneakeraug.vocabulary import AUGMENTATIONS

EMBEDDER_CARD = "embedder.json"
"""What a trained embedder says of itself, beside its weights."""


AS_IT_IS_SIDES_PX: Final = (160, KEPT_SIDE_PX)
"""Longer side of a training photo that is not varied, from and to."""


DRAWN_EVERY: Final[Mapping[str, int]] = {"darker": 2, "sketch": 4}
"""Naming these is learnt in minutes, so only every 2nd and 4th photo spends time on them."""


PHOTOS_OF_A_PRODUCT_AT_ONCE: Final = 2
"""Photos of one product that come one after the other, so that a batch shows two views of it."""


UNKNOWN_EDIT_SHARE: Final = 0.4
NO_SHOE_SHARE: Final = 0.2
"""Shares of photos beside whose variants an unknown edit, or a picture of no shoe, is shown."""


@dataclass(frozen=True)
class Sample:
    """Pictures as network input, with labels and products; -1 as in `Batch`."""

    inputs: NetworkInput
    labels: list[int]
    products: list[int]


class SixFoldSamples(Dataset[Sample]):
    """The photos of an epoch in order: variants as network input, freshly varied.

    Parameters
    ----------
    photos
        Decoded photos.
    products
        Product number of each.
    order
        Which photo comes when.
    size_px
        Side of the network's input.
    vary_share
        Share of photos that are varied; the others come as they are or mirrored.
    variation
        How.
    drawn_every
        Variants of which only every so many photos show one, such as `DRAWN_EVERY`.
    seed, epoch
        Together with the photo's place in the order they fix every choice.
    """

    def __init__(
        self,
        photos: Sequence[UInt8Array],
        products: IntArray,
        order: IntArray,
        size_px: int,
        vary_share: float,
        variation: Variation,
        drawn_every: Mapping[str, int],
        seed: int,
        epoch: int,
    ) -> None:
        self.photos, self.products, self.order = photos, products, order
        self.size_px, self.vary_share, self.variation = size_px, vary_share, variation
        self.drawn_every, self.seed, self.epoch = drawn_every, seed, epoch

    def __len__(self) -> int:
        """Photos, not variants."""
        return len(self.order)

    def __getitem__(self, position: int) -> Sample:
        """Up to six variants, and now and then what is none of the six."""
        cv2.setNumThreads(0)
        index = int(self.order[position])
        rng = np.random.default_rng([self.seed, self.epoch, position])
        photo = self.photos[index]
        is_varied = rng.random() < self.vary_share
        if is_varied:
            photo = self.variation.vary(photo, rng)
        else:
            photo = shrink_photo(photo, int(rng.integers(*AS_IT_IS_SIDES_PX, endpoint=True)))
            if rng.random() < 0.5:
                photo = np.ascontiguousarray(photo[:, ::-1])
        variants, labels = [], []
        for label, name in enumerate(AUGMENTATIONS):
            if position % self.drawn_every.get(name, 1):
                continue
            parameters = choose_parameters(photo, name)
            if is_varied:
                parameters = scale_strength(name, parameters, self.variation.strength(rng))
            variant = apply_augmentation(photo, name, parameters).photo
            if "compression" in self.variation.ingredients and rng.random() < 0.3:
                variant = recompress(variant, rng)
            variants.append(variant)
            labels.append(label)
        products = [int(self.products[index])] * len(variants)
        if rng.random() < UNKNOWN_EDIT_SHARE:
            edits = list(TRAINED_EDITS.values())
            variants.append(edits[int(rng.integers(len(edits)))](photo, rng))
            labels.append(-1)
            products.append(products[0])
        if rng.random() < NO_SHOE_SHARE:
            scenes = list(TRAINED_SCENES.values())
            scene = scenes[int(rng.integers(len(scenes)))](rng)
            name = AUGMENTATIONS[int(rng.integers(len(AUGMENTATIONS)))]
            variants.append(apply_augmentation(scene, name).photo)
            labels.append(-1)
            products.append(-1)
        return Sample(prepare_photos(variants, self.size_px), labels, products)


def _yield_to_training(_worker: int) -> None:
    """Let a worker take what the network leaves of the processor, and no threads of its own."""
    cv2.setNumThreads(0)
    if hasattr(os, "nice"):
        os.nice(5)


def collate(samples: list[Sample]) -> Batch:
    """Join photos' variants into one batch."""
    return Batch(
        torch.from_numpy(np.concatenate([sample.inputs.squares for sample in samples])),
        torch.from_numpy(np.concatenate([sample.inputs.tones for sample in samples])),
        torch.tensor([label for sample in samples for label in sample.labels]),
        torch.tensor([product for sample in samples for product in sample.products]),
    )


def epoch_order(pool: IntArray, products: IntArray, rng: np.random.Generator) -> IntArray:
    """Shuffle photos so that now and then two of one product follow each other.

    Parameters
    ----------
    pool
        Photo numbers; one may stand in it twice.
    products
        Product number of each photo.
    rng
        Shuffles.

    Returns
    -------
    order
        The photo numbers of `pool`.
    """
    shuffled = rng.permutation(pool)
    by_product = shuffled[np.argsort(products[shuffled], kind="stable")]
    pieces: list[IntArray] = []
    for run in np.split(by_product, np.flatnonzero(np.diff(products[by_product])) + 1):
        pieces += [
            run[i : i + PHOTOS_OF_A_PRODUCT_AT_ONCE]
            for i in range(0, len(run), PHOTOS_OF_A_PRODUCT_AT_ONCE)
        ]
    return np.concatenate([pieces[i] for i in rng.permutation(len(pieces))])


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
    report: Callable[[str], None],
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
            worker_init_fn=_yield_to_training,
        )

    def encode_held_out(candidate: AugmentationNet, size_px: int) -> Encoded:
        parts = []
        for photo in held_out:
            variants = [apply_augmentation(photo, name).photo for name in AUGMENTATIONS]
            parts.append(encode_inputs(candidate, prepare_photos(variants, size_px), device))
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


def trained_before(weights: Path) -> list[dict[str, Any]]:
    """Return what the cards beside a weights file say of the trainings that made it.

    Returns
    -------
    before
        The latest first; empty where no card lies there.
    """
    for name, key in ((EMBEDDER_CARD, None), (CARD, "embedder")):
        path = weights.parent / name
        if path.is_file():
            about = json.loads(path.read_text(encoding="utf-8"))
            about = about[key] if key else about
            return [{k: v for k, v in about.items() if k != "before"}, *about.get("before", [])]
    return []


def choose_gate(known: Encoded) -> dict[str, float]:
    """Return where the lines of `analysis.Gate` are drawn.

    Parameters
    ----------
    known
        Variants of validation photos: one in a hundred of them is warned about, one in a hundred
        has its edit not named, one in a thousand is refused.
    """
    return {
        "shoe_warn": round(float(np.quantile(known.is_shoe, 0.01)), 5),
        "shoe_refuse": round(float(np.quantile(known.is_shoe, 0.001)), 5),
        "known_edit": round(float(np.quantile(known.is_known_edit, 0.01)), 5),
    }


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


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a trained embedder says of itself.

    Raises
    ------
    ModelNotFoundError
        If the folder holds none.
    """
    try:
        about: dict[str, Any] = json.loads((folder / EMBEDDER_CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ModelNotFoundError(
            f"{folder} holds no trained embedder; run `sneakeraug train embedder` first."
        ) from exc
    return about
