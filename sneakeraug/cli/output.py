"""What the command line prints: documents, tables and figures to stdout, progress to stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

TIED = "≈"
"""Marks what is too close to call."""

if TYPE_CHECKING:
    from sneakeraug.card import Figure
    from sneakeraug.records import AlternateScore, Recommendation, VariantScore


def progress(line: str) -> None:
    """Progress and logs go to stderr."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def print_json(document: Any) -> None:
    """One JSON document."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_recommendation(result: Recommendation) -> None:
    """The table for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sneakeraug.rank.guards import why_barred
    from sneakeraug.rank.variants import tied_with_best

    console = Console()
    tied = {variant.augmentation for variant in tied_with_best(result.variants)}
    target = result.request.target.replace("_", " ")
    better = "more" if result.request.direction == "raise" else "fewer"
    tables: dict[str, list[tuple[str, VariantScore | AlternateScore]]] = {
        f"Your picture for {target} ({better} is better)": [
            (variant.augmentation, variant) for variant in result.variants
        ],
        "Alternates from the catalog": [
            (f"{alternate.name}, {alternate.brand}", alternate) for alternate in result.alternates
        ],
    }
    for title, rows in tables.items():
        if not rows:
            continue
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("#", justify="right")
        table.add_column("picture")
        table.add_column("probability", justify="right")
        table.add_column("likely (9 in 10)", no_wrap=True)
        table.add_column("against yours", justify="right", no_wrap=True)
        barred: list[str] = []
        was_tied = None
        for name, scored in rows:
            is_tied = name in tied
            if was_tied not in (None, is_tied):
                table.add_section()
            was_tied = is_tied
            low, high = scored.interval
            cells = (
                f"{TIED} {scored.rank}" if is_tied else str(scored.rank),
                f"{name} (barred)" if scored.is_barred else name,
                _percent(scored.p),
                f"{_percent(low)} to {_percent(high)}",
                _points(scored.predicted_difference),
            )
            table.add_row(*(Text(cell) for cell in cells))
            if why := why_barred(scored):
                barred.append(f"{name} is barred: {why}.")
        console.print(table)
        if tied & {name for name, _ in rows}:
            console.print(Text(f"{TIED} too close to call: each may be the best"))
        for line in barred:
            console.print(Text(line))
    console.print(Text(result.best_augmentation.sentence, style="bold"))
    console.print(Text(result.best_alternate.sentence))
    detected = result.detected_augmentation
    console.print(Text(f"Looks like: {detected.label} ({detected.probability:.0%} sure)."))
    for reason in (*result.quality.reasons, *result.warnings):
        console.print(Text(f"note: {reason}", style="dim"))


def _percent(p: float) -> str:
    """A probability, with one decimal, or two where it is below 10 %."""
    return f"{p:.2%}" if 0 < p < 0.1 else f"{p:.1%}"


def _points(difference: float) -> str:
    """A difference of probabilities, with one decimal, or two where it is below a point."""
    value = 100 * difference
    return f"{value:+.2f} points" if 0 < abs(value) < 1 else f"{value:+.1f} points"


def print_report(report: dict[str, Any], as_json: bool) -> None:
    """What an evaluate command measured."""
    from sneakeraug.card import Figure

    if as_json:
        print_json(report)
    else:
        print_figures(tuple(Figure.model_validate(figure) for figure in report["figures"]))


def print_figures(figures: tuple[Figure, ...]) -> None:
    """Each figure with all it takes to read it, and to measure it again."""
    for figure in figures:
        interval = "" if figure.interval is None else " [{:.4f}, {:.4f}]".format(*figure.interval)
        beside = "; ".join(f"{name} {value:.4f}" for name, value in figure.baselines.items())
        typer.echo(f"{figure.name}: {figure.value:.4f}{interval}  n={figure.n:,} {figure.unit}")
        typer.echo(f"    beside: {beside}\n    again:  {figure.command} (seed {figure.seed})")
