"""The evaluate commands: a published model, photos, figures out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sneakeraug import registry
from sneakeraug.embed.encoder import Encoder
from sneakeraug.errors import InputError
from sneakeraug.score.conversion import load_conversions
from sneakeraug.settings import get_settings
from sneakeraug.training.collection import Collection, load_collection
from sneakeraug.training.evaluation import (
    SixFold,
    encode_six_fold,
    evaluate_conversion,
    evaluate_embedder,
)

Report = Callable[[str], None]


def report_embedder(
    images: Sequence[Path], model: str | None, split: str, seed: int, device: str, report: Report
) -> dict[str, Any]:
    """Return the figures and tables of a model's embedder on photos."""
    folder, collection, six_fold = _encode(images, model, split, device, report)
    figures, tables = evaluate_embedder(
        six_fold, collection, seed, _command("embedder", folder, images)
    )
    return {
        "model_id": folder.name,
        "split": split,
        "figures": [figure.model_dump(mode="json") for figure in figures],
        **tables,
    }


def report_conversion(
    images: Sequence[Path],
    model: str | None,
    world: str,
    split: str,
    n_events: int,
    seed: int,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Return the figures of a model's conversion models on a world."""
    folder, collection, six_fold = _encode(images, model, split, device, report)
    figures = evaluate_conversion(
        load_conversions(folder, registry.read_card(folder).conversion),
        six_fold,
        collection,
        world,
        n_events,
        seed,
        _command("conversion", folder, images) + f" --world {world}",
    )
    return {
        "model_id": folder.name,
        "world": world,
        "split": split,
        "figures": [figure.model_dump(mode="json") for figure in figures],
    }


def _encode(
    images: Sequence[Path], model: str | None, split: str, device: str, report: Report
) -> tuple[Path, Collection, SixFold]:
    """A verified model, the photos, and their encoded variants."""
    if split not in ("test", "all"):
        raise InputError(f"Unknown split {split!r}; expected one of: test, all.")
    settings = get_settings()
    folder = registry.chosen_folder(settings.models_dir, model, settings.model_id)
    card = registry.verify(folder)
    encoder = Encoder(
        folder / registry.WEIGHTS,
        str(card.embedder["architecture"]),
        len(card.labels),
        int(card.preprocessing["size_px"]),
        device,
    )
    collection = load_collection(images, int(card.tables["split_seed"]), report)
    positions = collection.indices("test") if split == "test" else list(range(len(collection.rows)))
    if not positions:
        raise InputError("No photo falls on the test side of the split; use --split all.")
    return folder, collection, encode_six_fold(collection, positions, encoder, report)


def _command(what: str, folder: Path, images: Sequence[Path]) -> str:
    """The command that gives the figures again; folders by name alone."""
    flags = " ".join(f"--images {path.name}" for path in images)
    return f"sneakeraug evaluate {what} --model {folder.name} {flags}"
