"""The upper: its pattern laid over the last, the padded edge of the collar, and the lining."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from curves import Array, curve, noise, normals, smooth
from last import Last, outward, pattern_axes, upper_shell
from pattern import Pattern
from scipy.ndimage import gaussian_filter1d
from sheet import Sheet, plain_sheet

LIP_ROWS, LINING_ROWS = 26, 46


@dataclass(frozen=True)
class Upper:
    """The finished upper.

    Attributes
    ----------
    sheets
        Both halves and the footbed.
    outer
        Points of the outer half without the lip, shape ``(n, m, 3)``.
    normal
        Its normals.
    s
        Stations, shape ``(n,)``.
    b
        Length across, shape ``(n, m)``.
    """

    sheets: list[Sheet]
    outer: Array
    normal: Array
    s: Array
    b: Array

    def at(self, station: float, from_top: float) -> tuple[Array, Array]:
        """Return the point and normal some millimetres below the edge at a station."""
        i = int(np.clip(np.searchsorted(self.s, station), 0, len(self.s) - 1))
        b = self.b[i]
        j = int(np.clip(np.searchsorted(b, b[-1] - from_top), 0, len(b) - 1))
        return self.outer[i, j], self.normal[i, j]


def build_upper(
    last: Last,
    paint: Callable[[Pattern], None],
    lining: Array,
    footbed: Array,
    count: tuple[int, int],
    rng: np.random.Generator,
) -> Upper:
    """Build the upper.

    Parameters
    ----------
    last
        What it is drawn over.
    paint
        Draws its pattern.
    lining, footbed
        Colours of the inside.
    count
        Points along and across.
    rng
        Source of the grain.
    """
    m = last.measures
    shell = upper_shell(last, count)
    pattern = Pattern(*pattern_axes(shell), rng)
    paint(pattern)
    colour, rough, height = pattern.sample(shell.s, shell.b)
    n = outward(shell.pos, shell.s, m.throat)
    # At the toe's tip all lines meet; nothing stands out there.
    height = height * smooth(shell.b[:, -1:], 2, 14)
    # Down in the sole's cup nothing stands out.
    height = height * (0.15 + 0.85 * smooth(shell.b, 4, 10))
    # The edge runs evenly, and the halves meet at the ridge whatever cloth is there.
    calm = gaussian_filter1d(height[:, -4:].mean(axis=1), count[0] / 110, mode="nearest")[:, None]
    near = smooth(shell.b, shell.b[:, -1:] - 1.6, shell.b[:, -1:] - 0.2)
    height = height + (calm - height) * near
    outer = shell.pos + n * height[..., None]
    normal = outward(outer, shell.s, m.throat)
    lip, inner = _inside(last, outer, shell.pos, n, shell.s)
    every = np.concatenate([outer, lip, inner], axis=1)
    rows = every.shape[1] - outer.shape[1]
    all_normals = normals(every)
    all_normals[:, : outer.shape[1] - 1] = normal[:, :-1]
    all_normals[0, :, 1] = 0
    all_normals /= np.linalg.norm(all_normals, axis=2, keepdims=True) + 1e-12
    cloth = np.broadcast_to(lining, (len(shell.s), rows, 3)).copy()
    cloth *= 1 + 0.05 * noise((len(shell.s), rows), 2.0, rng)[..., None]
    # Only the padded collar turns its lining outward.
    share = (np.arange(rows) / LIP_ROWS)[None] + 2 * smooth(shell.s, m.collar, m.collar + 0.05)[
        :, None
    ]
    blend = smooth(share, 0.1, 0.3) * (1 - smooth(share, 1.9, 2.1) * (np.arange(rows) < LIP_ROWS))
    cloth = cloth * blend[..., None] + colour[:, -1:] * (1 - blend[..., None])
    half = Sheet(
        every,
        all_normals,
        np.concatenate([colour, np.clip(cloth, 0, 1)], axis=1),
        np.concatenate([rough, np.full((len(shell.s), rows), 0.95)], axis=1),
    )
    sheets = [half, half.mirrored(2), _footbed(last, footbed)]
    return Upper(sheets, outer, normal, shell.s, shell.b)


def _inside(last: Last, outer: Array, bare: Array, n: Array, s: Array) -> tuple[Array, Array]:
    """Return the rounded edge and the inner wall that follow the outer half's last row."""
    m = last.measures
    r = curve(
        [
            (0, m.padding * 0.8), (0.08, m.padding), (m.collar * 0.8, m.padding),
            (m.collar + 0.03, 1.5), (m.throat - 0.03, 1.2), (m.throat, 0.15), (1, 0.15),
        ],
        6,
    )(s)[:, None]  # fmt: skip
    edge = outer[:, -1]
    up = bare[:, -1] - bare[:, -6]
    up /= np.linalg.norm(up, axis=1, keepdims=True) + 1e-9
    out = n[:, -8]
    centre = edge - out * r
    angle = np.linspace(0, np.pi, LIP_ROWS + 1)[None, 1:, None]
    lip = centre[:, None] + r[..., None] * (
        out[:, None] * np.cos(angle) + up[:, None] * np.sin(angle)
    )
    down = np.linspace(0, 0.72, LINING_ROWS + 1)[1:]
    j = np.round((1 - down) * (outer.shape[1] - 1)).astype(int)
    # Deep enough that no relief of the outside reaches it.
    deep = np.maximum(2 * r, 3.0 * smooth(down, 0, 0.05)[None])
    deep = deep * smooth(1 - s, 0.0, 0.06)[:, None]
    wall = bare[:, j] - n[:, j] * deep[..., None]
    wall[..., 1] = np.minimum(wall[..., 1], -0.05)
    # The first rows come from the lip's end, whatever the panels outside do.
    ease = smooth(down, 0.0, 0.12)[None, :, None]
    wall = wall * ease + (wall - wall[:, :1] + lip[:, -1:]) * (1 - ease)
    return lip, wall


def _footbed(last: Last, colour: Array) -> Sheet:
    """Return the surface the foot stands on."""
    s = last.stations(160)
    y = np.linspace(-1, 1, 40)[None] * (last.half_width(s) * 0.86)[:, None]
    z = (last.rim_z(s) - 3)[:, None] + 3 * (y / 45) ** 2
    pos = np.stack([last.x(0.02 + 0.95 * s)[:, None] + 0 * y, y, z], axis=2)
    return plain_sheet(pos, colour, 0.95)
