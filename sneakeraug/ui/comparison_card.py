"""How a model did beside the one that served when it was trained, and whether it was forced."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from sneakeraug.card import ModelCard
from sneakeraug.challenger import Comparison, Difference
from sneakeraug.errors import ModelNotFoundError
from sneakeraug.registry import read_active
from sneakeraug.ui import words

BADGES: Final[dict[words.Judgement, str]] = {
    "better": ":blue-badge[better]",
    "worse": ":orange-badge[worse]",
    "unclear": ":gray-badge[no clear difference]",
}


def show(card: ModelCard, models_dir: Path) -> None:
    """Show the comparison a card holds, and what spoke against the model where it was forced."""
    against = forced(card, models_dir)
    if card.comparison is None and not against:
        return
    st.subheader("Against the model that served", anchor=False)
    if against:
        st.warning(f"**It serves by force.** {words.plain(against)}", icon=":material/gavel:")
    if card.comparison is not None:
        other = words.plain(card.comparison.serving)
        st.caption(
            f"Log loss less that of “{other}”, on history of products that neither had learnt "
            "from: below 0 is better. Ranges hold 95 times in 100."
        )
        st.table(comparison_table(card.comparison), hide_index=True, border="horizontal")


def forced(card: ModelCard, models_dir: Path) -> str:
    """Return what spoke against a model that serves all the same; empty where nothing did."""
    try:
        active = read_active(models_dir, card.category)
    except ModelNotFoundError:
        return ""
    return active.forced if active.model_id == card.model_id else ""


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """Return a comparison as a table of words, of two columns: a phone is narrow."""
    return pd.DataFrame(
        [
            {
                "Of what": f"{words.EVENTS[target].capitalize()}  \n"
                f":gray[:small[this model {words.loss(found.candidate)}, "
                f"{words.plain(comparison.serving)} {words.loss(found.serving)}; "
                f"{found.n:,} trials of {found.n_products:,} products]]",
                "Difference": f"**{words.loss(found.value, True)}** {BADGES[judge(found)]}  \n"
                f":gray[:small[{words.loss(found.interval[0], True)} to "
                f"{words.loss(found.interval[1], True)}]]",
            }
            for target, found in comparison.targets.items()
        ]
    )


def judge(found: Difference) -> words.Judgement:
    """Return whether a loss is lower or higher by more than chance among products explains."""
    low, high = found.interval
    return "worse" if low > 0 else "better" if high < 0 else "unclear"
