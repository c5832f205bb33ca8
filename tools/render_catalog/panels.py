"""The panels an upper is cut from, each drawn into its pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from curves import Array, smooth
from lacing import EYELET_FROM_EDGE, eyelet_stations
from last import Last
from pattern import PX, ROOM, Pattern

BEYOND = 1.35
"""A share of the girth that is surely beyond the upper's edge."""


@dataclass(frozen=True)
class Cloth:
    """What a panel is made of.

    Attributes
    ----------
    colour
        Linear RGB.
    material
        A key of `materials.MATERIALS`.
    thread
        Colour of its stitches; None where it is welded.
    thick
        In millimetres.
    rows
        Rows of stitches.
    """

    colour: Array
    material: str
    thread: Array | None = None
    thick: float = 1.1
    rows: int = 1


def lay(p: Pattern, mask: Array, cloth: Cloth, puff: float = 0.0) -> Array:
    """Lay a panel; return the signed distance to its edge."""
    edge = 0.5 if cloth.thick < 0.6 else 1.0
    return p.panel(
        mask, cloth.colour, cloth.material, cloth.thick, cloth.thread, cloth.rows, edge, puff
    )


def eyestay(p: Pattern, last: Last, cloth: Cloth, wide: float = 17.0, reach: float = 0.04) -> None:
    """Lay the panel that carries the eyelets, around the throat."""
    m = last.measures
    broad = wide + 4.0 * smooth(p.S, m.throat - 0.1, m.collar)
    mask = (p.top < broad) & (m.collar - 0.02 < p.S) & (m.throat + reach > p.S)
    lay(p, p.soften(mask, 2.6), cloth)


def eyelets(p: Pattern, last: Last, ring: Array | None) -> None:
    """Punch the eyelets, with rings of metal or plastic if a colour is given."""
    s = eyelet_stations(last)
    a = np.interp(s, p.s, p.a_of_s)
    b = np.interp(s, p.s, p.girth) - EYELET_FROM_EDGE
    at = (np.stack([a, b], 1) + ROOM) * PX
    if ring is not None:
        p.dots(at, 3.3, -0.7, ring)
    p.dots(at, 1.9, 1.6, np.full(3, 0.01, np.float32))


def collar(p: Pattern, last: Last, cloth: Cloth, deep: float, puff: float) -> None:
    """Lay the padded band along the ankle."""
    m = last.measures
    mask = (p.top < deep * (0.75 + 0.25 * smooth(p.S, 0.02, 0.2))) & (m.collar + 0.015 > p.S)
    lay(p, p.soften(mask, 3.0), cloth, puff)


def toe_cap(p: Pattern, cloth: Cloth, at: float = 0.82, bow: float = 0.04) -> Array:
    """Lay a cap over the toe."""
    t = np.linspace(-0.3, BEYOND, 9)
    line = [(at + bow * (1 - (2 * min(max(x, 0), 1) - 1) ** 2), x) for x in t]
    mask = p.polygon([*line, (1.3, BEYOND), (1.3, -0.3)], is_round=False)
    lay(p, mask, cloth)
    return mask


def mudguard(
    p: Pattern, cloth: Cloth, start: float = 0.66, tall: float = 0.42, tip: float = 0.6
) -> Array:
    """Lay a low band around the toe that ends at the sole."""
    mask = p.polygon(
        [
            (start - 0.06, -0.3), (start, 0.02), (start + 0.1, tall * 0.55),
            (start + 0.19, tall * 0.9), (start + 0.26, tip), (start + 0.29, 1.0), (1.0, BEYOND),
            (1.3, BEYOND), (1.3, -0.3),
        ]
    )  # fmt: skip
    lay(p, mask, cloth)
    return mask


def heel_counter(
    p: Pattern, cloth: Cloth, front: float = 0.2, tall: float = 0.7, hook: float = 0.0
) -> Array:
    """Lay the panel around the heel; a hook sweeps it forward along the sole."""
    mask = p.polygon(
        [
            (-0.3, -0.3), (-0.3, tall), (0.0, tall), (front * 0.42, tall * 0.93),
            (front * 0.72, tall * 0.55), (front + hook * 0.5, tall * 0.26), (front + hook, 0.0),
            (front + hook + 0.02, -0.3),
        ]
    )  # fmt: skip
    lay(p, mask, cloth)
    return mask


def heel_tab(p: Pattern, cloth: Cloth, wide: float = 0.07, low: float = 0.62) -> Array:
    """Lay the panel that closes the heel under the collar's edge."""
    mask = p.polygon(
        [
            (-0.3, low), (0.0, low), (wide * 0.7, low + 0.05), (wide, low + 0.2),
            (wide * 1.1, BEYOND), (-0.3, BEYOND),
        ]
    )  # fmt: skip
    lay(p, mask, cloth)
    return mask


def rand(p: Pattern, cloth: Cloth, tall: float, waves: float = 0.0) -> None:
    """Lay a band all along the sole, taller at the toe and the heel."""
    height = tall * (1 + 0.9 * smooth(p.S, 0.72, 1.0) + 0.5 * (1 - smooth(p.S, 0.0, 0.2)))
    height = height + waves * np.sin(p.A / 9.0) * (1 - smooth(p.S, 0.75, 0.9))
    lay(p, p.soften(height > p.B - 7, 1.0), cloth)


def saddle(
    p: Pattern, last: Last, cloth: Cloth, foot: float, wide: float, lean: float, head: float = 0.05
) -> None:
    """Lay a panel from the eyestay down to the sole at the midfoot."""
    top = foot + lean
    mask = p.polygon(
        [
            (foot - wide / 2, -0.3), (foot - wide / 2, 0.0), (top - wide * 0.2, 0.55),
            (top - head, BEYOND), (top + head + wide * 0.3, BEYOND), (top + wide * 0.5, 0.55),
            (foot + wide / 2, 0.0), (foot + wide / 2, -0.3),
        ]
    )  # fmt: skip
    lay(p, p.soften(mask & (last.measures.throat + 0.03 > p.S), 1.2), cloth)


def bars(
    p: Pattern, cloth: Cloth, n: int, first: float, step: float, lean: float, wide: float,
    high: float = 0.86,
) -> None:  # fmt: skip
    """Lay slanting bars that fan from the eyestay to the sole."""
    mask = np.zeros(p.shape, bool)
    for i in range(n):
        s = first + step * i
        bend = lean * (1 - 0.25 * i / max(n - 1, 1))
        mask |= p.polygon(
            [
                (s, -0.2),
                (s + wide, -0.2),
                (s + wide * 0.8 + bend, high),
                (s + wide * 0.2 + bend, high),
            ],
            is_round=False,
        )
    lay(p, p.soften(mask, 0.7), cloth)


def ribs(p: Pattern, mask: Array, pitch: float, deep: float, is_upright: bool = False) -> None:
    """Press parallel ribs into an area."""
    inside = smooth(p.distance(mask), 0.8, 2.0)
    way = p.A if is_upright else p.top
    p.height += deep * inside * np.sin(2 * np.pi * way / pitch)


def jacquard(p: Pattern, colour: Array) -> None:
    """Knit a second yarn in, ever denser towards the heel."""
    loop = np.sin(2 * np.pi * p.A / 4.6) * np.sin(2 * np.pi * p.B / 3.4)
    dense = 1 - 2.1 * smooth(p.S, 0.14, 0.7)
    cover = 0.85 * smooth(loop, -dense, 0.3 - dense)
    fold = p.height - p.height.min()
    shade = 0.7 + 0.3 * fold / max(float(fold.max()), 1e-6)
    p.colour += (colour * shade[..., None] - p.colour) * cover[..., None]


def quarter_line(
    p: Pattern, thread: Array, points: list[tuple[float, float]], rows: int = 2
) -> None:
    """Sew a seam along the edge of an area given by points."""
    d = p.distance(p.polygon(points))
    p.line(d, 0.0, 0.8, 0.45)
    for row in range(rows):
        p.stitch(d, 1.8 + 2.4 * row, thread)


def swept_panel(p: Pattern, cloth: Cloth, points: list[tuple[float, float]]) -> Array:
    """Lay a panel of any outline."""
    mask = p.polygon(points)
    lay(p, mask, cloth)
    return mask
