"""Smooth functions, rounded ends and seeded noise: what the forms are drawn with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

Array = np.ndarray
Knots = Sequence[tuple[float, float]]
Curve = Callable[[Array], Array]


def smooth(x: Array, low: float, high: float) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def rounded(distance: Array, radius: float, power: float) -> Array:
    """Width of a rounded end at some distance from its tip, 1 beyond `radius`."""
    inner = np.clip(1 - distance / radius, 0, 1)
    return (1 - inner**power) ** (1 / power)


def curve(knots: Knots, softness: int = 12) -> Curve:
    """Return a smooth function through the knots, constant beyond them."""
    xs, ys = np.array(knots, np.float64).T
    grid = np.linspace(0, 1, 801)
    fine = PchipInterpolator(xs, ys)(np.clip(grid, xs[0], xs[-1]))
    fine = gaussian_filter1d(fine, softness, mode="nearest")
    return lambda x: np.interp(x, grid, fine)


def closed_spline(points: Array, count: int = 24) -> Array:
    """Return a closed Catmull-Rom line through points, shape ``(n * count, 2)``."""
    p = np.asarray(points, np.float64)
    before, after, far = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, count, endpoint=False)[None, :, None]
    a, b, c, d = (q[:, None] for q in (before, p, after, far))
    line = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return line.reshape(-1, 2)


def normals(pos: Array) -> Array:
    """Return unit normals of a surface grid, shape ``(n, m, 3)``."""
    du, dv = np.gradient(pos, axis=0), np.gradient(pos, axis=1)
    n = np.cross(du, dv)
    return n / (np.linalg.norm(n, axis=2, keepdims=True) + 1e-12)


def along(points: Array) -> Array:
    """Return the length along a line at each of its points."""
    step = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(step)])


def noise(shape: tuple[int, int], grain: float, rng: np.random.Generator) -> Array:
    """Return smooth noise of mean 0 and deviation 1 with features of `grain` pixels."""
    h, w = (max(4, int(np.ceil(side / grain)) + 3) for side in shape)
    small = rng.standard_normal((h, w)).astype(np.float32)
    if grain <= 1.01:
        return small[: shape[0], : shape[1]]
    big = cv2.resize(small, (int(w * grain) + 1, int(h * grain) + 1), interpolation=cv2.INTER_CUBIC)
    big = big[: shape[0], : shape[1]]
    return (big - big.mean()) / (big.std() + 1e-9)


def linear(code: str) -> Array:
    """Return the linear RGB of a hexadecimal colour."""
    v = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(v < 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)
