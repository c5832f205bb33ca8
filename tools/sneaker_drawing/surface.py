"""Materials and panels: what is painted on, stitched to and cut into a surface grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .shape import Array, Grid, smooth

# material: (shine exponent, shine strength)
SHINE: dict[str, tuple[float, float]] = {
    "leather": (26, 0.16),
    "smooth": (60, 0.24),
    "suede": (6, 0.02),
    "mesh": (12, 0.05),
    "knit": (8, 0.03),
    "canvas": (8, 0.03),
    "rubber": (30, 0.14),
    "foam": (14, 0.07),
    "film": (70, 0.22),
    "metal": (50, 0.7),
}


@dataclass
class Colours:
    """The linear RGB colours of one sneaker's parts."""

    base: Array
    overlay: Array
    accent: Array
    midsole: Array
    outsole: Array
    lace: Array
    lining: Array


def noise(shape: tuple[int, ...], cells: tuple[int, int], rng: np.random.Generator) -> Array:
    """Smooth noise of unit spread with about `cells` bumps along the two sides."""
    small = rng.standard_normal(
        (max(2, min(cells[0], shape[0])), max(2, min(cells[1], shape[1]))), np.float32
    )
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def weave(material: str, grid: Grid, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a material's fine relief and the factor on its colour."""
    a, b, shape = grid.a, grid.b, grid.a.shape
    span = (float(a[-1, 0]), float(b.max()))

    def grain(size: float) -> Array:
        return noise(shape, (int(span[0] / size), int(span[1] / size)), rng)

    if material == "mesh":
        p = 0.0125
        hole = smooth(np.cos(2 * np.pi * a / p) * np.cos(2 * np.pi * b / p), 0.05, 0.75)
        return -0.0016 * hole, 1 - 0.5 * hole + 0.03 * grain(0.004)
    if material == "knit":
        zig = np.abs(((a / 0.0075) % 1) - 0.5)
        rib = np.cos(2 * np.pi * (b / 0.0065 + zig))
        return 0.0006 * rib - 0.0006 * smooth(zig, 0.38, 0.5), 0.93 + 0.07 * rib + 0.03 * grain(
            0.006
        )
    if material == "canvas":
        w = np.cos(2 * np.pi * a / 0.0065) * np.cos(2 * np.pi * b / 0.0065)
        return 0.00035 * w, 0.97 + 0.045 * w + 0.035 * grain(0.003) + 0.02 * grain(0.03)
    if material == "leather":
        return 0.00016 * grain(0.004) + 0.0005 * grain(0.045), 1 + 0.012 * grain(0.02)
    if material == "suede":
        return 0.00022 * grain(0.0025), 1 + 0.06 * grain(0.003) + 0.05 * grain(0.03)
    if material == "foam":
        return 0.00005 * grain(0.003), 1 + 0.01 * grain(0.003)
    if material == "rubber":
        return 0.00008 * grain(0.004), 1 + 0.01 * grain(0.004)
    zero = np.zeros(shape, np.float32)
    return zero, zero + 1


@dataclass
class Skin:
    """The look of a grid: colour, relief, shine and the shade of its seams."""

    grid: Grid
    rng: np.random.Generator
    rgb: Array = field(init=False)
    level: Array = field(init=False)
    fine: Array = field(init=False)
    shine: Array = field(init=False)
    shade: Array = field(init=False)
    patterns: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    def cover(self, colour: Array, material: str) -> Skin:
        """Start with one material all over."""
        fine, tint = self.pattern(material)
        shape = self.grid.a.shape
        self.rgb = tint[..., None] * np.asarray(colour, np.float32)
        self.fine = fine.astype(np.float32)
        self.level = np.zeros(shape, np.float32)
        self.shade = np.ones(shape, np.float32)
        self.shine = np.empty((*shape, 2), np.float32)
        self.shine[:] = SHINE[material]
        return self

    def pattern(self, material: str) -> tuple[Array, Array]:
        """Return a material's relief and tint on this grid."""
        if material not in self.patterns:
            self.patterns[material] = weave(material, self.grid, self.rng)
        return self.patterns[material]

    def panel(
        self,
        sd: Array,
        colour: Array | None,
        material: str = "leather",
        lift: float = 0.004,
        bevel: float = 0.005,
        stitch: Array | None = None,
        rows: int = 1,
    ) -> None:
        """Lay a panel where the signed distance `sd` is negative.

        Parameters
        ----------
        sd
            Signed distance to the panel's edge in shoe lengths.
        colour
            Linear RGB, or None to keep what is below.
        material
            Key of `SHINE`.
        lift
            Thickness; negative for a groove.
        bevel
            Width of the rounded edge.
        stitch
            Colour of the thread along the edge, if sewn.
        rows
            Rows of stitches.
        """
        near = np.flatnonzero((sd < 0.03).any(axis=1))
        if not len(near):
            return
        rows_at = slice(int(near[0]), int(near[-1]) + 1)
        sd = sd[rows_at]
        over = np.clip(0.5 - sd / 0.0022, 0, 1)
        if colour is not None:
            fine, tint = (p[rows_at] for p in self.pattern(material))
            self.rgb[rows_at] += over[..., None] * (
                tint[..., None] * np.asarray(colour, np.float32) - self.rgb[rows_at]
            )
            self.fine[rows_at] += over * (fine - self.fine[rows_at])
            self.shine[rows_at] += over[..., None] * (
                np.array(SHINE[material], np.float32) - self.shine[rows_at]
            )
        self.level[rows_at] += lift * smooth(-sd, -0.001, bevel)
        if lift > 0:
            self.shade[rows_at] *= 1 - min(0.55, 130 * lift) * np.exp(
                -np.abs(sd + 0.0005) / 0.004
            ) * (sd > -0.002)
        else:
            self.shade[rows_at] *= 1 - min(0.5, -90 * lift) * over
        for row in range(rows if stitch is not None else 0):
            self.sew(rows_at, np.abs(sd + 0.0085 + 0.0085 * row), sd, stitch)

    def sew(self, rows_at: slice, away: Array, sd: Array, colour: Array) -> None:
        """Stitch along the line where `away` is zero."""
        near = away < 0.006
        if not near.any():
            return
        a, b = self.grid.a[rows_at], self.grid.b[rows_at]
        along_b = np.abs(np.gradient(sd, axis=0) / (np.gradient(a, axis=0) + 1e-6)) > np.abs(
            np.gradient(sd, axis=1) / (np.gradient(b, axis=1) + 1e-6)
        )
        phase = np.where(along_b, b, a) / 0.0125 % 1
        thread = smooth(-away, -0.0022, -0.0012) * smooth(-np.abs(phase - 0.5), -0.4, -0.3)
        self.level[rows_at] -= 0.0014 * np.exp(-((away / 0.0028) ** 2))
        self.level[rows_at] += 0.0018 * thread
        self.shade[rows_at] *= 1 - 0.22 * np.exp(-((away / 0.003) ** 2)) * (1 - thread)
        self.rgb[rows_at] += thread[..., None] * (
            np.asarray(colour, np.float32) - self.rgb[rows_at]
        )

    def relief(self) -> Array:
        """Return the total displacement along the normals."""
        return self.level + self.fine


def sewn(colour: Array) -> Array:
    """Return a thread colour that shows a little on its panel."""
    return np.clip(colour * 0.75 + 0.12 if colour.mean() < 0.35 else colour * 0.8, 0, 0.85)


def emblem(kind: int, x: Array, y: Array) -> Array:
    """Signed distance of an abstract ornament of about unit size."""
    if kind == 0:  # two nested angles
        bend = x - 0.55 * np.abs(y)
        return np.maximum(
            np.minimum(np.abs(bend) - 0.17, np.abs(bend + 0.52) - 0.07), np.abs(y) - 0.95
        )
    if kind == 1:  # a ripple of two lines
        wave = y - 0.3 * np.sin(x * 3.1)
        fade = 0.13 * np.clip(1.25 - np.abs(x), 0.05, 1)
        return np.maximum(
            np.minimum(np.abs(wave - 0.25) - fade, np.abs(wave + 0.2) - 0.6 * fade),
            np.abs(x) - 1.35,
        )
    if kind == 2:  # a fading field of dots
        cx, cy = x * 3.2, y * 3.2
        size = 0.42 * np.clip(1 - (x + 1.1) / 2.5, 0.1, 1)
        dots = np.hypot((cx % 1) - 0.5, (cy % 1) - 0.5) - size
        return np.maximum(dots / 3.2, np.maximum(np.abs(x) - 1.25, np.abs(y) - 0.62))
    if kind == 3:  # two slanted bars, one set lower
        lean = x - 0.55 * y
        left = np.maximum(np.abs(lean + 0.34) - 0.24, np.abs(y + 0.17) - 0.55)
        return (
            np.minimum(left, np.maximum(np.abs(lean - 0.34) - 0.24, np.abs(y - 0.17) - 0.55)) * 0.87
        )
    if kind == 4:  # three quarters of a ring round a disc
        r = np.hypot(x, y)
        return np.minimum(np.maximum(np.abs(r - 0.72) - 0.15, np.minimum(x, y) - 0.06), r - 0.3)
    u, v = x * 0.82 + y * 0.57, y * 0.82 - x * 0.57  # a leaf with a vein and a smaller one
    leaf = np.maximum(np.hypot(u, np.abs(v) + 0.55) - 1.08, 0.035 - np.abs(v - 0.05 * u))
    u, v = (x + 0.55) * 0.5 - (y - 0.35) * 0.87, (y - 0.35) * 0.5 + (x + 0.55) * 0.87
    return np.minimum(leaf, np.hypot(u, np.abs(v) + 0.3) - 0.6)
