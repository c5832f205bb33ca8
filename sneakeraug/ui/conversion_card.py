"""How far a model's probabilities hold, target by target, as far as its card says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pandas as pd
import streamlit as st

from sneakeraug.card import ModelCard
from sneakeraug.ui import model_charts, words
from sneakeraug.vocabulary import TARGETS

Found = Mapping[str, Any]
"""What was measured of one target; a card of another version may hold less."""

NO_BAR: Final = {"displayModeBar": False}


class Row(NamedTuple):
    """A figure of the table: its name, where it is, what it is read beside, and how it is said."""

    name: str
    key: str
    beside: Mapping[str, str | float]
    kind: str = "share"


ROWS: Final = (
    Row(
        "Log loss, nats a send",
        "log_loss",
        {"best possible": "bayes_log_loss", "base rate": "base_rate_log_loss"},
        "nats",
    ),
    Row("Log loss above the best possible", "log_loss_excess", {}, "nats"),
    Row("Brier score above the best possible", "brier_excess", {}, "nats"),
    Row("Area under the ROC curve", "auc", {"best possible": "bayes_auc", "random": 0.5}, "number"),
    Row("Calibration error", "ece", {"right": 0.0}),
    Row("Calibration slope", "calibration_slope", {"right": 1.0}, "number"),
    Row(
        "Ranges that hold the true probability",
        "interval_coverage",
        {"meant": 0.9, "no range": "point_coverage"},
    ),
    Row("Ranges that hold the true difference", "difference_coverage", {"meant": 0.9}),
    Row(
        "Lost by following the verdict, of the best",
        "regret_mean",
        {
            "best possible": 0.0,
            "always original": "regret_mean_if_always_original",
            "random": "regret_mean_if_random",
        },
    ),
    Row("The same, at most, 95 times in 100", "regret_p95", {"best possible": 0.0}),
    Row("Pictures with a recommendation", "share_recommended", {}),
    Row("Pictures with a harmful one", "false_recommendation_rate", {"best possible": 0.0}),
    Row(
        "Truly the best, of those given about 90\u00a0%",
        "p_best_calibration",
        {"said": "p_best_claimed"},
    ),
    Row("Difference claimed beyond the true one", "winner_bias", {"right": 0.0}),
)


def show(card: ModelCard) -> None:
    """Show how far the probabilities of one target hold; the reader chooses which."""
    measured: Mapping[str, Found] = card.tables.get("conversion") or {}
    known = [target for target in TARGETS if target in measured]
    if not known:
        return
    st.subheader("How far its probabilities can be trusted", anchor=False)
    target = st.segmented_control(
        "For a campaign that wants",
        known,
        default=known[0],
        format_func=words.label,
        required=True,
        wrap=True,
        key="shown_target",
    )
    found = measured[target]
    coverage = [found.get(f"{what}_coverage_by_campaign") for what in ("interval", "difference")]
    has_plots = bool(found.get("reliability") or any(coverage))  # history cannot tell ranges
    left, right = st.columns(2, gap="large") if has_plots else (st.empty(), st.container())
    with left:
        show_reliability(found.get("reliability"))
        show_coverage(*coverage)
    with right:
        show_table(found)
        show_learning_curve(card.tables.get("learning_curve"), target, found)


def show_table(found: Found) -> None:
    """Show the figures of one target beside what they are read against."""
    rows = [
        {
            "What": row.name,
            "Model": said(found[row.key], row.kind),
            "Compared with": "; ".join(
                f"{name} {said(value, row.kind)}"
                for name, where in row.beside.items()
                if (value := found.get(where) if isinstance(where, str) else where) is not None
            )
            or "–",
        }
        for row in ROWS
        if found.get(row.key) is not None
    ]
    st.markdown("**Against the best possible and simple rules**")
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
    st.caption(f"On {found['n']:,} sends of pictures of products that it has never seen.")


def said(number: float, kind: str) -> str:
    """Say a figure: ``share`` in percent, ``nats`` with five decimals, else with three."""
    if kind == "share":
        return words.percent(number) if number >= 0 else f"−{words.percent(-number)}"
    return words.loss(number) if kind == "nats" else f"{number:.3f}".replace("-", "−")


def show_reliability(bins: list[Mapping[str, float]] | None) -> None:
    """Show what happened of what was predicted, where the card has it."""
    if not bins:
        return
    st.markdown("**What was predicted, and what happened**")
    st.caption(
        f"{len(bins)} groups of equally many sends. On the dotted line a prediction came true."
    )
    st.plotly_chart(
        model_charts.reliability_plot(bins),
        width="stretch",
        config=NO_BAR,
        key="reliability_plot",
        alt=model_charts.describe_reliability(bins),
    )


def show_coverage(
    of_probabilities: Mapping[str, float] | None, of_differences: Mapping[str, float] | None
) -> None:
    """Show how many ranges held in each campaign type, where the card has it."""
    found = {
        name: shares
        for name, shares in (
            ("Of the probability", of_probabilities),
            ("Of the difference", of_differences),
        )
        if shares
    }
    if not found:
        return
    st.markdown("**Ranges that held, by campaign type**")
    st.caption(
        f"90{words.NBSP}% should, the dotted line. Where more do, ranges are wider than they "
        "need to be."
    )
    st.plotly_chart(
        model_charts.coverage_plot(found),
        width="stretch",
        config=NO_BAR,
        key="coverage_plot",
        alt=model_charts.describe_coverage(found),
    )


def show_learning_curve(curve: Found | None, target: str, found: Found) -> None:
    """Show what more sends would bring, where the card has it."""
    points = [point for point in (curve or {}).get("points", ()) if target in point["targets"]]
    if not points:
        return
    first, last = points[0], points[-1]
    st.markdown("**What more sends bring**")
    st.caption("Lower is better; the dotted line is what the average rate alone gives.")
    st.plotly_chart(
        model_charts.learning_plot(points, target, found.get("base_rate_log_loss")),
        width="stretch",
        config=NO_BAR,
        key="learning_plot",
        alt=f"Log loss {first['targets'][target]['log_loss']:.5f} after {first['n']:,} sends, "
        f"{last['targets'][target]['log_loss']:.5f} after {last['n']:,}.",
    )
