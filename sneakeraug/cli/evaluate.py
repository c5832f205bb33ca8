"""`sneakeraug evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.cli.options import Device, Images, Json, Model
from sneakeraug.cli.output import print_report, progress
from sneakeraug.errors import InputError

EDITS = ("known", "seen")

evaluate_app = typer.Typer(help="Measure a model on photos.", no_args_is_help=True)


@evaluate_app.command("embedder")
def evaluate_embedder(
    images: Images,
    model: Model = None,
    embedder: Annotated[
        Path | None, typer.Option(help="Folder that `train embedder` wrote, instead of a model.")
    ] = None,
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
    from sneakeraug.training import reports

    network = (
        reports.trained_network(embedder, device)
        if embedder is not None
        else reports.published_network(model, device)
    )
    report = reports.report_embedder(
        images, network, split, source or [], condition or [], seed, progress
    )
    print_report(report, as_json)


@evaluate_app.command("conversion")
def evaluate_conversion(
    images: Images,
    model: Model = None,
    world: Annotated[str, typer.Option(help="Simulated world whose truth is known.")] = "market",
    split: Annotated[str, typer.Option(help="test (unseen products) or all.")] = "test",
    events: Annotated[int, typer.Option(help="Simulated sends.")] = 100_000,
    edits: Annotated[
        str, typer.Option(help="known, or seen: what the network makes of them.")
    ] = "known",
    seed: Annotated[int, typer.Option(help="Of sends and bootstrap.")] = 1,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure the conversion models on a world, beside the best possible and trivial rules."""
    from sneakeraug.training.reports import report_conversion

    if edits not in EDITS:
        raise InputError(f"Unknown edits {edits!r}; expected one of: {', '.join(EDITS)}.")
    is_known = edits == EDITS[0]
    report = report_conversion(
        images, model, world, split, events, is_known, seed, device, progress
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
