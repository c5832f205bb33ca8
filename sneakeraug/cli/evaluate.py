"""`sneakeraug evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sneakeraug.cli.options import (
    Device,
    Embedder,
    Images,
    Json,
    Model,
    history_or_world,
    only_folder,
)
from sneakeraug.cli.output import print_json, print_report, progress
from sneakeraug.errors import InputError

EDITS = ("known", "seen")

evaluate_app = typer.Typer(help="Measure a model on photos.", no_args_is_help=True)


@evaluate_app.command("embedder")
def evaluate_embedder(
    images: Images,
    model: Model = None,
    embedder: Embedder = None,
    split: Annotated[str, typer.Option(help="test (unseen products) or all.")] = "test",
    source: Annotated[
        list[str] | None, typer.Option(help="Only photos of this source; may be repeated.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="Measure under it besides; all, or repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure how often the network names the augmentation right on unseen products."""
    from sneakeraug.training import backbone, reports

    network = backbone.open_chosen(embedder, model, device)
    report = reports.report_embedder(
        images, network, split, source or [], condition or [], seed, progress
    )
    print_report(report, as_json)


@evaluate_app.command("int8")
def evaluate_int8(
    images: Images,
    model: Model = None,
    embedder: Embedder = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure how far a network's int8 graph is from its weights, and how much faster."""
    from sneakeraug.training import backbone, int8

    network = backbone.open_chosen(embedder, model, "cpu")
    print_report(int8.report_int8(images, network, seed, progress), as_json)


@evaluate_app.command("conversion")
def evaluate_conversion(
    images: Images,
    model: Model = None,
    events: Annotated[
        Path | None,
        typer.Option(help="Your history: CSV or Parquet, or what `import events` wrote."),
    ] = None,
    world: Annotated[
        str | None, typer.Option(help="Simulated world whose truth is known, instead of --events.")
    ] = None,
    split: Annotated[str, typer.Option(help="Of a world: test (unseen products) or all.")] = "test",
    sends: Annotated[int, typer.Option(help="Simulated sends.")] = 100_000,
    edits: Annotated[
        str, typer.Option(help="Of a world: known, or seen: what the network makes of them.")
    ] = "known",
    seed: Annotated[int, typer.Option(help="Of sends and bootstrap.")] = 1,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure the conversion models on products they have not seen: your history, or a world."""
    from sneakeraug.training.reports import report_conversion

    if edits not in EDITS:
        raise InputError(f"Unknown edits {edits!r}; expected one of: {', '.join(EDITS)}.")
    chosen = history_or_world(events, world)
    if isinstance(chosen, Path):
        report = _report_history(chosen, only_folder(images), model, seed, device)
    else:
        is_known = edits == EDITS[0]
        report = report_conversion(
            images, model, chosen, split, sends, is_known, seed, device, progress
        )
    print_report(report, as_json)


@evaluate_app.command("explanation")
def evaluate_explanation(
    images: Images,
    model: Model = None,
    split: Annotated[str, typer.Option(help="test (unseen products) or all.")] = "test",
    n: Annotated[int, typer.Option("--n", help="Photos used at most, drawn at random.")] = 60,
    seed: Annotated[int, typer.Option(help="Of photos, random orders and bootstrap.")] = 0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure whether the parts of a picture that are said to matter do, against random ones."""
    from sneakeraug.training.reports import report_explanation

    print_report(report_explanation(images, model, split, n, seed, device, progress), as_json)


def _report_history(
    events: Path, images: Path, model: str | None, seed: int, device: str
) -> dict[str, Any]:
    from sneakeraug import registry
    from sneakeraug.serving import serving_catalog
    from sneakeraug.settings import get_settings
    from sneakeraug.training.history import report_history

    settings = get_settings()
    folder = registry.chosen_folder(settings.models_dir, model, settings.model_id)
    catalog, _ = serving_catalog(settings)
    return report_history(events, images, catalog, folder, seed, device, progress)


@evaluate_app.command("learning-curve")
def evaluate_learning_curve(
    images: Images,
    world: Annotated[str, typer.Option(help="Simulated world to learn from.")] = "market",
    model: Model = None,
    first: Annotated[int, typer.Option("--from", help="Fewest sends.")] = 1_000,
    last: Annotated[int, typer.Option("--to", help="Most sends.")] = 1_000_000,
    steps: Annotated[int, typer.Option(help="Sizes, each as many times the one before.")] = 7,
    measured: Annotated[int, typer.Option(help="Sends measured on.")] = 40_000,
    photos: Annotated[int, typer.Option(help="Training photos used at most.")] = 1_500,
    seed: Annotated[int, typer.Option(help="Of sends.")] = 0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train on more and more simulated sends, and measure on unseen products what they bring."""
    from sneakeraug.training import learning_curve

    options = learning_curve.CurveOptions(world, first, last, steps, measured, photos, seed)
    curve = learning_curve.measure_curve(images, model, options, device, progress)
    if as_json:
        print_json(curve)
        return
    for line in learning_curve.table_lines(curve):
        typer.echo(line)
