"""What parameters of an augmentation may be, where they come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from sneakeraug.augment.transforms import DEFAULT_PARAMETERS, Parameters
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS

BOUNDS: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "brighter": {"bias": (0.01, 0.99), "floor": (0.0, 0.9), "ceiling": (0.1, 1.0)},
    "darker": {"bias": (0.01, 0.99), "floor": (0.0, 0.9), "ceiling": (0.1, 1.0)},
    "original": {},
    "rotate": {"n_quarters": (0, 3)},
    "sketch": {
        "line_radius": (0.001, 0.03),
        "line_strength": (0.0, 5.0),
        "shading": (0.0, 1.0),
        "texture_seed": (0, 2**31 - 1),
    },
    "swivel": {"angle_deg": (-45.0, 45.0), "distance": (1.0, 10.0)},
}
"""Least and most of each number; `scale_strength` stays within them."""


def check_parameters(augmentation: str, parameters: Mapping[str, Any]) -> Parameters:
    """Return parameters as `apply_augmentation` takes them, where they are such.

    Parameters
    ----------
    augmentation
        One of `AUGMENTATIONS`.
    parameters
        For instance of a file; nothing is taken on trust.

    Raises
    ------
    InputError
        If a parameter is missing, unknown or out of bounds; names it.
    """
    if augmentation not in DEFAULT_PARAMETERS:
        raise InputError(
            f"Unknown augmentation {augmentation[:40]!r}; expected one of: "
            f"{', '.join(AUGMENTATIONS)}."
        )
    bounds = BOUNDS[augmentation]
    known = {*bounds, *(("box", "colour") if augmentation == "swivel" else ())}
    if set(parameters) != known:
        raise InputError(
            f"{augmentation} has the parameters {sorted(map(str, parameters))[:8]}; "
            f"{sorted(known)} are expected."
        )
    for name, (least, most) in bounds.items():
        _check_number(augmentation, name, parameters[name], least, most)
    if augmentation == "swivel":
        _check_box(parameters["box"])
        _check_colour(parameters["colour"])
    return cast("Parameters", dict(parameters))


def _check_number(augmentation: str, name: str, value: object, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not _within(value, least, most):
        raise InputError(
            f"{augmentation} has {name} {str(value)[:40]}; a number of {least:g} to {most:g} is "
            "expected."
        )


def _within(value: object, least: float, most: float) -> bool:
    return least <= cast("float", value) <= most


def _check_box(box: object) -> None:
    is_box = (
        isinstance(box, list)
        and len(box) == 4
        and all(isinstance(side, int | float) and _within(side, 0, 1) for side in box)
        and box[0] < box[2]
        and box[1] < box[3]
    )
    if not is_box:
        raise InputError(
            f"swivel has the box {str(box)[:60]}; left, top, right and bottom are expected, as "
            "shares of the picture."
        )


def _check_colour(colour: object) -> None:
    is_colour = colour is None or (
        isinstance(colour, list)
        and len(colour) == 3
        and all(isinstance(part, int) and _within(part, 0, 255) for part in colour)
    )
    if not is_colour:
        raise InputError(
            f"swivel has the colour {str(colour)[:60]}; three numbers of 0 to 255, or none, are "
            "expected."
        )
