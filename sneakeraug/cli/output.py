"""What the command line prints: documents, tables and figures to stdout, progress to stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sneakeraug.records import AlternateScore, Recommendation, VariantScore
    from sneakeraug.registry import Figure


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

    console = Console()
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
        for name, scored in rows:
            low, high = scored.interval
            cells = (
                str(scored.rank),
                name,
                f"{scored.p:.1%}",
                f"{low:.1%} to {high:.1%}",
                f"{100 * scored.predicted_difference:+.1f} points",
            )
            table.add_row(*(Text(cell) for cell in cells))
        console.print(table)
    console.print(Text(result.best_augmentation.sentence, style="bold"))
    console.print(Text(result.best_alternate.sentence))
    detected = result.detected_augmentation
    console.print(Text(f"Looks like: {detected.label} ({detected.probability:.0%} sure)."))
    for reason in (*result.quality.reasons, *result.warnings):
        console.print(Text(f"note: {reason}", style="dim"))


def print_report(report: dict[str, Any], as_json: bool) -> None:
    """What an evaluate command measured."""
    from sneakeraug.registry import Figure

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
