"""The command line: `sneakeraug` and `python -m sneakeraug`. Heavy parts load inside commands."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sneakeraug.errors import InputError, SneakeraugError
from sneakeraug.vocabulary import CAMPAIGN_TYPES, GENDERS, INDUSTRIES, SNEAKER_TYPES, TARGETS

if TYPE_CHECKING:
    from sneakeraug.records import AlternateScore, Recommendation, VariantScore

app = typer.Typer(
    name="sneakeraug",
    help="Which version of a sneaker picture converts best, with honest uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
dataset_app = typer.Typer(
    help="Build the six-fold dataset, and simulate campaigns on it.", no_args_is_help=True
)
train_app = typer.Typer(help="Train a network or conversion models.", no_args_is_help=True)
evaluate_app = typer.Typer(help="Measure a model on photos.", no_args_is_help=True)
models_app = typer.Typer(help="List, read and check model folders.", no_args_is_help=True)
app.add_typer(dataset_app, name="dataset")
app.add_typer(train_app, name="train")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(models_app, name="models")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Images = Annotated[
    list[Path], typer.Option(help="Folder of photos, or CSV with a path column; may be repeated.")
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Model = Annotated[str | None, typer.Option(help="Model id; the active one where not given.")]


@app.command()
def recommend(
    image: Annotated[str, typer.Argument(help="Picture file.")],
    target: Annotated[str, typer.Option(help=", ".join(TARGETS))] = "click_through",
    campaign_type: Annotated[str, typer.Option(help=", ".join(CAMPAIGN_TYPES))] = "promotional",
    industry: Annotated[str, typer.Option(help=", ".join(INDUSTRIES))] = "retail",
    sneaker_type: Annotated[str | None, typer.Option(help=", ".join(SNEAKER_TYPES))] = None,
    gender: Annotated[str | None, typer.Option(help=", ".join(GENDERS))] = None,
    alternates: Annotated[int, typer.Option(help="Catalog pictures to offer.")] = 5,
    model: Model = None,
    save: Annotated[Path | None, typer.Option(help="Write the variants at full size here.")] = None,
    as_json: Json = False,
) -> None:
    """Score a picture, its five augmentations and alternates for one campaign."""
    from sneakeraug.records import Context, direction_of

    direction_of(target)
    Context.of(
        campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
    )
    from sneakeraug.intake.decode import decode_photo, read_photo_bytes
    from sneakeraug.settings import get_settings

    limits = get_settings().limits
    path = Path(image)
    data = read_photo_bytes(path, limits)
    decode_photo(data, limits, path.name)  # a bad picture is said before a model is loaded
    from sneakeraug.recommend import load

    recommender = load(model)
    result = recommender.recommend(
        data,
        path.name,
        target=target,
        campaign_type=campaign_type,
        industry=industry,
        sneaker_type=sneaker_type,
        gender=gender,
        n_alternates=alternates,
    )
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for variant in result.variants:
            png = recommender.render(data, variant.augmentation, variant.parameters)
            (save / f"{variant.rank}-{variant.augmentation}.png").write_bytes(png)
        _progress(f"Wrote {len(result.variants)} pictures to {save}")
    if as_json:
        _print_json(result.to_dict())
    else:
        _print_recommendation(result)


@app.command()
def collect(
    url: Annotated[str, typer.Argument(help="First page of a shop's listing, or a product.")],
    out: Annotated[Path, typer.Option(help="Receives products.csv, rejects.csv and images.")],
    max_pages: Annotated[int, typer.Option(min=1, help="Listing pages at most.")] = 10,
    rate: Annotated[float, typer.Option(min=0.0, help="Seconds between requests.")] = 1.0,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Permit addresses in private networks.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Collect the products of a shop's pages, politely; run again to go on after a stop."""
    from sneakeraug import ingest
    from sneakeraug.collect.fetch import Politeness

    politeness = Politeness(rate_s=rate, allow_private=allow_private)
    found = ingest.collect(url, out, politeness, max_pages, _progress)
    if as_json:
        _print_json(asdict(found))
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
    image_format: Annotated[str, typer.Option("--format", help="png or jpg.")] = "jpg",
    side: Annotated[int, typer.Option(help="Longer side of the pictures at most, px.")] = 640,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one a processor.")] = 0,
    split_seed: Annotated[int, typer.Option(help="Of the split by product.")] = 0,
    as_json: Json = False,
) -> None:
    """Write every photo's six variants and their manifest; run again to go on after a stop."""
    from sneakeraug.catalog.products import DEMO
    from sneakeraug.training import build

    wanted = [*(images or []), *([DEMO] if catalog else [])]
    if not wanted:
        raise InputError("No photos were named; give --images, --catalog or both.")
    options = build.BuildOptions(image_format, side, workers, split_seed)
    built = build.build_dataset(wanted, out, options, _progress)
    if as_json:
        _print_json(asdict(built))
        return
    typer.echo(
        f"{built.n_pictures:,} pictures of {built.n_photos:,} photos in {out}; "
        f"{built.n_rejects:,} left out, see rejects.csv."
    )


@dataset_app.command("simulate")
def dataset_simulate(
    dataset: Annotated[Path, typer.Option(help="Folder that `dataset build` wrote.")],
    n: Annotated[int, typer.Option(help="Sends.")],
    world: Annotated[str, typer.Option(help="Simulated world whose truth is known.")] = "paper",
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
) -> None:
    """Draw campaign events of a dataset's pictures from a world, in the form of real history."""
    from sneakeraug.training import simulate

    typer.echo(f"Wrote {simulate.simulate_events(dataset, world, n, seed, _progress)}")


@train_app.command("embedder")
def train_embedder(
    images: Images,
    out: Annotated[Path, typer.Option(help="Receives weights and checkpoints.")],
    arch: Annotated[
        str, typer.Option(help="resnet18, resnet34, resnet50 or resnet101.")
    ] = "resnet50",
    sizes: Annotated[
        str, typer.Option(help="Input side of each epoch, in order.")
    ] = "80,96,96,96,128,128,128,128,128",
    vary: Annotated[
        str, typer.Option(help="Share of photos varied in each epoch, in order.")
    ] = "1,1,0.4,0.15,0.15,0.4,0.2,0.15,0.1",
    photos_per_batch: Annotated[
        int, typer.Option(help="Photos a batch, 4 to 6 variants each.")
    ] = 16,
    learning_rate: Annotated[float, typer.Option(help="Its peak.")] = 0.08,
    weights: Annotated[str, typer.Option(help="none, imagenet, or a .safetensors file.")] = "none",
    seed: Annotated[int, typer.Option(help="Of weights, order and variation.")] = 0,
    split_seed: Annotated[int, typer.Option(help="Of the split by product.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that make variants.")] = 1,
    device: Device = "auto",
) -> None:
    """Train a ResNet to name the six augmentations; run again to go on after a stop."""
    from sneakeraug.training import embedder

    try:
        sizes_px = tuple(int(size) for size in sizes.split(","))
        vary_shares = tuple(float(share) for share in vary.split(","))
    except ValueError as exc:
        raise InputError(
            f"--sizes {sizes!r} and --vary {vary!r}: numbers like 96,112 and 1,0.4 are expected."
        ) from exc
    options = embedder.EmbedderOptions(
        architecture=arch,
        sizes_px=sizes_px,
        vary_shares=vary_shares,
        photos_per_batch=photos_per_batch,
        learning_rate=learning_rate,
        weights=weights,
        seed=seed,
        split_seed=split_seed,
        device=device,
        workers=workers,
    )
    _progress(f"Wrote {embedder.train_embedder(images, out, options, _progress)}")


@train_app.command("conversion")
def train_conversion(
    images: Images,
    embedder: Annotated[Path, typer.Option(help="Folder that `train embedder` wrote.")],
    model_id: Annotated[str, typer.Option(help="Name of the model to publish.")],
    world: Annotated[str, typer.Option(help="Simulated world to learn from.")] = "paper",
    events: Annotated[int, typer.Option(help="Simulated sends.")] = 60_000,
    members: Annotated[int, typer.Option(help="Bootstrap members of each target.")] = 16,
    size: Annotated[int, typer.Option(help="Input side the model serves at, in pixels.")] = 128,
    photos: Annotated[int, typer.Option(help="Training photos used at most.")] = 800,
    seed: Annotated[int, typer.Option(help="Of sends and bootstrap.")] = 0,
    licence: Annotated[str, typer.Option(help="Licence status of the photos, for the card.")] = (
        "not stated"
    ),
    activate: Annotated[bool, typer.Option(help="Serve the new model at once.")] = False,
    device: Device = "auto",
) -> None:
    """Train the conversion models on simulated sends, measure everything, publish the model."""
    from sneakeraug import registry
    from sneakeraug.settings import get_settings
    from sneakeraug.training import conversion

    models_dir = get_settings().models_dir
    options = conversion.ConversionOptions(world, events, photos, members, size, seed, device)
    folder = conversion.train_conversion(
        images, embedder, models_dir, model_id, options, licence, _progress
    )
    if activate:
        registry.activate(models_dir, model_id)
    _progress(f"Published {folder}")


@evaluate_app.command("embedder")
def evaluate_embedder(
    images: Images,
    model: Model = None,
    split: Annotated[str, typer.Option(help="test (unseen products) or all.")] = "test",
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure how often the network names the augmentation right on unseen products."""
    from sneakeraug.training.reports import report_embedder

    _print_report(report_embedder(images, model, split, seed, device, _progress), as_json)


@evaluate_app.command("conversion")
def evaluate_conversion(
    images: Images,
    model: Model = None,
    world: Annotated[str, typer.Option(help="Simulated world whose truth is known.")] = "paper",
    split: Annotated[str, typer.Option(help="test (unseen products) or all.")] = "test",
    events: Annotated[int, typer.Option(help="Simulated sends.")] = 60_000,
    seed: Annotated[int, typer.Option(help="Of sends and bootstrap.")] = 1,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure the conversion models on a world, beside the best possible and trivial rules."""
    from sneakeraug.training.reports import report_conversion

    _print_report(
        report_conversion(images, model, world, split, events, seed, device, _progress), as_json
    )


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """List the model folders; the active one is marked."""
    from sneakeraug import registry
    from sneakeraug.errors import ModelNotFoundError
    from sneakeraug.settings import get_settings

    models_dir = get_settings().models_dir
    try:
        active = registry.active_model(models_dir)
    except ModelNotFoundError:
        active = None
    known = registry.list_models(models_dir)
    if as_json:
        _print_json({"active": active, "models": known})
        return
    for model_id in known:
        typer.echo(f"{'*' if model_id == active else ' '} {model_id}")
    if not known:
        _progress(f"No model in {models_dir}.")


@models_app.command("card")
def models_card(
    model: Annotated[str | None, typer.Argument()] = None, as_json: Json = False
) -> None:
    """Print what a model was trained on and every figure measured of it."""
    from sneakeraug import registry

    card = registry.read_card(_folder(model))
    if as_json:
        typer.echo(card.to_json(), nl=False)
        return
    typer.echo(f"{card.model_id}  ({card.created_utc})")
    typer.echo(card.trained_on)
    typer.echo(f"Licence of the photos: {card.data_licence}")
    _print_figures(card.figures)
    for line in card.limits:
        typer.echo(f"limit: {line}")
    for line in card.retrain:
        typer.echo(f"retrain: {line}")


@models_app.command("verify")
def models_verify(model: Annotated[str | None, typer.Argument()] = None) -> None:
    """Check every file of a model against the hashes of its card."""
    from sneakeraug import registry

    card = registry.verify(_folder(model))
    typer.echo(f"{card.model_id}: {len(card.files)} files match their card.")


@app.command("app")
def run_app(
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
) -> None:
    """Serve the page; open the address it prints in a browser."""
    import os

    script = Path(__file__).resolve().parent.parent / "app.py"
    os.chdir(script.parent)  # .streamlit/config.toml lies there
    arguments = ["-m", "streamlit", "run", str(script)]
    options = ["--server.address", address, "--server.port", str(port)]
    os.execv(sys.executable, [sys.executable, *arguments, *options])  # noqa: S606 - no shell is meant


def main() -> None:
    """Run the command line; our own errors become one line and their exit code."""
    try:
        app()
    except SneakeraugError as exc:
        typer.echo(f"error: {exc}", err=True)
        sys.exit(exc.exit_code)


def _folder(model: str | None) -> Path:
    """A model's folder; the active one where not named."""
    from sneakeraug import registry
    from sneakeraug.settings import get_settings

    settings = get_settings()
    return registry.chosen_folder(settings.models_dir, model, settings.model_id)


def _progress(line: str) -> None:
    """Progress and logs go to stderr."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _print_recommendation(result: Recommendation) -> None:
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


def _print_report(report: dict[str, Any], as_json: bool) -> None:
    from sneakeraug.registry import Figure

    if as_json:
        _print_json(report)
    else:
        _print_figures(tuple(Figure.model_validate(figure) for figure in report["figures"]))


def _print_figures(figures: tuple[Any, ...]) -> None:
    for figure in figures:
        interval = "" if figure.interval is None else " [{:.4f}, {:.4f}]".format(*figure.interval)
        beside = "; ".join(f"{name} {value:.4f}" for name, value in figure.baselines.items())
        typer.echo(f"{figure.name}: {figure.value:.4f}{interval}  n={figure.n:,} {figure.unit}")
        typer.echo(f"    beside: {beside}\n    again:  {figure.command} (seed {figure.seed})")
