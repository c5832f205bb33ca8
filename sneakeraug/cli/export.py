"""`sneakeraug export` and `sneakeraug rebuild`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sneakeraug.cli.options import (
    Alternates,
    CampaignType,
    Category,
    Gender,
    Guards,
    Industry,
    Json,
    Model,
    ServingBackend,
    ServingDevice,
    SneakerType,
    Target,
)
from sneakeraug.cli.output import print_json
from sneakeraug.cli.recommend import ScoredFile, read_campaign, score_file
from sneakeraug.vocabulary import AUGMENTATIONS, DEFAULT_CATEGORY

if TYPE_CHECKING:
    from sneakeraug.delivery import Delivery
    from sneakeraug.settings import Settings

ReportKind = Literal["html", "pdf"]


def export(
    image: Annotated[str, typer.Argument(help="Picture file.")],
    out: Annotated[Path, typer.Option(help="Folder that receives the files.")],
    variant: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(AUGMENTATIONS)}; the advised one where not given."),
    ] = None,
    width: Annotated[int, typer.Option(help="600 or 1200 pixels.")] = 600,
    picture_format: Annotated[
        Literal["jpeg", "png"], typer.Option("--format", help="Of the picture.")
    ] = "jpeg",
    alt: Annotated[
        str | None, typer.Option(help="Alternative text; proposed from name and edit.")
    ] = None,
    link: Annotated[str | None, typer.Option(help="Where a click leads.")] = None,
    picture_url: Annotated[
        str | None, typer.Option(help="Where the picture will be on the web.")
    ] = None,
    results: Annotated[
        Literal["csv", "parquet", "json", "xlsx"] | None,
        typer.Option(help="Also write all figures."),
    ] = None,
    report: Annotated[
        ReportKind | None,
        typer.Option(help="Also write a sign-off report, and log the decision; needs --by."),
    ] = None,
    by: Annotated[str, typer.Option(help="Who signs off.")] = "",
    on: Annotated[str | None, typer.Option(help="When; today where not given.")] = None,
    note: Annotated[str, typer.Option(help="What who signs adds.")] = "",
    tool: Annotated[
        Literal["salesforce", "klaviyo", "mailchimp", "braze"] | None,
        typer.Option("--for", help="Also write what this e-mail tool takes in."),
    ] = None,
    target: Target = "click_through",
    campaign_type: CampaignType = "promotional",
    industry: Industry = "retail",
    sneaker_type: SneakerType = None,
    gender: Gender = None,
    alternates: Alternates = 5,
    guard: Guards = None,
    model: Model = None,
    category: Category = DEFAULT_CATEGORY,
    device: ServingDevice = None,
    backend: ServingBackend = None,
    as_json: Json = False,
) -> None:
    """Write a picture ready for e-mail, its HTML and its manifest; reports and tables on demand."""
    from sneakeraug.errors import InputError

    campaign = read_campaign(
        target, campaign_type, industry, sneaker_type, gender, alternates, guard
    )
    if report is not None and not by.strip():
        raise InputError("A sign-off report needs a name; --by NAME is expected.")
    from sneakeraug.bundle import Wish, make_bundle
    from sneakeraug.files import write_bytes
    from sneakeraug.settings import read_settings

    wish = Wish(
        variant=variant,
        width_px=width,
        kind=picture_format,
        alt=alt,
        link=link,
        picture_url=picture_url,
        results=results,
        report=report,
        by=by,
        on=on,
        note=note,
        tool=tool,
    )
    settings = read_settings(device=device, backend=backend)
    path = Path(image)
    scored = score_file(path, settings, model, category, campaign)
    made = make_bundle(
        scored.recommender, scored.analysis, scored.result, scored.data, path.name, wish
    )
    if report is not None:
        _keep_decision(scored, made.delivery, settings, by, note)
    names = [file.name for file in made.files]
    for file in made.files:
        write_bytes(out / file.name, file.data)
    if as_json:
        manifest = made.delivery.manifest.model_dump(mode="json", by_alias=True)
        print_json(manifest | {"files": names})
    else:
        _print(made.delivery, names, out)


def _keep_decision(
    scored: ScoredFile, made: Delivery, settings: Settings, by: str, note: str
) -> None:
    """Who signed what goes into the log, before there is paper that says so."""
    from sneakeraug.decisions import choose_variant, decide, open_log

    chosen = choose_variant(scored.result, made.manifest.edit.augmentation)
    sha256 = made.manifest.result.sha256
    decision = decide(scored.result, chosen, by, "cli", note=note, export_sha256=sha256)
    open_log(settings).append(decision)


def _print(made: Delivery, names: list[str], out: Path) -> None:
    """What was written, for people."""
    picture = made.picture
    how = f"quality {picture.encoding.quality}" if picture.encoding.quality else "full colour"
    if picture.encoding.n_colours:
        how = f"{picture.encoding.n_colours} colours"
    typer.echo(
        f"{made.file_name}: {picture.width} × {picture.height} px {picture.kind.upper()}, "
        f"{len(picture.data) / 1000:.0f} KB, {how}, likeness {picture.ssim:.3f} (SSIM)"
    )
    typer.echo(f"alt text: {made.alt}")
    for line in made.notes:
        typer.echo(f"note: {line}")
    typer.echo(f"wrote to {out}:")
    for name in names:
        typer.echo(f"  {name}")


def rebuild(
    manifest: Annotated[Path, typer.Argument(help="A .manifest.json that an export wrote.")],
    source: Annotated[Path, typer.Argument(help="The picture file that was exported from.")],
    out: Annotated[Path, typer.Option(help="Receives the picture.")],
) -> None:
    """Make an exported picture again from its manifest, the same to the last bit."""
    from sneakeraug.delivery import rebuild as rebuild_picture
    from sneakeraug.errors import InputError
    from sneakeraug.export.manifest import LARGEST_BYTES, read_manifest
    from sneakeraug.files import write_bytes
    from sneakeraug.intake.decode import read_photo_bytes
    from sneakeraug.settings import read_settings

    limits = read_settings().limits
    try:
        with manifest.open("rb") as file:
            said = read_manifest(file.read(LARGEST_BYTES + 1))
    except OSError as exc:
        raise InputError(
            f"The manifest {str(manifest)!r} cannot be read ({exc.strerror}). Check the path and "
            "try again."
        ) from exc
    data = rebuild_picture(said, read_photo_bytes(source, limits), limits)
    write_bytes(out, data)
    typer.echo(f"{out}: {len(data) / 1000:.0f} KB, sha256 {said.result.sha256}, as exported")
