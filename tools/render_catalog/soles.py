"""The soles of the sneaker types: layers, grooves and texture of the side wall, and treads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from colourways import Colours
from curves import Array, smooth
from pattern import Pattern
from sole import Tread

Paint = Callable[[Pattern], None]


@dataclass(frozen=True)
class SoleDesign:
    """A sole: profile, treads and what its side wall shows."""

    profile: str
    treads: tuple[Tread, ...]
    paint: Paint


SoleMaker = Callable[[Colours, int, np.random.Generator], SoleDesign]


def _wave(p: Pattern, points: list[tuple[float, float]]) -> Array:
    """Return the signed distance to a line along the sole, positive above it."""
    xs, ys = np.array(points).T
    level = np.interp(p.S, xs, ys)
    level = level + 0.0 * p.T
    girth = p.B + p.top
    return (p.B - _smooth_rows(level) * girth).astype(np.float32)


def _smooth_rows(level: Array) -> Array:
    """Smooth a line that is the same in each row."""
    row = level[0]
    kernel = np.hanning(241)
    kernel /= kernel.sum()
    padded = np.pad(row, 120, mode="edge")
    return np.convolve(padded, kernel, mode="valid")[None] + 0 * level


def _outsole(p: Pattern, c: Colours, points: list[tuple[float, float]], thick: float = 0.5) -> None:
    """Lay the rubber of the outsole below a line."""
    p.panel(_wave(p, points) < 0, c.outsole, "rubber", thick, edge=0.6)


def running(c: Colours, style: int, rng: np.random.Generator) -> SoleDesign:
    """Curved foam with flowing grooves, a wedge of another colour and rubber under it."""
    kind = style % 3
    low = rng.uniform(0.12, 0.17)
    split = rng.uniform(0.42, 0.6)

    def paint(p: Pattern) -> None:
        p.base(c.midsole, "foam")
        if kind == 0:  # two flowing grooves and a coloured heel
            heel = (_wave(p, [(0, 0.72), (0.2, 0.62), (0.42, 0.2), (1, 0.05)]) < 0) & (p.S < 0.5)
            p.panel(heel, c.accent, "foam", 0.5)
            p.line(
                _wave(p, [(0, 0.45), (0.25, 0.62), (0.55, 0.5), (0.8, 0.62), (1, 0.5)]), 0, 2.0, 1.5
            )
            p.line(_wave(p, [(0, 0.85), (0.3, 0.8), (0.6, 0.72), (1, 0.8)]), 0, 1.2, 0.9)
        elif kind == 1:  # lower half in the overlay's colour, its edge a long wave
            d = _wave(
                p, [(0, split), (0.2, split + 0.1), (0.45, split - 0.16), (0.75, split), (1, 0.6)]
            )
            p.panel(d < 0, c.accent, "foam", 0.8)
            p.line(d, 0.4, 1.0, 0.8)
            for k in range(4):
                p.line(_wave(p, [(0, 0.2), (1, 0.2)]) - 3.0 * k, 2.5, 0.9, 0.45 * (p.S < 0.33))
        else:  # pods cut by slanting grooves
            d = _wave(p, [(0, 0.62), (0.3, 0.6), (0.6, 0.52), (1, 0.62)])
            p.line(d, 0, 1.6, 1.3)
            slant = (p.A + 0.5 * p.B) / 21.0
            groove = 1 - smooth(np.abs(slant % 1 - 0.5), 0.03, 0.075)
            p.height -= 1.5 * groove * smooth(-d, 0.3, 2.5)
            p.panel(
                _wave(p, [(0, 0.86), (0.2, 0.8), (0.34, 1.1), (1, 1.1)]) > 0, c.accent, "foam", 0.5
            )
        _outsole(
            p, c, [(0, low + 0.1), (0.1, low), (0.4, low * 0.8), (0.8, low), (0.94, 0.3), (1, 0.6)]
        )

    treads = (
        Tread(15, 3.0, 4.0, 0.0, 0.34), Tread(40, 14, 4.0, 0.36, 0.5),
        Tread(15, 3.0, 3.6, 0.52, 0.98),
    )  # fmt: skip
    return SoleDesign("round" if kind == 1 else "sculpted", treads, paint)


def basketball(c: Colours, style: int, _rng: np.random.Generator) -> SoleDesign:
    """A tall carved cup with a stabiliser at the ball, a window at the heel and herringbone."""
    kind = style % 2

    def paint(p: Pattern) -> None:
        p.base(c.midsole, "foam")
        carve = _wave(
            p,
            [(0, 0.3), (0.14, 0.36), (0.34, 0.74), (0.5, 0.74), (0.68, 0.3), (0.85, 0.4), (1, 0.6)],
        )
        if kind == 0:
            p.panel(carve < 0, c.overlay, "rubber", 0.9)
            p.line(carve, 3.6, 1.4, 1.0)
            window = p.polygon([(0.07, 0.44), (0.2, 0.5), (0.27, 0.66), (0.2, 0.76), (0.07, 0.72)])
            d = p.panel(window, c.accent, "plastic", -1.2, edge=1.4)
            p.line(d, -0.8, 1.2, -0.5, c.midsole)
            for k in range(5):
                p.line((p.A - 24 - 9.0 * k).astype(np.float32), 0, 1.2, 0.7 * (d > 1.0))
        else:
            p.panel(carve > 2.5, c.midsole, "foam", 1.0)
            p.panel(
                _wave(p, [(0, 0.9), (0.16, 0.8), (0.36, 0.2), (0.4, 0.0), (1, 0.0)]) < 0,
                c.accent,
                "rubber",
                0.7,
            )
            for k in range(3):
                p.line(carve, -3.0 - 3.2 * k, 1.0, 0.7)
        _outsole(
            p,
            c,
            [(0, 0.26), (0.1, 0.2), (0.5, 0.18), (0.66, 0.34), (0.76, 0.3), (0.9, 0.3), (1, 0.8)],
        )
        bone = np.abs(((p.A / 5.0) % 1) - 0.5) * 5.0
        p.height += 0.35 * np.sin(2 * np.pi * (p.B + bone) / 2.6) * (p.T < 0.19)

    return SoleDesign("sculpted", (Tread(7, 1.6, 1.8),), paint)


def training(c: Colours, style: int, _rng: np.random.Generator) -> SoleDesign:
    """Low and flat, with a clip at the heel and rubber drawn up at the midfoot."""
    rope = style % 3 > 0

    def paint(p: Pattern) -> None:
        p.base(c.midsole, "foam")
        p.line(_wave(p, [(0, 0.55), (0.4, 0.5), (1, 0.58)]), 0, 1.3, 0.9)
        clip = p.polygon([(-0.2, 0.28), (0.12, 0.3), (0.24, 0.5), (0.2, 1.4), (-0.2, 1.4)])
        p.panel(clip, c.overlay, "plastic", 0.9)
        if rope:
            guard = p.polygon([(0.42, -0.4), (0.45, 1.4), (0.6, 1.4), (0.63, -0.4)], is_round=False)
            d = p.panel(guard, c.outsole, "rubber", 1.1)
            p.height += 0.5 * np.sin(2 * np.pi * (p.A - 0.5 * p.B) / 3.6) * smooth(d, 1, 2)
        else:
            p.panel(
                _wave(p, [(0, 0), (0.6, 0), (0.7, 0.5), (0.85, 0.78), (1, 0.8)]) < 0,
                c.accent,
                "foam",
                0.5,
            )
        _outsole(p, c, [(0, 0.3), (0.3, 0.26), (0.8, 0.26), (0.92, 0.34), (1, 0.9)])

    return SoleDesign("cup", (Tread(11, 2.2, 2.6),), paint)


def _foxing(p: Pattern, c: Colours, stripes: list[tuple[float, float]], toe: float) -> None:
    """Wrap a rubber tape with painted stripes and a textured toe bumper."""
    p.base(c.midsole, "rubber")
    girth = p.B + p.top
    for level, width in stripes:
        p.line((p.B - level * girth).astype(np.float32), 0, width, 0.0, c.accent)
    d = p.panel((toe < p.S) & (p.T < 0.72), c.midsole, "rubber", 1.0)
    diamond = np.sin(2 * np.pi * (p.A + p.B) / 3.4) * np.sin(2 * np.pi * (p.A - p.B) / 3.4)
    p.height += 0.35 * diamond * smooth(d, 0.8, 1.5)
    p.panel(p.T < 0.15, c.outsole, "rubber", 0.35, edge=0.5)


def skate(c: Colours, style: int, _rng: np.random.Generator) -> SoleDesign:
    """Vulcanised rubber with a painted stripe."""
    stripes = [[(0.8, 1.3)], [(0.82, 1.1), (0.68, 1.1)], [(0.5, 1.6)], []][style % 4]
    return SoleDesign(
        "vulcanised", (Tread(6, 1.4, 1.2),), lambda p: _foxing(p, c, stripes, toe=0.84)
    )


def high_top(c: Colours, style: int, _rng: np.random.Generator) -> SoleDesign:
    """Vulcanised rubber with two lines."""
    stripes = [[(0.84, 1.4), (0.42, 1.2)], [(0.84, 1.6)], [(0.8, 1.1), (0.64, 1.1)]][style % 3]
    return SoleDesign(
        "vulcanised", (Tread(5, 1.2, 1.2),), lambda p: _foxing(p, c, stripes, toe=0.8)
    )


def trail_hiking(c: Colours, style: int, rng: np.random.Generator) -> SoleDesign:
    """Foam on deep lugs that climb the side, and rubber over the toe."""
    pitch = rng.uniform(12.5, 16)
    chunky = style % 2 == 0

    def paint(p: Pattern) -> None:
        p.base(c.midsole, "foam")
        if chunky:
            facet = _wave(
                p,
                [
                    (0, 0.72),
                    (0.15, 0.9),
                    (0.3, 0.66),
                    (0.5, 0.86),
                    (0.72, 0.66),
                    (0.9, 0.84),
                    (1, 0.8),
                ],
            )
            p.panel(facet < 0, c.midsole, "foam", 1.2)
            p.line(facet, 0.2, 1.2, 0.9)
        else:
            p.line(_wave(p, [(0, 0.7), (0.3, 0.76), (0.6, 0.66), (1, 0.76)]), 0, 1.8, 1.4)
            p.panel(
                _wave(p, [(0, 0.98), (0.2, 0.76), (0.36, 0.74), (1, 0.74)]) > 0,
                c.accent,
                "foam",
                0.4,
            )
        level = 0.27 + 0.11 * (((p.A + 0.25 * p.B) / pitch) % 1 < 0.62)
        climb = 0.8 * smooth(p.S, 0.88, 0.97) + 0.2 * (1 - smooth(p.S, 0.02, 0.12))
        mask = p.soften(level + climb > p.T, 0.5)
        p.panel(mask, c.outsole, "rubber", 1.6, edge=0.9)
        lug = (((p.A + 0.25 * p.B) / pitch) % 1 < 0.66) & (p.T < 0.3)
        p.panel(p.soften(lug, 0.3), c.outsole, "rubber", 0.9, edge=0.9)

    return SoleDesign("boot", (Tread(pitch, pitch * 0.36, 4.6),), paint)


def cupsole(c: Colours, style: int, _rng: np.random.Generator) -> SoleDesign:
    """A rubber cup sewn to the upper."""
    kind = style % 3

    def paint(p: Pattern) -> None:
        p.base(c.midsole, "rubber")
        girth = p.B + p.top
        d = (0.84 * girth - p.B).astype(np.float32)
        p.line(d, 0.0, 2.0, 0.35)
        p.stitch(d, 0.0, c.midsole * 0.93, 3.4)
        if kind == 0:
            p.line((p.B - 0.36 * girth).astype(np.float32), 0, 0.9, 0.5)
            tip = (p.S > 0.9) & (p.T < 0.66) & (p.T > 0.34)
            p.height += 0.4 * np.sin(2 * np.pi * p.A / 2.4) * smooth(p.distance(tip), 0.1, 0.6)
        elif kind == 1:
            band = (p.T > 0.2) & (p.T < 0.62)
            rib = np.sin(2 * np.pi * p.B / 2.2) * smooth(p.distance(band & (p.S < 0.3)), 0.2, 1)
            p.height += 0.35 * rib
            p.line((p.B - 0.2 * girth).astype(np.float32), 0, 1.2, 0.0, c.accent)
        p.panel(p.T < 0.13, c.outsole, "rubber", 0.3, edge=0.5)

    return SoleDesign("cup", (Tread(6, 1.3, 1.4),), paint)


def tennis_court(c: Colours, style: int, rng: np.random.Generator) -> SoleDesign:
    """A cup with herringbone at its edge and a drag guard at the toe."""
    sporty = style % 2 == 0
    cup = cupsole(c, style, rng)

    def paint(p: Pattern) -> None:
        cup.paint(p)
        if sporty:
            p.panel(
                _wave(p, [(0, 0.62), (0.2, 0.5), (0.34, 0.1), (1, 0.1)]) < 0,
                c.accent,
                "rubber",
                0.5,
            )
            p.line(_wave(p, [(0, 0.5), (0.5, 0.6), (1, 0.5)]), 0, 1.4, 0.8)
        guard = (p.S > 0.8) & (p.T > 0.2 + 1.2 * (0.86 - p.S))
        d = p.panel(p.soften(guard, 1.2), c.midsole, "rubber", 1.1)
        p.height += 0.3 * np.sin(2 * np.pi * (p.A + 0.6 * p.B) / 3.0) * smooth(d, 1.0, 2.0)
        bone = np.abs(((p.A / 4.4) % 1) - 0.5) * 4.4
        p.height += 0.3 * np.sin(2 * np.pi * (p.B + bone) / 2.4) * (p.T < 0.14)

    return SoleDesign("cup", (Tread(5.5, 1.4, 1.6),), paint)


def jogger(c: Colours, style: int, _rng: np.random.Generator) -> SoleDesign:
    """A layered wedge of foam on saw-toothed rubber."""
    kind = style % 3

    def paint(p: Pattern) -> None:
        p.base(c.midsole, "foam")
        if kind == 0:
            p.panel(
                _wave(p, [(0, 0.62), (0.3, 0.5), (0.5, 0.16), (1, 0.16)]) < 0, c.accent, "foam", 0.4
            )
        elif kind == 1:
            p.panel(_wave(p, [(0, 0.48), (1, 0.5)]) < 0, c.accent, "foam", 0.4)
            p.line(_wave(p, [(0, 0.48), (1, 0.5)]), 0.2, 0.9, 0.6)
        else:
            p.line(_wave(p, [(0, 0.7), (1, 0.66)]), 0, 1.1, 0.7)
            for k in range(9):
                p.line(
                    (p.A - 14 - 8.0 * k).astype(np.float32),
                    0,
                    1.6,
                    0.9 * ((p.T > 0.3) & (p.T < 0.62)),
                )
        _outsole(p, c, [(0, 0.34), (0.05, 0.24), (0.5, 0.24), (0.88, 0.28), (0.97, 0.7), (1, 0.95)])

    return SoleDesign("wedge", (Tread(7.5, 3.0, 3.6, is_saw=True),), paint)
