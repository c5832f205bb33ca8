"""The first line of a page: its title, and the label of a demo model."""

from __future__ import annotations

import streamlit as st

from sneakeraug.card import ModelCard
from sneakeraug.ui import words


def show(title: str, card: ModelCard | None) -> None:
    """Show a page's title, and below it what kind of model speaks, where one does."""
    st.title(title, anchor=False)
    if card is not None and card.is_demo:
        st.caption(f":material/science: {words.DEMO}")
