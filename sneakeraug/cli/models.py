"""`sneakeraug models`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.cli.options import Category, Force, Json
from sneakeraug.cli.output import print_figures, print_json, progress
from sneakeraug.vocabulary import DEFAULT_CATEGORY

models_app = typer.Typer(help="List, read, check and serve model folders.", no_args_is_help=True)


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """List the model folders and their categories; the active ones are marked."""
    from sneakeraug import registry
    from sneakeraug.card import read_card
    from sneakeraug.errors import ModelNotFoundError
    from sneakeraug.settings import get_settings

    models_dir = get_settings().models_dir
    try:
        active = registry.active_models(models_dir)
    except ModelNotFoundError:
        active = {}
    known = registry.list_models(models_dir)
    if as_json:
        print_json({"active": active, "models": known})
        return
    for model_id in known:
        category = read_card(registry.model_folder(models_dir, model_id)).category
        mark = "*" if active.get(category) == model_id else " "
        typer.echo(f"{mark} {model_id}  {category}")
    if not known:
        progress(f"No model in {models_dir}.")


@models_app.command("card")
def models_card(
    model: Annotated[str | None, typer.Argument()] = None,
    category: Category = DEFAULT_CATEGORY,
    as_json: Json = False,
) -> None:
    """Print what a model was trained on and every figure measured of it."""
    from sneakeraug.card import read_card

    card = read_card(chosen_model(model, category))
    if as_json:
        typer.echo(card.to_json(), nl=False)
        return
    typer.echo(f"{card.model_id}  ({card.created_utc})")
    typer.echo(card.trained_on)
    typer.echo(f"Licence of the photos: {card.data_licence}")
    print_figures(card.figures)
    for line in card.limits:
        typer.echo(f"limit: {line}")
    for line in card.retrain:
        typer.echo(f"retrain: {line}")


@models_app.command("verify")
def models_verify(
    model: Annotated[str | None, typer.Argument()] = None, category: Category = DEFAULT_CATEGORY
) -> None:
    """Check every file of a model against the hashes of its card."""
    from sneakeraug import registry

    card = registry.verify(chosen_model(model, category))
    typer.echo(f"{card.model_id}: {len(card.files)} files match their card.")


@models_app.command("activate")
def models_activate(
    model: Annotated[str, typer.Argument(help="Model id.")], force: Force = False
) -> None:
    """Serve a model from now on, unless it did worse on held-out history than the one that does."""
    from sneakeraug import registry
    from sneakeraug.settings import get_settings

    registry.activate(get_settings().models_dir, model, is_forced=force)
    typer.echo(f"{model} serves now.")


@models_app.command("rollback")
def models_rollback(category: Category = DEFAULT_CATEGORY) -> None:
    """Serve the model that served a category before its active one."""
    from sneakeraug import registry
    from sneakeraug.settings import get_settings

    typer.echo(f"{registry.roll_back(get_settings().models_dir, category)} serves now.")


def chosen_model(model: str | None, category: str) -> Path:
    """A model's folder; the category's active one where not named."""
    from sneakeraug import registry
    from sneakeraug.settings import get_settings

    settings = get_settings()
    usual = settings.model_id if category == DEFAULT_CATEGORY else None
    return registry.chosen_folder(settings.models_dir, model, usual, category=category)
