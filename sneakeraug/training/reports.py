"""The evaluate commands: a published model, photos, figures out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sneakeraug.card import read_card
from sneakeraug.dataset.worlds import World
from sneakeraug.errors import InputError
from sneakeraug.progress import Report
from sneakeraug.score.conversion import load_conversions
from sneakeraug.training.backbone import Backbone, open_served
from sneakeraug.training.card_figures import conversion_figures
from sneakeraug.training.collection import Collection, load_collection
from sneakeraug.training.conditions import find_conditions
from sneakeraug.training.conversion_figures import measure_conversions
from sneakeraug.training.design_pipeline import add_design
from sneakeraug.training.embedder_figures import (
    ACCURACY,
    ECE,
    evaluate_conditions,
    evaluate_embedder,
)
from sneakeraug.training.explanation_figures import explanation_figures, measure_explanation
from sneakeraug.training.novelty import evaluate_gate
from sneakeraug.training.six_fold import encode_six_fold, number_names
from sneakeraug.training.world_models import both_views


def report_embedder(
    images: Sequence[Path],
    network: Backbone,
    split: str,
    sources: Sequence[str],
    conditions: Sequence[str],
    seed: int,
    report: Report,
) -> dict[str, Any]:
    """Return the figures and tables of an embedder on photos.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    network
        What is measured.
    split
        ``test`` (unseen products) or ``all``.
    sources
        Only photos of these; of all sources where empty.
    conditions
        Names of `conditions.CONDITIONS` to measure under besides, or ``all``.
    seed
        Of the bootstrap.
    report
        Called with a line of progress now and then.
    """
    chosen = find_conditions(list(conditions))
    collection, positions = _photos(images, network, split, sources, report)
    six_fold = encode_six_fold(collection, positions, network.encoder, report)
    command = network.command("embedder", images, sources)
    figures, tables = evaluate_embedder(six_fold, collection, seed, command)
    figures += evaluate_gate(
        collection, positions, images, network.kinds, network.encoder, seed, command, report
    )
    figures += evaluate_conditions(
        chosen, collection, positions, network.encoder, seed, command, report
    )
    by_name = {figure.name: figure for figure in figures}
    return {
        "model_id": network.name,
        "split": split,
        "n_photos": len(positions),
        "n_variants": len(six_fold.labels),
        "accuracy": by_name[ACCURACY].value,
        "accuracy_interval": by_name[ACCURACY].interval,
        "per_class_accuracy": tables["recall"],
        "confusion": tables["confusion"],
        "ece": by_name[ECE].value,
        "retrieval": {
            name: figure.value for name, figure in by_name.items() if name.startswith("product")
        },
        "figures": [figure.model_dump(mode="json") for figure in figures],
    }


def report_conversion(
    images: Sequence[Path],
    model: str | None,
    world: str,
    split: str,
    n_events: int,
    is_edit_known: bool,
    seed: int,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Return the metrics of a model's conversion models on a world.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    model
        A published model; the active one where None.
    world
        One of `dataset.worlds.WORLDS`.
    split
        ``test`` (unseen products) or ``all``.
    n_events
        Sends drawn.
    is_edit_known
        Whether models are told the edits, or see what the network makes of them.
    seed
        Of everything drawn.
    device
        Where the network runs.
    report
        Called with a line of progress now and then.
    """
    chosen = World(world)
    network = open_served(model, device)
    collection, positions = _photos(images, network, split, (), report)
    six_fold = encode_six_fold(collection, positions, network.encoder, report)
    card = read_card(network.folder)
    models, projection = load_conversions(network.folder, card.conversion)
    unseen = both_views(six_fold, collection, is_edit_known)
    metrics = measure_conversions(models, projection, unseen, chosen, n_events, seed)
    metrics = add_design(metrics, unseen, unseen, projection, chosen, n_events, n_events, seed)
    n_products = len(set(unseen.pictures.products.tolist()))
    command = f"{network.command('conversion', images)} --world {world}"
    return {
        "model_id": network.name,
        "world": world,
        "split": split,
        "is_edit_known": is_edit_known,
        "seed": seed,
        "targets": metrics,
        "figures": [
            figure.model_dump(mode="json")
            for figure in conversion_figures(metrics, n_products, seed, command)
        ],
    }


def report_explanation(
    images: Sequence[Path],
    model: str | None,
    split: str,
    n_photos: int,
    seed: int,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Return how faithful a model's explanations by regions are.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    model
        A published model; the active one where None.
    split
        ``test`` (unseen products) or ``all``.
    n_photos
        Photos used at most, drawn at random.
    seed
        Of photos, random orders and bootstrap.
    device
        Where the network runs.
    report
        Called with a line of progress now and then.
    """
    if n_photos < 1:
        raise InputError(f"{n_photos} photos were asked for; at least 1 is expected.")
    network = open_served(model, device)
    collection, positions = _photos(images, network, split, (), report)
    if len(positions) > n_photos:
        rng = np.random.default_rng(seed)
        positions = sorted(rng.choice(positions, n_photos, replace=False).tolist())
    models, projection = load_conversions(network.folder, read_card(network.folder).conversion)
    metrics = measure_explanation(
        [collection.photos[i] for i in positions],
        number_names([collection.groups[i] for i in positions]),
        network.encoder,
        models,
        projection,
        seed,
        report,
    )
    command = f"{network.command('explanation', images)} --n {n_photos}"
    return {
        "model_id": network.name,
        "split": split,
        "seed": seed,
        "n_photos": len(positions),
        "targets": metrics,
        "figures": [
            figure.model_dump(mode="json") for figure in explanation_figures(metrics, seed, command)
        ],
    }


def _photos(
    images: Sequence[Path],
    network: Backbone,
    split: str,
    sources: Sequence[str],
    report: Report,
) -> tuple[Collection, list[int]]:
    """The photos, and the positions of those to measure on."""
    if split not in ("test", "all"):
        raise InputError(f"Unknown split {split!r}; expected one of: test, all.")
    collection = load_collection(images, network.split_seed, report, kinds=network.kinds)
    known = {row.source for row in collection.rows}
    for source in sources:
        if source not in known:
            raise InputError(
                f"There is no source {source!r}; there is: {', '.join(sorted(known))}. "
                "Choose among them."
            )
    positions = [
        i
        for i, row in enumerate(collection.rows)
        if (split == "all" or collection.splits[i] == split)
        and (not sources or row.source in sources)
    ]
    if not positions:
        raise InputError("No photo falls on the test side of the split; use --split all.")
    return collection, positions
