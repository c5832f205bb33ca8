"""Models of every target, learnt from simulated sends of a world."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from sneakeraug.dataset.sends import Events, draw_events
from sneakeraug.dataset.worlds import World
from sneakeraug.errors import InputError
from sneakeraug.progress import Report
from sneakeraug.score.conversion import Rows, fit_conversion
from sneakeraug.score.features import Projection, build_features, fit_projection
from sneakeraug.training.backbone import Backbone
from sneakeraug.training.collection import Collection, load_collection
from sneakeraug.training.conversion_figures import Unseen
from sneakeraug.training.publish import Fitted
from sneakeraug.training.six_fold import SixFold, encode_six_fold, world_pictures
from sneakeraug.vocabulary import AUGMENTATIONS, TARGETS

HELD_OUT_SHARE: Final = 0.25
"""Sends of validation products for each send of a training product."""


def fit_models(
    train: Unseen,
    held_out: Unseen,
    world: World,
    n_events: int,
    rng: np.random.Generator,
    report: Report,
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


def both_views(six_fold: SixFold, collection: Collection, is_edit_known: bool = True) -> Unseen:
    """Return pictures as a world and as models see them."""
    return Unseen(world_pictures(six_fold, collection), six_fold.picture_rows(is_edit_known))


def encode_sides(
    images: Sequence[Path], network: Backbone, n_photos: int, seed: int, report: Report
) -> dict[str, Unseen]:
    """Return some photos of the sides ``train``, ``validation`` and ``test``, six variants each.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    network
        Sees them.
    n_photos
        Of each side at most, drawn by `seed`.
    seed
        Which photos.
    report
        Called with a line of progress now and then.

    Raises
    ------
    InputError
        If a side has no photo.
    """
    collection = load_collection(images, network.split_seed, report, kinds=network.kinds)
    rng = np.random.default_rng(seed)
    sides = {}
    for side in ("train", "validation", "test"):
        drawn = rng.permutation(collection.require(side))[:n_photos].tolist()
        six_fold = encode_six_fold(collection, sorted(drawn), network.encoder, report)
        sides[side] = both_views(six_fold, collection)
    return sides
