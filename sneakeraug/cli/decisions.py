"""`sneakeraug decisions`: the log of who chose what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from sneakeraug.cli.options import Json
from sneakeraug.cli.output import print_json, progress

if TYPE_CHECKING:
    from sneakeraug.store.decisions import Decision

KINDS: Final = (".csv", ".jsonl")

decisions_app = typer.Typer(
    help="Who chose what, on which evidence; docs/decisions.md.", no_args_is_help=True
)


@decisions_app.command("list")
def decisions_list(
    n: Annotated[int, typer.Option(min=1, max=1000, help="Decisions wanted, at most.")] = 20,
    image: Annotated[
        str | None, typer.Option(help="Only those of this picture: a file, or its sha256.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the latest decisions, the latest first."""
    from sneakeraug.decisions import read_log
    from sneakeraug.settings import get_settings

    settings = get_settings()
    sha256 = _picture(image) if image is not None else None
    log = read_log(settings)
    found = log.read(n, image_sha256=sha256) if log else []
    if as_json:
        rows = [decision.model_dump(mode="json", by_alias=True) for decision in found]
        print_json({"decisions": rows})
        return
    for decision in found:
        typer.echo(_line(decision))
    if not found:
        progress("No decision was kept yet.")


@decisions_app.command("export")
def decisions_export(
    out: Annotated[Path, typer.Option(help="FILE.csv or FILE.jsonl; replaced where it exists.")],
) -> None:
    """Write the whole log to a file, the first decision first."""
    from sneakeraug.decisions import read_log, write_decisions
    from sneakeraug.errors import InputError
    from sneakeraug.settings import get_settings

    if out.suffix.lower() not in KINDS:
        raise InputError(
            f"--out {out.name[:80]!r} is no kind of table known here; a name that ends in "
            f"{' or '.join(KINDS)} is expected."
        )
    log = read_log(get_settings())
    n = write_decisions(out, log.walk() if log else ())
    typer.echo(f"{n:,} decisions in {out}")


def _picture(image: str) -> str:
    """The sha256 that was given, or of the file that was."""
    import re

    from sneakeraug.errors import InputError
    from sneakeraug.files import file_sha256

    if re.fullmatch(r"[0-9a-fA-F]{64}", image):
        return image.lower()
    try:
        return file_sha256(Path(image))
    except OSError as exc:
        raise InputError(
            f"--image {image[:80]!r} is neither a sha256 nor a file that can be read "
            f"({exc.strerror}). Check it and try again."
        ) from exc


def _line(decision: Decision) -> str:
    """A decision for people, on one line."""
    chosen, advice = decision.chosen, decision.advice
    advised = advice.augmentation or "original"
    agrees = chosen.name in (advised, advice.product_id)
    beside = "as advised" if agrees else f"advised was {advised}"
    known_as = f" ({decision.account})" if decision.account else ""
    points = 100 * chosen.predicted_difference
    return (
        f"{decision.number}  {decision.decided_utc[:19]}Z  {decision.by}{known_as}: "
        f"{'product ' if chosen.kind == 'alternate' else ''}{chosen.name} for {decision.target}, "
        f"{chosen.p:.1%} ({points:+.2f} points), {beside}; picture {decision.image_sha256[:12]}, "
        f"model {decision.model_id}, {decision.door}"
    )
