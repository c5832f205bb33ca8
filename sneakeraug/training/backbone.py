"""The network a model is built on, opened from where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sneakeraug import registry
from sneakeraug.card import CARD, GRAPH, WEIGHTS, Figure, ModelCard
from sneakeraug.embed.torch_encoder import TorchEncoder
from sneakeraug.files import file_sha256
from sneakeraug.settings import get_settings
from sneakeraug.training.embedder_card import EMBEDDER_CARD, INT8, read_about
from sneakeraug.vocabulary import TARGETS

KEPT_TABLES: Final = ("confusion", "recall", INT8)
"""Tables of a network, which another model that serves it unchanged keeps."""


@dataclass(frozen=True)
class Backbone:
    """A network with what its training says of it.

    Attributes
    ----------
    folder
        Where its weights are.
    about
        What its training says of it.
    encoder
        Itself, in torch: what is learnt and measured rests on the weights, not on their CPU graph.
    card
        Of the published model it was taken from; None where it comes from ``train embedder``.
    """

    folder: Path
    about: dict[str, Any] = field(repr=False)
    encoder: TorchEncoder = field(repr=False)
    card: ModelCard | None = field(repr=False)

    @property
    def name(self) -> str:
        """The folder's name, which of a published model is its id."""
        return self.folder.name

    @property
    def flag(self) -> str:
        """How ``evaluate`` names it on the command line."""
        return f"--{'embedder' if self.card is None else 'model'} {self.name}"

    def command(self, what: str, images: Sequence[Path], sources: Sequence[str] = ()) -> str:
        """Return the command that gives its figures again; folders by name alone."""
        flags = [self.flag, image_flags(path.name for path in images)]
        flags += [f"--source {source}" for source in sources]
        return f"sneakeraug evaluate {what} {' '.join(flags)}"

    @cached_property
    def graph(self) -> Path | None:
        """Its int8 graph, where one was made of these very weights."""
        made = self.about.get(INT8)
        if not made or made["weights_sha256"] != file_sha256(self.folder / WEIGHTS):
            return None
        return self.folder / GRAPH

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of product it was trained on."""
        return tuple(self.about["kinds"])

    @property
    def split_seed(self) -> int:
        """Seed of the split by product it was trained with."""
        return int(self.about["split_seed"])

    def figures(self, model_id: str) -> tuple[list[Figure], dict[str, Any]]:
        """Figures and tables of a published model's network, which another serves unchanged."""
        if self.card is None:
            return [], {}
        figures = [
            figure.model_copy(
                update={"command": figure.command.replace(self.card.model_id, model_id)}
            )
            for figure in self.card.figures
            if figure.name.split(":")[0] not in TARGETS
        ]
        tables = self.card.tables
        return figures, {name: tables[name] for name in KEPT_TABLES if name in tables}


def image_flags(names: Iterable[str]) -> str:
    """Return folders of photos as the command line takes them."""
    return " ".join(f"--images {name}" for name in names)


def open_backbone(folder: Path, device: str) -> Backbone:
    """Open the network of a folder `train_embedder` wrote, or of a published model.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError
        If there is none, or a file of a published model was changed.
    """
    card = None
    if not (folder / EMBEDDER_CARD).is_file() and (folder / CARD).is_file():
        card = registry.verify(folder)
    about = read_about(folder) if card is None else card.embedder
    return Backbone(folder, about, TorchEncoder.of(folder / WEIGHTS, about, device), card)


def open_served(model: str | None, device: str) -> Backbone:
    """Open the network of a published model by its name; of the one that serves where None."""
    settings = get_settings()
    folder = registry.chosen_folder(settings.models_dir, model, settings.model_id)
    return open_backbone(folder, device)


def open_chosen(embedder: Path | None, model: str | None, device: str) -> Backbone:
    """Open the network of an embedder's folder where one is given, else of a published model."""
    if embedder is not None:
        return open_backbone(embedder, device)
    return open_served(model, device)
