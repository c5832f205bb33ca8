"""Tongue, laces, bow and pull tab."""

from __future__ import annotations

import numpy as np
from curves import Array, along, rounded, smooth
from last import LENGTH, Last
from pattern import weave
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from sheet import Sheet, cushion, tube
from upper import Upper

EYELET_FROM_EDGE = 8.0
"""Millimetres from the eyestay's edge to the middle of an eyelet."""


def eyelet_stations(last: Last) -> Array:
    """Return the stations of the eyelets, the one next to the toe first."""
    m = last.measures
    s = np.linspace(m.collar, m.throat, 200)
    z = last.top_z(s)
    way = along(np.stack([last.x(s), z], axis=1))
    at = np.linspace(way[-1] - 7.0, 7.0, m.eyelets)
    return np.interp(at, way, s)


def tongue_line(last: Last, count: int) -> tuple[Array, Array]:
    """Return the tongue's middle line, shape ``(count, 2)`` in x and z, and its normals."""
    m = last.measures
    s = np.linspace(m.throat + 0.03, m.collar + 0.01, 8)
    points = np.stack([last.x(s), last.top_z(s)], axis=1)
    points[:, 1] += np.interp(s, [m.collar, m.throat - 0.04, m.throat + 0.03], [3.5, 1.0, -6.0])
    way = points[-1] - points[-3]
    way /= np.linalg.norm(way)
    # Above the last eyelet it leans back up, away from the leg.
    stand = 0.62 * way + 0.38 * np.array([-0.1, 1.0])
    stand /= np.linalg.norm(stand)
    ends = [points[-1] + m.tongue * share * stand for share in (0.5, 1.0)]
    points = np.concatenate([points, ends])
    at = along(points)
    line = PchipInterpolator(at, points)(np.linspace(0, at[-1], count))
    line = gaussian_filter1d(line, count * 0.03, axis=0, mode="nearest")
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return line, np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)


def build_tongue(
    last: Last,
    colour: Array,
    material: str,
    thick: float,
    label: Array,
    rng: np.random.Generator,
    count: tuple[int, int] = (420, 220),
) -> list[Sheet]:
    """Build the tongue as a cushion with a label near its end."""
    line, normal = tongue_line(last, count[0])
    q = np.linspace(0, 1, count[0])[:, None]
    ring = np.linspace(0, 2 * np.pi, count[1])[None]
    end = rounded(1 - q, 0.09, 2.3)
    half = (0.062 + 0.038 * smooth(q, 0.2, 0.8)) * LENGTH * (0.55 + 0.45 * end)
    body = (2.2 + (thick - 2.2) * smooth(q, 0.72, 0.9)) * end + 0.05
    c, r = np.cos(ring), np.sin(ring)
    y = half * np.sign(c) * np.abs(c) ** 0.9
    droop = (y / LENGTH) ** 2 * LENGTH * (1.9 + 1.0 * smooth(q, 0.7, 1.0))
    lift = body * np.sign(r) * np.abs(r) ** 0.75 - droop
    a = along(line)[:, None] + 0 * y
    relief, shade = weave(material, a.astype(np.float32), (y + 60).astype(np.float32), rng)
    seam = np.exp(-(((q - 0.93) * count[0] / 9) ** 2)) * 0.5
    upward = (r > 0) * 1.0
    lift = lift + upward * (relief - seam)
    paint = colour * shade[..., None]
    is_label = smooth(q, 0.76, 0.765) * (1 - smooth(q, 0.9, 0.905)) * (np.abs(y) < 15) * upward
    paint = paint * (1 - is_label[..., None]) + label * is_label[..., None]
    lift = lift + 0.8 * is_label
    pos = np.stack(
        [line[:, :1] + normal[:, :1] * lift, y, line[:, 1:] + normal[:, 1:] * lift], axis=2
    )
    return [cushion(pos, paint, 0.9)]


def build_laces(
    last: Last, upper: Upper, colour: Array, width: float, is_crossed: bool, has_bow: bool
) -> list[Sheet]:
    """Build the laces over the tongue, from eyelet to eyelet.

    Parameters
    ----------
    last, upper
        What they hold together.
    colour
        Of the thread.
    width
        Half the band's width in millimetres.
    is_crossed
        Crossing, else straight bars.
    has_bow
        Tied, else the ends are tucked in.
    """
    stations = eyelet_stations(last)
    holes = [upper.at(s, EYELET_FROM_EDGE) for s in stations]
    edges = [upper.at(s, 0.3) for s in stations]
    sheets = []
    thick = min(1.1, width * 0.45)
    turn = np.array([1, -1, 1])
    for i in range(len(stations)):
        pairs = [(i, i, 0.0)]
        if is_crossed and i + 1 < len(stations):
            pairs = [(i, i + 1, 0.0), (i + 1, i, 1.7)] + ([(0, 0, -0.4)] if i == 0 else [])
        elif is_crossed:
            pairs = [(i, i, 0.6)] if has_bow else []
        for near, far, lift in pairs:
            points, up = _bar(holes[near], edges[near], 1.4)
            other, other_up = _bar(holes[far], edges[far], 1.4)
            middle = 0.5 * (edges[near][0] + edges[far][0])
            middle = np.array([middle[0], 0.0, middle[2] + 4.6 + lift])
            middle_up = up[-1] * [1, 0, 1] + other_up[-1] * [1, 0, 1]
            way = np.concatenate([points, [middle], (other * turn)[::-1]])
            ups = np.concatenate([up, [middle_up], (other_up * turn)[::-1]])
            sheets.append(tube(way, ups, width, thick, colour))
    if has_bow:
        sheets += _bow(edges[-1][0], colour, width)
    return sheets


def _bar(hole: tuple[Array, Array], edge: tuple[Array, Array], lift: float) -> tuple[Array, Array]:
    """Return a lace's way from inside an eyelet to the edge, and its flat side's normals."""
    (p, n), (e, en) = hole, edge
    toward = (e - p) / (np.linalg.norm(e - p) + 1e-9)
    crown = en * 0.5 + np.array([0.25, 0, 1.0])
    crown /= np.linalg.norm(crown)
    points = np.array(
        [
            p - n * 1.6 - toward * 0.2,
            p + n * (0.2 + lift) + toward * 1.6,
            0.5 * (p + e) + n * (0.3 + lift),
            e + crown * (0.9 + lift),
        ]
    )
    return points, np.array([n - 0.9 * toward, n, n, crown])


def _bow(edge: Array, colour: Array, width: float) -> list[Sheet]:
    """Return a knot, two loops and two ends."""
    knot = np.array([edge[0] - 1.0, 0.0, edge[2] + 7.0])
    thick = min(1.1, width * 0.45)
    sheets = []
    loop = np.array(
        [
            (0, 0, 0), (3, -11, 5), (9, -24, 1), (15, -35, -13), (17, -39, -26), (11, -39, -30),
            (6, -36, -20), (2, -25, -4), (0, -11, 3), (0, 0, 1.5),
        ],
        float,
    )  # fmt: skip
    tail = np.array(
        [(0, 0, -1), (6, -12, 1.5), (14, -26, -6), (24, -36, -20), (31, -40, -34)], float
    )
    for side in (1, -1):
        for way in (loop, tail):
            points = knot + way * [1.0 if side == 1 else 0.8, side, 1.0 if side == 1 else 0.85]
            up = np.array([[0.25, -side * min(1.0, abs(p[1]) / 25), 0.7] for p in way])
            sheets.append(tube(points, up, width * 0.92, thick, colour))
    across = np.array([(-3.5, 0, -2.0), (-2.0, 0, 2.8), (2.0, 0, 2.8), (4.0, 0, -2.0)], float)
    ups = np.array([(-1, 0, 0.5), (-0.4, 0, 1), (0.4, 0, 1), (1, 0, 0.5)], float)
    sheets.append(tube(knot + across, ups, width * 1.1, thick * 1.5, colour))
    return sheets


def build_pull_tab(
    upper: Upper, colour: Array, width: float = 6.0, tall: float = 9.0
) -> list[Sheet]:
    """Return a loop of webbing at the heel."""
    top, low = upper.outer[0, -1], upper.outer[0, int(upper.outer.shape[1] * 0.8)]
    points = np.array(
        [
            low + np.array((-0.2, 0, 0)),
            0.5 * (low + top) + np.array((-1.2, 0, 0)),
            top + np.array((-3.2, 0, 1.0)),
            top + np.array((-2.6, 0, tall)),
            top + np.array((1.5, 0, tall + 1.8)),
            top + np.array((4.2, 0, tall - 2.5)),
            top + np.array((5.2, 0, -1.0)),
            top + np.array((6.5, 0, -12.0)),
        ]
    )
    up = np.array(
        [(-1, 0, 0), (-1, 0, 0), (-1, 0, 0.2), (-0.8, 0, 0.7), (0.1, 0, 1), (0.9, 0, 0.5),
         (1, 0, 0), (1, 0, 0)], float
    )  # fmt: skip
    return [tube(points, up, width, 0.8, colour)]
