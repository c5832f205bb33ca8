"""The form of a sneaker: sole, upper, tongue and laces as parametric surface grids.

Lengths are in shoe lengths: x runs from the heel (0) to the toe (1), y across (the
outer side, which faces the camera, is negative) and z upwards from the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from .specs import SPECS, Knots

Array = np.ndarray


def smooth(x: Array, low: float, high: float) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def rounded(distance: Array, radius: float, power: float) -> Array:
    """Width of a rounded end at some distance from its tip (1 beyond `radius`)."""
    inner = np.clip(1 - distance / radius, 0, 1)
    return (1 - inner**power) ** (1 / power)


def normals(pos: Array, sign: float = 1.0) -> Array:
    """Unit normals of a surface grid by central differences."""
    du = np.gradient(pos, axis=0)
    dv = np.gradient(pos, axis=1)
    n = np.empty_like(pos)
    n[..., 0] = du[..., 1] * dv[..., 2] - du[..., 2] * dv[..., 1]
    n[..., 1] = du[..., 2] * dv[..., 0] - du[..., 0] * dv[..., 2]
    n[..., 2] = du[..., 0] * dv[..., 1] - du[..., 1] * dv[..., 0]
    length = np.sqrt(np.einsum("ijk,ijk->ij", n, n)) + 1e-12
    return n * (sign / length)[..., None]


@dataclass
class Form:
    """The measured curves of one sneaker."""

    kind: str
    spec: dict[str, Any]
    top: Any
    sole: Any
    half_width: Any

    @classmethod
    def draw(cls, kind: str, rng: np.random.Generator) -> Form:
        """Take a type's curves and vary them a little.

        Parameters
        ----------
        kind
            One of the keys of `SPECS`.
        rng
            Source of the variation.
        """
        spec = dict(SPECS[kind])
        base_sole = (
            rng.uniform(0.92, 1.14)
            if kind in ("running", "basketball")
            else rng.uniform(0.94, 1.07)
        )
        spec["sole"] = [(x, z * base_sole) for x, z in spec["sole"]]
        tall = rng.uniform(0.97, 1.05) * (
            1.12 if kind == "trail_hiking" and rng.random() < 0.4 else 1
        )
        ankle = rng.uniform(-0.012, 0.012)
        spec["top"] = [
            (x, z * (1 + (tall - 1) * (1 - x)) + ankle * np.exp(-(((x - 0.2) / 0.08) ** 2)))
            for x, z in spec["top"]
        ]
        spec["width"] *= rng.uniform(0.97, 1.03)
        spec["toe_radius"] *= rng.uniform(0.93, 1.07)
        spec["tongue"] *= rng.uniform(0.85, 1.15)
        spec["toe"] *= rng.uniform(0.85, 1.15)
        plan = [
            (0, 0.118),
            (0.15, 0.126),
            (0.38, 0.116),
            (0.55, 0.133),
            (0.72, 0.166),
            (0.85, 0.168),
            (1, 0.15),
        ]
        return cls(kind, spec, curve(spec["top"]), curve(spec["sole"]), curve(plan))

    def outline(self, x: Array) -> tuple[Array, Array]:
        """Return the centre line and half width of the sole in plan."""
        w = self.half_width(x) * self.spec["width"]
        w = w * rounded(x, 0.16, 2.2) * rounded(1 - x, self.spec["toe_radius"], 2.3)
        return 0.03 * smooth(x, 0.45, 1.05) - 0.012 * smooth(x, 0.2, 0.6), w

    def ground(self, x: Array) -> Array:
        """Return the height of the sole's lower edge."""
        toe = np.clip((x - 0.62) / 0.38, 0, 1) ** 2.2 * self.spec["toe"]
        return toe + np.clip((0.16 - x) / 0.16, 0, 1) ** 2 * self.spec["heel"]


def curve(knots: Knots) -> Any:
    """Return a smooth function through the knots."""
    xs, ys = np.array(knots, np.float64).T
    grid = np.linspace(0, 1, 801)
    fine = gaussian_filter1d(PchipInterpolator(xs, ys)(grid), 14, mode="nearest")
    return lambda x: np.interp(x, grid, fine)


def stations(form: Form, count: int) -> Array:
    """Return positions along the shoe, closer where the surface turns or climbs."""
    half = 0.5 * np.linspace(0, 1, 2000) ** 5
    x = np.concatenate([half, 1 - half[-2::-1]])
    mid = (x[1:] + x[:-1]) / 2
    slope = (form.top(mid + 1e-3) - form.top(mid - 1e-3)) / 2e-3
    step = np.sqrt(1 + slope**2) / np.clip(np.minimum(mid, 1 - mid) / 0.04, 1e-12, 1) ** 0.57
    length = np.concatenate([[0], np.cumsum(step * np.diff(x))])
    return np.interp(np.linspace(0, length[-1], count), length, x)


@dataclass
class Grid:
    """A bare surface with coordinates for painting.

    `x` is the station, `a` and `b` lengths along and across the surface (b from the lower
    edge) and `t` the length left to the upper edge.
    """

    pos: Array
    x: Array
    a: Array
    b: Array
    t: Array


def measured(pos: Array, x: Array) -> Grid:
    """Add surface lengths to a grid of points."""
    row = pos[:, pos.shape[1] // 3]
    a = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(row, axis=0), axis=1))])
    step = np.linalg.norm(np.diff(pos, axis=1), axis=2)
    b = np.concatenate([np.zeros((len(pos), 1), pos.dtype), np.cumsum(step, axis=1)], axis=1)
    ones = np.ones((1, pos.shape[1]), np.float32)
    return Grid(
        pos.astype(np.float32),
        (x[:, None] * ones).astype(np.float32),
        (a[:, None] * ones).astype(np.float32),
        b.astype(np.float32),
        (b[:, -1:] - b).astype(np.float32),
    )


def upper(form: Form, count: tuple[int, int]) -> Grid:
    """Build one half of the upper for a centre line at y = 0 (the outer half)."""
    spec = form.spec
    x = stations(form, count[0])
    v = np.linspace(0, 1, count[1])[None]
    xs = (0.018 + 0.968 * x)[:, None]
    centre, w0 = form.outline(x)
    w0 = (w0 * 0.93)[:, None]
    z0 = (form.sole(xs[:, 0]) - 0.012)[:, None]
    rise = (
        (form.top(x) - z0[:, 0])
        * (0.2 + 0.8 * rounded(1 - x, 0.135, 2.0))
        * rounded(1 - x, 0.035, 2.0)
    )
    z1 = z0 + rise[:, None]
    gap = curve(
        [
            (0, 0.1),
            (0.12, 0.1),
            (0.27, 0.088),
            (spec["collar"], 0.06),
            ((spec["collar"] + spec["throat"]) / 2, 0.042),
            (spec["throat"], 0.036),
            (1, 0.036),
        ]
    )
    w1 = (gap(x) * rounded(x, 0.12, 2.4) * rounded(spec["throat"] - x, 0.05, 2.0))[:, None]
    phi = v * np.pi / 2
    dome_y = w1 + (w0 - w1) * np.cos(phi) ** 0.82
    dome_z = z0 + (z1 - z0) * np.sin(phi) ** 0.86
    wall_y = (
        w1 + (w0 - w1) * (1 - v**1.7) + 0.008 * np.sin(np.pi * v) * rounded(x, 0.16, 2.1)[:, None]
    )
    wall_z = z0 + (z1 - z0) * v
    k = (1 - smooth(x, 0.26, 0.62))[:, None]
    y = k * wall_y + (1 - k) * dome_y
    z = k * wall_z + (1 - k) * dome_z
    part = np.clip((z - z0) / (form.top(np.zeros(1))[0] - z0), 0, 1)
    push = CubicSpline(np.linspace(0, 1, 5), spec["heel_line"])(part)
    px = xs + push * (1 - smooth(x, 0.0, 0.34))[:, None] + 0 * v
    return measured(np.stack([px, centre[:, None] - y, z], axis=2), x)


def mirrored(form: Form, pos: Array, x: Array) -> Array:
    """Return the inner half that belongs to an outer half."""
    centre = form.outline(x[:, 0])[0][:, None].astype(np.float32)
    out = pos.copy()
    out[..., 1] = 2 * centre - pos[..., 1]
    return out


def sole_wall(form: Form, count: tuple[int, int]) -> tuple[Grid, Array]:
    """Build the outer half of the sole's side wall; also return its relative height."""
    bulge = form.spec["bulge"]
    profile = np.array(
        [
            (-0.05, 0),
            (-0.014, 0.0),
            (-0.004, 0.05),
            (bulge * 0.7, 0.25),
            (bulge, 0.5),
            (bulge * 0.6, 0.75),
            (0.0, 0.92),
            (-0.004, 0.985),
            (-0.014, 1.0),
            (-0.05, 1.0),
        ]
    )
    seg = np.hypot(np.diff(profile[:, 0]), np.diff(profile[:, 1]) * 0.09)
    at = np.concatenate([[0], np.cumsum(seg)])
    v = np.linspace(0, at[-1], count[1])
    d, part = (
        gaussian_filter1d(np.interp(v, at, profile[:, i]), count[1] * 0.012, mode="nearest")
        for i in (0, 1)
    )
    x = stations(form, count[0])
    centre, w = form.outline(x)
    edge = np.stack([x, centre - w], axis=1)
    tangent = np.gradient(edge, axis=0)
    out = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    out[0], out[-1] = (-1, 0), (1, 0)
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-12
    out = gaussian_filter1d(out, 2, axis=0, mode="nearest")
    out[0], out[-1] = (-1, 0), (1, 0)
    flare = 0.012 * bulge / 0.014 * (1 - smooth(x, 0.05, 0.4))
    reach = d[None] + flare[:, None] * np.sin(np.pi * np.clip(part * 0.8, 0, 1))[None]
    low, high = form.ground(x), form.sole(x)
    reach = np.maximum(reach, -0.95 * (w / np.maximum(np.abs(out[:, 1]), 1e-3))[:, None])
    pos = np.empty((*reach.shape, 3))
    pos[..., 0] = edge[:, :1] + out[:, :1] * reach
    pos[..., 1] = edge[:, 1:] + out[:, 1:] * reach
    pos[..., 2] = low[:, None] + part[None] * (high - low)[:, None]
    return measured(pos, x), np.broadcast_to(part[None], reach.shape).astype(np.float32)


def tongue_line(form: Form, count: int) -> tuple[Array, Array]:
    """Return the tongue's centre line in (x, z) and its unit normals there."""
    spec = form.spec
    x = np.linspace(spec["throat"] + 0.015, spec["collar"], 7)
    pts = [(0.018 + 0.968 * s, float(form.top(s)) + 0.004) for s in x]
    direction = np.array(pts[-1]) - np.array(pts[-2])
    direction /= np.linalg.norm(direction)
    upright = direction * 0.75 + np.array([0.05, 0.65])
    upright /= np.linalg.norm(upright)
    tip = np.array(pts[-1])
    lean = np.array([0.004, 0])
    pts += [tuple(tip + (upright * spec["tongue"] + lean) * share) for share in (0.5, 1.0)]
    way = np.array(pts)
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    line = gaussian_filter1d(
        PchipInterpolator(at, way)(np.linspace(0, at[-1], count)),
        count * 0.04,
        axis=0,
        mode="nearest",
    )
    tan = np.gradient(line, axis=0)
    tan /= np.linalg.norm(tan, axis=1, keepdims=True)
    return line, np.stack([-tan[:, 1], tan[:, 0]], axis=1) * -1


def tongue(form: Form, count: tuple[int, int]) -> Grid:
    """Build the tongue as a curved cushion."""
    line, nrm = tongue_line(form, count[0])
    a = np.linspace(0, 1, count[0])
    around = np.linspace(0, 2 * np.pi, count[1])
    end = rounded(1 - a, 0.1, 2.4)[:, None]
    half = ((0.05 + 0.028 * smooth(a, 0.1, 0.9))[:, None]) * (0.35 + 0.65 * end)
    thick = (0.007 + 0.006 * smooth(a, 0.6, 0.95))[:, None] * end
    b = np.cos(around)[None]
    y = half * b
    lift = thick * np.sin(around)[None] - (0.03 + 0.012 * smooth(a, 0.6, 1))[:, None] * b**2
    x = (line[:, 0] - 0.018) / 0.968
    pos = np.stack(
        [
            line[:, :1] + nrm[:, :1] * lift,
            form.outline(x)[0][:, None] + y,
            line[:, 1:] + nrm[:, 1:] * lift,
        ],
        axis=2,
    )
    return measured(pos, x)


def tube(points: Array, up: Array, width: float, thick: float, count: tuple[int, int]) -> Grid:
    """Sweep a flat oval along a smooth way through points; `up` is the flat side's normal."""
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    s = np.linspace(0, at[-1], count[0])
    way = CubicSpline(at, points)(s)
    side_up = CubicSpline(at, up)(s)
    tan = np.gradient(way, axis=0)
    tan /= np.linalg.norm(tan, axis=1, keepdims=True) + 1e-9
    across = np.cross(tan, side_up)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    side_up = np.cross(across, tan)
    ring = np.linspace(0, 2 * np.pi, count[1])
    c, r = np.cos(ring), np.sin(ring)
    pos = way[:, None] + across[:, None] * (width * np.sign(c) * np.abs(c) ** 0.8)[None, :, None]
    pos = pos + side_up[:, None] * (thick * np.sign(r) * np.abs(r) ** 0.8)[None, :, None]
    return measured(pos, s)
