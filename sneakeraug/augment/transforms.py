"""The six named augmentations: their labels, default parameters, and one way to apply them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment import functional, pencil, perspective
from sneakeraug.background import estimate_background
from sneakeraug.errors import InputError, ShapeError
from sneakeraug.vocabulary import AUGMENTATIONS

Parameters = dict[str, float | int | list[float] | list[int] | None]

DEFAULT_PARAMETERS: Final[Mapping[str, Mapping[str, float | int]]] = {
    # Middle grey 0.50 -> 0.77, black lifted to 0.24: no highlight clips, and the missing black
    # is what tells a brightened picture from a white shoe photographed on white.
    "brighter": {"bias": 0.70, "floor": 0.24, "ceiling": 1.0},
    # Middle grey 0.50 -> 0.25, white lowered to 0.80: visible on white backgrounds too.
    "darker": {"bias": 0.34, "floor": 0.0, "ceiling": 0.80},
    "original": {},
    "rotate": {"n_quarters": 1},
    "sketch": {"line_radius": 0.014, "line_strength": 2.0, "shading": 0.85, "texture_seed": 7},
    "swivel": {"angle_deg": 30.0, "distance": 1.3},
}
"""What each augmentation does when nothing else is said."""


@dataclass(frozen=True)
class Variant:
    """A photo after an augmentation.

    Attributes
    ----------
    augmentation
        One of `AUGMENTATIONS`.
    photo
        RGB uint8 ``(h, w, 3)``.
    parameters
        Everything `apply_augmentation` needs to make the same pixels again from the same photo,
        or the same look from a larger or smaller copy of it.
    """

    augmentation: str
    photo: UInt8Array = field(repr=False)
    parameters: Parameters

    @property
    def label(self) -> int:
        """The augmentation's number in data and model."""
        return AUGMENTATIONS.index(self.augmentation)


def choose_parameters(photo: UInt8Array, augmentation: str) -> Parameters:
    """Return the parameters an augmentation of this photo is made with.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    augmentation
        One of `AUGMENTATIONS`.

    Returns
    -------
    parameters
        The defaults, with what is read off the photo (where the product stands, whether the
        background is plain) for `swivel`.

    Raises
    ------
    InputError
        If the augmentation is unknown.
    """
    if augmentation not in DEFAULT_PARAMETERS:
        raise InputError(
            f"Unknown augmentation {augmentation!r}; expected one of: {', '.join(AUGMENTATIONS)}."
        )
    parameters: Parameters = dict(DEFAULT_PARAMETERS[augmentation])
    if augmentation == "swivel":
        background = estimate_background(photo)
        parameters["box"] = [round(side, 4) for side in background.box]
        parameters["colour"] = list(background.colour) if background.is_plain else None
    return parameters


def scale_strength(augmentation: str, parameters: Parameters, strength: float) -> Parameters:
    """Return parameters of the same edit made weaker or stronger.

    Parameters
    ----------
    augmentation
        One of `AUGMENTATIONS`.
    parameters
        From `choose_parameters`.
    strength
        1 changes nothing, 0 would leave the photo as it is. Tone curves move towards or away
        from the straight line, the swivel's angle and the sketch's lines and shade scale;
        `original` and `rotate` know no strength.

    Raises
    ------
    InputError
        If the strength is not in (0, 1.5].
    """
    if not 0 < strength <= 1.5:
        raise InputError(f"A strength of {strength} is not usable; above 0 to 1.5 is expected.")
    scaled: Parameters = dict(parameters)
    if augmentation in ("brighter", "darker"):
        scaled["bias"] = 0.5 + strength * (_f(parameters, "bias") - 0.5)
        scaled["floor"] = strength * _f(parameters, "floor")
        scaled["ceiling"] = 1.0 - strength * (1.0 - _f(parameters, "ceiling"))
    elif augmentation == "swivel":
        scaled["angle_deg"] = strength * _f(parameters, "angle_deg")
    elif augmentation == "sketch":
        scaled["line_strength"] = strength * _f(parameters, "line_strength")
        scaled["shading"] = min(1.0, strength * _f(parameters, "shading"))
    return scaled


def apply_augmentation(
    photo: UInt8Array, augmentation: str, parameters: Parameters | None = None
) -> Variant:
    """Make one variant of a photo.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.
    augmentation
        One of `AUGMENTATIONS`.
    parameters
        As recorded in a `Variant`; chosen by `choose_parameters` where None.

    Returns
    -------
    Variant
        Its photo is contiguous, new memory, and as large as `photo` (sides swapped by `rotate`).

    Raises
    ------
    InputError
        If the augmentation is unknown, or `photo` is not RGB uint8.
    """
    if photo.ndim != 3 or photo.shape[2] != 3:
        raise ShapeError("The photo", photo.shape, "RGB (h, w, 3)")
    if parameters is None:
        parameters = choose_parameters(photo, augmentation)
    return Variant(augmentation, _KERNELS[augmentation](photo, parameters), parameters)


def make_variants(photo: UInt8Array) -> list[Variant]:
    """Make all six variants of a photo, in label order.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.

    Returns
    -------
    variants
        One for each of `AUGMENTATIONS`.
    """
    return [apply_augmentation(photo, name) for name in AUGMENTATIONS]


def _tone(photo: UInt8Array, p: Parameters) -> UInt8Array:
    return functional.apply_tone_curve(photo, _f(p, "bias"), _f(p, "floor"), _f(p, "ceiling"))


def _original(photo: UInt8Array, _: Parameters) -> UInt8Array:
    return functional.rotate_quarter(photo, 0)


def _rotate(photo: UInt8Array, p: Parameters) -> UInt8Array:
    return functional.rotate_quarter(photo, int(_f(p, "n_quarters")))


def _sketch(photo: UInt8Array, p: Parameters) -> UInt8Array:
    return pencil.draw_pencil_sketch(
        photo,
        _f(p, "line_radius"),
        _f(p, "line_strength"),
        _f(p, "shading"),
        int(_f(p, "texture_seed")),
    )


def _swivel(photo: UInt8Array, p: Parameters) -> UInt8Array:
    left, top, right, bottom = cast("list[float]", p["box"])
    colour = cast("list[int] | None", p["colour"])
    return perspective.swivel(
        photo,
        _f(p, "angle_deg"),
        _f(p, "distance"),
        (left, top, right, bottom),
        None if colour is None else (colour[0], colour[1], colour[2]),
    )


def _f(parameters: Parameters, name: str) -> float:
    return float(cast("float", parameters[name]))


_KERNELS = {
    "brighter": _tone,
    "darker": _tone,
    "original": _original,
    "rotate": _rotate,
    "sketch": _sketch,
    "swivel": _swivel,
}
