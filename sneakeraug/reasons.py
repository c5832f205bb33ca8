"""Why a score is what it is: what drove it, where on the picture, and what the past says."""

from __future__ import annotations

import numpy as np

from sneakeraug.analysis import ORIGINAL, Analysis
from sneakeraug.errors import InputError
from sneakeraug.evidence import Evidence, find_evidence
from sneakeraug.explain import group_drivers
from sneakeraug.model import LoadedModel
from sneakeraug.records import Context, Driver
from sneakeraug.regions import Covered, Regions, cover_patches, measure_regions
from sneakeraug.vocabulary import AUGMENTATIONS


def find_drivers(
    model: LoadedModel, analysis: Analysis, augmentation: str, target: str, context: Context
) -> list[Driver]:
    """Say what moved a variant's score on the log-odds scale, most first.

    Raises
    ------
    InputError
        If the augmentation is unknown.
    """
    row = analysis.picture_rows().take(np.array([_label_of(augmentation)]))
    x = model.features(row, context)
    added = model.contributions(target, x)
    return group_drivers(x[0], added[0], model.card.features, context)


def cover_picture(model: LoadedModel, analysis: Analysis) -> Covered:
    """Cover one patch of a picture after the other; what `find_regions` needs of the network."""
    return cover_patches(analysis.variants[ORIGINAL].photo, model.encoder)


def find_regions(
    model: LoadedModel,
    analysis: Analysis,
    augmentation: str,
    target: str,
    context: Context,
    covered: Covered | None,
) -> Regions:
    """Say which parts of the picture move a variant's score, by covering each in turn.

    Parameters
    ----------
    model, analysis, target, context
        What is scored.
    augmentation
        The variant; patches of the picture as it came are covered before the edit.
    covered
        From `cover_picture`, where it is kept for several calls.

    Raises
    ------
    InputError
        If the augmentation is unknown.
    """
    label, rows = _label_of(augmentation), analysis.picture_rows()
    members = model.predict_variants(target, analysis, context)
    covered = covered or cover_picture(model, analysis)
    with model.lock:
        return measure_regions(
            covered,
            analysis.variants[ORIGINAL].photo,
            rows.take(np.array([label])),
            analysis.variants[label],
            model.conversions[target],
            model.projection,
            context,
            target,
            float(members[:, label].mean()),
        )


def find_past(
    model: LoadedModel, analysis: Analysis, target: str, context: Context, n: int
) -> list[Evidence]:
    """Find `n` past campaigns with pictures like this one; none where the model has no history."""
    if model.history is None:
        return []
    return find_evidence(model.history, analysis.embedding, context, target, n)


def _label_of(augmentation: str) -> int:
    """The position of an augmentation among the variants."""
    if augmentation not in AUGMENTATIONS:
        raise InputError(
            f"Unknown augmentation {augmentation!r}; expected one of: {', '.join(AUGMENTATIONS)}."
        )
    return AUGMENTATIONS.index(augmentation)
