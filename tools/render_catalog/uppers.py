"""How the uppers of the sneaker types are cut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from colourways import Colours
from curves import Array
from last import Last
from marks import mark_mask
from panels import (
    Cloth,
    bars,
    collar,
    eyelets,
    eyestay,
    heel_counter,
    heel_tab,
    jacquard,
    lay,
    mudguard,
    quarter_line,
    rand,
    ribs,
    saddle,
    swept_panel,
    toe_cap,
)
from pattern import Pattern

Cut = Callable[[Pattern, Last, Colours, str, int, np.random.Generator], None]


def thread_for(colour: Array, rng: np.random.Generator) -> Array:
    """Return a thread's colour for a panel: of its own tone, or contrasting."""
    luminance = float(colour @ np.array([0.21, 0.72, 0.07]))
    if rng.random() < 0.3:
        return np.full(3, 0.75 if luminance < 0.3 else 0.12, np.float32)
    return np.clip(colour * 1.5 + 0.03 if luminance < 0.4 else colour * 0.72, 0, 0.95)


def mark(
    p: Pattern,
    c: Colours,
    brand: str,
    place: tuple[float, float],
    size_mm: float,
    lean: float = 8.0,
) -> None:
    """Weld the brand's mark on, in a colour that is seen where it lies."""
    x, y = p.place([place])[0].astype(int)
    under = p.colour[y - 20 : y + 20, x - 20 : x + 20].mean(axis=(0, 1))
    paints = [c.accent, c.base, c.midsole]
    seen = [paint for paint in paints if np.abs(paint - under).max() > 0.12]
    paint = seen[0] if seen else c.accent
    lay(p, mark_mask(p, brand, place, size_mm, lean), Cloth(paint, "film", None, 0.7))


def running(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Mesh or knit under thin welded overlays."""
    kind = style % 4
    p.base(c.base, ("mesh", "knit", "fine_mesh", "mesh")[kind])
    p.wrinkle(0.25)
    film = Cloth(c.overlay, "film", None, 0.45)
    soft = Cloth(c.overlay, "nubuck", thread_for(c.overlay, rng), 0.9)
    if kind == 0:  # overlays sewn on
        mudguard(p, soft, 0.68, 0.36, 0.5)
        saddle(p, last, soft, 0.4, 0.1, 0.1)
        heel_counter(p, soft, 0.2, 0.62, 0.05)
    elif kind == 1:  # knit, hardly anything on it
        ribs(p, (p.top < 26) & (p.S > 0.42) & (p.S < 0.95), 5.0, 0.3, True)
        heel_counter(p, Cloth(c.overlay, "film", None, 0.8), 0.17, 0.52, 0.03)
        rand(p, film, 3.0)
        jacquard(p, c.accent if style % 8 < 4 else c.overlay)
    elif kind == 2:  # fanned bars
        bars(p, film, 4 + style // 4 % 2, 0.36, 0.05, 0.12, 0.024)
        mudguard(p, film, 0.72, 0.3, 0.42)
        heel_counter(p, Cloth(c.overlay, "film", None, 0.9), 0.16, 0.66, 0.02)
    else:  # one sweep from heel to eyestay
        swept_panel(
            p,
            Cloth(c.overlay, "film", None, 0.6),
            [(-0.2, -0.3), (-0.2, 0.5), (0.1, 0.5), (0.24, 0.34), (0.4, 0.52), (0.5, 1.0),
             (0.52, 1.4), (0.64, 1.4), (0.56, 0.72), (0.48, 0.3), (0.36, 0.06), (0.3, -0.3)],
        )  # fmt: skip
        toe_cap(p, film, 0.86, 0.03)
    eyestay(
        p,
        last,
        Cloth(c.overlay, "film" if kind else "nubuck", None if kind else soft.thread, 0.8),
        14,
    )
    eyelets(p, last, None)
    collar(p, last, Cloth(c.lining, "lining", None, 0.2), 15, 2.2)
    heel_tab(p, Cloth(c.accent, "film", None, 0.6), 0.045, 0.7)
    mark(p, c, brand, (0.36 if kind != 3 else 0.28, 0.5), 15 if kind != 2 else 11)


def basketball(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Big overlays up to the ankle, ribbed padding, a strap or a cage."""
    kind = style % 3
    p.base(c.base, ("grained", "knit", "mesh")[kind])
    p.wrinkle(0.25)
    hide = Cloth(c.overlay, "grained" if kind == 0 else "film", thread_for(c.overlay, rng), 1.3, 2)
    weld = Cloth(c.overlay, "film", None, 1.0)
    if kind == 0:  # leather in the old manner
        toe_cap(p, hide, 0.8, 0.045)
        p.perforate((p.S > 0.66) & (p.S < 0.8) & (p.top < 24), 4.6, 0.8)
        heel_counter(p, hide, 0.25, 0.5, 0.04)
        heel_tab(p, Cloth(c.overlay, "grained", hide.thread, 1.2), 0.12, 0.72)
    elif kind == 1:
        heel_counter(p, weld, 0.3, 0.42, 0.14)
        mudguard(p, weld, 0.66, 0.4, 0.56)
        bars(p, Cloth(c.accent, "film", None, 0.6), 6, 0.5, 0.03, 0.1, 0.012, 0.66)
    else:
        swept_panel(
            p, weld,
            [(-0.2, -0.3), (-0.2, 0.42), (0.14, 0.45), (0.3, 0.62), (0.4, 1.02), (0.42, 1.4),
             (0.56, 1.4), (0.5, 0.66), (0.42, 0.3), (0.46, 0.1), (0.46, -0.3)],
        )  # fmt: skip
        toe_cap(p, weld, 0.84, 0.04)
    eyestay(p, last, Cloth(c.overlay, "grained", hide.thread if kind == 0 else None, 1.3), 18)
    eyelets(p, last, c.accent if kind == 2 else None)
    cuff = (p.top < 34) & (last.measures.collar > p.S)
    collar(p, last, Cloth(c.lining, "lining", None, 0.4), 30, 2.6)
    ribs(p, cuff, 9.0, 0.9)
    if kind == 2:
        line = [(0.17, 0.57), (0.3, 0.68), (0.46, 0.86), (0.52, 1.4), (0.4, 1.4), (0.37, 1.04)]
        strap = p.soften(p.polygon([*line, (0.28, 0.86), (0.17, 0.75)], is_round=False), 1.6)
        lay(p, strap, Cloth(c.accent, "film", thread_for(c.accent, rng), 1.6))
    heel_tab(p, Cloth(c.accent, "film", None, 0.8), 0.05, 0.8)
    mark(p, c, brand, (0.4, 0.4) if kind != 2 else (0.31, 0.34), 19 if kind == 0 else 15, 14)


def training(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Ripstop or mesh in a cage, a wide toe wrapped in film."""
    kind = style % 3
    p.base(c.base, ("ripstop", "fine_mesh", "mesh")[kind])
    p.wrinkle(0.22)
    cage = Cloth(c.overlay, "film", None, 0.8)
    if kind == 0:
        swept_panel(
            p, cage,
            [(0.3, -0.3), (0.34, 0.3), (0.4, 0.75), (0.42, 1.4), (0.66, 1.4), (0.6, 0.8),
             (0.66, 0.3), (0.7, -0.3)],
        )  # fmt: skip
        p.perforate(p.polygon([(0.42, 0.16), (0.48, 0.7), (0.58, 0.66), (0.6, 0.16)]), 4.4, 0.9)
        toe_cap(p, cage, 0.84, 0.04)
    elif kind == 1:
        bars(p, cage, 4, 0.36, 0.085, 0.05, 0.036, 0.9)
        bars(p, Cloth(c.overlay, "film", None, 0.7), 4, 0.46, 0.07, -0.07, 0.018, 0.88)
        mudguard(p, cage, 0.66, 0.4, 0.5)
    else:
        saddle(
            p,
            last,
            Cloth(c.overlay, "nubuck", thread_for(c.overlay, rng), 1.0, 2),
            0.46,
            0.18,
            0.04,
        )
        mudguard(p, Cloth(c.overlay, "nubuck", thread_for(c.overlay, rng), 1.0), 0.62, 0.42, 0.56)
    rand(p, cage, 3.5)
    heel_counter(p, Cloth(c.overlay, "film", None, 1.0), 0.2, 0.66, 0.03)
    eyestay(p, last, Cloth(c.overlay, "film", thread_for(c.overlay, rng), 0.9), 15)
    eyelets(p, last, None)
    collar(p, last, Cloth(c.lining, "lining", None, 0.2), 14, 1.8)
    heel_tab(p, Cloth(c.accent, "film", None, 0.7), 0.05, 0.66)
    mark(p, c, brand, (0.52, 0.46) if kind == 2 else (0.27, 0.46), 13, 6)


def skate(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Suede with a toe cap and a long side panel, double rows of stitches."""
    kind = style % 4
    p.base(c.base, ("suede", "canvas", "suede", "nubuck")[kind])
    p.wrinkle(0.25)
    thread = thread_for(c.overlay, rng)
    hide = Cloth(c.overlay, "suede", thread, 1.1, 2)
    same = Cloth(c.base, "suede", thread, 1.1, 2)
    if kind in (0, 1):
        toe_cap(p, hide if kind == 1 else same, 0.8, 0.05)
        swept_panel(
            p, same if kind == 0 else Cloth(c.base, "canvas", thread, 0.9, 2),
            [(0.3, -0.3), (0.36, 0.2), (0.5, 0.62), (0.6, 0.82), (0.68, 1.4), (-0.3, 1.4),
             (-0.3, -0.3)],
        )  # fmt: skip
        heel_counter(p, hide, 0.17, 0.86)
    elif kind == 2:  # a broad saddle
        toe_cap(p, same, 0.79, 0.05)
        heel_tab(p, hide, 0.12, 0.55)
        broad = Cloth(c.accent, "leather", thread_for(c.accent, rng), 1.0, 2)
        saddle(p, last, broad, 0.4, 0.2, 0.06)
    else:
        mudguard(p, hide, 0.58, 0.5, 0.62)
        heel_counter(p, hide, 0.24, 0.6, 0.06)
        p.perforate((p.S > 0.7) & (p.S < 0.84) & (p.top < 20), 5.0, 0.8)
    eyestay(p, last, Cloth(c.overlay, "suede", thread, 1.2, 2), 18)
    eyelets(p, last, None)
    collar(p, last, Cloth(c.lining, "lining", None, 0.2), 13, 2.6)
    if kind != 2:
        mark(p, c, brand, (0.34, 0.42), 13, 6)


def trail_hiking(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Mesh under rugged overlays, a rubber bumper and a high rand."""
    kind = style % 3
    is_boot = last.measures.eyelets == 7
    p.base(c.base, "nubuck" if is_boot and kind == 0 else ("ripstop", "mesh", "mesh")[kind])
    p.wrinkle(0.3)
    web = Cloth(c.overlay, "film", None, 0.9)
    sewn = Cloth(c.overlay, "nubuck", thread_for(c.overlay, rng), 1.2, 2)
    over = sewn if kind != 1 else web
    heel_counter(p, over, 0.24, 0.66, 0.05)
    mudguard(p, over, 0.6, 0.46, 0.6)
    if kind == 1:
        bars(p, web, 4, 0.3, 0.075, 0.12, 0.024)
        bars(p, web, 4, 0.4, 0.075, -0.1, 0.018)
    else:
        saddle(p, last, over, 0.38, 0.11, 0.09)
        bars(p, Cloth(c.accent, "film", None, 0.6), 2, 0.5, 0.045, 0.07, 0.016, 0.8)
    rand(p, Cloth(c.overlay * 0.85, "rubber", None, 1.3), 6.0, 1.6 if kind == 1 else 0.0)
    bumper = p.polygon(
        [(0.9, -0.3), (0.905, 0.3), (0.935, 0.75), (1.0, 0.9), (1.3, 0.9), (1.3, -0.3)]
    )
    lay(p, bumper, Cloth(c.outsole, "rubber", None, 1.6))
    eyestay(p, last, Cloth(c.overlay, "nubuck", sewn.thread, 1.3), 17)
    eyelets(p, last, c.accent if kind != 2 else c.outsole)
    collar(p, last, Cloth(c.lining, "lining", None, 0.3), 26 if is_boot else 15, 2.6)
    if is_boot:
        ribs(p, (p.top < 28) & (last.measures.collar > p.S), 10.0, 0.7)
    heel_tab(p, Cloth(c.accent, "film", None, 0.8), 0.05, 0.72)
    mark(p, c, brand, (0.27, 0.5), 12, 8)


def tennis_court(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Clean leather, perforated, with sparse seams and a coloured heel."""
    kind = style % 3
    p.base(c.base, "leather" if kind != 2 else "fine_mesh")
    p.wrinkle(0.22)
    tone = thread_for(c.base, rng)
    hide = Cloth(c.base, "leather", tone, 1.0, 2)
    if kind == 0:
        swept_panel(
            p, hide,
            [(-0.3, -0.3), (-0.3, 1.4), (0.64, 1.4), (0.62, 0.8), (0.54, 0.5), (0.5, 0.2),
             (0.5, -0.3)],
        )  # fmt: skip
        p.perforate((p.S > 0.64) & (p.S < 0.86) & (p.top < 22), 4.4, 0.7)
        toe_cap(p, hide, 0.87, 0.03)
    elif kind == 1:
        mudguard(p, hide, 0.6, 0.44, 0.6)
        p.perforate(p.polygon([(0.3, 0.2), (0.36, 0.62), (0.54, 0.62), (0.56, 0.2)]), 4.6, 0.75)
    else:
        toe_cap(p, Cloth(c.overlay, "film", None, 0.9), 0.8, 0.05)
        saddle(p, last, Cloth(c.overlay, "leather", tone, 1.1, 2), 0.4, 0.16, 0.09)
        mudguard(p, Cloth(c.overlay, "film", None, 0.8), 0.7, 0.4, 0.4)
    heel_counter(p, Cloth(c.overlay, "leather", thread_for(c.overlay, rng), 1.0), 0.2, 0.6, 0.02)
    eyestay(p, last, Cloth(c.base if kind != 2 else c.overlay, "leather", tone, 1.1, 2), 18)
    eyelets(p, last, None)
    collar(p, last, Cloth(c.lining, "lining", None, 0.2), 12, 2.2)
    heel_tab(p, Cloth(c.accent, "leather", thread_for(c.accent, rng), 1.0), 0.085, 0.5)
    if kind == 2:
        mark(p, c, brand, (0.42, 0.4), 14, 10)
    else:
        mark(p, c, brand, (0.36 if kind == 0 else 0.22, 0.42), 11, 6)


def jogger(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Nylon or mesh under suede, as runners were once cut."""
    kind = style % 3
    p.base(c.base, ("canvas", "fine_mesh", "ripstop")[kind])
    p.wrinkle(0.25)
    suede = Cloth(c.overlay, "suede", thread_for(c.overlay, rng), 1.2)
    mudguard(p, suede, 0.6, 0.42, 0.55)
    if kind == 1:
        saddle(p, last, suede, 0.4, 0.1, 0.1)
    elif kind == 2:
        swept_panel(
            p, Cloth(c.accent, "leather", thread_for(c.accent, rng), 0.9),
            [(0.24, -0.3), (0.3, 0.2), (0.44, 0.62), (0.56, 1.4), (0.66, 1.4), (0.56, 0.7),
             (0.42, 0.2), (0.38, -0.3)],
        )  # fmt: skip
    heel_counter(p, suede, 0.23, 0.62, 0.07)
    eyestay(p, last, suede, 17)
    eyelets(p, last, None)
    collar(p, last, Cloth(c.lining, "lining", None, 0.2), 12, 2.2)
    heel_tab(p, Cloth(c.accent, "leather", thread_for(c.accent, rng), 1.1), 0.1, 0.56)
    if kind != 2:
        mark(p, c, brand, (0.33, 0.42), 15, 10)


def minimal(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Leather with few seams and a heel tab, or the panels of an old court shoe."""
    kind = style % 3
    p.base(c.base, "leather")
    p.wrinkle(0.25)
    tone = thread_for(c.base, rng)
    hide = Cloth(c.base, "leather", tone, 0.9)
    if kind == 0:
        quarter_line(
            p, tone, [(-0.3, -0.3), (-0.3, 1.4), (0.66, 1.4), (0.63, 0.7), (0.5, 0.3), (0.46, -0.3)]
        )
        eyestay(p, last, hide, 19)
    else:
        over = Cloth(
            c.overlay, "leather" if kind == 1 else "suede", thread_for(c.overlay, rng), 1.1, 2
        )
        p.perforate((p.S > 0.62) & (p.S < 0.8) & (p.top < 24), 4.8, 0.85)
        mudguard(p, over, 0.58, 0.5, 0.66)
        heel_counter(p, over, 0.26, 0.56, 0.06)
        eyestay(p, last, over, 20)
        mark(p, c, brand, (0.38, 0.36), 16, 12)
    eyelets(p, last, None)
    collar(p, last, Cloth(c.lining, "lining", None, 0.1), 11, 2.0)
    heel_tab(p, Cloth(c.accent, "suede", thread_for(c.accent, rng), 1.0), 0.1, 0.42)
    if kind == 0:
        mark(p, c, brand, (0.24, 0.36), 8, 4)


def high_top(
    p: Pattern, last: Last, c: Colours, brand: str, style: int, rng: np.random.Generator
) -> None:
    """Canvas or leather over the ankle, a rubber toe cap, a round patch."""
    kind = style % 3
    cloth = ("canvas", "canvas", "leather")[kind]
    p.base(c.base, cloth)
    p.wrinkle(0.45 if kind < 2 else 0.25)
    thread = np.full(3, 0.75, np.float32) if rng.random() < 0.6 else thread_for(c.base, rng)
    same = Cloth(c.base, cloth, thread, 0.6, 2)
    swept_panel(
        p, same,
        [(-0.3, -0.3), (-0.3, 1.4), (0.66, 1.4), (0.655, 0.8), (0.6, 0.4), (0.57, 0.1),
         (0.57, -0.3)],
    )  # fmt: skip
    if kind == 2:
        heel_counter(p, Cloth(c.overlay, "leather", thread, 1.0, 2), 0.27, 0.42, 0.04)
        toe_cap(p, Cloth(c.overlay, "leather", thread, 1.1, 2), 0.8, 0.04)
        p.perforate((p.S > 0.64) & (p.S < 0.79) & (p.top < 24), 4.8, 0.85)
    else:
        strip = p.polygon(
            [(-0.3, -0.3), (-0.3, 1.4), (0.045, 1.4), (0.05, 0.6), (0.075, 0.0), (0.08, -0.3)]
        )
        lay(p, strip, Cloth(c.overlay if kind else c.base, cloth, thread, 0.7))
        toe_cap(p, Cloth(c.midsole, "rubber", None, 1.5), 0.835, 0.035)
        rand(p, Cloth(c.midsole, "rubber", None, 1.0), 1.0)
    eyestay(p, last, Cloth(c.base if kind < 2 else c.overlay, cloth, thread, 0.8, 1), 16)
    eyelets(p, last, np.array([0.55, 0.55, 0.54], np.float32) if kind < 2 else None)
    if kind == 2:
        collar(p, last, Cloth(c.overlay, "leather", thread, 0.6), 16, 1.8)
    at = p.place([(0.2, 0.62)])[0]
    t = np.linspace(0, 2 * np.pi, 60)
    patch = p.fill([at + 21.0 * 5.0 * np.stack([np.cos(t), np.sin(t)], 1)])
    if kind < 2:
        lay(p, patch, Cloth(c.midsole, "film", thread_for(c.midsole, rng), 0.7))
        mark(p, c, brand, (0.2, 0.62), 11, 0)
    else:
        mark(p, c, brand, (0.4, 0.36), 16, 12)
