"""The plots: every picture of a recommendation on one axis, and what a network confuses."""

from __future__ import annotations

import html
from collections.abc import Sequence
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
            "title": {"text": f"Predicted {words.EVENTS[recommendation.request.target]}"},
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


def confusion_plot(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> go.Figure:
    """Draw a confusion matrix as shares of each true label.

    Parameters
    ----------
    counts
        By true (row) and named (column) label.
    labels
        Names of augmentations, in order.
    """
    shares = _shares(counts)
    names = [words.VARIANTS.get(label, label) for label in labels]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            text=[[f"{share:.1f}" if share else "" for share in row] for row in shares],
            texttemplate="%{text}",
            colorscale=[[0, "#F3F5F8"], [0.02, "#CFE3F2"], [1, "#00507D"]],
            zmin=0,
            zmax=100,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y} named %{x}: %{z:.1f} %<extra></extra>",
        ),
        layout={"template": "streamlit"},
    )
    figure.update_layout(
        height=330,
        margin={"l": 0, "r": 0, "t": 8, "b": 8},
        xaxis={"title": {"text": "Named as"}, "fixedrange": True, "side": "bottom"},
        yaxis={
            "title": {"text": "What it was"},
            "autorange": "reversed",
            "fixedrange": True,
            "automargin": True,
        },
        dragmode=False,
    )
    return figure


def describe_confusion(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Say in one sentence what the confusion matrix shows, for those who do not see it."""
    said = []
    for i, row in enumerate(_shares(counts)):
        others = [(share, labels[j]) for j, share in enumerate(row) if j != i and share > 0]
        worst = max(others, default=None)
        most = f", most often taken for {worst[1]} ({worst[0]:.1f} %)" if worst else ""
        said.append(f"{labels[i]} named right {row[i]:.1f} %{most}")
    return "Share of each edit named as each: " + "; ".join(said) + "."


def _shares(counts: Sequence[Sequence[int]]) -> list[list[float]]:
    """Rows in percent."""
    return [[100 * n / max(sum(row), 1) for n in row] for row in counts]


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
        customdata=[f"{words.percent(row.p)}<br>{words.likely(row.interval)}" for row in rows],
        hovertemplate="<b>%{y}</b><br>%{customdata}<extra></extra>",
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
