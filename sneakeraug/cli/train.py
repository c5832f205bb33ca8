"""`sneakeraug train` and `sneakeraug compare-depths`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sneakeraug.cli.options import (
    Device,
    Embedder,
    Engine,
    EngineName,
    Force,
    Images,
    Json,
    Kinds,
    Model,
    RayAddress,
    check_ray_address,
    history_or_world,
    only_folder,
)
from sneakeraug.cli.output import print_json, print_report, progress
from sneakeraug.vocabulary import DEFAULT_CATEGORY

if TYPE_CHECKING:
    from sneakeraug.score.conversion import Boost
    from sneakeraug.settings import Settings

train_app = typer.Typer(help="Train a network or conversion models.", no_args_is_help=True)


@train_app.command("embedder")
def train_embedder(
    images: Images,
    out: Annotated[Path, typer.Option(help="Receives weights and checkpoints.")],
    arch: Annotated[
        str, typer.Option(help="resnet18, resnet34, resnet50 or resnet101.")
    ] = "resnet50",
    size: Annotated[int, typer.Option(help="Input side in pixels.")] = 128,
    epochs: Annotated[int, typer.Option(help="Times every photo is seen.")] = 9,
    photos_per_batch: Annotated[
        int, typer.Option(help="Photos a batch, 4 to 6 variants each.")
    ] = 16,
    learning_rate: Annotated[float, typer.Option(help="Its peak.")] = 0.08,
    identity_weight: Annotated[
        float, typer.Option(help="Of telling products apart, beside naming augmentations.")
    ] = 0.1,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Ingredient of variation to leave out; may be repeated."),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Source to leave out; may be repeated.")
    ] = None,
    kind: Kinds = None,
    weights: Annotated[str, typer.Option(help="none, imagenet, or a .safetensors file.")] = "none",
    heads_only: Annotated[
        bool, typer.Option("--heads-only", help="Train identity and gate upon finished weights.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of weights, order and variation.")] = 0,
    split_seed: Annotated[int, typer.Option(help="Of the split by product.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that make variants.")] = 1,
    device: Device = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a stop.")] = False,
) -> None:
    """Train a ResNet to name the six augmentations and to tell products apart."""
    from sneakeraug.training import embedder

    options = embedder.EmbedderOptions(
        architecture=arch,
        size_px=size,
        n_epochs=epochs,
        photos_per_batch=photos_per_batch,
        learning_rate=learning_rate,
        identity_weight=identity_weight,
        ingredients=embedder.ingredients_without(without or []),
        leave_out=tuple(leave_out or ()),
        weights=weights,
        heads_only=heads_only,
        seed=seed,
        split_seed=split_seed,
        device=device,
        workers=workers,
        resume=resume,
    )
    if kind:
        options = replace(options, kinds=tuple(kind))
    progress(f"Wrote {embedder.train_embedder(images, out, options, progress)}")


@train_app.command("int8")
def train_int8(
    images: Images,
    model: Model = None,
    embedder: Embedder = None,
    out: Annotated[
        Path | None, typer.Option(help="Another folder for the graph; beside the weights else.")
    ] = None,
    photos: Annotated[int, typer.Option(help="Training photos that ranges are taken from.")] = 100,
    tries: Annotated[
        int, typer.Option(help="Draws of photos; the one nearest to the weights is kept.")
    ] = 4,
    seed: Annotated[int, typer.Option(help="Of photos and bootstrap.")] = 0,
    as_json: Json = False,
) -> None:
    """Make a network's int8 graph for CPUs, add it to its folder, and measure what it costs."""
    from sneakeraug.training import backbone, int8

    network = backbone.open_chosen(embedder, model, "cpu")
    options = int8.Int8Options(photos, tries, seed)
    document = int8.train_int8(images, network, out, options, progress)
    print_report(document, as_json)
    progress(f"Wrote the graph to {document['folder']}")


def compare_depths(
    images: Images,
    out: Annotated[Path, typer.Option(help="Receives a network for each depth, and the table.")],
    arch: Annotated[
        list[str] | None, typer.Option(help="Depth to compare; may be repeated; all four.")
    ] = None,
    kind: Kinds = None,
    size: Annotated[int, typer.Option(help="Input side in pixels.")] = 128,
    epochs: Annotated[int, typer.Option(help="Times every photo is seen.")] = 9,
    seed: Annotated[int, typer.Option(help="Of weights, order and variation.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that make variants.")] = 1,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train and measure ResNets of several depths on a kind of product, and choose one."""
    from sneakeraug.embed.resnet import ARCHITECTURES
    from sneakeraug.training import depths, embedder

    options = embedder.EmbedderOptions(
        size_px=size, n_epochs=epochs, seed=seed, workers=workers, device=device
    )
    if kind:
        options = replace(options, kinds=tuple(kind))
    found = depths.compare_depths(images, out, arch or ARCHITECTURES, options, progress)
    choice = depths.choose_depth(found).architecture
    if as_json:
        print_json({"depths": [asdict(depth) for depth in found], "choice": choice})
        return
    for depth in found:
        low, high = depth.accuracy_interval
        typer.echo(
            f"{depth.architecture:10} {depth.accuracy:7.2%} ({low:.2%} to {high:.2%})  "
            f"found again {depth.retrieval:7.2%}  {depth.latency_ms:7.1f} ms  "
            f"{depth.size_mb:6.1f} MB  trained in {depth.train_seconds:,.0f} s"
        )
    typer.echo(f"choice: {choice}, the fastest that is as good as the best")


@train_app.command("conversion")
def train_conversion(
    images: Images,
    embedder: Annotated[
        Path, typer.Option(help="Folder that `train embedder` wrote, or of a published model.")
    ],
    model_id: Annotated[str, typer.Option(help="Name of the model to publish.")],
    events: Annotated[
        Path | None,
        typer.Option(help="Your history: CSV or Parquet, or what `import events` wrote."),
    ] = None,
    world: Annotated[
        str | None, typer.Option(help="Simulated world to learn from, instead of --events.")
    ] = None,
    sends: Annotated[int, typer.Option(help="Simulated sends.")] = 400_000,
    photos: Annotated[int, typer.Option(help="Training photos of a world used at most.")] = 1_500,
    category: Annotated[str, typer.Option(help="Kind of product the model is for.")] = (
        DEFAULT_CATEGORY
    ),
    seed: Annotated[int, typer.Option(help="Of sends and bootstrap.")] = 0,
    licence: Annotated[str, typer.Option(help="Licence status of the photos, for the card.")] = (
        "not stated"
    ),
    curve: Annotated[
        bool, typer.Option("--curve", help="Measure what more sends of a world bring; takes long.")
    ] = False,
    activate: Annotated[bool, typer.Option(help="Serve the new model at once.")] = False,
    force: Force = False,
    device: Device = "auto",
    engine: Engine = EngineName.LOCAL,
    workers: Annotated[
        int, typer.Option(min=0, max=512, help="Actors that grow trees together on Ray; 0: one.")
    ] = 0,
    ray_address: RayAddress = None,
) -> None:
    """Train the conversion models on your history, or on a simulated world; measure, publish."""
    from sneakeraug import registry
    from sneakeraug.errors import InputError
    from sneakeraug.settings import get_settings

    settings = get_settings()
    check_ray_address(engine, ray_address)
    chosen = history_or_world(events, world)
    if isinstance(chosen, Path):
        if curve:
            raise InputError("--curve was given with --events; it is measured of a --world.")
        from sneakeraug.serving import serving_catalog
        from sneakeraug.training import history

        catalog, _ = serving_catalog(settings)
        with _trees(engine, ray_address, workers, settings) as boost:
            folder = history.train_on_history(
                chosen,
                only_folder(images),
                embedder,
                catalog,
                settings.models_dir,
                model_id,
                history.HistoryOptions(seed, device, category, licence, boost),
                progress,
            ).folder
    else:
        if engine is EngineName.RAY:
            raise InputError(
                "--engine ray was given with --world; it is for histories past memory. Leave it "
                "out, or name your history with --events."
            )
        from sneakeraug.training import conversion

        options = conversion.ConversionOptions(chosen, sends, photos, seed, device, category, curve)
        folder = conversion.train_conversion(
            images, embedder, settings.models_dir, model_id, options, licence, progress
        )
    progress(f"Published {folder}")
    if activate:
        registry.activate(settings.models_dir, model_id, is_forced=force)


def _trees(
    engine: EngineName, address: str | None, workers: int, settings: Settings
) -> AbstractContextManager[Boost | None]:
    """What grows the trees; nothing where that is this process."""
    if engine is EngineName.LOCAL:
        return nullcontext()
    from sneakeraug.training.trees_on_ray import trees_on_ray

    return trees_on_ray(address, workers, settings.threads, settings.models_dir, progress)
