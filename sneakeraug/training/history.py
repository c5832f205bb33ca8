"""Training conversion models on one's own history, and measuring models on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug import registry
from sneakeraug.card import Figure
from sneakeraug.catalog.products import Catalog
from sneakeraug.dataset.events import Reading, read_history
from sneakeraug.dataset.support import Support, assess
from sneakeraug.errors import InputError
from sneakeraug.progress import Report
from sneakeraug.score.conversion import Boost, load_conversions
from sneakeraug.score.features import check_schema, feature_names
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.history_card import (
    describe_history,
    history_limits,
    history_table,
    past_of,
)
from sneakeraug.training.history_figures import (
    compare_with_serving,
    comparison_figures,
    history_figures,
    measure_history,
    time_figures,
)
from sneakeraug.training.history_rows import (
    SPLIT,
    Learnt,
    Split,
    is_randomised,
    learn,
    products_seen,
    rows_unseen,
    split_by_time,
    split_groups,
)
from sneakeraug.training.publish import Facts, Fitted, publish_model
from sneakeraug.training.sent_pictures import Sends, encode_sent
from sneakeraug.vocabulary import AUGMENTATIONS, DEFAULT_CATEGORY

UNSEEN: Final = "products the model has not seen"


@dataclass(frozen=True)
class HistoryOptions:
    """What `train_on_history` may be told."""

    seed: int = 0
    device: str = "auto"
    category: str = DEFAULT_CATEGORY
    licence: str = "not stated"
    boost: Boost | None = None
    """See `history_rows.learn`."""


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes
    ----------
    folder
        The published model folder.
    left_out
        Targets the model does not know, and why.
    """

    folder: Path
    left_out: dict[str, str]


def train_on_history(
    events: Path,
    images: Path,
    embedder: Path,
    catalog: Catalog,
    models_dir: Path,
    model_id: str,
    options: HistoryOptions,
    report: Report,
) -> Trained:
    """Train a model of each target that a history supports, measure everything, and publish.

    Models learn from two thirds of the products; others choose the number of trees and the
    calibration; every figure comes from products that neither has seen, but for one of the sends
    of the last fifth of the time. Targets without support are left out of the model, which refuses
    to score them.

    Parameters
    ----------
    events
        A file that `read_history` reads.
    images
        Folder of its pictures.
    embedder
        A folder `train_embedder` wrote, or a published model.
    catalog
        Has the pictures of rows that name only a product.
    models_dir, model_id
        Where the model is published, and its name.
    options
        Seeds, category, licence of the pictures.
    report
        Called with a line of progress now and then.

    Raises
    ------
    InputError
        If no row can be used, no target is supported, or there is such a model already.
    """
    registry.check_new(models_dir, model_id)
    reading, support = _read(events, images, report)
    backbone = open_backbone(embedder, options.device)
    sends = encode_sent(reading.history, images, catalog, backbone.encoder, report)
    if len(sends) < len(reading.history):
        support = assess(sends.history)
        support.require()
    split = split_groups(sends, backbone.split_seed)
    learnt = learn(
        sends,
        split.rows(sends, "train"),
        split.rows(sends, "validation"),
        support.trainable,
        options.seed,
        report,
        options.boost,
    )
    if not learnt.fitted.models:
        reasons = " ".join(f"{name}: {why}" for name, why in learnt.left_out.items())
        raise InputError(f"No model can be trained on this history. {reasons} Add campaigns.")
    left_out = _left_out(support) | learnt.left_out
    for target, reason in left_out.items():
        report(f"{target} is left out: {reason}")
    report("measuring on unseen products")
    unseen, seed = sends.take(split.rows(sends, "test")), options.seed + 1
    metrics = measure_history(learnt.fitted, unseen, seed)
    source = f"--events {events.name} --images {images.resolve().name}"
    again = f"sneakeraug evaluate conversion --model {model_id} {source}"
    train = f"sneakeraug train conversion {source} --embedder {embedder.name} --model-id {model_id}"
    comparison = compare_with_serving(
        learnt.fitted,
        unseen,
        images,
        catalog,
        models_dir,
        options.category,
        options.device,
        seed,
        report,
    )
    figures, tables = backbone.figures(model_id)
    figures += history_figures(metrics, seed, again, UNSEEN)
    figures += _by_time(sends, split, learnt, options, train, report)
    figures += comparison_figures(comparison, seed, train)
    facts = Facts(
        model_id=model_id,
        category=options.category,
        is_demo=False,
        is_confounded=not is_randomised(sends.history),
        trained_on=describe_history(events, reading, sends, split),
        licence=options.licence,
        figures=figures,
        tables=tables
        | {
            "history": history_table(reading, sends, split, learnt, left_out),
            "conversion": metrics,
            "split_seed": backbone.split_seed,
        },
        limits=history_limits(sends, learnt.n_effective, left_out, support.notes),
        retrain=(train,),
        comparison=comparison,
    )
    besides = {SPLIT: split.to_json(sends)}
    folder = publish_model(
        backbone, learnt.fitted, facts, models_dir, report, besides, past_of(sends)
    )
    return Trained(folder, left_out)


def report_history(
    events: Path,
    images: Path,
    catalog: Catalog,
    folder: Path,
    seed: int,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Return the metrics of a published model on a history's products that it did not learn from.

    Parameters
    ----------
    events, images, catalog
        As in `train_on_history`.
    folder
        The model's.
    seed
        Of the bootstrap.
    device
        Where the network runs.
    report
        Called with a line of progress now and then.

    Raises
    ------
    InputError
        If no row can be used, or the model learnt from all products of the history.
    FeatureSchemaError
        If the model is another version's.
    """
    card = registry.verify(folder)
    check_schema(card.features, feature_names(AUGMENTATIONS))
    reading = read_history(events, images=images, report=report)
    backbone = open_backbone(folder, device)
    sends = encode_sent(reading.history, images, catalog, backbone.encoder, report)
    seen = products_seen(folder)
    unseen = sends.take(rows_unseen(sends, seen))
    if not len(unseen):
        raise InputError(
            f"Model {card.model_id!r} learnt from every product of {events.name!r}; a history of "
            "other products is expected."
        )
    n_products = len(np.unique(unseen.groups_of_rows))
    report(f"measuring on {n_products:,} of {len(sends.groups):,} products")
    fitted = Fitted(*load_conversions(folder, card.conversion))
    metrics = measure_history(fitted, unseen, seed)
    command = (
        f"sneakeraug evaluate conversion --model {card.model_id} --events {events.name} "
        f"--images {images.resolve().name}"
    )
    return {
        "model_id": card.model_id,
        "events": events.name,
        "n_rows": len(unseen),
        "n_products": n_products,
        "n_products_left_out": len(sends.groups) - n_products,
        "is_confounded": not is_randomised(unseen.history),
        "seed": seed,
        "targets": metrics,
        "figures": [
            figure.model_dump(mode="json")
            for figure in history_figures(metrics, seed, command, UNSEEN)
        ],
    }


def _read(events: Path, images: Path, report: Report) -> tuple[Reading, Support]:
    """A history, and what it supports; refused where that is nothing."""
    reading = read_history(events, images=images, report=report)
    if reading.rejects:
        report(
            f"{len(reading.rejects):,} rows are left out; `sneakeraug import events` lists them "
            "with reasons"
        )
    support = assess(reading.history)
    support.require()
    for note in support.notes:
        report(f"note: {note}")
    return reading, support


def _left_out(support: Support) -> dict[str, str]:
    """What each target without support lacks."""
    return {
        target: " ".join(found.missing)
        for target, found in support.targets.items()
        if not found.can_train
    }


def _by_time(
    sends: Sends,
    split: Split,
    learnt: Learnt,
    options: HistoryOptions,
    command: str,
    report: Report,
) -> list[Figure]:
    """The figures of later sends by models of earlier ones; none where all were sent at once."""
    parts = split_by_time(sends)
    if parts is None:
        report("all sends are of one time: nothing is measured by time")
        return []
    earlier, later = parts
    report("measuring on later sends")
    held_out, others = (
        np.intersect1d(earlier, split.rows(sends, *sides))
        for sides in (("validation",), ("train", "test"))
    )
    if not len(held_out) or not len(others):
        return []
    targets = tuple(learnt.fitted.models)
    models = learn(sends, others, held_out, targets, options.seed, report, options.boost)
    return time_figures(models.fitted, sends.take(later), options.seed + 1, command)
