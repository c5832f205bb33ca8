"""Measuring a model on products it never saw: the embedder's edits, the conversion models' odds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, ProbabilityArray
from sneakeraug.augment.transforms import AUGMENTATIONS, apply_augmentation
from sneakeraug.dataset.worlds import Events, draw_events
from sneakeraug.embed.encoder import Encoder
from sneakeraug.evaluate.metrics import (
    brier_score,
    confusion_matrix,
    coverage,
    log_loss,
    mean_with_interval,
)
from sneakeraug.registry import Figure
from sneakeraug.score.conversion import ConversionModel
from sneakeraug.score.features import PICTURE_FEATURES, build_features, measure_picture
from sneakeraug.score.uncertainty import probability_intervals
from sneakeraug.training.collection import Collection
from sneakeraug.vocabulary import TARGETS

PHOTOS_PER_PASS = 16


@dataclass(frozen=True)
class SixFold:
    """Network outputs and measures of all six variants of some photos, photo by photo.

    Attributes
    ----------
    outputs
        Shape ``(6 n, 6)``, float32.
    measures
        Shape ``(6 n, 8)``, float32.
    labels
        True augmentation of each row, shape ``(6 n,)``.
    photos
        Position in the collection of each row's photo, shape ``(6 n,)``.
    """

    outputs: FloatArray = field(repr=False)
    measures: FloatArray = field(repr=False)
    labels: IntArray = field(repr=False)
    photos: IntArray = field(repr=False)

    @property
    def augmentations(self) -> list[str]:
        """The true augmentation of each row by name."""
        return [AUGMENTATIONS[label] for label in self.labels]

    @property
    def is_plain(self) -> BoolArray:
        """Whether the original of each row's photo stands on a plain background."""
        originals = self.labels == AUGMENTATIONS.index("original")
        plain = self.measures[originals, PICTURE_FEATURES.index("is_plain")] > 0.5
        return np.repeat(plain, len(AUGMENTATIONS))


def encode_six_fold(
    collection: Collection, positions: list[int], encoder: Encoder, report: Callable[[str], None]
) -> SixFold:
    """Make and encode the six variants of some photos of a collection."""
    outputs, measures = [], []
    for start in range(0, len(positions), PHOTOS_PER_PASS):
        variants = [
            apply_augmentation(collection.photos[position], name).photo
            for position in positions[start : start + PHOTOS_PER_PASS]
            for name in AUGMENTATIONS
        ]
        outputs.append(encoder.encode(variants, batch_size=len(variants)).outputs)
        measures += [measure_picture(variant) for variant in variants]
        if start % (PHOTOS_PER_PASS * 20) == 0:
            report(f"encoded {start} of {len(positions)} photos, six variants each")
    return SixFold(
        np.concatenate(outputs),
        np.stack(measures),
        np.tile(np.arange(len(AUGMENTATIONS)), len(positions)),
        np.repeat(np.array(positions, dtype=np.int64), len(AUGMENTATIONS)),
    )


def evaluate_embedder(
    six_fold: SixFold, collection: Collection, seed: int, command: str
) -> tuple[list[Figure], dict[str, Any]]:
    """Measure how often the network names the augmentation right.

    Parameters
    ----------
    six_fold
        The encoded variants of the photos to measure on.
    collection
        Where they come from: products and sources.
    seed
        Of the bootstrap.
    command
        Gives the figures again.

    Returns
    -------
    figures
        Accuracy over all, on plain and other backgrounds, and by source.
    tables
        ``confusion`` (rows true, columns named), ``recall`` by label.
    """
    right = (six_fold.outputs.argmax(axis=1) == six_fold.labels).astype(np.float64)
    groups = _numbers([collection.groups[i] for i in six_fold.photos])
    sources = np.array([collection.rows[i].source for i in six_fold.photos])
    share = float(np.bincount(six_fold.labels).max() / len(right))

    def figure(name: str, chosen: np.ndarray) -> Figure:
        value, interval = mean_with_interval(
            right[chosen], groups[chosen], np.random.default_rng(seed)
        )
        return Figure(
            name=name,
            value=round(value, 5),
            interval=(round(interval[0], 5), round(interval[1], 5)),
            n=int(chosen.sum()),
            unit=f"variants of {len(set(groups[chosen].tolist()))} products never seen in training",
            seed=seed,
            baselines={"always one label": round(share, 4)},
            command=command,
        )

    figures = [figure("augmentation accuracy", np.ones(len(right), dtype=np.bool_))]
    subsets = {"plain backgrounds": six_fold.is_plain, "other backgrounds": ~six_fold.is_plain}
    subsets |= {source: sources == source for source in sorted(set(sources))}
    figures += [
        figure(f"augmentation accuracy, {name}", chosen)
        for name, chosen in subsets.items()
        if 0 < chosen.sum() < len(right)
    ]
    confusion = confusion_matrix(
        six_fold.labels, six_fold.outputs.argmax(axis=1), len(AUGMENTATIONS)
    )
    tables = {
        "confusion": confusion.tolist(),
        "recall": {
            name: round(float(row[i] / max(row.sum(), 1)), 4)
            for i, (name, row) in enumerate(zip(AUGMENTATIONS, confusion, strict=True))
        },
    }
    return figures, tables


def evaluate_conversion(
    models: dict[str, ConversionModel],
    six_fold: SixFold,
    collection: Collection,
    world: str,
    n_events: int,
    seed: int,
    command: str,
) -> list[Figure]:
    """Measure the conversion models on simulated sends of pictures of unseen products.

    Parameters
    ----------
    models
        One for each target.
    six_fold
        The encoded variants of the photos to measure on.
    collection
        Where they come from.
    world
        Whose truth is known.
    n_events
        Sends drawn.
    seed
        Of the sends and the bootstrap.
    command
        Gives the figures again.

    Returns
    -------
    figures
        For each target: accuracy (of all, and of pictures on plain backgrounds) beside the best
        possible and the trivial rules on the same rows, Brier score, log loss, and how often the
        90 % interval holds the true probability.
    """
    events = draw_events(world, six_fold.augmentations, n_events, np.random.default_rng(seed))
    x = event_features(six_fold, events)
    groups = _numbers([collection.groups[six_fold.photos[i]] for i in events.pictures])
    plain = six_fold.is_plain[events.pictures]
    everything = np.ones(n_events, dtype=np.bool_)
    subsets = {"accuracy": everything}
    if 0 < plain.sum() < n_events:
        subsets["accuracy, plain backgrounds"] = plain
    figures: list[Figure] = []
    for target in TARGETS:
        p, intervals = probability_intervals(models[target].predict_members(x))
        y, truth = events.happened[target], events.p_true[target]

        def figure(
            name: str,
            rows: ProbabilityArray,
            baselines: dict[str, float],
            chosen: BoolArray = everything,
            target: str = target,
        ) -> Figure:
            value, interval = mean_with_interval(
                rows[chosen], groups[chosen], np.random.default_rng(seed)
            )
            n_products = len(set(groups[chosen].tolist()))
            return Figure(
                name=f"{target}: {name}",
                value=round(value, 5),
                interval=(round(interval[0], 5), round(interval[1], 5)),
                n=int(chosen.sum()),
                unit=f"simulated sends of pictures of {n_products} unseen products",
                seed=seed,
                baselines={k: round(v, 5) for k, v in baselines.items()},
                command=command,
            )

        base = float(y.mean())
        constant = np.full_like(y, base)
        right = ((p > 0.5) == (y > 0.5)).astype(np.float64)
        possible = (truth > 0.5) == (y > 0.5)
        figures += [
            *(
                figure(
                    name,
                    right,
                    {
                        "best possible (Bayes)": float(possible[chosen].mean()),
                        "always the commoner outcome": 0.5 + abs(float(y[chosen].mean()) - 0.5),
                        "random": 0.5,
                    },
                    chosen,
                )
                for name, chosen in subsets.items()
            ),
            figure(
                "Brier score (lower is better)",
                (p - y) ** 2,
                {
                    "best possible (Bayes)": brier_score(truth, y),
                    "base rate": brier_score(constant, y),
                },
            ),
            figure(
                "log loss (lower is better)",
                np.where(y > 0.5, -np.log(p), -np.log1p(-p)),
                {
                    "best possible (Bayes)": log_loss(truth, y),
                    "base rate": log_loss(constant, y),
                },
            ),
            figure(
                "90 % intervals that hold the true probability",
                ((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])).astype(np.float64),
                {
                    "as promised": 0.9,
                    "a point without a range": coverage(np.stack([p, p], 1), truth),
                },
            ),
        ]
    return figures


def event_features(six_fold: SixFold, events: Events) -> FloatArray:
    """Return the feature rows of simulated sends, made by the function that serves."""
    return build_features(
        six_fold.outputs[events.pictures], six_fold.measures[events.pictures], events.contexts
    )


def _numbers(names: list[str]) -> IntArray:
    """Names as numbers from 0."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
