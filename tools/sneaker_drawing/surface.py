"""Materials and panels: what is painted on, stitched to and cut into a surface grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .shape import Array, Form, Grid, smooth

# material: (shine exponent, shine strength)
SHINE: dict[str, tuple[float, float]] = {
    "leather": (26, 0.16), "smooth": (60, 0.24), "suede": (6, 0.02), "mesh": (12, 0.05), "knit": (8, 0.03),
    "canvas": (8, 0.03), "rubber": (30, 0.14), "foam": (14, 0.07), "film": (70, 0.22), "metal": (50, 0.7),
}  # fmt: skip


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
    small = rng.standard_normal((max(2, min(cells[0], shape[0])), max(2, min(cells[1], shape[1]))), np.float32)
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
        return 0.0006 * rib - 0.0006 * smooth(zig, 0.38, 0.5), 0.93 + 0.07 * rib + 0.03 * grain(0.006)
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

    def panel(self, sd: Array, colour: Array | None, material: str = "leather", lift: float = 0.004,
              bevel: float = 0.005, stitch: Array | None = None, rows: int = 1) -> None:  # fmt: skip
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
            self.rgb[rows_at] += over[..., None] * (tint[..., None] * np.asarray(colour, np.float32) - self.rgb[rows_at])
            self.fine[rows_at] += over * (fine - self.fine[rows_at])
            self.shine[rows_at] += over[..., None] * (np.array(SHINE[material], np.float32) - self.shine[rows_at])
        self.level[rows_at] += lift * smooth(-sd, -0.001, bevel)
        if lift > 0:
            self.shade[rows_at] *= 1 - min(0.55, 130 * lift) * np.exp(-np.abs(sd + 0.0005) / 0.004) * (sd > -0.002)
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
        self.rgb[rows_at] += thread[..., None] * (np.asarray(colour, np.float32) - self.rgb[rows_at])

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
        return np.maximum(np.minimum(np.abs(bend) - 0.17, np.abs(bend + 0.52) - 0.07), np.abs(y) - 0.95)
    if kind == 1:  # a ripple of two lines
        wave = y - 0.3 * np.sin(x * 3.1)
        fade = 0.13 * np.clip(1.25 - np.abs(x), 0.05, 1)
        return np.maximum(np.minimum(np.abs(wave - 0.25) - fade, np.abs(wave + 0.2) - 0.6 * fade), np.abs(x) - 1.35)
    if kind == 2:  # a fading field of dots
        cx, cy = x * 3.2, y * 3.2
        size = 0.42 * np.clip(1 - (x + 1.1) / 2.5, 0.1, 1)
        dots = np.hypot((cx % 1) - 0.5, (cy % 1) - 0.5) - size
        return np.maximum(dots / 3.2, np.maximum(np.abs(x) - 1.25, np.abs(y) - 0.62))
    if kind == 3:  # two slanted bars, one set lower
        lean = x - 0.55 * y
        left = np.maximum(np.abs(lean + 0.34) - 0.24, np.abs(y + 0.17) - 0.55)
        return np.minimum(left, np.maximum(np.abs(lean - 0.34) - 0.24, np.abs(y - 0.17) - 0.55)) * 0.87
    if kind == 4:  # three quarters of a ring round a disc
        r = np.hypot(x, y)
        return np.minimum(np.maximum(np.abs(r - 0.72) - 0.15, np.minimum(x, y) - 0.06), r - 0.3)
    u, v = x * 0.82 + y * 0.57, y * 0.82 - x * 0.57  # a leaf with a vein and a smaller one
    leaf = np.maximum(np.hypot(u, np.abs(v) + 0.55) - 1.08, 0.035 - np.abs(v - 0.05 * u))
    u, v = (x + 0.55) * 0.5 - (y - 0.35) * 0.87, (y - 0.35) * 0.5 + (x + 0.55) * 0.87
    return np.minimum(leaf, np.hypot(u, np.abs(v) + 0.3) - 0.6)


def dress_upper(grid: Grid, form: Form, hue: Colours, rng: np.random.Generator) -> Skin:
    """Panel the upper the way its type is made."""
    kind, spec = form.kind, form.spec
    x, b, t = grid.x, grid.b, grid.t
    h = b / (b + t + 1e-6)
    xc, xt = spec["collar"], spec["throat"]
    j = rng.uniform(-1, 1, 8)
    thread = sewn(hue.overlay)
    body = {"running": ("mesh", "knit", "mesh"), "basketball": ("knit", "leather", "mesh"), "training": ("knit", "mesh", "knit"),
            "skate": ("suede", "suede", "canvas"), "trail_hiking": ("mesh", "mesh", "canvas"), "tennis_court": ("leather",) * 3,
            "lifestyle": ("mesh", "canvas", "suede"), "high_top": ("canvas",) * 3}[kind][int(rng.integers(3))]  # fmt: skip
    over = {"running": "film", "basketball": "smooth", "training": "film", "skate": "suede", "trail_hiking": "rubber",
            "tennis_court": "leather", "lifestyle": "suede", "high_top": "canvas"}[kind]  # fmt: skip
    skin = Skin(grid, rng).cover(hue.base, body)
    heel_edge = x - (0.15 + 0.02 * j[0] + (0.11 + 0.03 * j[1]) * (1 - h) ** 1.4)
    eye_width = 0.05 + 0.006 * j[2]
    eyestay = np.maximum(np.hypot(np.maximum(x - xt + 0.012, 0), t) - eye_width, xc - 0.012 - 0.35 * t - x)
    toe_line = 0.8 + 0.02 * j[3]
    rand = b - (0.018 + 0.055 * smooth(x, 0.66, 0.9) + 0.02 * (1 - smooth(x, 0.1, 0.3)))
    collar = np.maximum(t - 0.03 - 0.012 * np.sin(np.clip(x / xc, 0, 1) * np.pi), x - xc + 0.01)
    mark = int(rng.integers(6))
    mid = grid.b[:, -1:] * (0.5 if spec["top"][0][1] < 0.42 else 0.36)
    mx = (x - 0.45 - 0.015 * j[4]) / 0.075
    my = (b - mid - (x - 0.45) * 0.25) / 0.075
    logo = emblem(mark, mx, my) * 0.075

    if kind == "running":
        if rng.random() < 0.6:
            sweep = np.abs(x - 0.62 + 0.75 * (h - 0.3) + 0.1 * j[5]) - 0.02 - 0.035 * (1 - h)
            skin.panel(np.maximum(sweep, -t + eye_width * 0.6), hue.overlay, over, 0.0022, 0.004)
        skin.panel(rand, hue.overlay, over, 0.0025, 0.006)
        skin.panel(heel_edge, hue.overlay, over, 0.003, 0.008)
        skin.panel(np.abs(heel_edge + 0.03) - 0.004, hue.accent, "film", 0.0015)
        skin.panel(eyestay, hue.overlay, over, 0.003, 0.005, thread)
        skin.panel(logo, hue.accent, "film", 0.0014, 0.002)
        skin.panel(collar, hue.lining, "knit", 0.001)
    elif kind == "basketball":
        skin.panel(np.maximum(b - 0.06 - 0.075 * smooth(x, 0.72, 0.9) + 0.03 * smooth(x, 0.3, 0.5), 0.42 - x + 0.6 * b), hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(x - (0.2 + 0.16 * (1 - h) ** 1.5 + 0.02 * j[0]), hue.overlay, over, 0.005, 0.008, thread)
        skin.panel(np.maximum(np.abs(h - 0.72 - 0.15 * (x - 0.2)) - 0.065, x - xc - 0.02), hue.accent, "leather", 0.004, 0.006, thread)
        skin.panel(eyestay - 0.008, hue.overlay, over, 0.004, 0.006, thread, 2)
        skin.panel(logo, hue.accent, "smooth", 0.002, 0.003)
        skin.panel(np.maximum(t - 0.04, x - xc + 0.02), hue.lining, "knit", 0.001)
    elif kind == "training":
        for k in range(4):
            strap = np.abs(x - 0.44 - 0.066 * k + (0.34 - 0.05 * k) * (h - 0.8)) - 0.011 - 0.006 * (1 - h)
            skin.panel(np.maximum(strap, 0.03 - t), hue.overlay, over, 0.003, 0.004)
        skin.panel(rand + 0.008 - 0.03 * np.exp(-(((x - 0.45) / 0.09) ** 2)), hue.overlay, "rubber", 0.003, 0.006)
        skin.panel(heel_edge, hue.overlay, over, 0.004, 0.008)
        skin.panel(eyestay + 0.01, hue.accent, over, 0.003, 0.005, sewn(hue.accent))
        skin.panel(np.maximum(t - 0.02, x - xc + 0.02), hue.lining, "knit", 0.001)
    elif kind == "skate":
        skin.panel(np.maximum(x - 0.36 - 0.22 * (1 - h), -(x - 0.05)), hue.base, body, 0.003, 0.005, thread, 2)
        skin.panel(toe_line - 0.06 + 0.16 * h**2 - x, hue.overlay, over, 0.004, 0.006, thread, 2)
        skin.panel(eyestay - 0.006, hue.overlay, over, 0.004, 0.006, thread, 2)
        skin.panel(heel_edge + 0.06, hue.accent, "suede", 0.004, 0.006, sewn(hue.accent))
        skin.panel(logo, hue.accent, "suede", 0.003, 0.003)
        skin.panel(collar + 0.012, hue.lining, "canvas", 0.001)
    elif kind == "trail_hiking":
        web = np.minimum(np.abs(x - 0.5 + 0.55 * (h - 0.5)) - 0.017, np.abs(x - 0.4 + 0.3 * (h - 0.5)) - 0.014)
        skin.panel(np.maximum(web, t - 0.3), hue.overlay, "film", 0.003, 0.004)
        skin.panel(np.minimum(rand - 0.014 - 0.012 * np.clip(np.sin(x * 62) * 2, -1, 1) * smooth(x, 0.2, 0.3) * (1 - smooth(x, 0.66, 0.72)),
                              toe_line + 0.05 + 0.13 * h**2 - x), hue.overlay, over, 0.006, 0.008)
        skin.panel(heel_edge - 0.01, hue.overlay, over, 0.005, 0.008, thread)
        skin.panel(eyestay, hue.accent, "leather", 0.004, 0.005, sewn(hue.accent))
        skin.panel(logo, hue.accent, "film", 0.0015, 0.002)
        skin.panel(collar, hue.lining, "knit", 0.001)
    elif kind == "tennis_court":
        dots = np.hypot(((x * 55) % 1 - 0.5), ((t * 55) % 1 - 0.5)) / 55 - 0.0032
        skin.panel(toe_line - 0.07 + 0.22 * (h - 0.4) ** 2 - x, hue.base, "leather", 0.004, 0.006, thread)
        skin.panel(np.maximum(dots, np.maximum(np.abs(x - 0.785) - 0.055, np.abs(t - 0.03) - 0.028)), hue.base * 0.2, "smooth", -0.003, 0.003)
        skin.panel(np.maximum(x - 0.3 - 0.25 * (1 - h), 0.02 - x), hue.base, "leather", 0.003, 0.006, thread)
        skin.panel(eyestay - 0.004, hue.base, "leather", 0.004, 0.006, thread, 2)
        skin.panel(heel_edge + 0.045, hue.accent, "leather", 0.004, 0.006, sewn(hue.accent), 2)
        skin.panel(logo, hue.accent, "leather", 0.0014, 0.002)
        skin.panel(collar + 0.014, hue.lining, "leather", 0.001)
    elif kind == "lifestyle":
        skin.panel(np.minimum(rand - 0.006, toe_line - 0.01 + 0.2 * h**1.5 - x), hue.overlay, over, 0.004, 0.006, thread)
        saddle = np.abs(x - 0.49 + 0.3 * (h - 0.5)) - 0.05 - 0.035 * (1 - h)
        skin.panel(saddle, hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(heel_edge - 0.01, hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(np.maximum(heel_edge + 0.05, 0.45 - h), hue.accent, "leather", 0.004, 0.006, sewn(hue.accent))
        skin.panel(eyestay - 0.002, hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(logo, hue.accent, "leather", 0.002, 0.003, sewn(hue.accent))
        skin.panel(collar + 0.01, hue.lining, "knit", 0.001)
    else:
        skin.panel(np.maximum(x - 0.4 - 0.16 * (1 - h) ** 2, 0.03 - x), hue.base, body, 0.003, 0.004, sewn(hue.base), 2)
        skin.panel(eyestay + 0.012, hue.base, body, 0.003, 0.004, sewn(hue.base), 2)
        skin.panel(np.maximum(x - 0.045, h - 2), hue.overlay, body, 0.003, 0.004, sewn(hue.overlay))
        if rng.random() < 0.5:
            patch = np.maximum(np.abs(x - 0.17), np.abs(b - 0.62 * b[:, -1:])) * 0.45 + np.hypot(x - 0.17, b - 0.62 * b[:, -1:]) * 0.55 - 0.045
            skin.panel(patch, hue.overlay, "smooth", 0.003, 0.004, sewn(hue.overlay))
            skin.panel(emblem(mark, (x - 0.17) / 0.027, (b - 0.62 * b[:, -1:]) / 0.027) * 0.027, hue.accent, "smooth", 0.001, 0.002)
        skin.panel(0.815 + 0.02 * j[3] - 0.02 * h - x, hue.midsole, "rubber", 0.006, 0.01)
        skin.panel(np.maximum(t - 0.014, x - xc), hue.overlay, "canvas", 0.002, 0.004)
    puff = np.exp(-(((t - 0.035) / 0.026) ** 2)) * (1 - smooth(x, xc - 0.1, xc)) * smooth(h, 0.4, 0.6)
    skin.level += 0.75 * spec["lip"] * puff
    return skin


def dress_sole(grid: Grid, part: Array, form: Form, hue: Colours, rng: np.random.Generator) -> Skin:
    """Mould and colour the side of the sole."""
    kind, x, a = form.kind, grid.x, grid.a
    high = (form.sole(x[:, 0]) - form.ground(x[:, 0]))[:, None]
    z = part * high
    j = rng.uniform(-1, 1, 6)
    flat = kind in ("skate", "high_top")
    skin = Skin(grid, rng).cover(hue.midsole, "rubber" if flat or kind == "tennis_court" else "foam")
    if flat:
        skin.panel(np.abs(part - 0.74) * high - 0.0035, hue.accent, "rubber", 0.001, 0.002)
        if rng.random() < 0.6:
            skin.panel(np.abs(part - 0.55) * high - 0.002, hue.accent, "rubber", 0.0008, 0.002)
        bump = np.maximum(0.83 + 0.1 * part - x, part * high - 0.82 * high)
        skin.panel(bump, hue.midsole, "rubber", 0.004, 0.004)
        skin.level += 0.0012 * np.cos(a * 2 * np.pi / 0.012) * smooth(-bump, 0.002, 0.006)
        skin.panel(z - 0.012, hue.outsole, "rubber", 0.002, 0.003)
        skin.level += 0.0005 * np.sign(np.sin(a * 2 * np.pi / 0.01)) * (z < 0.01)
    elif kind == "tennis_court":
        groove = np.abs(part - 0.78) * high - 0.0028
        skin.panel(groove, hue.midsole * 0.8, "rubber", -0.003, 0.003)
        skin.sew(slice(None), np.abs(part - 0.78) * high, (part - 0.78) * high, sewn(hue.midsole))
        skin.panel(np.maximum(np.abs(part - 0.45) * high - 0.012, np.abs(x - 0.5) - 0.36), hue.midsole, "rubber", -0.002, 0.004)
        skin.level += 0.0009 * np.cos(a * 2 * np.pi / 0.011) * (np.abs(part - 0.45) * high < 0.01) * (np.abs(x - 0.5) < 0.355)
        skin.panel(z - 0.016, hue.outsole, "rubber", 0.002, 0.003)
    else:
        swoop = part - 0.55 - 0.2 * np.sin((x + 0.1 * j[0]) * 2 * np.pi * (0.8 + 0.25 * j[1])) - 0.25 * (0.4 - x) * j[2]
        style = int(rng.integers(3))
        if style == 0:
            blend = smooth(x, 0.15, 0.85)[..., None] * (0.9 * (rng.random() < 0.5))
            skin.rgb += blend * (hue.accent - skin.rgb) * smooth(swoop, 0.12, -0.12)[..., None]
            skin.panel(np.abs(swoop) * high - 0.0025, hue.midsole * 0.75, "foam", -0.004, 0.004)
        elif style == 1:
            skin.panel(np.maximum(swoop * high, x - 0.42 - 0.05 * j[3]), hue.accent, "foam", 0.002, 0.006)
            skin.panel(np.abs(swoop) * high - 0.003, None, lift=-0.004, bevel=0.004)
            skin.panel(np.maximum(np.abs(swoop + 0.28) * high - 0.002, 0.2 - x), None, lift=-0.003, bevel=0.003)
        else:
            for k in range(3):
                slash = np.abs(x - 0.14 - 0.035 * k + 0.9 * z) - 0.006
                skin.panel(np.maximum(slash, np.abs(part - 0.55) * high - 0.03 + 0.006 * k), hue.midsole * 0.7, "foam", -0.006, 0.006)
            skin.panel(np.abs(part - 0.8) * high - 0.002, None, lift=-0.003, bevel=0.003)
            skin.panel(np.maximum(np.abs(swoop) * high - 0.005, np.abs(x - 0.6) - 0.2), None, lift=-0.004, bevel=0.006)
        tread = {"running": 0.017, "basketball": 0.02, "training": 0.018, "trail_hiking": 0.034, "lifestyle": 0.018}[kind]
        arch = 0.012 * smooth(x, 0.32, 0.4) * (1 - smooth(x, 0.5, 0.58)) * (kind in ("running", "lifestyle"))
        skin.panel(z - tread + arch - 0.02 * smooth(x, 0.92, 1) * (kind != "running"), hue.outsole, "rubber", 0.003, 0.003)
        if kind in ("running", "lifestyle", "training"):
            cut = np.maximum(np.abs((a / 0.042) % 1 - 0.5) * 0.042 - 0.003, z - tread)
            skin.panel(cut, hue.outsole * 0.4, "rubber", -0.006, 0.004)
    return skin
