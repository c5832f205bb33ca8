"""`sneakeraug serve` and `sneakeraug api-key`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from sneakeraug.cli.options import Json, Model, ServingBackend, ServingDevice
from sneakeraug.cli.output import print_json, progress


def serve(
    address: Annotated[
        str | None, typer.Option(help="Address to listen on; 127.0.0.1 where not given.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 8080 where not given.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes, each with a model of its own.")
    ] = 1,
    model: Model = None,
    device: ServingDevice = None,
    backend: ServingBackend = None,
) -> None:
    """Serve recommendations to other programs over HTTP; docs/service.md says how to ask."""
    from sneakeraug import registry
    from sneakeraug.api.journal import log_to_stderr
    from sneakeraug.api.keys import read_keys
    from sneakeraug.settings import get_settings, read_settings

    flags = {
        "service_address": address,
        "service_port": None if port is None else str(port),
        "model_id": model,
        "device": device,
        "backend": backend,
    }
    settings = read_settings(**flags)
    registry.chosen_folder(settings.models_dir, settings.model_id)
    read_keys(settings)  # what is wrong with these two is said before anything is loaded
    given = {name: value for name, value in flags.items() if value is not None}
    os.environ.update({f"SNEAKERAUG_{name.upper()}": value for name, value in given.items()})
    get_settings.cache_clear()
    from sneakeraug.api.server import serve as listen

    log_to_stderr()
    listen(settings, workers)


def api_key(
    name: Annotated[
        str, typer.Option(help="Whose key it is: letters, digits, dots, dashes; for the log.")
    ] = "",
    role: Annotated[
        str, typer.Option(help="What it may do: viewer, engineer or admin.")
    ] = "engineer",
    as_json: Json = False,
) -> None:
    """Make an API key, print it once, and what SNEAKERAUG_API_KEYS needs to know of it."""
    from sneakeraug.api.keys import DEFAULT_ROLE, KeyRing, hash_key, make_key
    from sneakeraug.errors import ContextError
    from sneakeraug.roles import ROLES

    if role not in ROLES:
        raise ContextError("role", role, ROLES)
    key = make_key()
    entry = f"{name}:{hash_key(key)}" if name else hash_key(key)
    entry += f":{role}" if role != DEFAULT_ROLE else ""
    KeyRing([entry], source="--name")
    if as_json:
        print_json({"key": key, "entry": entry})
        return
    progress("The key, shown this once; give it to who is to use it:")
    typer.echo(key)
    progress("What the service needs to know of it, in SNEAKERAUG_API_KEYS or a line of its file:")
    typer.echo(entry)
