"""Putting a finished model into a folder with its card, whatever it was trained on."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sneakeraug import registry
from sneakeraug.augment.transforms import DEFAULT_PARAMETERS
from sneakeraug.card import GRAPH_FILES, WEIGHTS, Figure, ModelCard
from sneakeraug.catalog.products import load_catalog
from sneakeraug.challenger import Comparison
from sneakeraug.embed.preprocess import MEAN, STD
from sneakeraug.evidence import PastCampaigns, write_past
from sneakeraug.limits import Limits
from sneakeraug.offers import save_pictures
from sneakeraug.progress import Report
from sneakeraug.score.conversion import ConversionModel, save_conversions
from sneakeraug.score.features import Projection, feature_names
from sneakeraug.training.backbone import Backbone
from sneakeraug.training.embedder_card import INT8
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, DEFAULT_CATEGORY

LIMITS_OF_NETWORK = (
    "Other products, drawings, text and scenes are warned about or refused by a second output of "
    "the network; the figures say how well it tells kinds of pictures it was never shown.",
    "White shoes on white are the hardest: an original is at times taken for a brightened one.",
    "Of a shoe seen from above or below nobody can tell which way is up; such photos were left "
    "out of training and measuring where their table names the view.",
    "An edit that is none of the six is called unknown where the network sees it; a slight one "
    "may pass for one of the six.",
)


@dataclass(frozen=True)
class Fitted:
    """The models of some targets, and what reduces identities for them."""

    models: dict[str, ConversionModel]
    projection: Projection


@dataclass(frozen=True)
class Facts:
    """What a card says that depends on what a model was trained on; see `card.ModelCard`."""

    model_id: str
    category: str
    is_demo: bool
    trained_on: str
    licence: str
    figures: Sequence[Figure]
    tables: Mapping[str, Any]
    limits: Sequence[str]
    retrain: Sequence[str]
    is_confounded: bool = False
    comparison: Comparison | None = None


def publish_model(
    backbone: Backbone,
    fitted: Fitted,
    facts: Facts,
    models_dir: Path,
    report: Report,
    besides: Mapping[str, bytes] | None = None,
    past: PastCampaigns | None = None,
) -> Path:
    """Publish a model folder: network with its int8 graph, if any, conversion models, card.

    Parameters
    ----------
    backbone, fitted
        What serves.
    facts
        What the card says of them.
    models_dir
        Where model folders are.
    report
        Called with a line of progress while catalog pictures are encoded.
    besides
        Other files of the folder, by name.
    past
        Past campaigns that are kept with the model.

    Returns
    -------
    folder
        The published model folder.

    Raises
    ------
    InputError
        If the id is not a plain name, or such a model exists.
    """
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch) / "model"
        staged.mkdir()
        has_graph = backbone.graph is not None
        for name in (WEIGHTS, *(GRAPH_FILES if has_graph else ())):
            shutil.copy2(backbone.folder / name, staged / name)
        conversion = save_conversions(staged, fitted.models, fitted.projection)
        if facts.category == DEFAULT_CATEGORY:
            save_pictures(staged, load_catalog(), backbone.encoder, Limits(), report)
        for name, data in (besides or {}).items():
            (staged / name).write_bytes(data)
        if past is not None:
            write_past(staged, past)
        card = ModelCard(
            model_id=facts.model_id,
            created_utc=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            category=facts.category,
            is_demo=facts.is_demo,
            is_confounded=facts.is_confounded,
            trained_on=facts.trained_on,
            data_licence=facts.licence,
            labels=AUGMENTATIONS,
            vocabulary=dict(CONTEXT_FIELDS) | {"target": tuple(fitted.models)},
            features=feature_names(AUGMENTATIONS),
            preprocessing={
                "size_px": int(backbone.about["size_px"]),
                "fit": "longer side scaled to the square, rest filled with the edges' median",
                "mean": MEAN,
                "std": STD,
                "augmentations": {k: dict(v) for k, v in DEFAULT_PARAMETERS.items()},
            },
            embedder={k: v for k, v in backbone.about.items() if has_graph or k != INT8},
            conversion=conversion,
            figures=tuple(facts.figures),
            tables=dict(facts.tables),
            comparison=facts.comparison,
            limits=(*facts.limits, *LIMITS_OF_NETWORK),
            retrain=tuple(facts.retrain),
            files={},
        )
        return registry.publish(staged, models_dir, card)
