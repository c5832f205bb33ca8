"""The one recommender of the process, and analyses kept so that a picture is embedded once."""

from __future__ import annotations

import threading
from typing import Final

import streamlit as st

from sneakeraug import recommend
from sneakeraug.analysis import Analysis
from sneakeraug.recommend import Recommender
from sneakeraug.records import Driver, Recommendation
from sneakeraug.ui.state import Campaign, Picture

N_ALTERNATES: Final = 6
"""As many as there are variants, so that both rows of cards line up."""

KEPT_ANALYSES: Final = 64
"""Analyses kept for all sessions together, about 5 MB each."""

_loading = threading.Lock()


def recommender() -> Recommender:
    """Return the recommender, loaded once; a failed load is tried again at the next call.

    Raises
    ------
    ModelError
        If no model can be loaded.
    """
    with _loading:  # two first visits at once load it once
        return _load()


@st.cache_resource(show_spinner=False, max_entries=1)
def _load() -> Recommender:
    return recommend.load()


def analyse(picture: Picture) -> Analysis:
    """Return a picture's analysis; the second call for the same bytes costs nothing.

    Raises
    ------
    PhotoError
        If the picture cannot be read or is over a limit.
    """
    return _analyse(picture, recommender())


def _content(picture: Picture) -> str:
    return picture.sha256


@st.cache_resource(
    show_spinner=False, max_entries=KEPT_ANALYSES, ttl="2h", hash_funcs={Picture: _content}
)
def _analyse(picture: Picture, _engine: Recommender) -> Analysis:
    """Kept by the content's hash: who does not have the bytes cannot ask for it."""
    return _engine.analyse(picture.data, name=picture.name)


def score(analysis: Analysis, campaign: Campaign) -> Recommendation:
    """Score an analysed picture; nothing is embedded again."""
    return recommender().score(
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
    return recommender().explain(
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
