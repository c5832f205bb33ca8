"""Training the conversion models on simulated sends, and publishing the finished model folder."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sneakeraug import registry
from sneakeraug.augment.transforms import AUGMENTATIONS, DEFAULT_PARAMETERS
from sneakeraug.dataset.worlds import draw_events
from sneakeraug.embed.encoder import Encoder
from sneakeraug.embed.preprocess import MEAN, STD
from sneakeraug.score.conversion import ConversionModel, fit_conversion, save_conversions
from sneakeraug.score.features import feature_names
from sneakeraug.training.collection import load_collection
from sneakeraug.training.conditions import CONDITIONS
from sneakeraug.training.embedder import read_about
from sneakeraug.training.evaluation import (
    SixFold,
    encode_six_fold,
    evaluate_conditions,
    evaluate_conversion,
    evaluate_embedder,
    event_features,
)
from sneakeraug.training.novelty import evaluate_gate
from sneakeraug.vocabulary import CONTEXT_FIELDS, DEFAULT_CATEGORY, TARGETS

LIMITS = (
    "The conversion models learned from simulated sends in which only the edit matters. "
    "They are no forecast for any real campaign.",
    "Other products, drawings, text and scenes are warned about or refused by a second output of "
    "the network; the figures say how well it tells kinds of pictures it was never shown.",
    "White shoes on white are the hardest: an original is at times taken for a brightened one.",
    "Of a shoe seen from above or below nobody can tell which way is up; such photos were left "
    "out of training and measuring where their table names the view.",
    "An edit that is none of the six is called unknown where the network sees it; a slight one "
    "may pass for one of the six.",
)


@dataclass(frozen=True)
class ConversionOptions:
    """What `train_conversion` may be told; the defaults are the shipped model's."""

    world: str = "paper"
    n_events: int = 60_000
    n_photos: int = 800
    n_members: int = 16
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

    Trees grow on products the embedder was trained on; rounds and calibration are chosen on
    validation products; every figure comes from test products that neither has seen.

    Parameters
    ----------
    images
        Folders or CSVs of photos, all or some of those the embedder was trained with. Figures
        are measured on the unseen products among them.
    embedder
        A folder `train_embedder` wrote.
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
    about = read_about(embedder)
    split_seed, size_px = int(about["split_seed"]), int(about["size_px"])
    encoder = Encoder.of(embedder / registry.WEIGHTS, about, options.device)
    kinds = tuple(about["kinds"])
    collection = load_collection(images, split_seed, report, kinds=kinds)
    rng = np.random.default_rng(options.seed)
    train = collection.indices("train")
    if len(train) > options.n_photos:
        train = sorted(rng.choice(train, options.n_photos, replace=False).tolist())
    parts: dict[str, SixFold] = {
        split: encode_six_fold(collection, positions, encoder, report)
        for split, positions in (
            ("train", train),
            ("validation", collection.indices("validation")),
            ("test", collection.indices("test")),
        )
    }
    models = _fit(parts, collection.groups, options, rng, report)
    flags = _flags([path.name for path in images])
    command = f"sneakeraug evaluate {{}} --model {model_id} {flags}"
    figures, tables = evaluate_embedder(
        parts["test"], collection, options.seed, command.format("embedder")
    )
    figures += evaluate_gate(
        collection,
        collection.indices("test"),
        images,
        kinds,
        encoder,
        options.seed,
        command.format("embedder"),
        report,
    )
    figures += evaluate_conditions(
        CONDITIONS,
        collection,
        collection.indices("test"),
        encoder,
        options.seed,
        command.format("embedder"),
        report,
    )
    figures += evaluate_conversion(
        models,
        parts["test"],
        collection,
        options.world,
        options.n_events,
        options.seed + 1,
        command.format("conversion") + f" --world {options.world}",
    )
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch) / "model"
        staged.mkdir()
        shutil.copy2(embedder / registry.WEIGHTS, staged / registry.WEIGHTS)
        conversion = save_conversions(staged, models)
        card = registry.ModelCard(
            model_id=model_id,
            created_utc=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            category=options.category,
            is_demo=True,
            trained_on=(
                f"{about['n_photos']['train']:,} pictures, six variants each, of a collection of "
                f"{about['n_products']:,} products; {options.n_events:,} simulated sends of the "
                f"world “{options.world}” a target."
            ),
            data_licence=licence,
            labels=AUGMENTATIONS,
            vocabulary=dict(CONTEXT_FIELDS) | {"target": tuple(TARGETS)},
            features=feature_names(AUGMENTATIONS),
            preprocessing={
                "size_px": size_px,
                "fit": "longer side scaled to the square, rest filled with the edges' median",
                "mean": MEAN,
                "std": STD,
                "augmentations": {k: dict(v) for k, v in DEFAULT_PARAMETERS.items()},
            },
            embedder=about,
            conversion=conversion,
            figures=tuple(figures),
            tables=tables | {"split_seed": split_seed, "n_events": options.n_events},
            limits=LIMITS,
            retrain=(
                f"sneakeraug train embedder {_flags(about['images'])} --out runs/embedder"
                f"{_schedule(about)}",
                f"sneakeraug train conversion {flags} --embedder runs/embedder "
                f"--world {options.world} --model-id {model_id}",
            ),
            files={},
        )
        return registry.publish(staged, models_dir, card)


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


def _fit(
    parts: dict[str, SixFold],
    groups: list[str],
    options: ConversionOptions,
    rng: np.random.Generator,
    report: Callable[[str], None],
) -> dict[str, ConversionModel]:
    """One ensemble per target on fresh draws of the world."""
    events = draw_events(options.world, parts["train"].augmentations, options.n_events, rng)
    held = draw_events(options.world, parts["validation"].augmentations, options.n_events // 3, rng)
    x, x_held = event_features(parts["train"], events), event_features(parts["validation"], held)
    products = [groups[parts["train"].photos[i]] for i in events.pictures]
    numbers = np.unique(np.array(products), return_inverse=True)[1].astype(np.int64)
    models = {}
    for target in TARGETS:
        models[target] = fit_conversion(
            x,
            events.happened[target],
            numbers,
            (x_held, held.happened[target]),
            options.n_members,
            rng,
        )
        report(f"{target}: {models[target].n_members} members of {models[target].n_rounds} trees")
    return models
