"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.errors import InputError
from sneakeraug.vocabulary import CAMPAIGN_TYPES, GENDERS, INDUSTRIES, SNEAKER_TYPES, TARGETS

Target = Annotated[str, typer.Option(help=", ".join(TARGETS))]
CampaignType = Annotated[str, typer.Option(help=", ".join(CAMPAIGN_TYPES))]
Industry = Annotated[str, typer.Option(help=", ".join(INDUSTRIES))]
SneakerType = Annotated[str | None, typer.Option(help=", ".join(SNEAKER_TYPES))]
Gender = Annotated[str | None, typer.Option(help=", ".join(GENDERS))]
Alternates = Annotated[int, typer.Option(help="Catalog pictures to offer.")]
Guards = Annotated[
    list[str] | None,
    typer.Option(
        "--guard",
        help="TARGET=N: bar what may worsen a target by more than N per 10,000 sends, for "
        "instance unsubscribed=5; may be repeated.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Images = Annotated[
    list[Path], typer.Option(help="Folder of photos, or CSV with a path column; may be repeated.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(help="Kind of product, where a table tells; may be repeated; sneaker and shoe."),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
ServingDevice = Annotated[
    str | None,
    typer.Option("--device", help="auto, cpu or cuda; as SNEAKERAUG_DEVICE."),
]
ServingBackend = Annotated[
    str | None, typer.Option("--backend", help="auto, torch or openvino; as SNEAKERAUG_BACKEND.")
]
Category = Annotated[str, typer.Option(help="Kind of product whose active model is meant.")]


class EngineName(StrEnum):
    """What runs long work."""

    LOCAL = "local"
    RAY = "ray"


Engine = Annotated[EngineName, typer.Option(help="What runs it.")]
RayAddress = Annotated[
    str | None,
    typer.Option(help="HOST:PORT of a Ray cluster; one of this machine's own if left out."),
]
Model = Annotated[str | None, typer.Option(help="Model id; the active one where not given.")]
Embedder = Annotated[
    Path | None, typer.Option(help="Folder that `train embedder` wrote, instead of a model.")
]
Rate = Annotated[float, typer.Option(min=0.0, help="Seconds between requests.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="Permit addresses in private networks.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Serve it though it is worse than the serving model.")
]


def history_or_world(events: Path | None, world: str | None) -> Path | str:
    """The history's file, or the simulated world, whichever was given."""
    if events is not None and world is None:
        return events
    if world is not None and events is None:
        return world
    given = "Both --events and --world were" if world else "Neither --events nor --world was"
    raise InputError(
        f"{given} given; expected your history with --events FILE, or a simulated world with "
        "--world market."
    )


def only_folder(images: list[Path]) -> Path:
    """The one folder below which a history names its pictures."""
    if len(images) != 1 or not images[0].is_dir():
        raise InputError(
            f"--images {' '.join(str(path) for path in images)[:200]!r}: with --events the one "
            "folder is expected that the history's pictures are in."
        )
    return images[0]


def check_ray_address(engine: EngineName, address: str | None) -> None:
    """Refuse a cluster's address without the engine it is for."""
    if address is not None and engine is not EngineName.RAY:
        raise InputError(f"--ray-address {address[:60]!r} is for --engine ray. Add that.")
