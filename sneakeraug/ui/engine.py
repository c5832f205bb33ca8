"""The one recommender of the process, and analyses kept so that a picture is embedded once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from sneakeraug import delivery, serving, signoff
from sneakeraug.analysis import Analysis
from sneakeraug.catalog.products import Catalog
from sneakeraug.crowd import Crowd
from sneakeraug.delivery import Delivery
from sneakeraug.errors import InputError, ModelError, SneakeraugError
from sneakeraug.evidence import Evidence
from sneakeraug.export.picture import Kind
from sneakeraug.export.report import SignOff
from sneakeraug.offers import EncodedCatalog
from sneakeraug.recommend import Recommender
from sneakeraug.records import Driver, Recommendation, VariantScore
from sneakeraug.regions import Covered, Regions
from sneakeraug.settings import get_settings
from sneakeraug.ui import access, shelves
from sneakeraug.ui.state import Campaign, Picture
from sneakeraug.vocabulary import DEFAULT_CATEGORY

N_ALTERNATES: Final = 6
"""As many as there are variants, so that both rows of cards line up."""

KEPT_ANALYSES: Final = 64
"""Analyses kept for all sessions together, about 5 MB each."""

KEPT_COVERED: Final = 16
"""Pictures kept with each of their parts covered, about 20 MB each."""

KEPT_DELIVERIES: Final = 64
"""Exported pictures kept for all sessions together, at most 0.2 MB each."""

KEPT_MODELS: Final = 4
"""Categories whose models are kept at once."""

LONGEST_WAIT_S: Final = 5.0
"""For an upload's turn, expected; people wait longer than programs before they try again."""

_loading, _replacing, _refreshing = threading.Lock(), threading.Lock(), threading.Lock()

logger = logging.getLogger(__name__)


@dataclass
class _Kept:
    """What serves a category, and the model that was activated and could not be loaded."""

    engine: Recommender
    unusable: str | None = None


def recommender(category: str = DEFAULT_CATEGORY) -> Recommender:
    """Return a category's recommender, loaded once; a failed load is tried again at the next call.

    Raises
    ------
    ModelError
        If no model can be loaded.
    """
    with _loading:  # two first visits at once load it once
        kept = _load(category)
    _follow_model(kept, category)
    engine = kept.engine
    if category == DEFAULT_CATEGORY:
        _follow(engine)
    return engine


@st.cache_resource(show_spinner=False, max_entries=KEPT_MODELS)
def _load(category: str) -> _Kept:
    return _Kept(serving.load(category=category))


def _follow_model(kept: _Kept, category: str) -> None:
    """Load the model that was activated since, wherever that was; other visits go on meanwhile."""
    wanted = serving.activated(get_settings(), category)
    if wanted in (None, kept.engine.model_id, kept.unusable):
        return
    if not _replacing.acquire(blocking=False):
        return
    try:
        kept.engine = serving.load(category=category)
    except SneakeraugError as exc:
        if isinstance(exc, ModelError):
            kept.unusable = wanted
        logger.error("Model %s goes on, %s cannot: %s", kept.engine.model_id, wanted, exc)
    finally:
        _replacing.release()


def _is_current(engine: Recommender) -> bool:
    """Whether alternates come from the products that the database has now."""
    store = shelves.own_store()
    return engine.catalog.revision == (store.revision() if store else "")


def _follow(engine: Recommender) -> None:
    """Follow the database where another process changed it, beside the visits: they go on."""
    if not _is_current(engine) and _refreshing.acquire(blocking=False):
        threading.Thread(target=_catch_up, args=(engine,), daemon=True).start()


def _catch_up(engine: Recommender) -> None:
    try:
        engine.use_catalog(*serving.serving_catalog(get_settings()))
    except SneakeraugError as exc:  # the next visit tries again
        logger.error("The catalog could not be read again: %s", exc)
    finally:
        _refreshing.release()


def refresh_catalog(report: Callable[[str], None] = lambda _line: None) -> None:
    """Let alternates come from the catalog as it is now, when this returns.

    Parameters
    ----------
    report
        Called with a line of progress now and then.
    """
    with _loading:
        engine = _load(DEFAULT_CATEGORY).engine
    with _refreshing:
        if not _is_current(engine):
            engine.use_catalog(*serving.serving_catalog(get_settings()), report)


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
    if catalog.is_named_by_hash:
        refresh_catalog()
    if catalog.state == engine.catalog.state:
        return engine.pictures.similarities(embedding)
    return _encoded(catalog, engine).similarities(embedding)


def _state(catalog: Catalog) -> tuple[str, str]:
    return catalog.state


@st.cache_resource(
    show_spinner=False,
    max_entries=2,
    hash_funcs={Catalog: _state, Recommender: _model},
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
    BusyError
        If so many others bring theirs at the moment that this one had to wait long.
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
    with _crowd().place():
        return engine.analyse(picture.data, name=picture.name)


@st.cache_resource(show_spinner=False)
def _crowd() -> Crowd:
    """The visits of all sessions that look at a new picture."""
    return Crowd(LONGEST_WAIT_S)


def score(analysis: Analysis, campaign: Campaign) -> Recommendation:
    """Score an analysed picture; nothing is embedded again."""
    return recommender(campaign.category).score(
        analysis,
        **campaign.terms,
        n_alternates=N_ALTERNATES,
        guard=dict(campaign.guard),
    )


def explain(analysis: Analysis, augmentation: str, campaign: Campaign) -> list[Driver]:
    """Say what moved a variant's score, most first."""
    return recommender(campaign.category).explain(
        analysis,
        augmentation,
        **campaign.terms,
    )


def past(analysis: Analysis, campaign: Campaign) -> list[Evidence]:
    """Find past campaigns with pictures like this one; none where the model has no history."""
    return recommender(campaign.category).past(
        analysis,
        **campaign.terms,
    )


def regions(analysis: Analysis, augmentation: str, campaign: Campaign) -> Regions:
    """Say which parts of the picture move a variant's score; the first call takes a second."""
    engine = recommender(campaign.category)
    return engine.regions(
        analysis,
        augmentation,
        **campaign.terms,
        covered=_cover(analysis, engine),
    )


def _photo(analysis: Analysis) -> str:
    return analysis.photo.sha256


@st.cache_resource(
    show_spinner="Covering one part after the other…",
    max_entries=KEPT_COVERED,
    ttl="2h",
    hash_funcs={Analysis: _photo, Recommender: _model},
)
def _cover(analysis: Analysis, engine: Recommender) -> Covered:
    """Kept by the content's hash, whatever the campaign and the version."""
    return engine.cover(analysis)


def full_size(picture: Picture, variant: VariantScore) -> bytes:
    """Make one variant at the picture's full size, as PNG."""
    return recommender().render(picture.data, variant.augmentation, variant.parameters)


def deliver(
    picture: Picture,
    recommendation: Recommendation,
    variant: str,
    alt: str,
    width_px: int,
    kind: Kind,
) -> Delivery | str:
    """Make a variant ready for e-mail, once; where that cannot be, say why.

    Raises
    ------
    AccessError
        If the visitor may not export.
    """
    access.check("export")
    return _deliver(
        picture, recommendation, recommendation.model_id, picture.name, variant, alt, width_px, kind
    )


@st.cache_resource(
    show_spinner="Making the picture for the e-mail…",
    max_entries=KEPT_DELIVERIES,
    ttl="2h",
    hash_funcs={Picture: _content},
)
def _deliver(
    picture: Picture,
    _recommendation: Recommendation,
    model_id: str,  # noqa: ARG001 - part of the key
    name: str,  # noqa: ARG001 - part of the key
    variant: str,
    alt: str,
    width_px: int,
    kind: Kind,
) -> Delivery | str:
    """Kept by the content's hash; a refusal is kept too, as it takes as long."""
    try:
        return delivery.deliver(
            picture.data,
            picture.name,
            _recommendation,
            variant,
            alt,
            get_settings().limits,
            width_px,
            kind,
        )
    except InputError as exc:
        return str(exc)


def report(
    picture: Picture,
    recommendation: Recommendation,
    made: Delivery,
    sign_off: SignOff,
    kind: str,
    category: str,
) -> bytes:
    """Write a sign-off report, ``html`` or ``pdf``."""
    engine, analysis = recommender(category), analyse(picture, category)
    return signoff.write_report(
        signoff.compose_report(
            recommendation,
            made,
            {variant.augmentation: variant.photo for variant in analysis.variants},
            engine.catalog,
            engine.card,
            engine.settings.limits,
            sign_off,
            picture.name,
        ),
        kind,
    )
