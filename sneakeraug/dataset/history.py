"""Campaign history in memory, the weighted rows a model trains on, and its own file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from sneakeraug.arrays import BoolArray, IntArray, ProbabilityArray
from sneakeraug.dataset.manifest import write_parquet
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS, check_term

SCHEMA_NAME: Final = "sneakeraug.history/1"

WRITTEN_AT_ONCE: Final = 65_536

TRIALS: Final = "{}_trials"
HAPPENED: Final = "{}_happened"
"""Columns of our own file, by target."""

SCHEMA: Final = pa.schema(
    [
        ("sent_at", pa.timestamp("s", "UTC")),
        ("image", pa.string()),
        ("product_id", pa.string()),
        ("augmentation", pa.string()),
        *((field, pa.string()) for field in CONTEXT_FIELDS),
        *((name.format(target), pa.int32()) for target in TARGETS for name in (TRIALS, HAPPENED)),
        ("propensity", pa.float64()),
    ]
)
"""Our own file: one row a send or a campaign's picture, machines already left out."""


@dataclass(frozen=True)
class History:
    """Campaign history, one row per send or per campaign x picture.

    Attributes
    ----------
    images
        Distinct pictures in alphabetical order, relative paths; the product's id where rows name
        only a product.
    is_path
        Whether each of `images` is a path, shape ``(len(images),)``.
    products
        Product of each of `images`; the picture's own path where no row names one.
    pictures
        Position in `images`, shape ``(n,)``.
    augmentations
        Position in `AUGMENTATIONS`, shape ``(n,)``; -1 where the row does not tell.
    contexts
        By field of `CONTEXT_FIELDS`, position of the term, shape ``(n,)``; -1 where an optional
        field is left open.
    sent_at
        UTC, datetime64[s], shape ``(n,)``.
    trials
        By target, how often the event could have happened, shape ``(n,)``: 1 or 0 for a send,
        sends or carts for a count.
    happened
        By target, how often it did, shape ``(n,)``, at most as often as `trials`.
    propensity
        Probability that the sender's policy chose this picture, in (0, 1], shape ``(n,)``; NaN
        where unknown.
    """

    images: list[str]
    is_path: BoolArray
    products: list[str]
    pictures: IntArray
    augmentations: IntArray
    contexts: dict[str, IntArray]
    sent_at: np.ndarray
    trials: dict[str, IntArray]
    happened: dict[str, IntArray]
    propensity: ProbabilityArray

    def __len__(self) -> int:
        """Rows."""
        return len(self.pictures)

    def take(self, rows: IntArray) -> History:
        """Return the history of some rows, shape ``(k,)``; pictures keep their numbers."""
        return replace(
            self,
            pictures=self.pictures[rows],
            augmentations=self.augmentations[rows],
            contexts={field: codes[rows] for field, codes in self.contexts.items()},
            sent_at=self.sent_at[rows],
            trials={target: counts[rows] for target, counts in self.trials.items()},
            happened={target: counts[rows] for target, counts in self.happened.items()},
            propensity=self.propensity[rows],
        )


def weighted_rows(
    history: History, target: str
) -> tuple[IntArray, ProbabilityArray, ProbabilityArray]:
    """Return what a model of a target trains on: at most two weighted rows for each distinct key.

    Rows that agree in picture, augmentation, context and propensity are one key, so that counts
    and the sends they count give exactly the same rows.

    Parameters
    ----------
    history
        The rows.
    target
        One of the targets.

    Returns
    -------
    rows
        Row of `history` that stands for each key, shape ``(m,)``; the first that has it. Keys
        are in the order of picture, augmentation, context and propensity, unknown first.
    y
        Whether the event happened, 0 or 1, shape ``(m,)``, float64; 0 stands before 1.
    weight
        How often, shape ``(m,)``, float64, whole numbers above 0.

    Raises
    ------
    ContextError
        If the target is unknown.
    """
    check_term("target", target)
    trials, happened = history.trials[target], history.happened[target]
    used = np.flatnonzero(trials > 0)
    key = history.pictures[used] * (len(AUGMENTATIONS) + 1) + history.augmentations[used] + 1
    for field, terms in CONTEXT_FIELDS.items():
        key = key * (len(terms) + 1) + history.contexts[field][used] + 1
    # numbered anew, each below the number of rows: their product cannot overflow
    key = np.unique(key, return_inverse=True)[1]
    known = np.nan_to_num(history.propensity[used], nan=-1.0)
    steps, step = np.unique(known, return_inverse=True)
    _, first, key = np.unique(key * len(steps) + step, return_index=True, return_inverse=True)
    n_happened = np.bincount(key, weights=happened[used], minlength=len(first))
    n_trials = np.bincount(key, weights=trials[used], minlength=len(first))
    weight = np.column_stack([n_trials - n_happened, n_happened]).ravel()
    y = np.tile(np.array([0.0, 1.0]), len(first))
    rows = np.repeat(used[first], 2)
    there = weight > 0
    return rows[there], y[there], weight[there]


def to_parquet(history: History, path: Path) -> None:
    """Write a history to a file that `events.read_history` reads back exactly.

    Parameters
    ----------
    history
        What to write.
    path
        Where; whole or not at all.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    write_parquet(path, SCHEMA, _tables(history), {"schema": SCHEMA_NAME})


def _tables(history: History) -> Iterator[pa.Table]:
    n = len(history.images)
    by_path = [image if is_path else None for image, is_path in
               zip(history.images, history.is_path, strict=True)]  # fmt: skip
    by_product = [
        None if is_path and product == image else product
        for image, is_path, product in zip(
            history.images, history.is_path, history.products, strict=True
        )
    ]
    images, products = pa.array(by_path, pa.string()), pa.array(by_product, pa.string())
    for start in range(0, max(len(history), 1), WRITTEN_AT_ONCE):
        some = history.take(np.arange(start, min(start + WRITTEN_AT_ONCE, len(history))))
        pictures = pa.array(some.pictures)
        values: dict[str, object] = {
            "sent_at": pa.array(some.sent_at).cast(pa.timestamp("s", "UTC")),
            "image": images.take(pictures) if n else images,
            "product_id": products.take(pictures) if n else products,
            "augmentation": _terms(some.augmentations, AUGMENTATIONS),
            "propensity": pa.array(some.propensity, from_pandas=True),
        }
        for field, terms in CONTEXT_FIELDS.items():
            values[field] = _terms(some.contexts[field], terms)
        for target in TARGETS:
            values[TRIALS.format(target)] = some.trials[target].astype(np.int32)
            values[HAPPENED.format(target)] = some.happened[target].astype(np.int32)
        yield pa.table(values, schema=SCHEMA)


def _terms(codes: IntArray, terms: tuple[str, ...]) -> pa.Array:
    """Codes as their terms, null where -1."""
    return pa.array(terms, pa.string()).take(pa.array(codes, mask=codes < 0))
