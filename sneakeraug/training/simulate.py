"""Simulated campaign history of a six-fold dataset, in the form real history is imported in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from sneakeraug.arrays import FloatArray
from sneakeraug.augment.transforms import AUGMENTATIONS
from sneakeraug.dataset.manifest import read_manifest, write_parquet
from sneakeraug.dataset.worlds import Events, check_world, draw_events
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import CONTEXT_FIELDS, TARGETS

EVENTS: Final = "events.parquet"

EVENTS_AT_ONCE: Final = 50_000

FIRST_SEND: Final = datetime(2025, 1, 1, tzinfo=UTC)
SECONDS: Final = 365 * 24 * 3600
"""Sends are spread over a year from the first."""

SCHEMA: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("sent_at", pa.string()),
        ("image", pa.string()),
        ("product_id", pa.string()),
        ("augmentation", pa.string()),
        *((field, pa.string()) for field in CONTEXT_FIELDS),
        *((target, pa.int8()) for target in TARGETS),
        ("propensity", pa.float32()),
        ("is_machine_open", pa.int8()),
    ]
)
"""One row a send. `propensity` is the probability that this picture of the product was chosen."""


def simulate_events(
    dataset: Path, world: str, n: int, seed: int, report: Callable[[str], None]
) -> Path:
    """Draw sends of a dataset's pictures from a world, and write them beside the manifest.

    Parameters
    ----------
    dataset
        Folder that `build_dataset` wrote.
    world
        One of `dataset.worlds.WORLDS`.
    n
        Sends wanted.
    seed
        Of everything that is drawn.
    report
        Called with a line of progress now and then.

    Returns
    -------
    path
        The events.

    Raises
    ------
    InputError
        If there is no dataset, the world is unknown, or no send is wanted.
    StoreError
        If the events cannot be written.
    """
    if n < 1:
        raise InputError(f"{n} sends were asked for; at least 1 is expected.")
    check_world(world)
    columns = ("relative_im_path", "product_id", "augment_label")
    pictures = pa.Table.from_batches(list(read_manifest(dataset, columns)))
    labels = pictures.column("augment_label").to_numpy()
    augmentations = [AUGMENTATIONS[label] for label in labels]
    products = pictures.column("product_id").combine_chunks().dictionary_encode().indices.to_numpy()
    propensity = (1.0 / np.bincount(products)[products]).astype(np.float32)

    def tables() -> Iterator[pa.Table]:
        for start in range(0, n, EVENTS_AT_ONCE):
            size = min(EVENTS_AT_ONCE, n - start)
            events = draw_events(world, augmentations, size, np.random.default_rng([seed, start]))
            yield _table(events, pictures, augmentations, propensity, start, n)
            report(f"{start + size:,} of {n:,} sends")

    path = dataset / EVENTS
    about = {"world": world, "seed": seed, "is_simulated": True}
    write_parquet(path, SCHEMA, tables(), about)
    return path


def _table(
    events: Events,
    pictures: pa.Table,
    augmentations: list[str],
    propensity: FloatArray,
    start: int,
    n: int,
) -> pa.Table:
    """A piece of the history, from the send numbered `start` of `n`, evenly through the year."""
    size = len(events)
    chosen = pictures.take(pa.array(events.pictures))
    values: dict[str, object] = {
        "event_id": [f"simulated-{start + i:09d}" for i in range(size)],
        "sent_at": [
            (FIRST_SEND + timedelta(seconds=SECONDS * (start + i) // n)).isoformat()
            for i in range(size)
        ],
        "image": chosen.column("relative_im_path").combine_chunks(),
        "product_id": chosen.column("product_id").combine_chunks(),
        "augmentation": [augmentations[i] for i in events.pictures],
        "propensity": propensity[events.pictures],
        "is_machine_open": np.zeros(size, dtype=np.int8),
    }
    for field in CONTEXT_FIELDS:
        values[field] = [getattr(context, field) for context in events.contexts]
    for target in TARGETS:
        values[target] = events.happened[target].astype(np.int8)
    return pa.table(values, schema=SCHEMA)
