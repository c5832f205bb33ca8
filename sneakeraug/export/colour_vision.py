"""A picture as people see it who see colours otherwise, and as an inverting inbox shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array, largest_channel, smallest_channel
from sneakeraug.errors import InputError

MATRICES: Final[Mapping[str, FloatArray]] = {
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        np.float32,
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        np.float32,
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
        np.float32,
    ),
}
"""Of linear RGB, at severity 1: Machado, Oliveira and Fernandes, "A Physiologically-based Model for
Simulation of Color Vision Deficiency", 2009."""

STEPS: Final = 4096
"""Of the table that takes linear light back to sRGB; finer than 8 bits tell apart."""


def simulate_vision(photo: UInt8Array, deficiency: str) -> UInt8Array:
    """Return a photo as somebody with a colour vision deficiency sees it.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8, sRGB. Not modified.
    deficiency
        ``protan``, ``deutan`` (red and green look alike) or ``tritan`` (blue and yellow do).

    Raises
    ------
    InputError
        If it is another.
    """
    if deficiency not in MATRICES:
        raise InputError(
            f"The vision {deficiency[:20]!r} is not known; one of {', '.join(MATRICES)} is "
            "expected."
        )
    linear = _to_linear(np.arange(256, dtype=np.float32) / 255.0)[photo]
    seen = np.clip(linear @ MATRICES[deficiency].T, 0.0, 1.0)
    table = np.rint(_to_srgb(np.linspace(0.0, 1.0, STEPS, dtype=np.float32)) * 255)
    return np.asarray(table.astype(np.uint8)[np.rint(seen * (STEPS - 1)).astype(np.int32)])


def invert_lightness(photo: UInt8Array) -> UInt8Array:
    """Return a photo with light and dark exchanged and every hue kept.

    What an e-mail program does to a picture where it inverts those too: each pixel's lightness
    (the mean of its largest and smallest channel) is mirrored.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.
    """
    wide = photo.astype(np.int16)
    shift = 255 - largest_channel(wide) - smallest_channel(wide)
    return np.asarray(wide + shift[..., None], dtype=np.uint8)


def _to_linear(value: FloatArray) -> FloatArray:
    """Light of an sRGB value, both in [0, 1] (IEC 61966-2-1)."""
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high).astype(np.float32)


def _to_srgb(light: FloatArray) -> FloatArray:
    """The inverse of `_to_linear`."""
    low, high = light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, low, high).astype(np.float32)
