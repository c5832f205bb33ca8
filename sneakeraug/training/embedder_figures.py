"""Measuring the embedder on products it never saw: edits named, products found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sneakeraug.arrays import BoolArray, ProbabilityArray
from sneakeraug.card import Figure
from sneakeraug.embed.encoder import Encoder
from sneakeraug.evaluate.metrics import (
    calibration_error,
    confusion_matrix,
    first_neighbour_hits,
    mean_with_interval,
)
from sneakeraug.progress import Report
from sneakeraug.training.collection import Collection
from sneakeraug.training.conditions import AS_IT_IS, Condition
from sneakeraug.training.six_fold import SixFold, encode_six_fold, number_names
from sneakeraug.vocabulary import AUGMENTATIONS

CONDITION_PHOTOS: Final = 400
"""Photos measured under each condition, at most."""

ACCURACY: Final = "augmentation accuracy"
ECE: Final = "calibration error of the named augmentation (lower is better)"
FOUND_AGAIN: Final = "product found again from an edited picture"
"""Names of figures."""


def evaluate_embedder(
    six_fold: SixFold, collection: Collection, seed: int, command: str
) -> tuple[list[Figure], dict[str, Any]]:
    """Measure how often the network names the augmentation right, and finds a product again.

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
        Accuracy over all, on plain and other backgrounds, and by source; calibration error;
        how often a product is found again from an edited picture, and from another view.
    tables
        ``confusion`` (rows true, columns named), ``recall`` by label.
    """
    figure = _Figures(six_fold, collection, seed, command)
    named = six_fold.outputs.argmax(axis=1)
    right = (named == six_fold.labels).astype(np.float64)
    sources = np.array([collection.rows[i].source for i in six_fold.photos])
    baselines = {"always one label": float(np.bincount(six_fold.labels).max() / len(right))}
    figures = [figure(ACCURACY, right, np.ones(len(right), dtype=np.bool_), baselines)]
    subsets = {"plain backgrounds": six_fold.is_plain, "other backgrounds": ~six_fold.is_plain}
    subsets |= {source: sources == source for source in sorted(set(sources))}
    figures += [
        figure(f"{ACCURACY}, {name}", right, chosen, baselines)
        for name, chosen in subsets.items()
        if 0 < chosen.sum() < len(right)
    ]
    figures += _calibration(six_fold, right, seed, command)
    figures += _retrieval(six_fold, figure)
    confusion = confusion_matrix(six_fold.labels, named, len(AUGMENTATIONS))
    tables = {
        "confusion": confusion.tolist(),
        "recall": {
            name: round(float(row[i] / max(row.sum(), 1)), 4)
            for i, (name, row) in enumerate(zip(AUGMENTATIONS, confusion, strict=True))
        },
    }
    return figures, tables


def evaluate_conditions(
    conditions: Mapping[str, Condition],
    collection: Collection,
    positions: Sequence[int],
    encoder: Encoder,
    seed: int,
    command: str,
    report: Report,
) -> list[Figure]:
    """Measure how often the network names the augmentation right under conditions.

    Parameters
    ----------
    conditions
        By name, from `conditions.find_conditions`; as it is, is measured elsewhere.
    collection, positions
        Photos of unseen products; `CONDITION_PHOTOS` of them at most are drawn.
    encoder
        The network.
    seed
        Draws the photos, and the bootstrap's.
    command
        Gives the figures again.
    report
        Called with a line of progress.
    """
    drawn = list(positions)
    if len(drawn) > CONDITION_PHOTOS:
        rng = np.random.default_rng(seed)
        drawn = sorted(rng.choice(drawn, CONDITION_PHOTOS, replace=False).tolist())
    figures = []
    for name, condition in conditions.items():
        if name == AS_IT_IS:
            continue
        report(f"under the condition “{name}”")
        six_fold = encode_six_fold(collection, drawn, encoder, report, condition)
        again = f"{command} --condition all"
        figures.append(_accuracy_under(name, six_fold, collection, seed, again))
    return figures


def _accuracy_under(
    name: str, six_fold: SixFold, collection: Collection, seed: int, command: str
) -> Figure:
    """The figure of augmentations named right under a condition."""
    right = (six_fold.outputs.argmax(axis=1) == six_fold.labels).astype(np.float64)
    figure = _Figures(six_fold, collection, seed, command)
    everything = np.ones(len(right), dtype=np.bool_)
    share = float(np.bincount(six_fold.labels).max() / len(right))
    return figure(f"{ACCURACY}, {name}", right, everything, {"always one label": share})


class _Figures:
    """Makes figures of shares over rows of a six-fold, resampled by product."""

    def __init__(self, six_fold: SixFold, collection: Collection, seed: int, command: str) -> None:
        self.products = number_names([collection.groups[i] for i in six_fold.photos])
        self.seed, self.command = seed, command

    def __call__(
        self, name: str, values: ProbabilityArray, chosen: BoolArray, baselines: dict[str, float]
    ) -> Figure:
        products = self.products[chosen]
        value, interval = mean_with_interval(
            values[chosen], products, np.random.default_rng(self.seed)
        )
        return Figure(
            name=name,
            value=round(value, 5),
            interval=(round(interval[0], 5), round(interval[1], 5)),
            n=int(chosen.sum()),
            unit=f"variants of {len(set(products.tolist()))} products never seen in training",
            seed=self.seed,
            baselines={key: round(number, 4) for key, number in baselines.items()},
            command=self.command,
        )


def _calibration(
    six_fold: SixFold, right: ProbabilityArray, seed: int, command: str
) -> list[Figure]:
    """How far the probability of the named augmentation is from how often it is right."""
    confidence = six_fold.outputs.max(axis=1).astype(np.float64)
    rng = np.random.default_rng(seed)
    n_photos = len(right) // len(AUGMENTATIONS)
    rows = np.arange(len(right)).reshape(n_photos, -1)
    draws = []
    for _ in range(200):
        drawn = rows[rng.integers(n_photos, size=n_photos)].ravel()
        draws.append(calibration_error(confidence[drawn], right[drawn]))
    value = calibration_error(confidence, right)
    low, high = np.quantile(draws, [0.025, 0.975])
    return [
        Figure(
            name=ECE,
            value=round(value, 5),
            interval=(round(min(float(low), value), 5), round(float(high), 5)),
            n=len(right),
            unit="variants of photos never seen in training",
            seed=seed,
            baselines={"always sure": round(float(1 - right.mean()), 4)},
            command=command,
        )
    ]


def _retrieval(six_fold: SixFold, figure: _Figures) -> list[Figure]:
    """How often the nearest of all photos shows the product of an edited picture, of a view."""
    originals = np.flatnonzero(six_fold.labels == AUGMENTATIONS.index("original"))
    gallery, products = six_fold.embeddings[originals], figure.products[originals]
    if len(set(products.tolist())) < 2:
        return []
    chance = {"random": 1 / len(originals)}
    edited = six_fold.labels != AUGMENTATIONS.index("original")
    hits = first_neighbour_hits(six_fold.embeddings, gallery, figure.products, products)
    figures = [figure(FOUND_AGAIN, hits, edited, chance)]
    has_other_view = np.zeros(len(six_fold.labels), dtype=np.bool_)
    has_other_view[originals] = np.bincount(products)[products] > 1
    if has_other_view.any():
        itself = np.full(len(six_fold.labels), -1)
        itself[originals] = np.arange(len(originals))
        hits = first_neighbour_hits(six_fold.embeddings, gallery, figure.products, products, itself)
        name = "product found again from another photo of it"
        figures.append(figure(name, hits, has_other_view, chance))
    return figures
