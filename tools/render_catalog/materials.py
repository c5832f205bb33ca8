"""What a sneaker is made of: roughness, relief and shade of each material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from curves import Array, noise, smooth


@dataclass(frozen=True)
class Material:
    """How a material takes light.

    Attributes
    ----------
    rough
        Roughness of the principled reflection model.
    grain
        Deviation of its shade.
    """

    rough: float
    grain: float


MATERIALS: dict[str, Material] = {
    "mesh": Material(0.85, 0.03),
    "fine_mesh": Material(0.85, 0.02),
    "knit": Material(0.9, 0.03),
    "canvas": Material(0.9, 0.03),
    "ripstop": Material(0.7, 0.02),
    "suede": Material(1.0, 0.05),
    "nubuck": Material(0.95, 0.04),
    "leather": Material(0.42, 0.015),
    "grained": Material(0.46, 0.02),
    "patent": Material(0.16, 0.01),
    "film": Material(0.35, 0.01),
    "plastic": Material(0.25, 0.01),
    "rubber": Material(0.55, 0.015),
    "foam": Material(0.75, 0.015),
    "lining": Material(0.95, 0.03),
}


def weave(material: str, a: Array, b: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the relief (millimetres) and the shade (around 1) of a material.

    Parameters
    ----------
    material
        One of `MATERIALS`.
    a, b
        Lengths along and across the surface in millimetres, shape ``(h, w)``.
    rng
        Source of the grain.
    """
    shape = a.shape
    fine = noise(shape, 2.2, rng)
    blotch = noise(shape, 28, rng)
    shade = 1 + MATERIALS[material].grain * (0.7 * fine + 0.6 * blotch)
    relief = np.zeros(shape, np.float32)
    tau = 2 * np.pi
    if material == "mesh":  # rows of round holes, each second one shifted
        row = np.floor(b / 2.0)
        x = (a / 2.4 + 0.5 * (row % 2)) % 1 - 0.5
        y = (b / 2.0) % 1 - 0.5
        hole = 1 - smooth(np.hypot(x, y), 0.17, 0.36)
        relief = -0.5 * hole + 0.08 * fine
        shade = shade * (1 - 0.58 * hole)
    elif material == "fine_mesh":
        row = np.floor(b / 1.3)
        x = (a / 1.6 + 0.5 * (row % 2)) % 1 - 0.5
        hole = 1 - smooth(np.hypot(x, (b / 1.3) % 1 - 0.5), 0.15, 0.4)
        relief = -0.3 * hole + 0.06 * fine
        shade = shade * (1 - 0.38 * hole)
    elif material == "knit":  # columns of V-shaped loops
        x = np.abs((a / 2.3) % 1 - 0.5) * 2
        v = ((b / 1.7) + 0.55 * x) % 1
        loop = np.sin(np.pi * v) ** 0.7 * (1 - 0.6 * smooth(x, 0.72, 1.0))
        relief = 0.42 * loop
        shade = shade * (0.68 + 0.38 * loop)
    elif material == "canvas":
        over = np.sin(tau * a / 1.25) * np.sin(tau * b / 1.25)
        relief = 0.13 * over + 0.04 * fine
        shade = shade * (1 + 0.1 * over)
    elif material == "ripstop":
        grid = np.maximum(np.abs((a / 4.2) % 1 - 0.5), np.abs((b / 4.2) % 1 - 0.5)) * 2
        rib = smooth(grid, 0.8, 0.92)
        relief = 0.28 * rib + 0.05 * fine
        shade = shade * (0.92 + 0.16 * rib)
    elif material in ("suede", "nubuck"):
        nap = noise(shape, 4.5, rng)
        strength = 1.0 if material == "suede" else 0.5
        relief = strength * (0.09 * fine + 0.06 * nap)
        shade = shade * (1 + strength * 0.035 * nap)
    elif material in ("leather", "grained"):
        pebble = np.abs(noise(shape, 5.5, rng))
        strength = 0.05 if material == "leather" else 0.16
        relief = strength * np.minimum(pebble, 1.2)
        shade = shade * (0.985 + 0.015 * np.minimum(pebble, 1.2))
    elif material == "foam":
        relief = 0.05 * noise(shape, 4.0, rng)
    elif material == "rubber":
        relief = 0.03 * fine
    elif material == "lining":
        relief = 0.12 * np.sin(tau * a / 1.8) * np.sin(tau * b / 1.8)
        shade = shade * (1 + 0.08 * np.sin(tau * a / 1.8) * np.sin(tau * b / 1.8))
    return relief.astype(np.float32), np.clip(shade, 0, 1.3).astype(np.float32)
