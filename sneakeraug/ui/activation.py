"""Letting a model serve, and going back, from its page; for admins."""

from __future__ import annotations

from typing import Final

import streamlit as st

from sneakeraug import registry
from sneakeraug.card import ModelCard
from sneakeraug.errors import SneakeraugError
from sneakeraug.settings import Settings, get_settings
from sneakeraug.ui import access, words

DONE, FAILED = "activation_done", "activation_failed"

ELSEWHERE: Final = "Other pages and the service follow by themselves."


def show(card: ModelCard) -> None:
    """Show what an admin may do with a model, and what came of it.

    Parameters
    ----------
    card
        Of the model that is shown.
    """
    settings = get_settings()
    _say()
    if not access.can("activate a model") or settings.model_id is not None:
        return  # a model that was named by a setting serves whatever is activated
    serving = registry.read_active(settings.models_dir, card.category)
    if card.model_id != serving.model_id:
        with st.popover("Let it serve", icon=":material/rocket_launch:"):
            st.markdown(
                f"**{words.plain(card.model_id)}** takes the place of "
                f"**{words.plain(serving.model_id)}** for everybody. {ELSEWHERE}"
            )
            st.button(
                "Let it serve now",
                type="primary",
                key="activate",
                on_click=_activate,
                args=(settings, card),
            )
    elif serving.before and serving.before[-1] in registry.list_models(settings.models_dir):
        with st.popover("Go back to the model before", icon=":material/undo:"):
            st.markdown(f"**{words.plain(serving.before[-1])}** serves again. {ELSEWHERE}")
            st.button("Go back now", key="roll_back", on_click=_roll_back, args=(settings, card))


def _say() -> None:
    """Say what the last click came to, once."""
    done, failed = st.session_state.pop(DONE, None), st.session_state.pop(FAILED, None)
    if done is not None:
        st.success(f"{words.plain(done)} serves now. {ELSEWHERE}", icon=":material/check_circle:")
    if failed is not None:
        st.error(words.plain(failed), icon=":material/error:")


def _activate(settings: Settings, card: ModelCard) -> None:
    try:
        access.check("activate a model")
        registry.activate(settings.models_dir, card.model_id)
        st.session_state[DONE] = card.model_id
    except SneakeraugError as exc:
        st.session_state[FAILED] = str(exc)


def _roll_back(settings: Settings, card: ModelCard) -> None:
    try:
        access.check("activate a model")
        st.session_state[DONE] = registry.roll_back(settings.models_dir, card.category)
    except SneakeraugError as exc:
        st.session_state[FAILED] = str(exc)
