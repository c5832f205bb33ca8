"""The plots of the models page on how far probabilities and ranges hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from sneakeraug.ui import words
from sneakeraug.ui.charts import LINE

ROW_PX: Final = 34
MEANT: Final = 90
"""Percent of ranges that are meant to hold."""


def reliability_plot(bins: Sequence[Mapping[str, float]]) -> go.Figure:
    """Draw what happened over what was predicted, one mark a bin; on the line is right.

    Parameters
    ----------
    bins
        From `evaluate.metrics.reliability_bins`.
    """
    predicted = [100 * each["predicted"] for each in bins]
    happened = [100 * each["happened"] for each in bins]
    figure = go.Figure(layout={"template": "streamlit"})
    figure.add_trace(
        go.Scatter(
            name="What happened, 95 % range",
            x=predicted,
            y=happened,
            mode="markers",
            marker={"symbol": "circle", "size": 9},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * (each["high"] - each["happened"]) for each in bins],
                "arrayminus": [100 * (each["happened"] - each["low"]) for each in bins],
                "thickness": 1.5,
                "width": 0,
            },
            customdata=[f"{each['n']:,}" for each in bins],
            hovertemplate="predicted %{x:.2f} %, happened %{y:.2f} %<br>"
            "%{customdata} sends<extra></extra>",
        )
    )
    shown = [*predicted, *(100 * each["low"] for each in bins), *(100 * b["high"] for b in bins)]
    if all("true" in each for each in bins):
        true = [100 * each["true"] for each in bins]
        figure.add_trace(
            go.Scatter(
                name="True probability",
                x=predicted,
                y=true,
                mode="markers",
                marker={"symbol": "diamond", "size": 9},
                hovertemplate="predicted %{x:.2f} %, truly %{y:.2f} %<extra></extra>",
            )
        )
        shown += true
    room = 0.05 * (max(shown) - min(shown))
    ends = [max(0.0, min(shown) - room), min(100.0, max(shown) + room)]
    figure.add_shape(
        type="line",
        x0=ends[0],
        y0=ends[0],
        x1=ends[1],
        y1=ends[1],
        line_color=LINE,
        line_dash="dot",
    )
    axis = {"range": ends, "ticksuffix": " %", "fixedrange": True, "zeroline": False}
    figure.update_layout(
        height=380,
        margin={"l": 0, "r": 12, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "title": None},
        xaxis=axis | {"title": {"text": "Predicted"}},
        yaxis=axis | {"title": {"text": "Happened"}, "automargin": True},
        dragmode=False,
    )
    return figure


def describe_reliability(bins: Sequence[Mapping[str, float]]) -> str:
    """Say in one sentence what the reliability diagram shows, for those who do not see it."""
    said = "; ".join(
        f"{words.percent(each['predicted'])} predicted, {words.percent(each['happened'])} happened"
        for each in bins
    )
    return f"From the lowest prediction up, {len(bins)} groups of as many sends: {said}."


def coverage_plot(found: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Draw how many ranges held in each campaign type, beside the share that is meant to.

    Parameters
    ----------
    found
        Shares by campaign type, by what the ranges are of.
    """
    terms = list(next(iter(found.values())))
    figure = go.Figure(layout={"template": "streamlit"})
    for symbol, (name, shares) in zip(("circle", "diamond"), found.items(), strict=False):
        figure.add_trace(
            go.Scatter(
                name=name,
                x=[100 * shares[term] for term in terms],
                y=[words.label(term) for term in terms],
                mode="markers",
                marker={"symbol": symbol, "size": 10},
                hovertemplate="<b>%{y}</b><br>%{x:.1f} %<extra></extra>",
            )
        )
    least = min(100 * share for shares in found.values() for share in shares.values())
    figure.add_vline(x=MEANT, line_width=1.5, line_dash="dot", line_color=LINE)
    figure.update_layout(
        height=ROW_PX * len(terms) + 108,
        margin={"l": 0, "r": 12, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": -0.24, "yanchor": "top", "title": None},
        xaxis={
            "title": {"text": "Ranges that held"},
            "range": [min(80.0, least - 2), 100.6],
            "ticksuffix": " %",
            "fixedrange": True,
            "zeroline": False,
        },
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "title": None},
        dragmode=False,
    )
    return figure


def describe_coverage(found: Mapping[str, Mapping[str, float]]) -> str:
    """Say in one sentence what the coverage plot shows, for those who do not see it."""
    said = []
    for name, shares in found.items():
        worst = min(shares, key=lambda term: shares[term])
        said.append(f"{name}: fewest in {words.label(worst)}, {words.percent(shares[worst])}")
    return f"Ranges that held by campaign type; 90 % are meant to. {'; '.join(said)}."


def learning_plot(
    points: Sequence[Mapping[str, Any]], target: str, base: float | None
) -> go.Figure:
    """Draw a target's log loss over the number of sends learnt from.

    Parameters
    ----------
    points
        Each with ``n`` and, in ``targets``, the metrics by target.
    target
        Points without it are left out.
    base
        Log loss of the base rate, drawn as a line where given.
    """
    known = [point for point in points if target in point["targets"]]
    figure = go.Figure(layout={"template": "streamlit"})
    for name, key, symbol in (
        ("This kind of model", "log_loss", "circle"),
        ("Best possible", "bayes_log_loss", "diamond"),
    ):
        if all(key in point["targets"][target] for point in known):
            figure.add_trace(
                go.Scatter(
                    name=name,
                    x=[point["n"] for point in known],
                    y=[point["targets"][target][key] for point in known],
                    mode="lines+markers",
                    marker={"symbol": symbol, "size": 9},
                    hovertemplate="%{x:,} sends: %{y:.5f}<extra></extra>",
                )
            )
    if base is not None:
        figure.add_hline(y=base, line_width=1.5, line_dash="dot", line_color=LINE)
    figure.update_layout(
        height=320,
        margin={"l": 0, "r": 12, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": -0.26, "yanchor": "top", "title": None},
        xaxis={
            "title": {"text": "Sends learnt from"},
            "type": "log",
            "dtick": 1,
            "tickformat": ",d",
            "fixedrange": True,
        },
        yaxis={
            "title": {"text": "Log loss, nats"},
            "tickformat": ".4f",
            "fixedrange": True,
            "automargin": True,
        },
        dragmode=False,
    )
    return figure
