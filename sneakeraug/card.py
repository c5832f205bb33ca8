"""What a model folder says about itself: its files, what trained it, and every measured figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sneakeraug.challenger import Comparison
from sneakeraug.errors import ModelError
from sneakeraug.vocabulary import DEFAULT_CATEGORY, TARGETS

CARD: Final = "card.json"
WEIGHTS: Final = "embedder.safetensors"

GRAPH: Final = "embedder-int8.xml"
GRAPH_WEIGHTS: Final = "embedder-int8.bin"
GRAPH_FILES: Final = (GRAPH, GRAPH_WEIGHTS)
"""The network again, for OpenVINO on a CPU; not every model has it."""


class Figure(BaseModel):
    """One measured figure with all it takes to read it, and to measure it again.

    Attributes
    ----------
    name
        What was measured, on what.
    value
        The figure.
    interval
        Its 95 % interval.
    n
        How many rows it rests on; `unit` says of what.
    baselines
        Figures to read it beside: best possible, trivial rules.
    command
        Gives the figure again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: float
    interval: tuple[float, float] | None = None
    n: int
    unit: str
    seed: int
    baselines: dict[str, float] = Field(default_factory=dict)
    command: str


class ModelCard(BaseModel):
    """What a model folder says about itself; ``models/README.md`` lists the files.

    `is_confounded` says that who was sent which picture was not left to chance, or that nobody
    wrote down with which probability; `comparison` how it did beside the model that served.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: str = Field("sneakeraug.model/1", alias="schema")
    model_id: str
    created_utc: str
    category: str = DEFAULT_CATEGORY
    is_demo: bool
    is_confounded: bool = False
    trained_on: str
    data_licence: str
    labels: tuple[str, ...]
    vocabulary: dict[str, tuple[str, ...]]
    features: tuple[str, ...]
    preprocessing: dict[str, Any]
    embedder: dict[str, Any]
    conversion: dict[str, Any]
    figures: tuple[Figure, ...]
    tables: dict[str, Any] = Field(default_factory=dict)
    comparison: Comparison | None = None
    limits: tuple[str, ...]
    retrain: tuple[str, ...]
    files: dict[str, str]

    @property
    def left_out(self) -> dict[str, str]:
        """Targets the model was not trained for, and why; empty where the card does not know."""
        why = self.tables.get("history", {}).get("left_out", {})
        known = self.vocabulary.get("target", ())
        return {target: str(why.get(target, "")) for target in TARGETS if target not in known}

    def to_json(self) -> str:
        """The card as its file holds it."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def read_card(folder: Path) -> ModelCard:
    """Read a model's card.

    Raises
    ------
    ModelCorruptError
        If it cannot be read.
    """
    try:
        return ModelCard.model_validate_json((folder / CARD).read_bytes())
    except (OSError, ValidationError) as exc:
        raise ModelError(
            f"The card of model {folder.name!r} cannot be read ({_first_line(exc)}). "
            "Restore the model folder from where it was published and try again."
        ) from exc


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0][:160]
