"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Images = Annotated[
    list[Path], typer.Option(help="Folder of photos, or CSV with a path column; may be repeated.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(help="Kind of product, where a table tells; may be repeated; sneaker and shoe."),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Category = Annotated[str, typer.Option(help="Kind of product whose active model is meant.")]
Model = Annotated[str | None, typer.Option(help="Model id; the active one where not given.")]
Rate = Annotated[float, typer.Option(min=0.0, help="Seconds between requests.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="Permit addresses in private networks.")
]
