"""Model folders: hashes, which one is active; published whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from sneakeraug.card import CARD, ModelCard, read_card
from sneakeraug.errors import (
    ChallengerError,
    InputError,
    ModelCorruptError,
    ModelNotFoundError,
)
from sneakeraug.files import file_sha256, remove_partials, take_turns, write_bytes, writing
from sneakeraug.vocabulary import DEFAULT_CATEGORY

ACTIVE: Final = "active.json"

MODEL_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Active(BaseModel):
    """Which model serves a category, and which served it before, the latest last.

    `forced` is why it should not serve, where somebody insisted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_id: str
    before: tuple[str, ...] = ()
    forced: str = ""


class Serving(RootModel[dict[str, Active]]):
    """The active model of each category."""


PUBLISHING: Final = ".publish-"
"""Begins the name of a folder that is being published; no model has such a name."""

REMEMBERED: Final = 10
"""Models that served before, at most."""


def list_models(models_dir: Path) -> list[str]:
    """Return the ids of the model folders, sorted."""
    if not models_dir.is_dir():
        return []
    return sorted(p.parent.name for p in models_dir.glob(f"*/{CARD}"))


def active_model(models_dir: Path, category: str = DEFAULT_CATEGORY) -> str:
    """Return the id of the model that serves a category.

    Raises
    ------
    ModelNotFoundError
        If none is named.
    """
    return read_active(models_dir, category).model_id


def active_models(models_dir: Path) -> dict[str, str]:
    """Return the id of the model that serves each category, the default category first.

    Raises
    ------
    ModelNotFoundError
        If none is named.
    """
    serving = _read_serving(models_dir)
    categories = sorted(serving, key=lambda name: (name != DEFAULT_CATEGORY, name))
    return {category: serving[category].model_id for category in categories}


def model_folder(models_dir: Path, model_id: str) -> Path:
    """Return a model's folder.

    Raises
    ------
    ModelNotFoundError
        If there is none; names those there are. An id is never taken as a path.
    """
    known = list_models(models_dir)
    if not MODEL_ID.fullmatch(model_id) or model_id not in known:
        raise ModelNotFoundError(
            f"There is no model {model_id[:64]!r} in {models_dir}; "
            f"there is: {', '.join(known) or 'none'}. Choose one of them."
        )
    return models_dir / model_id


def chosen_folder(models_dir: Path, *wanted: str | None, category: str = DEFAULT_CATEGORY) -> Path:
    """Return the folder of the first model that is named, of the active one where none is.

    Parameters
    ----------
    models_dir
        Where model folders are.
    wanted
        Ids in the order they count, for instance a flag's and the settings'.
    category
        Whose active model is meant.

    Raises
    ------
    ModelNotFoundError
        If there is no such model.
    """
    named = next(filter(None, wanted), None)
    return model_folder(models_dir, named or active_model(models_dir, category))


def verify(folder: Path) -> ModelCard:
    """Check every file of a model folder against the hashes of its card.

    Returns
    -------
    ModelCard
        The card, once everything matches.

    Raises
    ------
    ModelNotFoundError
        If a file is missing.
    ModelCorruptError
        If a file has another hash, or lies outside the folder.
    """
    card = read_card(folder)
    for name, expected in card.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ModelCorruptError(name, expected, "outside the folder")
        if not path.is_file():
            raise ModelNotFoundError(
                f"Model file {name!r} of {card.model_id!r} is missing. Restore the model folder "
                "from where it was published and try again."
            )
        actual = file_sha256(path)
        if actual != expected:
            raise ModelCorruptError(name, expected, actual)
    return card


def check_new(models_dir: Path, model_id: str) -> None:
    """Refuse an id that no new model can have.

    Raises
    ------
    InputError
        If it is not a plain name, or such a model exists.
    """
    if not MODEL_ID.fullmatch(model_id):
        raise InputError(
            f"Model id {model_id[:64]!r} is not usable; lower-case letters, digits, dots, dashes "
            "and underscores are expected."
        )
    if (models_dir / model_id).exists():
        raise InputError(
            f"There is a model {model_id!r} already; published models do not change. "
            "Choose another id."
        )


def publish(staged: Path, models_dir: Path, card: ModelCard) -> Path:
    """Move a finished folder into place with its card, whole or not at all.

    Parameters
    ----------
    staged
        Folder with every file but the card; it is moved.
    models_dir
        Where model folders are.
    card
        Its `files` are computed here.

    Returns
    -------
    folder

    Raises
    ------
    InputError
        If the id is not a plain name, or such a model exists.
    StoreError
        If there is no room; nothing of it is left.
    """
    check_new(models_dir, card.model_id)
    files = [path for path in sorted(staged.rglob("*")) if path.is_file() and path != staged / CARD]
    hashes = {str(path.relative_to(staged)): file_sha256(path) for path in files}
    whole = card.model_copy(update={"files": hashes}).to_json().encode()
    target = models_dir / card.model_id
    with writing(target):
        models_dir.mkdir(parents=True, exist_ok=True)
        with take_turns(models_dir):
            _clear(models_dir)
            check_new(models_dir, card.model_id)  # another process may have been faster
            with tempfile.TemporaryDirectory(dir=models_dir, prefix=PUBLISHING) as beside:
                made = Path(beside) / "model"
                shutil.copytree(staged, made)
                (made / CARD).write_bytes(whole)
                made.rename(target)
    return target


def _clear(models_dir: Path) -> None:
    """Remove what was left by processes that were killed; for who has the turn."""
    for left in models_dir.glob(f"{PUBLISHING}*"):
        shutil.rmtree(left, ignore_errors=True)
    remove_partials(models_dir)


def add_files(folder: Path, files: Mapping[str, bytes], **changes: Any) -> ModelCard:
    """Add files to a published model; its new card is written last, so nothing is seen before.

    Parameters
    ----------
    folder
        A model folder; every file is verified first.
    files
        What is added, by name.
    changes
        Of the card's other fields.

    Returns
    -------
    ModelCard
        The new card.

    Raises
    ------
    InputError
        If the model has a file of that name.
    StoreError
        If there is no room; the model stays as it was.
    """
    with take_turns(folder):
        card = verify(folder)
        if taken := sorted(card.files.keys() & files.keys()):
            raise InputError(
                f"Model {card.model_id!r} has a file {taken[0]!r} already; published models do not "
                "change. Choose another model."
            )
        remove_partials(folder)
        for name, data in files.items():
            write_bytes(folder / name, data)
        hashes = {name: file_sha256(folder / name) for name in files}
        card = card.model_copy(update=changes | {"files": card.files | hashes})
        write_bytes(folder / CARD, card.to_json().encode())
    return card


def activate(models_dir: Path, model_id: str, *, is_forced: bool = False) -> None:
    """Let a model serve its category, after verifying it; the one that served is remembered.

    A model that carries a comparison is refused where it did worse than the serving model, or was
    compared with another one.

    Parameters
    ----------
    models_dir, model_id
        Which model.
    is_forced
        Let it serve all the same; what spoke against it is kept in ``active.json``.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError
        If it is not there, or a file of it was changed.
    ChallengerError
        If it is refused; with the figures.
    StoreError
        If it cannot be written down; the one that served goes on.
    """
    card = verify(model_folder(models_dir, model_id))
    with take_turns(models_dir):
        _clear(models_dir)
        try:
            serving = _read_serving(models_dir)
        except ModelNotFoundError:
            serving = {}
        was = serving.get(card.category)
        if was is not None and was.model_id == model_id:
            return
        against = ""
        if was is not None and card.comparison is not None:
            against = card.comparison.objection(model_id, was.model_id)
        if against and not is_forced:
            raise ChallengerError(f"{against} {model_id!r} was not activated; --force insists.")
        before = () if was is None else (*was.before, was.model_id)[-REMEMBERED:]
        now = Active(model_id=model_id, before=before, forced=against)
        _write_serving(models_dir, serving | {card.category: now})


def roll_back(models_dir: Path, category: str = DEFAULT_CATEGORY) -> str:
    """Let the model serve that served a category before the active one, after verifying it.

    Returns
    -------
    model_id
        The model that serves now.

    Raises
    ------
    ModelNotFoundError
        If none served before, or it is gone.
    """
    read_active(models_dir, category)
    with take_turns(models_dir):
        was = read_active(models_dir, category)
        if not was.before:
            raise ModelNotFoundError(
                f"No model served before {was.model_id!r}; there is nothing to roll back to. "
                "Name one with `sneakeraug models activate`."
            )
        model_id = was.before[-1]
        verify(model_folder(models_dir, model_id))
        now = Active(model_id=model_id, before=was.before[:-1])
        _write_serving(models_dir, _read_serving(models_dir) | {category: now})
    return model_id


def read_active(models_dir: Path, category: str) -> Active:
    """Return what serves a category; the errors are those of `active_model`."""
    serving = _read_serving(models_dir)
    if category not in serving:
        raise ModelNotFoundError(
            f"No model serves the category {category[:64]!r}; there is: "
            f"{', '.join(sorted(serving))}. Choose one of them."
        )
    return serving[category]


def _read_serving(models_dir: Path) -> dict[str, Active]:
    path = models_dir / ACTIVE
    try:
        return Serving.model_validate_json(path.read_bytes()).root
    except (OSError, ValidationError) as exc:
        raise ModelNotFoundError(
            f"No active model: {path} is missing or unreadable. Train one with "
            "`sneakeraug train conversion`, or name one with --model."
        ) from exc


def _write_serving(models_dir: Path, serving: dict[str, Active]) -> None:
    text = Serving(serving).model_dump_json(exclude_defaults=True, indent=2)
    write_bytes(models_dir / ACTIVE, (text + "\n").encode())
