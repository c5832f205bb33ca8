"""The command line: `sneakeraug` and `python -m sneakeraug`. Heavy parts load inside commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from sneakeraug.cli.batch import batch
from sneakeraug.cli.catalog import catalog_app, import_app
from sneakeraug.cli.data import collect, dataset_app
from sneakeraug.cli.decisions import decisions_app
from sneakeraug.cli.evaluate import evaluate_app
from sneakeraug.cli.events import import_events
from sneakeraug.cli.export import export, rebuild
from sneakeraug.cli.models import models_app
from sneakeraug.cli.recommend import recommend
from sneakeraug.cli.serve import api_key, serve
from sneakeraug.cli.train import compare_depths, train_app
from sneakeraug.errors import SneakeraugError

TRAINING_PACKAGES: Final = ("torch", "torchvision")
"""What requirements-serve.txt leaves out."""

app = typer.Typer(
    name="sneakeraug",
    help="Which version of a sneaker picture converts best, with honest uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(recommend)
app.command()(batch)
app.command()(export)
app.command()(rebuild)
app.command()(collect)
import_app.command("events")(import_events)
app.add_typer(import_app, name="import")
app.add_typer(catalog_app, name="catalog")
app.add_typer(dataset_app, name="dataset")
app.add_typer(train_app, name="train")
app.command("compare-depths")(compare_depths)
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(models_app, name="models")
app.add_typer(decisions_app, name="decisions")
app.command()(serve)
app.command("api-key")(api_key)


@app.command("app")
def run_app(
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
) -> None:
    """Serve the page; open the address it prints in a browser."""
    script = Path(__file__).resolve().parents[2] / "app.py"
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
    except ModuleNotFoundError as exc:
        if exc.name not in TRAINING_PACKAGES:
            raise
        typer.echo(
            f"error: The package {exc.name} is not installed, which serving does without and this "
            "command needs. Install requirements.txt and run again.",
            err=True,
        )
        sys.exit(1)
