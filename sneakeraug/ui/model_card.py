"""A model's card as a page: what it was trained on, its figures, what it confuses, its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from sneakeraug.card import Figure, ModelCard, read_card
from sneakeraug.recommend import Recommender
from sneakeraug.registry import list_models, model_folder
from sneakeraug.ui import charts, words

NETWORK: Final = "The network that recognises the edit"
TOPICS: Final = {
    "product found": "Finding a product again",
    "no shoe": "Knowing that something is no shoe",
    "another edit": "Knowing that an edit is none of the six",
    "int8": "The network in 8-bit numbers, on a CPU",
}
"""What figures of the network are about, by how their names begin; the others are about edits."""

CONDITIONS: Final = "The edit, recognised under other conditions"

BACKENDS: Final = {"openvino": "OpenVINO", "torch": "PyTorch"}

NO_SHARES: Final = ("brier", "log loss", "error", "slope", "auroc")
"""In the name of a figure that is no share and not said in percent."""

LARGE: Final = 10
"""From here on a number that is no share has one decimal, below three."""

COMPARED: Final = "log loss less that of"
"""In the name of a figure that is a small difference."""


def choose(recommender: Recommender) -> ModelCard:
    """Let the reader choose among the models there are; return the card of the chosen one."""
    models_dir = recommender.settings.models_dir
    known = list_models(models_dir)
    if len(known) < 2:
        return recommender.card
    serving = recommender.model_id
    model_id = st.selectbox(
        "Which model",
        sorted(known, key=lambda name: name != serving),
        format_func=lambda name: f"{name} (serves now)" if name == serving else name,
        key="shown_model",
    )
    return read_card(model_folder(models_dir, model_id))


def show_identity(card: ModelCard, recommender: Recommender) -> None:
    """Show which model this is, whether it serves, on what, its data, and what it cannot do."""
    backend = BACKENDS.get(recommender.backend, recommender.backend)
    serves = f"{recommender.device.upper()} ({backend})"
    facts = {
        "Model": card.model_id,
        "Published": card.created_utc[:10],
        "In use": f"Now, on {serves}" if card.model_id == recommender.model_id else "Not now",
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
        st.markdown(f"**Licence of its data.** {words.plain(card.data_licence)}")
    with right:
        st.subheader("Limits", anchor=False)
        st.markdown("\n".join(f"- {words.plain(limit)}" for limit in card.limits) or "None given.")


def show_figures(card: ModelCard) -> None:
    """Show every measured figure with what it rests on, and the command that gives it again."""
    st.subheader("Every measured figure", anchor=False)
    if not card.figures:
        st.caption("The card of this model holds no measured figure.")
        return
    st.caption(
        "Ranges hold 95 times in 100. The command below each table measures its figures again."
    )
    for title, figures in group_figures(card.figures):
        n = f"{len(figures):,} {'figure' if len(figures) == 1 else 'figures'}"
        with st.expander(f"**{words.plain(title)}** · {n}"):
            _show_group(figures)


def _show_group(figures: list[Figure]) -> None:
    """Figures of one measurement: a table, what it rests on, and its command."""
    first = figures[0]
    st.table(figure_table(figures), hide_index=True, border="horizontal")
    st.caption(f"Seed {first.seed}. Measured by:")
    st.code(first.command, language=None, wrap_lines=True)


def group_figures(figures: Sequence[Figure]) -> list[tuple[str, list[Figure]]]:
    """Return figures by what was measured together, each group with its title.

    Parameters
    ----------
    figures
        Named ``target: measure`` where they belong to a target.
    """
    groups: dict[tuple[str, int, str], list[Figure]] = {}
    for figure in figures:
        target, _, measure = figure.name.partition(": ")
        title = words.EVENTS[target].capitalize() if measure and target in words.EVENTS else ""
        title = title or _topic(figure)
        key = (title, figure.seed, figure.command)
        groups.setdefault(key, []).append(figure)
    return [(key[0], members) for key, members in groups.items()]


def _topic(figure: Figure) -> str:
    """What a figure of the network is about."""
    for start, topic in TOPICS.items():
        if figure.name.startswith(start):
            return topic
    return CONDITIONS if "--condition" in figure.command else NETWORK


def figure_table(figures: Sequence[Figure]) -> pd.DataFrame:
    """Return figures as a table of words, one row each, of two columns: a phone is narrow."""
    return pd.DataFrame(
        [
            {
                "What": "  \n".join(
                    (
                        words.plain(measure_of(figure)),
                        f":gray[:small[{words.plain(_read_against(figure))}]]",
                    )
                ),
                "Figure": "  \n".join(
                    (
                        f"**{value(figure, figure.value)}**",
                        *([f":gray[:small[{_range(figure)}]]"] if figure.interval else []),
                    )
                ),
            }
            for figure in figures
        ]
    )


def _read_against(figure: Figure) -> str:
    """What a figure rests on, and what it is read beside."""
    beside = (
        f"{name} {value(figure, number)}".replace(words.NBSP, " ")
        for name, number in figure.baselines.items()
    )
    return "; ".join((*beside, f"{figure.n:,} {figure.unit}"))


def _range(figure: Figure) -> str:
    """A figure's 95 % interval, empty where it has none."""
    return " to ".join(value(figure, end) for end in figure.interval or ())


def measure_of(figure: Figure) -> str:
    """Return what a figure measures, without its target."""
    target, _, measure = figure.name.partition(": ")
    said = measure if measure and target in words.EVENTS else figure.name
    return said[:1].upper() + said[1:]


def value(figure: Figure, number: float) -> str:
    """Say a number of a figure: a share as a percentage, a loss as it is."""
    if COMPARED in figure.name:
        return words.loss(number)
    is_no_share = any(word in figure.name.lower() for word in NO_SHARES)
    if is_no_share or not 0 <= number <= 1:
        return f"{number:,.3f}" if abs(number) < LARGE else f"{number:,.1f}"
    return f"{100 * number:.1f}{words.NBSP}%"


def show_confusion(card: ModelCard) -> None:
    """Show which edits the network took for which."""
    counts = card.tables.get("confusion")
    if not counts:
        return
    st.subheader("Which edits it mixes up", anchor=False)
    st.caption("Of every hundred versions with one edit, how many it named as each.")
    st.plotly_chart(
        charts.confusion_plot(counts, card.labels),
        width="stretch",
        config={"displayModeBar": False},
        key="confusion_plot",
        alt=charts.describe_confusion(counts, card.labels),
    )


def show_retraining(card: ModelCard) -> None:
    """Show how the model was trained, and so how to train one on other data."""
    st.subheader("Train it on your own history", anchor=False)
    st.caption(
        "How this one was trained; put your own pictures and sends in the place of its data."
    )
    st.code("\n".join(card.retrain), language=None, wrap_lines=True)
