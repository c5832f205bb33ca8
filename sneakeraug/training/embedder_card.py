"""What a trained network says of itself, and of the trainings before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug.card import CARD
from sneakeraug.embed.encoder import Encoded
from sneakeraug.errors import ModelNotFoundError

EMBEDDER_CARD: Final = "embedder.json"
"""What a trained embedder says of itself, beside its weights."""

INT8: Final = "int8"
"""What it says of the int8 graph that was made of it, where there is one."""


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a trained embedder says of itself.

    Raises
    ------
    ModelNotFoundError
        If the folder holds none.
    """
    try:
        about: dict[str, Any] = json.loads((folder / EMBEDDER_CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ModelNotFoundError(
            f"{folder} holds no trained embedder; run `sneakeraug train embedder` first."
        ) from exc
    return about


def trained_before(weights: Path) -> list[dict[str, Any]]:
    """Return what the cards beside a weights file say of the trainings that made it.

    Returns
    -------
    before
        The latest first; empty where no card lies there.
    """
    for name, key in ((EMBEDDER_CARD, None), (CARD, "embedder")):
        path = weights.parent / name
        if path.is_file():
            about = json.loads(path.read_text(encoding="utf-8"))
            about = about[key] if key else about
            return [{k: v for k, v in about.items() if k != "before"}, *about.get("before", [])]
    return []


def choose_gate(known: Encoded) -> dict[str, float]:
    """Return where the lines of `analysis.Gate` are drawn.

    Parameters
    ----------
    known
        Variants of validation photos: one in a hundred of them is warned about, one in a hundred
        has its edit not named, one in a thousand is refused.
    """
    return {
        "shoe_warn": round(float(np.quantile(known.is_shoe, 0.01)), 5),
        "shoe_refuse": round(float(np.quantile(known.is_shoe, 0.001)), 5),
        "known_edit": round(float(np.quantile(known.is_known_edit, 0.01)), 5),
    }
