"""Simulated campaign history of a six-fold dataset, in the form real history is imported in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from sneakeraug.dataset.looks import measure_hues
from sneakeraug.dataset.manifest import read_manifest, write_parquet
from sneakeraug.dataset.sends import POLICIES, Events, check_policy, draw_events
from sneakeraug.dataset.worlds import LOOKS, Pictures, World, check_world
from sneakeraug.errors import InputError
from sneakeraug.intake.decode import decode_photo, read_photo_bytes
from sneakeraug.limits import Limits
from sneakeraug.progress import Report
from sneakeraug.score.features import measure_picture
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

EVENTS: Final = "events.parquet"

EVENTS_AT_ONCE: Final = 50_000

FIRST_MONDAY: Final = datetime(2025, 1, 6, tzinfo=UTC)
WEEKS: Final = 52
"""Sends are spread over a year from the first Monday, each at the hour it was drawn for."""

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
    dataset: Path,
    world: str,
    n: int,
    seed: int,
    report: Report,
    policy: str = POLICIES[0],
    world_seed: int = 0,
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
    policy
        One of `dataset.sends.POLICIES`.
    world_seed
        Another seed is another world of the kind: other customers.

    Returns
    -------
    path
        The events.

    Raises
    ------
    InputError
        If there is no dataset, the world or policy is unknown, or no send is wanted.
    StoreError
        If the events cannot be written.
    """
    if n < 1:
        raise InputError(f"{n} sends were asked for; at least 1 is expected.")
    check_world(world)
    check_policy(policy)
    laws = World(world, world_seed)
    columns = ("relative_im_path", "product_id", "augment_label")
    listed = pa.Table.from_batches(list(read_manifest(dataset, columns)))
    pictures = _pictures(dataset, listed, report)

    def tables() -> Iterator[pa.Table]:
        for start in range(0, n, EVENTS_AT_ONCE):
            size = min(EVENTS_AT_ONCE, n - start)
            rng = np.random.default_rng([seed, start])
            events = draw_events(laws, pictures, size, rng, policy)
            yield _table(events, listed, pictures, start, n)
            report(f"{start + size:,} of {n:,} sends")

    path = dataset / EVENTS
    about = {
        "world": world,
        "world_seed": world_seed,
        "policy": policy,
        "seed": seed,
        "is_simulated": True,
    }
    write_parquet(path, SCHEMA, tables(), about)
    return path


def _pictures(dataset: Path, listed: pa.Table, report: Report) -> Pictures:
    """A dataset's pictures as a world sees them; each original is looked at once."""
    labels = listed.column("augment_label").to_numpy().astype(np.int64)
    products = listed.column("product_id").combine_chunks().dictionary_encode().indices.to_numpy()
    paths = listed.column("relative_im_path").to_pylist()
    photos = [path.rpartition("-")[0] for path in paths]
    limits, looks = Limits(), {}
    original = AUGMENTATIONS.index("original")
    for photo, path, label in zip(photos, paths, labels, strict=True):
        if label != original:
            continue
        data = read_photo_bytes(dataset / path, limits)
        pixels = decode_photo(data, limits, path).pixels
        measured = measure_picture(pixels)
        hues = measure_hues(pixels)
        looks[photo] = np.concatenate([measured[: len(LOOKS) - len(hues)], hues])
        if len(looks) % 2000 == 0:
            report(f"looked at {len(looks):,} photos")
    return Pictures(labels, products.astype(np.int64), np.stack([looks[photo] for photo in photos]))


def _table(events: Events, listed: pa.Table, pictures: Pictures, start: int, n: int) -> pa.Table:
    """A piece of the history, from the send numbered `start` of `n`."""
    size = len(events)
    chosen = listed.take(pa.array(events.pictures))
    weeks = WEEKS * np.arange(start, start + size) // n
    times = [
        FIRST_MONDAY + timedelta(weeks=int(week), hours=int(hour))
        for week, hour in zip(weeks, events.hours, strict=True)
    ]
    values: dict[str, object] = {
        "event_id": [f"simulated-{start + i:09d}" for i in range(size)],
        "sent_at": [time.isoformat() for time in times],
        "image": chosen.column("relative_im_path").combine_chunks(),
        "product_id": chosen.column("product_id").combine_chunks(),
        "augmentation": [AUGMENTATIONS[label] for label in pictures.labels[events.pictures]],
        "propensity": pa.array(events.propensity.astype(np.float32), from_pandas=True),
        "is_machine_open": np.zeros(size, dtype=np.int8),
    }
    for field, terms in CONTEXT_FIELDS.items():
        names = np.array([*terms, None], dtype=object)
        values[field] = names[events.contexts[field]].tolist()
    for target in TARGETS:
        outcomes = pa.array(events.happened[target], from_pandas=True)
        values[target] = outcomes.cast(pa.int8())
    return pa.table(values, schema=SCHEMA)
