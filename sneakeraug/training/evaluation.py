"""Measuring a model on products it never saw: the embedder's edits, the conversion models' odds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sneakeraug.arrays import BoolArray, FloatArray, IntArray, ProbabilityArray, UInt8Array
from sneakeraug.augment.transforms import AUGMENTATIONS
from sneakeraug.dataset.worlds import Events, draw_events
from sneakeraug.embed.encoder import Encoder
from sneakeraug.errors import InputError
from sneakeraug.evaluate.metrics import (
    brier_score,
    calibration_error,
    confusion_matrix,
    coverage,
    first_neighbour_hits,
    log_loss,
    mean_with_interval,
)
from sneakeraug.registry import Figure
from sneakeraug.score.conversion import ConversionModel
from sneakeraug.score.features import PICTURE_FEATURES, build_features, measure_picture
from sneakeraug.score.uncertainty import probability_intervals
from sneakeraug.training.collection import Collection
from sneakeraug.training.conditions import AS_IT_IS, CONDITIONS, Condition
from sneakeraug.vocabulary import TARGETS

PHOTOS_PER_PASS = 16

CONDITION_PHOTOS: Final = 400
"""Photos measured under each condition, at most."""

ACCURACY: Final = "augmentation accuracy"
ECE: Final = "calibration error of the named augmentation (lower is better)"
FOUND_AGAIN: Final = "product found again from an edited picture"
"""Names of figures."""


@dataclass(frozen=True)
class SixFold:
    """Network outputs and measures of all six variants of some photos, photo by photo.

    Attributes
    ----------
    outputs
        Shape ``(6 n, 6)``, float32.
    embeddings
        Identity embeddings, shape ``(6 n, d)``, float32.
    measures
        Shape ``(6 n, 8)``, float32.
    labels
        True augmentation of each row, shape ``(6 n,)``.
    photos
        Position in the collection of each row's photo, shape ``(6 n,)``.
    """

    outputs: FloatArray = field(repr=False)
    embeddings: FloatArray = field(repr=False)
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
    collection: Collection,
    positions: list[int],
    encoder: Encoder,
    report: Callable[[str], None],
    condition: Condition = CONDITIONS[AS_IT_IS],
) -> SixFold:
    """Make and encode the six variants of some photos of a collection.

    Parameters
    ----------
    collection, positions
        Which photos; those of which the condition cannot be made are left out.
    encoder
        The network.
    report
        Called with a line of progress now and then.
    condition
        What happens to the pictures on their way.
    """
    outputs, embeddings, measures, used = [], [], [], []
    for start in range(0, len(positions), PHOTOS_PER_PASS):
        pictures: list[UInt8Array] = []
        for position in positions[start : start + PHOTOS_PER_PASS]:
            six = condition.make_six(collection.photos[position])
            if six is not None:
                pictures += six
                used.append(position)
        if pictures:
            encoded = encoder.encode(pictures, batch_size=len(pictures))
            outputs.append(encoded.outputs)
            embeddings.append(encoded.embeddings)
            measures += [measure_picture(picture) for picture in pictures]
        if start % (PHOTOS_PER_PASS * 20) == 0:
            report(f"encoded {start} of {len(positions)} photos, six variants each")
    if not used:
        raise InputError("The condition can be made of none of the photos; give others.")
    return SixFold(
        np.concatenate(outputs),
        np.concatenate(embeddings),
        np.stack(measures),
        np.tile(np.arange(len(AUGMENTATIONS)), len(used)),
        np.repeat(np.array(used, dtype=np.int64), len(AUGMENTATIONS)),
    )


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
    report: Callable[[str], None],
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
        self.products = _numbers([collection.groups[i] for i in six_fold.photos])
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
