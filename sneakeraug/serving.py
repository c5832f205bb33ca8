"""From settings to something that serves: the model, the catalog, and a recommender kept ready."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from sneakeraug.analysis import ImageInput
from sneakeraug.catalog.products import DEMO, Catalog, load_catalog
from sneakeraug.errors import ModelError
from sneakeraug.progress import Report, silent
from sneakeraug.recommend import Recommender
from sneakeraug.records import Recommendation
from sneakeraug.registry import active_model, chosen_folder
from sneakeraug.settings import Settings, get_settings
from sneakeraug.vocabulary import DEFAULT_CATEGORY

if TYPE_CHECKING:
    from sqlalchemy import Engine


def load(
    model_id: str | None = None,
    *,
    category: str = DEFAULT_CATEGORY,
    settings: Settings | None = None,
    report: Report = silent,
) -> Recommender:
    """Load a model and the catalog, once, for many recommendations.

    Alternates come from one's own catalog; from the demo catalog while that is empty.

    Parameters
    ----------
    model_id
        A model folder's name; the settings' model, else the category's active one, where None.
    category
        Of products, for instance ``sneakers``.
    settings
        Those of the environment where None.
    report
        Called with a line of progress while a new catalog is encoded.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError
        If the model is missing, or a file of it was changed.
    """
    settings = settings or get_settings()
    usual = settings.model_id if category == DEFAULT_CATEGORY else None
    folder = chosen_folder(settings.models_dir, model_id, usual, category=category)
    catalog, engine = Catalog(DEMO, ()), None
    if category == DEFAULT_CATEGORY:
        catalog, engine = serving_catalog(settings)
    return Recommender(folder, catalog, settings, engine, report)


def activated(settings: Settings, category: str = DEFAULT_CATEGORY) -> str | None:
    """Return the model that is to serve by now; costs next to nothing.

    Returns
    -------
    model_id
        None where the settings name one, which stays whatever is activated, and where it cannot be
        read: what serves is in memory, and goes on.
    """
    if settings.model_id is not None and category == DEFAULT_CATEGORY:
        return None
    try:
        return active_model(settings.models_dir, category)
    except ModelError:
        return None


def serving_catalog(settings: Settings) -> tuple[Catalog, Engine | None]:
    """Return the catalog that alternates come from, and the database of one's own one.

    Returns
    -------
    catalog
        One's own; the demo catalog where there is none, or nothing in it.
    engine
        None where nothing was ever imported: looking makes no database.
    """
    if not settings.has_database:
        return load_catalog(), None
    from sneakeraug.catalog.own import open_own_catalog  # imports a database's driver

    own = open_own_catalog(settings)
    catalog = own.catalog()
    if not len(catalog):
        catalog = replace(load_catalog(), revision=catalog.revision)
    return catalog, own.engine


def make_prediction_recommendation(
    image: ImageInput,
    target: str = "click_through",
    campaign_type: str = "promotional",
    industry: str = "retail",
    sneaker_type: str | None = None,
    gender: str | None = None,
    n_alternates: int = 5,
) -> Recommendation:
    """Score a picture and its alternatives with the active model, loaded once and kept.

    Parameters
    ----------
    image
        A path, a file's bytes, a PIL image, or an RGB uint8 array ``(h, w, 3)``.
    target, campaign_type, industry, sneaker_type, gender
        Terms of `sneakeraug.vocabulary`.
    n_alternates
        Catalog pictures wanted.

    Raises
    ------
    PhotoError, ContextError, ModelError
        If the picture, the campaign or the model cannot be used.
    """
    return _default_recommender().recommend(
        image,
        target=target,
        campaign_type=campaign_type,
        industry=industry,
        sneaker_type=sneaker_type,
        gender=gender,
        n_alternates=n_alternates,
    )


_loaded: list[Recommender] = []
_loading = threading.Lock()


def _default_recommender() -> Recommender:
    """The active model, loaded once a process."""
    with _loading:
        if not _loaded:
            _loaded.append(load())
        return _loaded[0]
