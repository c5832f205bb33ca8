"""Measuring whether a network knows what it does not know: no shoes, and other edits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.card import Figure
from sneakeraug.dataset.photos import list_others
from sneakeraug.dataset.unknown import MEASURED_EDITS, MEASURED_SCENES
from sneakeraug.embed.encoder import Encoded, Encoder
from sneakeraug.errors import PhotoError
from sneakeraug.evaluate.metrics import roc_auc_with_interval
from sneakeraug.limits import Limits
from sneakeraug.progress import Report
from sneakeraug.training.collection import Collection, read_small
from sneakeraug.vocabulary import AUGMENTATIONS

MOST: Final = 300
"""Photos and pictures of a kind that are measured, at most."""


def evaluate_gate(
    collection: Collection,
    positions: Sequence[int],
    images: Sequence[Path],
    kinds: Sequence[str],
    encoder: Encoder,
    seed: int,
    command: str,
    report: Report,
) -> list[Figure]:
    """Measure how well shoes and known edits are told from kinds that training never showed.

    Parameters
    ----------
    collection, positions
        Photos of unseen products.
    images
        Where photos of other products are looked for (rows of another kind in a table).
    kinds
        Kinds of product that are no others.
    encoder
        The network.
    seed
        Chooses photos and draws pictures.
    command
        Gives the figures again.
    report
        Called with a line of progress.

    Returns
    -------
    figures
        Areas under the ROC curve: no shoe against shoe, other edits against the six; over all
        kinds, and by kind.
    """
    rng = np.random.default_rng(seed)
    if len(positions) > MOST:
        positions = sorted(rng.choice(positions, MOST, replace=False).tolist())
    photos = [collection.photos[i] for i in positions]
    report(f"encoding {len(photos)} shoes, other pictures and other edits")
    shoes = _encode(
        encoder, (apply_augmentation(p, a).photo for p in photos for a in AUGMENTATIONS)
    )
    scenes = {
        kind: _encode(encoder, (draw(rng) for _ in range(MOST))).is_shoe
        for kind, draw in MEASURED_SCENES.items()
    }
    for kind, others in _read_others(images, kinds, rng).items():
        scenes[kind] = _encode(encoder, others).is_shoe
    edits = {
        name: _encode(encoder, (edit(photo, rng) for photo in photos)).is_known_edit
        for name, edit in MEASURED_EDITS.items()
    }
    return [
        *_areas("no shoe told from a shoe", shoes.is_shoe, scenes, seed, command),
        *_areas("another edit told from the six", shoes.is_known_edit, edits, seed, command),
    ]


def _encode(encoder: Encoder, pictures: Iterable[UInt8Array]) -> Encoded:
    return encoder.encode(list(pictures))


def _read_others(
    images: Sequence[Path], kinds: Sequence[str], rng: np.random.Generator
) -> dict[str, list[UInt8Array]]:
    """Photos of other products by kind."""
    found: dict[str, list[UInt8Array]] = {}
    for kind, paths in list_others(images, kinds).items():
        chosen = rng.permutation(len(paths))[:MOST]
        found[kind] = []
        for i in chosen:
            try:
                found[kind].append(read_small(paths[i], Limits()))
            except PhotoError:
                continue
    return {kind: photos for kind, photos in found.items() if photos}


def _areas(
    name: str, known: FloatArray, unknown: dict[str, FloatArray], seed: int, command: str
) -> list[Figure]:
    """The area over all kinds, and of each."""
    figures = []
    for kind, values in {"": np.concatenate(list(unknown.values())), **unknown}.items():
        value, interval = roc_auc_with_interval(known, values, np.random.default_rng(seed))
        figures.append(
            Figure(
                name=f"{name}, AUROC" + (f", {kind.replace('_', ' ')}" if kind else ""),
                value=round(value, 5),
                interval=(round(interval[0], 5), round(interval[1], 5)),
                n=len(values),
                unit=f"pictures of kinds left out of training, against {len(known):,} variants",
                seed=seed,
                baselines={"random": 0.5},
                command=command,
            )
        )
    return figures
