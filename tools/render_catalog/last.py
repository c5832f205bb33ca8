"""The last: the measured curves of each sneaker type, and the upper's surface over them.

Lengths are in millimetres: x runs from heel (0) to toe (290), y across (the outer side, which
faces the camera, is negative) and z upwards from the floor. Stations run from 0 at the upper's
heel to 1 at its toe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from curves import Array, Curve, Knots, along, curve, normals, rounded, smooth
from scipy.interpolate import PchipInterpolator

LENGTH = 290.0
HEEL_X, TOE_X = 7.0, 283.0

PLAN: Knots = (
    (0, 0.122), (0.15, 0.128), (0.38, 0.117), (0.55, 0.132), (0.72, 0.162), (0.85, 0.163),
    (1, 0.145),
)  # fmt: skip


@dataclass(frozen=True)
class Measures:
    """A sneaker type's curves as shares of the length.

    Attributes
    ----------
    top
        Edge of the upper: collar, eyestay and ridge of the toe.
    rim
        Upper edge of the sole's side.
    collar, throat
        Stations where the collar ends and where the tongue begins.
    padding
        Radius of the collar's edge in millimetres.
    push
        Backward push of the heel in millimetres at five heights.
    toe_spring, heel_spring
        Rise of the sole at its ends in millimetres.
    flare
        Reach of the sole beyond the upper in millimetres at the heel, waist, ball and toe.
    toe_round
        Length of the toe's rounding as a share.
    width
        Factor on the plan.
    tongue
        Length of the tongue above the last eyelet in millimetres.
    eyelets
        Rows of them.
    """

    top: Knots
    rim: Knots
    collar: float
    throat: float
    padding: float
    push: tuple[float, float, float, float, float]
    toe_spring: float
    heel_spring: float
    flare: tuple[float, float, float, float]
    toe_round: float
    width: float
    tongue: float
    eyelets: int
    bulge: float = 0.0


@dataclass(frozen=True)
class Last:
    """The curves of one sneaker, ready to be asked at stations."""

    measures: Measures
    top: Curve
    rim: Curve
    plan: Curve
    gap: Curve

    @classmethod
    def of(cls, m: Measures) -> Last:
        """Build the curves of a set of measures."""
        gap = curve(
            [
                (0, 0.108), (0.1, 0.108), (m.collar * 0.72, 0.098), (m.collar, 0.068),
                ((m.collar + m.throat) / 2, 0.06), (m.throat, 0.05), (1, 0.05),
            ],
            8,
        )  # fmt: skip
        return cls(m, curve(m.top, 9), curve(m.rim), curve(PLAN), gap)

    def x(self, s: Array) -> Array:
        """Return the length of stations."""
        return HEEL_X + (TOE_X - HEEL_X) * s

    def station(self, x: Array) -> Array:
        """Return the stations of lengths."""
        return (x - HEEL_X) / (TOE_X - HEEL_X)

    def centre(self, x: Array) -> Array:
        """Return the sideways bend of the foot's middle line."""
        u = x / LENGTH
        return LENGTH * (0.028 * smooth(u, 0.45, 1.05) - 0.012 * smooth(u, 0.2, 0.6))

    def half_width(self, s: Array) -> Array:
        """Return half the upper's width at its lower edge."""
        w = LENGTH * self.plan(s) * self.measures.width
        return w * rounded(s, 0.17, 2.2) * rounded(1 - s, 0.37, 2.25)

    def rim_z(self, s: Array) -> Array:
        """Return the height of the sole's upper edge."""
        return LENGTH * self.rim(s)

    def top_z(self, s: Array) -> Array:
        """Return the height of the upper's edge, toe rounding left out."""
        return LENGTH * self.top(s)

    def ground(self, x: Array) -> Array:
        """Return the height of the sole's lower edge over the floor."""
        u = x / LENGTH
        toe = np.clip((u - 0.6) / 0.4, 0, 1) ** 2.1 * self.measures.toe_spring
        return toe + np.clip((0.17 - u) / 0.17, 0, 1) ** 2 * self.measures.heel_spring

    def reach(self, s: Array) -> Array:
        """Return how far the sole stands out beyond the upper."""
        return np.interp(s, [0.0, 0.38, 0.7, 1.0], self.measures.flare)

    def stations(self, count: int) -> Array:
        """Return stations, closer at the ends where the surface turns."""
        q = np.linspace(0, 1, count)
        return 0.55 * 0.5 * (1 - np.cos(np.pi * q)) + 0.45 * (
            np.where(q < 0.5, 0.5 * (2 * q) ** 1.5, 1 - 0.5 * (2 - 2 * q) ** 1.5)
        )


@dataclass(frozen=True)
class Shell:
    """The outer half of an upper before anything is laid on it.

    Attributes
    ----------
    pos
        Points, shape ``(n, m, 3)``, evenly spaced across.
    s
        Stations, shape ``(n,)``.
    b
        Length across from the lower edge, shape ``(n, m)``.
    """

    pos: Array
    s: Array
    b: Array


def upper_shell(last: Last, count: tuple[int, int], sunk: float = 7.0) -> Shell:
    """Build the outer half of the upper, its lower edge `sunk` millimetres below the sole's rim."""
    m = last.measures
    s = last.stations(count[0])
    dense = np.linspace(0, 1, 161)
    x = last.x(s)[:, None]
    w0 = last.half_width(s)[:, None]
    z0 = last.rim_z(s)[:, None] - sunk
    fall = rounded(1 - s, m.toe_round, 2.1)[:, None]
    z1 = (
        z0 + (last.top_z(s)[:, None] - z0) * (0.06 + 0.94 * fall) * rounded(1 - s, 0.02, 2)[:, None]
    )
    w1 = (LENGTH * last.gap(s) * rounded(s, 0.15, 2.2) * smooth(m.throat - s, 0.0, 0.13) ** 0.8)[
        :, None
    ]
    w1 = np.minimum(w1, 0.97 * w0)
    v = dense[None]
    phi = v * np.pi / 2
    dome_y = w1 + (w0 - w1) * np.cos(phi) ** 0.8
    dome_z = z0 + (z1 - z0) * np.sin(phi) ** 0.84
    belly = 3.5 * np.sin(np.pi * np.minimum(v * 1.6, 1)) * rounded(s, 0.14, 2)[:, None]
    wall_y = w1 + (w0 - w1) * (1 - v**1.8) + belly
    # The ankle is hollow above the heel's belly.
    hollow = np.exp(-(((s[:, None] - 0.3) / 0.13) ** 2) - ((v - 0.62) / 0.25) ** 2)
    wall_y = wall_y - 5.0 * hollow
    wall_z = z0 + (z1 - z0) * v
    k = (1 - smooth(s, 0.24, 0.6))[:, None]
    y = k * wall_y + (1 - k) * dome_y
    z = k * wall_z + (1 - k) * dome_z
    span = last.top_z(np.zeros(1))[0] - z0[0, 0]
    part = np.clip((z - z0) / span, 0, 1.1)
    back = PchipInterpolator(np.linspace(0, 1, 5), m.push, extrapolate=True)(part)
    xs = x + back * (1 - smooth(s, 0.0, 0.3))[:, None]
    pos = np.stack([xs + 0 * v, -y, z], axis=2)
    step = np.linalg.norm(np.diff(pos, axis=1), axis=2)
    length = np.concatenate([np.zeros((len(s), 1)), np.cumsum(step, axis=1)], axis=1)
    t = np.linspace(0, 1, count[1])
    even = np.empty((len(s), count[1], 3))
    for i in range(len(s)):
        for k_axis in range(3):
            even[i, :, k_axis] = np.interp(t * length[i, -1], length[i], pos[i, :, k_axis])
    return Shell(even, s, t[None] * length[:, -1:])


def pattern_axes(shell: Shell) -> tuple[Array, Array, Array]:
    """Return stations, lengths along and girths for the shell's pattern."""
    row = shell.pos[:, int(shell.pos.shape[1] * 0.35)]
    return shell.s, along(row), shell.b[:, -1]


def outward(shell_pos: Array, s: Array, throat: float) -> Array:
    """Return the shell's normals, outward, level across the two seams of the halves."""
    n = normals(shell_pos)
    n[0, :, 1] = 0
    n[-1, :, 1] = 0
    n[s > throat, -1, 1] = 0
    return n / (np.linalg.norm(n, axis=2, keepdims=True) + 1e-12)
