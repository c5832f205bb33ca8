"""`sneakeraug import events`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sneakeraug.cli.options import Json
from sneakeraug.cli.output import print_json, progress
from sneakeraug.errors import InputError

if TYPE_CHECKING:
    from sneakeraug.dataset.events import Reading
    from sneakeraug.dataset.support import Support


def import_events(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or Parquet: one row a send, or counts.")
    ],
    images: Annotated[
        Path | None, typer.Option(help="Folder the pictures must be in; not checked else.")
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", help="theirs=ours, a column's name in FILE; may be repeated."),
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", help="field=value of all rows (industry=retail); may be repeated."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Receives the history; rows left out go beside it.")
    ] = Path("history.parquet"),
    as_json: Json = False,
) -> None:
    """Take in campaign history, leave out machines, and say whether a model can learn from it."""
    from sneakeraug.dataset.events import read_history
    from sneakeraug.dataset.history import to_parquet
    from sneakeraug.dataset.support import assess

    rejects = out.with_name(f"{out.stem}.rejects.csv")
    if path.resolve() in (out.resolve(), rejects.resolve()):
        raise InputError(f"{str(path)!r} would be overwritten; choose another --out.")
    columns = dict(_pair(text, "--map", "Opened=open_rate") for text in mapped or [])
    constants = dict(_pair(text, "--set", "industry=retail") for text in fixed or [])
    reading = read_history(
        path, columns, constants=constants, images=images, rejects=rejects, report=progress
    )
    to_parquet(reading.history, out)
    support = assess(reading.history)
    if as_json:
        files = {"out": str(out), "rejects": str(rejects)}
        print_json(reading.to_dict() | {"support": support.to_dict()} | files)
        return
    _print_reading(reading, rejects)
    _print_support(support)
    typer.echo(f"Wrote {out}")


def _print_reading(reading: Reading, rejects: Path) -> None:
    said = reading.to_dict()
    typer.echo(
        f"{said['n_rows']:,} rows read, {said['n_kept']:,} kept, {said['n_rejected']:,} left out, "
        f"{said['n_repeated']:,} said again; {said['n_pictures']:,} pictures of "
        f"{said['n_products']:,} products."
    )
    for reason, n in said["rejected_by_reason"].items():
        typer.echo(f"  left out {n:,}: {reason}")
    if said["n_rejected"]:
        typer.echo(f"  each of them is in {rejects}")
    for what in ("opens", "clicks"):
        before, after = said[what]["before"], said[what]["after"]
        typer.echo(f"{what}: {before:,} before machines were left out, {after:,} after")
    for rule, n in said["bot_clicks_by_rule"].items():
        if n:
            typer.echo(f"  clicks of machines, {rule}: {n:,}")
    if said["unused_columns"]:
        typer.echo(f"columns not used: {', '.join(said['unused_columns'])}")


def _print_support(support: Support) -> None:
    for target, found in support.targets.items():
        verdict = "a model can be trained" if found.can_train else "no model"
        typer.echo(f"{target}: {found.n_events:,} of {found.n_trials:,}; {verdict}")
        if found.by_augmentation:
            each = (f"{name} {e:,} of {t:,}" for name, (t, e) in found.by_augmentation.items())
            typer.echo(f"  {', '.join(each)}")
        for sentence in found.missing:
            typer.echo(f"  missing: {sentence}")
    for note in support.notes:
        typer.echo(f"note: {note}")
    if not support.trainable:
        typer.echo("No model can be trained on this history; see what is missing.")


def _pair(text: str, flag: str, example: str) -> tuple[str, str]:
    """The two sides of the last equals sign: a header of theirs may have some."""
    left, is_pair, right = text.rpartition("=")
    if not is_pair or not left.strip() or not right.strip():
        raise InputError(f"{flag} {text[:60]!r}: two sides are expected, as in {flag} {example}.")
    return left.strip(), right.strip()
