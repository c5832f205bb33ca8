"""Training the conversion models on simulated sends, and publishing the finished model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sneakeraug.dataset.worlds import Events, World, draw_events
from sneakeraug.embed.encoder import Encoder
from sneakeraug.errors import InputError
from sneakeraug.registry import Figure
from sneakeraug.score.conversion import Rows, fit_conversion
from sneakeraug.score.features import Projection, build_features, fit_projection
from sneakeraug.training.card_figures import conversion_figures
from sneakeraug.training.collection import Collection, load_collection
from sneakeraug.training.conditions import CONDITIONS
from sneakeraug.training.conversion_figures import Unseen, measure_conversions
from sneakeraug.training.embedder_figures import evaluate_conditions, evaluate_embedder
from sneakeraug.training.novelty import evaluate_gate
from sneakeraug.training.publish import Facts, Fitted, open_backbone, publish_model
from sneakeraug.training.six_fold import SixFold, encode_six_fold, world_pictures
from sneakeraug.vocabulary import AUGMENTATIONS, DEFAULT_CATEGORY, TARGETS

LIMIT = (
    "The conversion models learned from simulated sends. They are no forecast for any real "
    "campaign."
)

HELD_OUT_SHARE = 0.25
"""Sends of validation products for each send of a training product."""


@dataclass(frozen=True)
class ConversionOptions:
    """What `train_conversion` may be told; the defaults are the shipped model's."""

    world: str = "market"
    n_events: int = 400_000
    n_photos: int = 1_500
    seed: int = 0
    device: str = "auto"
    category: str = DEFAULT_CATEGORY


def train_conversion(
    images: Sequence[Path],
    embedder: Path,
    models_dir: Path,
    model_id: str,
    options: ConversionOptions,
    licence: str,
    report: Callable[[str], None],
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
    collection = load_collection(images, backbone.split_seed, report, kinds=tuple(about["kinds"]))
    rng = np.random.default_rng(options.seed)
    train = collection.indices("train")
    if len(train) > options.n_photos:
        train = sorted(rng.choice(train, options.n_photos, replace=False).tolist())
    parts = {
        split: encode_six_fold(collection, positions, encoder, report)
        for split, positions in (
            ("train", train),
            ("validation", collection.indices("validation")),
            ("test", collection.indices("test")),
        )
    }
    world = World(options.world)
    fitted = fit_models(
        _unseen(parts["train"], collection),
        _unseen(parts["validation"], collection),
        world,
        options.n_events,
        rng,
        report,
    )
    flags = _flags([path.name for path in images])
    command = f"sneakeraug evaluate {{}} --model {model_id} {flags}"
    if backbone.card is None:
        figures, tables = _measure_embedder(
            parts["test"], collection, images, about, encoder, options.seed, command, report
        )
    else:
        figures, tables = backbone.figures(model_id)
    seed = options.seed + 1
    unseen = _unseen(parts["test"], collection)
    report("measuring on unseen products")
    metrics = measure_conversions(
        fitted.models, fitted.projection, unseen, world, options.n_events // 4, seed
    )
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
            f"sneakeraug train embedder {_flags(about['images'])} --out runs/embedder"
            f"{_schedule(about)}",
            f"sneakeraug train conversion {flags} --embedder runs/embedder "
            f"--world {options.world} --sends {options.n_events} --model-id {model_id}",
        ),
    )
    return publish_model(backbone, fitted, facts, models_dir, report)


def fit_models(
    train: Unseen,
    held_out: Unseen,
    world: World,
    n_events: int,
    rng: np.random.Generator,
    report: Callable[[str], None],
    is_partial: bool = False,
) -> Fitted:
    """Draw sends of a world and learn every target from them.

    Parameters
    ----------
    train, held_out
        Pictures of products to learn from, and of others that choose trees and calibration.
    world
        Draws the sends.
    n_events
        Sends of training products.
    rng
        Draws everything.
    report
        Called with a line of progress.
    is_partial
        Whether a target of which there are too few events is left out instead of refused.

    Raises
    ------
    InputError
        If a target's event never, or always, happened.
    """
    projection = fit_projection(train.rows.identities[:: len(AUGMENTATIONS)])
    sends = draw_events(world, train.pictures, n_events, rng)
    checks = draw_events(world, held_out.pictures, round(HELD_OUT_SHARE * n_events), rng)
    models = {}
    for target in TARGETS:
        started = time.monotonic()
        try:
            rows = event_rows(train, sends, target, projection)
            held_rows = event_rows(held_out, checks, target, projection)
        except InputError as exc:
            if not is_partial:
                raise
            report(f"{target} is left out: {exc}")
            continue
        models[target] = fit_conversion(rows, held_rows, rng)
        report(
            f"{target}: {models[target].n_rounds} trees beyond the effects, "
            f"{time.monotonic() - started:.0f} s"
        )
    return Fitted(models, projection)


def event_rows(part: Unseen, events: Events, target: str, projection: Projection) -> Rows:
    """Return what a target's model learns from sends, made by the function that serves.

    Raises
    ------
    InputError
        If the target's event never, or always, happened.
    """
    rows = np.flatnonzero(~np.isnan(events.happened[target]))
    y = events.happened[target][rows]
    if not 0 < y.sum() < len(y):
        raise InputError(
            f"Of {len(y):,} chances of {target} {int(y.sum()):,} happened; some of both outcomes "
            "are expected. Give more events."
        )
    pictures = events.pictures[rows]
    contexts = {name: codes[rows] for name, codes in events.contexts.items()}
    return Rows(
        build_features(part.rows.take(pictures), contexts, projection),
        y,
        np.ones(len(y)),
        part.pictures.products[pictures],
        pictures,
    )


def _unseen(six_fold: SixFold, collection: Collection) -> Unseen:
    """Pictures as a world and as models see them."""
    return Unseen(world_pictures(six_fold, collection), six_fold.picture_rows())


def _measure_embedder(
    six_fold: SixFold,
    collection: Collection,
    images: Sequence[Path],
    about: Mapping[str, Any],
    encoder: Encoder,
    seed: int,
    command: str,
    report: Callable[[str], None],
) -> tuple[list[Figure], dict[str, Any]]:
    """All figures of a network on unseen products."""
    again, test = command.format("embedder"), collection.indices("test")
    figures, tables = evaluate_embedder(six_fold, collection, seed, again)
    kinds = tuple(about["kinds"])
    figures += evaluate_gate(collection, test, images, kinds, encoder, seed, again, report)
    figures += evaluate_conditions(CONDITIONS, collection, test, encoder, seed, again, report)
    return figures, tables


def _flags(images: Sequence[str]) -> str:
    """Folders as the command line takes them."""
    return " ".join(f"--images {name}" for name in images)


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
