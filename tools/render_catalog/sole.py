"""The sole: side wall with its profile, layers and grooves, and a tread seen from the side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from curves import Array, along, normals, smooth
from last import LENGTH, Last
from pattern import Pattern
from scipy.ndimage import gaussian_filter1d
from sheet import Sheet

UNDER = 30.0
"""Millimetres of the underside that are built."""

# Reach in millimetres at shares of the height, from the floor to the rim.
PROFILES: dict[str, tuple[tuple[float, float], ...]] = {
    "sculpted": (
        (-5, 0), (-1.5, 0.02), (0.8, 0.12), (2.8, 0.34), (3.2, 0.5), (2.0, 0.75), (0.5, 0.92),
        (-0.6, 0.98), (-2.0, 1.0),
    ),
    "round": (
        (-4, 0), (-1.0, 0.03), (2.2, 0.16), (4.6, 0.42), (4.6, 0.6), (2.4, 0.84), (0.4, 0.96),
        (-1.6, 1.0),
    ),
    "cup": (
        (-2.0, 0), (0.0, 0.03), (0.9, 0.1), (1.0, 0.3), (0.5, 0.8), (0.2, 0.93), (-0.3, 0.98),
        (-1.4, 1.0),
    ),
    "vulcanised": (
        (-1.4, 0), (0.2, 0.03), (0.6, 0.08), (0.6, 0.5), (0.5, 0.93), (0.0, 0.98), (-1.0, 1.0),
    ),
    "wedge": (
        (-3, 0), (0.2, 0.03), (1.0, 0.14), (0.2, 0.35), (-0.6, 0.7), (-0.8, 0.94), (-1.6, 1.0),
    ),
    "boot": (
        (-3, 0), (0.0, 0.02), (1.6, 0.14), (1.2, 0.4), (0.6, 0.8), (0.0, 0.96), (-1.4, 1.0),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Tread:
    """Notches of the lower edge.

    Attributes
    ----------
    pitch, gap
        Distance of the notches and how wide each is, in millimetres.
    deep
        How far they reach up.
    front, back
        Shares of the sole with notches begin and end there.
    is_saw
        The notches lean, as teeth of a saw.
    """

    pitch: float
    gap: float
    deep: float
    front: float = 0.0
    back: float = 1.0
    is_saw: bool = False

    def rise(self, a: Array, s: Array) -> Array:
        """Return how far the edge is raised at lengths and stations."""
        phase = (a / self.pitch) % 1
        if self.is_saw:
            cut = smooth(phase, 0.45, 0.9) * (1 - smooth(phase, 0.93, 1.0))
        else:
            share = self.gap / self.pitch
            cut = smooth(phase, 1 - share - 0.06, 1 - share + 0.04)
            cut = cut * (1 - smooth(phase, 0.95, 1.0))
        within = smooth(s, self.front - 0.01, self.front + 0.01)
        within = within * (1 - smooth(s, self.back - 0.01, self.back + 0.01))
        return self.deep * cut * within


def build_sole(
    last: Last,
    profile: str,
    treads: tuple[Tread, ...],
    paint: Callable[[Pattern], None],
    count: tuple[int, int],
    rng: np.random.Generator,
) -> list[Sheet]:
    """Build both halves of the sole.

    Parameters
    ----------
    last
        Gives the outline, the rim and the ground.
    profile
        One of `PROFILES`.
    treads
        Notches of the lower edge.
    paint
        Draws the side wall's pattern: its share of the girth is the share of the height.
    count
        Points along and across.
    rng
        Source of the grain.
    """
    m = last.measures
    s = last.stations(count[0])
    edge, out = _outline(last, s)
    low, high = last.ground(edge[:, 0]), last.rim_z(s)
    d, part = _profile(profile, count[1])
    is_wall = (part >= 0) & (part <= 1)
    a = along(edge)
    tall = high - low
    pattern = Pattern(s, a, tall, rng)
    paint(pattern)
    b = np.where(is_wall, part, np.where(part < 0, 0, 1))[None] * tall[:, None]
    b = b + np.where(part < 0, part * 3, np.maximum(part - 1, 0) * 3)[None]
    colour, rough, height = pattern.sample(s, b)
    reach = d[None] + 0 * s[:, None]
    # Heel and toe are cut back towards the floor.
    tip = smooth(s, 0.8, 0.97)[:, None] * min(8.0, 0.6 * m.toe_spring)
    back = (1 - smooth(s, 0.02, 0.12))[:, None] * min(9.0, 0.9 * m.heel_spring)
    reach -= (tip + back) * np.clip(1 - part, 0, 1)[None] ** 1.6
    pos = np.empty((*reach.shape, 3))
    pos[..., :2] = edge[:, None] + out[:, None] * reach[..., None]
    pos[..., 1] = np.minimum(pos[..., 1], 0.0)
    pos[..., 2] = low[:, None] + np.clip(part, 0, 1)[None] * tall[:, None]
    n = normals(pos)
    n[0, :, 1] = n[-1, :, 1] = 0
    pos += n * (height * is_wall[None])[..., None]
    rise = sum((t.rise(a, s) for t in treads), np.zeros(len(s)))
    above = (pos[..., 2] - low[:, None]) / 6.0
    inward = smooth(reach, -UNDER * 0.8, -UNDER * 0.5)
    pos[..., 2] += rise[:, None] * np.clip(1 - above, 0, 1) * inward
    normal = normals(pos)
    normal[0, :, 1] = normal[-1, :, 1] = 0
    normal /= np.linalg.norm(normal, axis=2, keepdims=True) + 1e-12
    half = Sheet(pos, normal, colour, rough)
    return [half, half.mirrored(2)]


def _outline(last: Last, s: Array) -> tuple[Array, Array]:
    """Return the outer half of the sole's edge at the rim and its outward directions."""
    x = last.x(s)
    w = last.half_width(s)
    line = np.stack([x, -w], axis=1)
    tangent = np.gradient(line, axis=0)
    out = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    out[0], out[-1] = (-1, 0), (1, 0)
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-12
    out = gaussian_filter1d(out, len(s) / 160, axis=0, mode="nearest")
    out[0], out[-1] = (-1, 0), (1, 0)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    edge = line + out * (last.reach(s) + 3.0)[:, None]
    edge[:, 0] = np.clip(edge[:, 0], 0.0, LENGTH + 2)
    edge[:, 1] = np.minimum(edge[:, 1], 0)
    return edge, out


def _profile(name: str, count: int) -> tuple[Array, Array]:
    """Return reach and share of the height, evenly spaced; below 0 and above 1 is off the wall."""
    wall = np.array(PROFILES[name])
    inner = wall[-1, 0] - 9.0
    points = np.concatenate([[(-UNDER, -1.0), (-9.0, -0.3)], wall, [(inner, 1.4)]])
    is_wall = np.r_[False, False, np.ones(len(wall) - 1, bool), False]
    tall = np.diff(points[:, 1]) * np.where(is_wall, 34, 5)
    at = np.concatenate(
        [[0], np.cumsum(np.hypot(np.diff(points[:, 0]) * np.where(is_wall, 0.8, 0.2), tall))]
    )
    v = np.linspace(0, at[-1], count)
    d, part = (np.interp(v, at, points[:, k]) for k in (0, 1))
    soft = count * 0.008
    return (
        gaussian_filter1d(d, soft, mode="nearest"),
        gaussian_filter1d(part, soft * 0.6, mode="nearest"),
    )
