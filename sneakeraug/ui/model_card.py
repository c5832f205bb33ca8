"""A model's card as a page: what it was trained on, its measured figures, its limits."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sneakeraug.recommend import Recommender
from sneakeraug.registry import Figure, ModelCard
from sneakeraug.ui import words


def show_identity(recommender: Recommender) -> None:
    """Show which model serves, on what, and what it was trained on."""
    card = recommender.card
    facts = {
        "Model": card.model_id,
        "Published": card.created_utc[:10],
        "Serves on": f"{recommender.device.upper()}, {recommender.backend}",
        "Catalog": f"{len(recommender.catalog):,} pictures",
    }
    grid = st.grid(len(facts), min_column_width=150, gap="small")
    for name, fact in facts.items():
        with grid.container(border=True, height="stretch", gap=None):
            st.caption(name)
            st.markdown(f"**{words.plain(fact)}**")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Trained on", anchor=False)
        st.markdown(words.plain(card.trained_on))
    with right:
        st.subheader("Licence of its data", anchor=False)
        st.markdown(words.plain(card.data_licence))


def show_figures(card: ModelCard) -> None:
    """Show every measured figure with what it rests on, and the command that gives it again."""
    st.subheader("Measured", anchor=False)
    if not card.figures:
        st.caption("The card of this model holds no measured figure.")
        return
    st.caption("Ranges hold 95 times in 100. Each command measures the figure again.")
    st.table(figure_table(card.figures), hide_index=True)


def figure_table(figures: tuple[Figure, ...]) -> pd.DataFrame:
    """Return the figures as a table of words, one row each."""
    return pd.DataFrame(
        [
            {
                "What": words.plain(f.name),
                "Figure": value(f.value),
                "Range": f"{value(f.interval[0])} to {value(f.interval[1])}" if f.interval else "–",
                "Rests on": f"{f.n:,} {words.plain(f.unit)}",
                "Beside it": "; ".join(
                    f"{words.plain(name)} {value(v)}" for name, v in f.baselines.items()
                )
                or "–",
                "Command": f"`{f.command.replace('`', '')}`",
            }
            for f in figures
        ]
    )


def value(number: float) -> str:
    """Say a figure: a share as a percentage, anything else as it is."""
    return f"{100 * number:.1f}{words.NBSP}%" if 0 <= number <= 1 else f"{number:,.3g}"


def show_limits(card: ModelCard) -> None:
    """Show what the model cannot do, and how to train one on other data."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Limits", anchor=False)
        st.markdown("\n".join(f"- {words.plain(limit)}" for limit in card.limits) or "None given.")
    with right:
        st.subheader("Train it on your own history", anchor=False)
        st.code("\n".join(card.retrain), language="bash", wrap_lines=True)
