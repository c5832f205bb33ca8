"""Training the conversion models on simulated sends, and publishing the finished model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug.card import Figure
from sneakeraug.dataset.worlds import World
from sneakeraug.embed.encoder import Encoder
from sneakeraug.progress import Report
from sneakeraug.training.backbone import image_flags, open_backbone
from sneakeraug.training.card_figures import conversion_figures
from sneakeraug.training.collection import Collection, load_collection
from sneakeraug.training.conditions import CONDITIONS
from sneakeraug.training.conversion_figures import measure_conversions
from sneakeraug.training.design_pipeline import add_design
from sneakeraug.training.embedder_card import INT8
from sneakeraug.training.embedder_figures import evaluate_conditions, evaluate_embedder
from sneakeraug.training.int8 import figures_of_graph
from sneakeraug.training.learning_curve import CurveOptions, curve_of_card
from sneakeraug.training.novelty import evaluate_gate
from sneakeraug.training.publish import Facts, publish_model
from sneakeraug.training.six_fold import SixFold, encode_six_fold
from sneakeraug.training.world_models import both_views, fit_models
from sneakeraug.vocabulary import DEFAULT_CATEGORY

LIMIT = (
    "The conversion models learned from simulated sends. They are no forecast for any real "
    "campaign."
)

CURVE_FROM: Final = 1_000
CURVE_STEPS: Final = 4
"""Sends that a card's learning curve begins with, and its sizes up to those of the model."""


@dataclass(frozen=True)
class ConversionOptions:
    """What `train_conversion` may be told; the defaults are the shipped model's."""

    world: str = "market"
    n_events: int = 400_000
    n_photos: int = 1_500
    seed: int = 0
    device: str = "auto"
    category: str = DEFAULT_CATEGORY
    is_curve_measured: bool = False


def train_conversion(
    images: Sequence[Path],
    embedder: Path,
    models_dir: Path,
    model_id: str,
    options: ConversionOptions,
    licence: str,
    report: Report,
) -> Path:
    """Train one model per target on an embedder's outputs, measure everything, and publish.

    Models learn from products the embedder was trained on; the number of trees and the calibration
    are chosen on validation products; every figure comes from test products that neither has seen.

    Parameters
    ----------
    images
        Folders or CSVs of photos, all or some of those the embedder was trained with. Figures
        are measured on the unseen products among them.
    embedder
        A folder `train_embedder` wrote; or a published model, whose network is used again with
        the figures measured of it.
    models_dir, model_id
        Where the model is published, and its name.
    options
        World, sizes, seeds.
    licence
        What is known of the licence of the photos, for the card.
    report
        Called with a line of progress now and then.

    Returns
    -------
    folder
        The published model folder.
    """
    backbone = open_backbone(embedder, options.device)
    about, encoder = backbone.about, backbone.encoder
    collection = load_collection(images, backbone.split_seed, report, kinds=backbone.kinds)
    rng = np.random.default_rng(options.seed)
    train = collection.require("train")
    if len(train) > options.n_photos:
        train = sorted(rng.choice(train, options.n_photos, replace=False).tolist())
    six_folds = {
        split: encode_six_fold(collection, positions, encoder, report)
        for split, positions in (
            ("train", train),
            ("validation", collection.require("validation")),
            ("test", collection.require("test")),
        )
    }
    parts = {split: both_views(six_fold, collection) for split, six_fold in six_folds.items()}
    world = World(options.world)
    fitted = fit_models(parts["train"], parts["validation"], world, options.n_events, rng, report)
    flags = image_flags(path.name for path in images)
    command = f"sneakeraug evaluate {{}} --model {model_id} {flags}"
    if backbone.card is None:
        figures, tables = _measure_embedder(
            six_folds["test"], collection, images, about, encoder, options.seed, command, report
        )
        more, compared = figures_of_graph(
            backbone, collection, options.seed, command.format(INT8), report
        )
        figures, tables = figures + more, tables | compared
    else:
        figures, tables = backbone.figures(model_id)
    seed = options.seed + 1
    unseen, n_measured = parts["test"], options.n_events // 4
    report("measuring on unseen products")
    metrics = measure_conversions(fitted.models, fitted.projection, unseen, world, n_measured, seed)
    metrics = add_design(
        metrics,
        parts["train"],
        unseen,
        fitted.projection,
        world,
        options.n_events,
        n_measured,
        seed,
    )
    if options.is_curve_measured:
        sizes = CurveOptions(
            options.world,
            min(CURVE_FROM, options.n_events),
            options.n_events,
            CURVE_STEPS,
            n_measured,
            options.n_photos,
            options.seed,
        )
        tables["learning_curve"] = curve_of_card(parts, sizes, metrics, report)
    figures += conversion_figures(
        metrics,
        len(set(unseen.pictures.products.tolist())),
        seed,
        command.format("conversion") + f" --world {options.world}",
    )
    facts = Facts(
        model_id=model_id,
        category=options.category,
        is_demo=True,
        trained_on=(
            f"{about['n_photos']['train']:,} pictures, six variants each, of a collection of "
            f"{about['n_products']:,} products; {options.n_events:,} simulated sends of the "
            f"world “{options.world}”."
        ),
        licence=licence,
        figures=figures,
        tables=tables
        | {"split_seed": backbone.split_seed, "n_events": options.n_events, "conversion": metrics},
        limits=(LIMIT,),
        retrain=(
            f"sneakeraug train embedder {image_flags(about['images'])} --out runs/embedder"
            f"{_schedule(about)}",
            f"sneakeraug train conversion {flags} --embedder runs/embedder "
            f"--world {options.world} --sends {options.n_events} --model-id {model_id}"
            f"{' --curve' if options.is_curve_measured else ''}",
        ),
    )
    return publish_model(backbone, fitted, facts, models_dir, report)


def _measure_embedder(
    six_fold: SixFold,
    collection: Collection,
    images: Sequence[Path],
    about: Mapping[str, Any],
    encoder: Encoder,
    seed: int,
    command: str,
    report: Report,
) -> tuple[list[Figure], dict[str, Any]]:
    """All figures of a network on unseen products."""
    again, test = command.format("embedder"), collection.indices("test")
    figures, tables = evaluate_embedder(six_fold, collection, seed, again)
    kinds = tuple(about["kinds"])
    figures += evaluate_gate(collection, test, images, kinds, encoder, seed, again, report)
    figures += evaluate_conditions(CONDITIONS, collection, test, encoder, seed, again, report)
    return figures, tables


def _schedule(about: Mapping[str, Any]) -> str:
    """The flags an embedder was trained with; a weights file it started from by its hash."""
    flags = (
        f" --arch {about['architecture']} --size {about['size_px']}"
        f" --epochs {len(about['sizes_px'])} --photos-per-batch {about['photos_per_batch']}"
        f" --learning-rate {about['learning_rate']} --identity-weight {about['identity_weight']}"
    )
    if about["started_from"] in ("none", "imagenet"):
        return f"{flags} --weights {about['started_from']}"
    only = " --heads-only" if about["heads_only"] else ""
    return f"{flags}{only} --weights (the file of sha256 {about['started_from'][:12]}…)"
