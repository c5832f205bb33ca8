"""`sneakeraug batch`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sneakeraug.cli.options import (
    CampaignType,
    Category,
    Engine,
    EngineName,
    Gender,
    Guards,
    Industry,
    Json,
    Model,
    RayAddress,
    ServingBackend,
    ServingDevice,
    SneakerType,
    Target,
    check_ray_address,
)
from sneakeraug.cli.output import print_json, progress
from sneakeraug.vocabulary import DEFAULT_CATEGORY


def batch(
    path: Annotated[
        str,
        typer.Argument(
            help="Folder or zip of pictures, s3://BUCKET/PREFIX, or a table with a column image.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="FILE.csv, FILE.parquet or FILE.jsonl.")],
    images: Annotated[
        str | None,
        typer.Option(
            metavar="<path>",
            help="Folder, zip or s3://BUCKET/PREFIX a table's pictures are in; the table's own "
            "folder if left out.",
        ),
    ] = None,
    target: Target = "click_through",
    campaign_type: CampaignType = "promotional",
    industry: Industry = "retail",
    sneaker_type: SneakerType = None,
    gender: Gender = None,
    alternates: Annotated[
        int, typer.Option(help="Catalog pictures to offer for each picture, in rows of their own.")
    ] = 0,
    guard: Guards = None,
    model: Model = None,
    category: Category = DEFAULT_CATEGORY,
    device: ServingDevice = None,
    backend: ServingBackend = None,
    workers: Annotated[
        int,
        typer.Option(
            min=0, max=512, help="Threads that decode, or actors that score on Ray; 0: as fits."
        ),
    ] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output, or begin an unfinished anew.")
    ] = False,
    engine: Engine = EngineName.LOCAL,
    ray_address: RayAddress = None,
    as_json: Json = False,
) -> None:
    """Score many pictures into a table; run the same again to go on after a stop."""
    from sneakeraug.batch.run import check_output
    from sneakeraug.rank.guards import parse_guards
    from sneakeraug.records import Context, direction_of

    check_ray_address(engine, ray_address)
    direction_of(target)
    guards = parse_guards(guard or [])
    context = Context.of(
        campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
    )
    check_output(out, overwrite)
    from sneakeraug.batch.inputs import Inputs
    from sneakeraug.batch.run import run_batch
    from sneakeraug.batch.scorer import Scorer, Wanted
    from sneakeraug.serving import load
    from sneakeraug.settings import read_settings

    inputs = Inputs(path, images)
    chosen = _engine(engine, workers, ray_address)
    settings = read_settings(device=device, backend=backend)
    recommender = load(model, category=category, settings=settings, report=progress)
    done = run_batch(
        inputs,
        out,
        Scorer(recommender, Wanted(target, context, alternates, guards)),
        overwrite=overwrite,
        engine=chosen,
        report=progress,
    )
    if as_json:
        print_json(asdict(done) | {"out": str(out), "photos_per_second": done.per_second})
        return
    resumed = f" ({done.n_resumed:,} of them before)" if done.n_resumed else ""
    typer.echo(
        f"{done.n_pictures:,} pictures{resumed}, {done.n_failed:,} with errors, in "
        f"{done.seconds:.1f} s ({done.per_second:,.1f} photos/s): {out}"
    )


def _engine(engine: EngineName, workers: int, ray_address: str | None) -> Callable[..., Any]:
    """What runs the batch; refused here where it cannot."""
    if engine is EngineName.LOCAL:
        from functools import partial

        from sneakeraug.batch.local import score_locally

        return partial(score_locally, n_workers=workers)
    from sneakeraug.batch.on_ray import RayEngine

    on_ray = RayEngine(ray_address, workers)
    on_ray.check()
    return on_ray
