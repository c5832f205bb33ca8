"""`sneakeraug collect` and `sneakeraug dataset`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.cli.options import AllowPrivate, Json, Kinds, Rate
from sneakeraug.cli.output import print_json, progress
from sneakeraug.errors import InputError

dataset_app = typer.Typer(
    help="Build the six-fold dataset, and simulate campaigns on it.", no_args_is_help=True
)


def collect(
    url: Annotated[str, typer.Argument(help="First page of a shop's listing, or a product.")],
    out: Annotated[Path, typer.Option(help="Receives products.csv, rejects.csv and images.")],
    max_pages: Annotated[int, typer.Option(min=1, help="Listing pages at most.")] = 10,
    rate: Rate = 1.0,
    allow_private: AllowPrivate = False,
    as_json: Json = False,
) -> None:
    """Collect the products of a shop's pages, politely; run again to go on after a stop."""
    from sneakeraug import ingest
    from sneakeraug.collect.fetch import Politeness

    politeness = Politeness(rate_s=rate, allow_private=allow_private)
    found = ingest.collect(url, out, politeness, max_pages, progress)
    if as_json:
        print_json(asdict(found))
        return
    typer.echo(
        f"{found.n_pictures} pictures of {found.n_products} products from {found.n_pages} pages "
        f"in {out}; {len(found.rejects)} left out, see rejects.csv."
    )


@dataset_app.command("build")
def dataset_build(
    out: Annotated[Path, typer.Option(help="Receives images and manifest.parquet.")],
    images: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of photos, or CSV with a path column; may be repeated."),
    ] = None,
    catalog: Annotated[bool, typer.Option("--catalog", help="Use the demo catalog.")] = False,
    kind: Kinds = None,
    image_format: Annotated[str, typer.Option("--format", help="png or jpg.")] = "jpg",
    side: Annotated[int, typer.Option(help="Longer side of the pictures at most, px.")] = 640,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one a processor.")] = 0,
    split_seed: Annotated[int, typer.Option(help="Of the split by product.")] = 0,
    as_json: Json = False,
) -> None:
    """Write every photo's six variants and their manifest; run again to go on after a stop."""
    from sneakeraug.catalog.products import DEMO
    from sneakeraug.dataset.photos import KINDS
    from sneakeraug.training import build

    wanted = [*(images or []), *([DEMO] if catalog else [])]
    if not wanted:
        raise InputError("No photos were named; give --images, --catalog or both.")
    options = build.BuildOptions(image_format, side, workers, split_seed)
    built = build.build_dataset(wanted, out, options, progress, tuple(kind or KINDS))
    if as_json:
        print_json(asdict(built))
        return
    typer.echo(
        f"{built.n_pictures:,} pictures of {built.n_photos:,} photos in {out}; "
        f"{built.n_rejects:,} left out, see rejects.csv."
    )


@dataset_app.command("simulate")
def dataset_simulate(
    dataset: Annotated[Path, typer.Option(help="Folder that `dataset build` wrote.")],
    n: Annotated[int, typer.Option(help="Sends.")],
    world: Annotated[str, typer.Option(help="Simulated world whose truth is known.")] = "market",
    policy: Annotated[
        str, typer.Option(help="Who chose the edits: randomised or confounded.")
    ] = "randomised",
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    world_seed: Annotated[int, typer.Option(help="Another seed is another such world.")] = 0,
) -> None:
    """Draw campaign events of a dataset's pictures from a world, in the form of real history."""
    from sneakeraug.training import simulate

    path = simulate.simulate_events(dataset, world, n, seed, progress, policy, world_seed)
    typer.echo(f"Wrote {path}")
