"""The interval plot: every picture of a recommendation on one axis."""

from __future__ import annotations

import html
from typing import Final

import plotly.graph_objects as go

from sneakeraug.records import AlternateScore, Recommendation, VariantScore
from sneakeraug.ui import words

ROW_PX: Final = 30
LONGEST_NAME: Final = 22
LINE: Final = "#8A94A3"
"""Seen on the light and on the dark page."""

Row = VariantScore | AlternateScore


def interval_plot(recommendation: Recommendation) -> go.Figure:
    """Draw estimates with their 90 % ranges, best at the top, the original's as a dotted line.

    Colours are left to the page's theme; the kinds of picture differ in their marks too.
    """
    sign = -1.0 if recommendation.request.direction == "raise" else 1.0
    rows: list[Row] = sorted(
        (*recommendation.variants, *recommendation.alternates), key=lambda row: sign * row.p
    )
    order = [_name(row) for row in rows]
    kinds: list[tuple[str, str, list[Row]]] = [
        ("Edits of your picture", "circle", [r for r in rows if _kind(r) == "edit"]),
        ("Catalog pictures", "square", [r for r in rows if _kind(r) == "alternate"]),
        ("Your picture as it is", "diamond", [r for r in rows if _kind(r) == "original"]),
    ]
    figure = go.Figure(layout={"template": "streamlit"})
    for title, symbol, members in kinds:
        if members:
            figure.add_trace(_trace(title, symbol, members))
    figure.add_vline(
        x=100 * recommendation.original.p, line_width=1.5, line_dash="dot", line_color=LINE
    )
    figure.update_layout(
        height=ROW_PX * len(rows) + 96,
        margin={"l": 0, "r": 12, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "title": None},
        xaxis={
            "title": {"text": f"Predicted {words.EVENTS[recommendation.request.target]}, %"},
            "ticksuffix": " %",
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={
            "categoryorder": "array",
            "categoryarray": order[::-1],
            "automargin": True,
            "fixedrange": True,
            "title": None,
        },
        hovermode="closest",
        dragmode=False,
    )
    return figure


def describe_plot(recommendation: Recommendation) -> str:
    """Say in one sentence what the plot shows, for those who do not see it."""
    variants = sorted(recommendation.variants, key=lambda variant: variant.rank)
    said = "; ".join(
        f"{words.VARIANTS[v.augmentation]} {words.percent(v.p)}, {words.likely(v.interval).lower()}"
        for v in variants
    )
    n = len(recommendation.alternates)
    return f"Estimates with their likely ranges, best first: {said}; and {n} catalog pictures."


def _trace(title: str, symbol: str, rows: list[Row]) -> go.Scatter:
    """One kind of picture."""
    return go.Scatter(
        name=title,
        x=[100 * row.p for row in rows],
        y=[_name(row) for row in rows],
        mode="markers",
        marker={"symbol": symbol, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (row.interval[1] - row.p) for row in rows],
            "arrayminus": [100 * (row.p - row.interval[0]) for row in rows],
            "thickness": 2.5,
            "width": 0,
        },
        customdata=[words.likely(row.interval) for row in rows],
        hovertemplate="<b>%{y}</b><br>%{x:.1f} %<br>%{customdata}<extra></extra>",
    )


def _kind(row: Row) -> str:
    if isinstance(row, AlternateScore):
        return "alternate"
    return "original" if row.augmentation == "original" else "edit"


def _name(row: Row) -> str:
    """A row's name; Plotly reads a little HTML, so names are escaped, and kept apart by id."""
    if isinstance(row, VariantScore):
        return words.VARIANTS[row.augmentation]
    name = row.name if len(row.name) <= LONGEST_NAME else f"{row.name[: LONGEST_NAME - 1]}…"
    return html.escape(name) + "\u200b" * row.rank
