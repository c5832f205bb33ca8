"""The flat pattern of a surface: colour, roughness and height in millimetres along it.

A pattern is to a surface what a cut piece of cloth is to a shoe. Panels, seams, stitches and
holes are drawn into it; `Pattern.sample` gives their values at the surface's grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from curves import Array, closed_spline, noise, smooth
from materials import MATERIALS, weave

PX = 5.0
"""Pixels a millimetre."""

ROOM = 8.0
"""Millimetres beyond the edges of the surface."""


@dataclass
class Pattern:
    """A surface unrolled: `a` runs along it and `b` across, both in millimetres.

    Attributes
    ----------
    a_of_s
        Length along the surface at the stations `s`, both shape ``(n,)``.
    girth
        Length across at the stations.
    """

    s: Array
    a_of_s: Array
    girth: Array
    rng: np.random.Generator
    colour: Array = field(init=False)
    rough: Array = field(init=False)
    height: Array = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the fields every panel asks for."""
        w = int((self.a_of_s[-1] + 2 * ROOM) * PX)
        h = int((self.girth.max() + 2 * ROOM) * PX)
        a = np.arange(w, dtype=np.float32) / PX - ROOM
        s = np.interp(a, self.a_of_s, self.s)
        s = s + np.minimum(a, 0) / 290 + np.maximum(a - self.a_of_s[-1], 0) / 290
        g = np.interp(a, self.a_of_s, self.girth).astype(np.float32)
        b = (np.arange(h, dtype=np.float32) / PX - ROOM)[:, None]
        ones = np.ones((h, w), np.float32)
        self.shape = (h, w)
        self.S = (s[None] * ones).astype(np.float32)
        self.A, self.B = a[None] * ones, b * ones
        self.top = g[None] - b
        self.T = b / np.maximum(g, 1.0)[None]
        self.colour = np.zeros((h, w, 3), np.float32)
        self.rough = np.full((h, w), 0.6, np.float32)
        self.height = np.zeros((h, w), np.float32)

    def place(self, points: Sequence[tuple[float, float]]) -> Array:
        """Return pixel positions of points given as (station, share of the girth)."""
        p = np.asarray(points, np.float64)
        a = np.interp(p[:, 0], self.s, self.a_of_s)
        a += (np.minimum(p[:, 0], 0) + np.maximum(p[:, 0] - 1, 0)) * 290
        return (np.stack([a, p[:, 1] * np.interp(p[:, 0], self.s, self.girth)], 1) + ROOM) * PX

    def polygon(self, points: Sequence[tuple[float, float]], is_round: bool = True) -> Array:
        """Return the mask of a closed line through points (station, share of the girth)."""
        line = self.place(points)
        return self.fill([closed_spline(line) if is_round else line])

    def fill(self, lines: Sequence[Array]) -> Array:
        """Return the mask inside closed lines of pixel positions."""
        mask = np.zeros(self.shape, np.uint8)
        shapes = [np.round(line * 16).astype(np.int32) for line in lines]
        cv2.fillPoly(mask, shapes, 255, cv2.LINE_8, 4)
        return mask > 0

    def distance(self, mask: Array) -> Array:
        """Return the signed distance to a mask's edge in millimetres, positive inside."""
        m = mask.astype(np.uint8)
        if m.all() or not m.any():
            return np.full(self.shape, 99.0 if m.all() else -99.0, np.float32)
        inside = cv2.distanceTransform(m, cv2.DIST_L2, 5)
        d = (inside - cv2.distanceTransform(1 - m, cv2.DIST_L2, 5)) / PX
        return cv2.GaussianBlur(d, (0, 0), 1.6)

    def soften(self, mask: Array, radius: float) -> Array:
        """Round a mask's corners."""
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), radius * PX)
        return soft > 0.5

    def texture(self, material: str) -> tuple[Array, Array]:
        """Return a material's relief in millimetres and its shade around 1."""
        return weave(material, self.A, self.B, self.rng)

    def base(self, colour: Array, material: str) -> None:
        """Cover the whole pattern with a material."""
        relief, shade = self.texture(material)
        self.colour[:] = colour * shade[..., None]
        self.rough[:] = MATERIALS[material].rough
        self.height += relief

    def panel(
        self,
        mask: Array,
        colour: Array,
        material: str,
        thick: float = 1.1,
        stitch: Array | None = None,
        rows: int = 1,
        edge: float = 1.0,
        puff: float = 0.0,
        inset: float = 2.2,
    ) -> Array:
        """Lay a panel over what is there.

        Parameters
        ----------
        mask
            Where.
        colour, material
            Of it.
        thick
            Millimetres it stands out.
        stitch
            Colour of the thread along its edge; None for a welded panel.
        rows
            Rows of stitches.
        edge
            Width of the bevel.
        puff
            Padding: extra millimetres well inside.

        Returns
        -------
        distance
            Signed distance to the panel's edge in millimetres.
        """
        d = self.distance(mask)
        cover = smooth(d, -0.2, 0.2)
        relief, shade = self.texture(material)
        # The edge is cut: a little darker than the face.
        cut = 1 - 0.3 * np.exp(-(((d - 0.1) / 0.35) ** 2)) * (thick > 0.3)
        paint = colour * (shade * cut)[..., None]
        self.colour += (paint - self.colour) * cover[..., None]
        self.rough += (MATERIALS[material].rough - self.rough) * cover
        step = thick * smooth(d, -0.15, edge)
        if puff:
            step = step + puff * smooth(d, 0.5, 7.0)
        self.height = cv2.GaussianBlur(self.height, (0, 0), 2.0) * cover + self.height * (1 - cover)
        self.height += step + relief * smooth(d, 0.0, 0.5)
        # The surface dips where a panel ends.
        self.height -= 0.18 * np.exp(-(((d + 0.35) / 0.4) ** 2)) * (thick > 0.3)
        if stitch is not None:
            for row in range(rows):
                self.stitch(d, inset + 2.4 * row, stitch)
        return d

    def stitch(self, d: Array, at: float, colour: Array, pitch: float = 3.0) -> None:
        """Sew a row of stitches along a line of equal distance."""
        lines, _ = cv2.findContours((d > at).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        h, w = self.shape
        thread = np.zeros(self.shape, np.uint8)
        row = np.zeros(self.shape, np.uint8)
        for line in lines:
            p = line[:, 0].astype(np.float64)
            if len(p) < 40:
                continue
            for axis in (0, 1):
                p[:, axis] = _smoothed(p[:, axis], 6)
            inner = (p[:, 0] > 3) & (p[:, 0] < w - 4) & (p[:, 1] > 3) & (p[:, 1] < h - 4)
            at_px = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(p, axis=0).T))])
            starts = np.arange(0, at_px[-1] - pitch * PX, pitch * PX)
            for start in starts:
                ends = [start, start + pitch * PX * 0.72]
                i = np.searchsorted(at_px, ends)
                if not inner[i].all():
                    continue
                q = np.stack([np.interp(ends, at_px, p[:, k]) for k in (0, 1)], 1)
                q = np.round(q * 16).astype(np.int32)
                cv2.line(thread, q[0], q[1], 255, 4, cv2.LINE_AA, 4)
                cv2.line(row, q[0], q[1], 255, 8, cv2.LINE_AA, 4)
        cover = cv2.GaussianBlur(thread, (0, 0), 0.8).astype(np.float32) / 255
        dent = cv2.GaussianBlur(row, (0, 0), 3.0).astype(np.float32) / 255
        self.colour += (colour - self.colour) * (0.95 * cover)[..., None]
        self.rough += (0.7 - self.rough) * cover
        self.height += 0.42 * cover - 0.3 * dent

    def line(
        self, mask_or_d: Array, at: float, width: float, deep: float, colour: Array | None = None
    ) -> None:
        """Cut a groove (or, with a negative depth, raise a rib) along a line of equal distance."""
        d = self.distance(mask_or_d) if mask_or_d.dtype == bool else mask_or_d
        cover = 1 - smooth(np.abs(d - at), 0.3 * width, 0.6 * width)
        self.height -= deep * cover
        if colour is not None:
            self.colour += (colour - self.colour) * cover[..., None]

    def dots(self, points: Array, radius: float, deep: float, colour: Array | None) -> None:
        """Punch round holes at pixel positions."""
        mask = np.zeros(self.shape, np.uint8)
        for x, y in np.round(np.asarray(points) * 16).astype(np.int64):
            cv2.circle(mask, (int(x), int(y)), int(radius * PX * 16), 255, -1, cv2.LINE_AA, 4)
        cover = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32) / 255
        self.height -= deep * cover
        if colour is not None:
            self.colour += (colour - self.colour) * cover[..., None]

    def perforate(self, mask: Array, pitch: float, radius: float = 0.7) -> None:
        """Punch a field of holes inside a mask."""
        h, w = self.shape
        step = pitch * PX
        xs, ys = np.meshgrid(np.arange(0, w, step), np.arange(0, h, step * 0.87))
        xs = xs + (np.arange(len(ys)) % 2)[:, None] * step / 2
        p = np.stack([xs.ravel(), ys.ravel()], 1)
        i = np.clip(p.astype(int), 0, [w - 1, h - 1])
        keep = self.distance(mask)[i[:, 1], i[:, 0]] > radius + 0.8
        self.dots(p[keep], radius, 0.9, np.full(3, 0.012, np.float32))

    def wrinkle(self, amount: float) -> None:
        """Make the surface a little uneven, as all that is sewn is."""
        self.height += amount * noise(self.shape, 30 * PX, self.rng)
        self.height += 0.3 * amount * noise(self.shape, 9 * PX, self.rng)

    def sample(self, s: Array, b: Array) -> tuple[Array, Array, Array]:
        """Return colour, roughness and height at stations ``(n,)`` and lengths ``(n, m)``."""
        a = np.interp(s, self.s, self.a_of_s)[:, None] + 0 * b
        x = ((a + ROOM) * PX).astype(np.float32)
        y = ((b + ROOM) * PX).astype(np.float32)
        return tuple(
            cv2.remap(field_, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for field_ in (self.colour, self.rough, self.height)
        )


def _smoothed(values: Array, radius: int) -> Array:
    """Average a closed line's coordinate over its neighbours."""
    kernel = np.ones(2 * radius + 1) / (2 * radius + 1)
    return np.convolve(np.pad(values, radius, mode="wrap"), kernel, mode="valid")
