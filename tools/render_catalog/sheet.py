"""Surface grids with colour and roughness at every point: what is handed to the renderer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from curves import Array, along, normals
from scipy.interpolate import CubicSpline


@dataclass(frozen=True)
class Sheet:
    """A surface grid.

    Attributes
    ----------
    pos, normal
        Points in millimetres and unit normals, shape ``(n, m, 3)``.
    colour
        Linear RGB, shape ``(n, m, 3)``.
    rough
        Roughness, shape ``(n, m)``.
    is_flipped
        The normals look the other way than the grid's order tells.
    """

    pos: Array
    normal: Array
    colour: Array
    rough: Array
    is_flipped: bool = False

    def mirrored(self, every: int = 1) -> Sheet:
        """Return the other half of the shoe, of each `every`-th point."""
        turn = np.array([1, -1, 1], np.float32)
        n, m = self.rough.shape
        rows = np.unique(np.r_[np.arange(0, n, every), n - 1])
        columns = np.unique(np.r_[np.arange(0, m, every), m - 1])
        pick = np.ix_(rows, columns)
        return Sheet(
            self.pos[pick] * turn,
            self.normal[pick] * turn,
            self.colour[pick],
            self.rough[pick],
            not self.is_flipped,
        )


def plain_sheet(pos: Array, colour: Array, rough: float, normal: Array | None = None) -> Sheet:
    """Return a sheet of one colour, or of one colour at each point."""
    shape = pos.shape[:2]
    paint = np.broadcast_to(colour, (*shape, 3))
    return Sheet(pos, normals(pos) if normal is None else normal, paint, np.full(shape, rough))


def tube(
    points: Array, up: Array, width: float, thick: float, colour: Array, pitch: float = 2.2
) -> Sheet:
    """Sweep a flat woven band through points.

    Parameters
    ----------
    points, up
        The way and the flat side's normal there, shape ``(n, 3)``.
    width, thick
        Half of each, in millimetres.
    colour
        Of the thread.
    pitch
        Of the weave in millimetres.
    """
    at = along(points)
    s = np.linspace(0, at[-1], max(24, int(at[-1] / 0.45)))
    way, side_up = CubicSpline(at, points)(s), CubicSpline(at, up)(s)
    tangent = np.gradient(way, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    across = np.cross(tangent, side_up)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    side_up = np.cross(across, tangent)
    ring = np.linspace(0, 2 * np.pi, 28)
    c, r = np.cos(ring)[None], np.sin(ring)[None]
    braid = np.sin(2 * np.pi * s / pitch)[:, None] * np.sin(5 * ring)[None]
    swell = 1 + 0.08 * braid
    x = width * np.sign(c) * np.abs(c) ** 0.8 * swell
    y = thick * np.sign(r) * np.abs(r) ** 0.8 * swell
    pos = way[:, None] + across[:, None] * x[..., None] + side_up[:, None] * y[..., None]
    normal = normals(pos)
    centre_out = pos - way[:, None]
    is_inward = np.einsum("ijk,ijk->", normal, centre_out) < 0
    sheet_colour = colour * (0.93 + 0.1 * braid)[..., None]
    normal = -normal if is_inward else normal
    return Sheet(pos, normal, sheet_colour, np.full(x.shape, 0.85), bool(is_inward))


def cushion(rows: Array, colour: Array, rough: Array | float) -> Sheet:
    """Return a closed cushion from rings of points, shape ``(n, m, 3)``, normals outward."""
    normal = normals(rows)
    # The ring closes: its first and last points are one.
    seam = normal[:, 0] + normal[:, -1]
    seam /= np.linalg.norm(seam, axis=1, keepdims=True) + 1e-12
    normal[:, 0] = normal[:, -1] = seam
    out = rows - rows.mean(axis=1, keepdims=True)
    is_inward = np.einsum("ijk,ijk->", normal, out) < 0
    shape = rows.shape[:2]
    return Sheet(
        rows,
        -normal if is_inward else normal,
        np.broadcast_to(colour, (*shape, 3)),
        np.broadcast_to(rough, shape),
        bool(is_inward),
    )
