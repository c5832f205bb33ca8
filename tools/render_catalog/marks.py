"""The marks of the invented brands, as closed lines in a square from -1 to 1, y upwards."""

from __future__ import annotations

import numpy as np
from curves import Array
from pattern import PX, Pattern


def _arc(radius: float, width: float, start: float, end: float) -> Array:
    """Return a piece of a ring; angles in degrees."""
    t = np.radians(np.linspace(start, end, 48))
    ring = np.stack([np.cos(t), np.sin(t)], 1)
    return np.concatenate([ring * (radius + width / 2), (ring * (radius - width / 2))[::-1]])


def _wave(level: float, width: float) -> Array:
    """Return a wavy band."""
    x = np.linspace(-1.25, 1.25, 48)
    y = level + 0.2 * np.sin(x * 3.6)
    taper = width / 2 * (1 - 0.75 * np.abs(x / 1.25) ** 2)
    return np.concatenate([np.stack([x, y + taper], 1), np.stack([x, y - taper], 1)[::-1]])


def mark_lines(brand: str) -> list[Array]:
    """Return a brand's mark."""
    if brand == "Velmora":  # two leaning blades
        blade = np.array([(-1.0, -0.95), (-0.62, -0.95), (0.35, 0.95), (0.12, 0.95)])
        return [blade, blade * [1, 0.72] + [0.72, -0.26]]
    if brand == "Tarnhill":  # two peaks
        peaks = [
            (-1.3, -0.6), (-0.5, 0.62), (-0.08, 0.02), (0.36, 0.78), (1.3, -0.6), (0.94, -0.6),
            (0.37, 0.3), (-0.06, -0.42), (-0.5, 0.16), (-0.96, -0.6),
        ]  # fmt: skip
        return [np.array(peaks)]
    if brand == "Okivo":  # an open ring and its dot
        t = np.radians(np.linspace(0, 360, 40))
        return [_arc(0.8, 0.3, 35, 325), np.stack([np.cos(t), np.sin(t)], 1) * 0.24 + [0.78, 0]]
    if brand == "Fernstep":  # a parted leaf
        t = np.linspace(0, 1, 40)
        bow = np.stack([-1.3 + 2.6 * t, 0.66 * np.sin(np.pi * t) ** 1.3], 1)
        vein = np.stack([-1.3 + 2.6 * t, 0.14 * np.sin(np.pi * t)], 1)
        rise = np.array([0, 0.06])
        upper = np.concatenate([bow + rise, (vein + rise)[::-1]])
        lower = np.concatenate([vein - [0, 0.08], (bow * [1, -0.85] - [0, 0.08])[::-1]])
        return [upper, lower[6:-6]]
    if brand == "Lumaro":  # a rising sun
        bar = np.array([(-1.15, -0.62), (1.15, -0.62), (1.15, -0.4), (-1.15, -0.4)])
        low = np.array([0, 0.2])
        return [_arc(0.36, 0.2, 0, 180) - low, _arc(0.78, 0.2, 0, 180) - low, bar]
    return [_wave(0.34, 0.34), _wave(-0.3, 0.34)]  # Brisk & Fell: two waves


def mark_mask(
    pattern: Pattern, brand: str, place: tuple[float, float], size_mm: float, lean: float
) -> Array:
    """Return the mask of a brand's mark.

    Parameters
    ----------
    place
        Station and share of the girth of its middle.
    size_mm
        Half its height.
    lean
        Degrees it is turned with its front up.
    """
    centre = pattern.place([place])[0]
    t = np.radians(lean)
    size_mm = 1.25 * size_mm
    turn = np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]])
    return pattern.fill([(line @ turn) * size_mm * PX + centre for line in mark_lines(brand)])
