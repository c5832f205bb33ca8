"""The one recommender of the process, and analyses kept so that a picture is embedded once."""

from __future__ import annotations

import threading
from typing import Final

import streamlit as st

from sneakeraug import recommend
from sneakeraug.analysis import Analysis
from sneakeraug.catalog.products import Catalog
from sneakeraug.offers import EncodedCatalog
from sneakeraug.recommend import Recommender
from sneakeraug.records import Driver, Recommendation
from sneakeraug.ui.state import Campaign, Picture
from sneakeraug.vocabulary import DEFAULT_CATEGORY

N_ALTERNATES: Final = 6
"""As many as there are variants, so that both rows of cards line up."""

KEPT_ANALYSES: Final = 64
"""Analyses kept for all sessions together, about 5 MB each."""

KEPT_MODELS: Final = 4
"""Categories whose models are kept at once."""

_loading = threading.Lock()


def recommender(category: str = DEFAULT_CATEGORY) -> Recommender:
    """Return a category's recommender, loaded once; a failed load is tried again at the next call.

    Raises
    ------
    ModelError
        If no model can be loaded.
    """
    with _loading:  # two first visits at once load it once
        return _load(category)


@st.cache_resource(show_spinner=False, max_entries=KEPT_MODELS)
def _load(category: str) -> Recommender:
    return recommend.load(category=category)


def refresh_catalog() -> None:
    """Let alternates come from the catalog as it is now."""
    engine = recommender()
    engine.use_catalog(*recommend.serving_catalog(engine.settings))


def _content(picture: Picture) -> str:
    return picture.sha256


def _model(engine: Recommender) -> str:
    return engine.model_id


def similarities(picture: Picture, catalog: Catalog, engine: Recommender) -> dict[str, float]:
    """Return how much each product of a catalog is like a picture, by its id.

    Raises
    ------
    PhotoError
        If the picture cannot be read or is over a limit.
    """
    embedding = engine.embed(picture.data, picture.name)
    if catalog.products == engine.catalog.products:
        return engine.pictures.similarities(embedding)
    return _encoded(catalog, engine).similarities(embedding)


def _products(catalog: Catalog) -> str:
    return repr(catalog.products)


@st.cache_resource(
    show_spinner=False,
    max_entries=2,
    hash_funcs={Catalog: _products, Recommender: _model},
)
def _encoded(catalog: Catalog, engine: Recommender) -> EncodedCatalog:
    """A catalog that does not serve alternates, encoded once."""
    return engine.encode_catalog(catalog)


def analyse(picture: Picture, category: str = DEFAULT_CATEGORY) -> Analysis:
    """Return a picture's analysis; the second call for the same bytes costs nothing.

    Raises
    ------
    PhotoError
        If the picture cannot be read or is over a limit.
    """
    return _analyse(picture, recommender(category))


@st.cache_resource(
    show_spinner=False,
    max_entries=KEPT_ANALYSES,
    ttl="2h",
    hash_funcs={Picture: _content, Recommender: _model},
)
def _analyse(picture: Picture, engine: Recommender) -> Analysis:
    """Kept by the content's hash: who does not have the bytes cannot ask for it."""
    return engine.analyse(picture.data, name=picture.name)


def score(analysis: Analysis, campaign: Campaign) -> Recommendation:
    """Score an analysed picture; nothing is embedded again."""
    return recommender(campaign.category).score(
        analysis,
        target=campaign.target,
        campaign_type=campaign.campaign_type,
        industry=campaign.industry,
        sneaker_type=campaign.sneaker_type,
        gender=campaign.gender,
        n_alternates=N_ALTERNATES,
    )


def explain(analysis: Analysis, augmentation: str, campaign: Campaign) -> list[Driver]:
    """Say what moved a variant's score, most first."""
    return recommender(campaign.category).explain(
        analysis,
        augmentation,
        target=campaign.target,
        campaign_type=campaign.campaign_type,
        industry=campaign.industry,
        sneaker_type=campaign.sneaker_type,
        gender=campaign.gender,
    )


def full_size(picture: Picture, variant: str, analysis: Analysis) -> bytes:
    """Make one variant at the picture's full size, as PNG."""
    made = next(v for v in analysis.variants if v.augmentation == variant)
    return recommender().render(picture.data, made.augmentation, made.parameters)
