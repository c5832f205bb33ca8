"""From a design to the surfaces of a sneaker."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import soles
import uppers
from colourways import Colours, colours
from curves import Array
from designs import Design
from lacing import build_laces, build_pull_tab, build_tongue
from last import LENGTH, Last, Measures
from measures import HIKER, JOGGING, LOW_COURT, MEASURES, varied
from pattern import Pattern
from sheet import Sheet
from sole import build_sole
from upper import build_upper

WHITEST = 0.84
"""Reflectance of the whitest part."""


@dataclass(frozen=True)
class Lacing:
    """Laces and tongue of a type.

    Attributes
    ----------
    width
        Half the lace's width in millimetres.
    tongue, material
        Thickness of the tongue in millimetres and what it is made of.
    crossed
        Share of the models whose laces cross.
    """

    width: float
    tongue: float
    material: str
    crossed: float


LACING: dict[str, Lacing] = {
    "running": Lacing(2.5, 6.5, "mesh", 1.0),
    "basketball": Lacing(3.0, 10.0, "lining", 0.7),
    "training": Lacing(2.7, 7.0, "fine_mesh", 1.0),
    "skate": Lacing(3.6, 12.0, "lining", 0.5),
    "trail_hiking": Lacing(1.9, 8.0, "mesh", 1.0),
    "tennis_court": Lacing(3.2, 7.0, "leather", 0.5),
    "lifestyle": Lacing(3.0, 6.5, "canvas", 0.5),
    "high_top": Lacing(3.2, 3.4, "canvas", 0.6),
}


def _cut(design: Design) -> tuple[Measures, uppers.Cut, soles.SoleMaker, int]:
    """Return a design's measures, the cuts of its upper and sole, and the number of its style."""
    kind, style = design.sneaker_type, design.style
    measures = MEASURES[kind]
    upper, sole = getattr(uppers, kind, uppers.minimal), getattr(soles, kind, soles.cupsole)
    if kind == "lifestyle" and style % 2 == 0:
        return JOGGING, uppers.jogger, soles.jogger, style // 2
    if kind == "lifestyle":
        style //= 2
    if kind == "trail_hiking" and style % 3 == 2:
        measures = HIKER
    if kind == "basketball" and style % 4 == 3:
        measures = LOW_COURT
    # Cuts and soles meet in ever other pairs.
    n_cuts = 4 if kind in ("running", "skate") else 3
    return measures, upper, sole, style + style // n_cuts


def build_shoe(design: Design, detail: float = 1.0) -> list[Sheet]:
    """Return a sneaker's surfaces.

    Parameters
    ----------
    design
        What to build; the same design always gives the same surfaces.
    detail
        Factor on the number of points along and across.
    """
    kind = design.sneaker_type
    rng = np.random.default_rng(design.seed)
    measures, cut, sole_of, style = _cut(design)
    measures = varied(measures, rng)
    if design.gender in ("boys", "girls"):  # a shorter shoe: higher and wider for its length
        measures = replace(
            measures, top=tuple((s, 1.05 * z) for s, z in measures.top), width=1.05 * measures.width
        )
    elif design.gender == "women":
        measures = replace(measures, width=0.95 * measures.width)
    last = Last.of(measures)
    hue = _dimmed(colours(design.colourway))

    def paint(pattern: Pattern) -> None:
        cut(pattern, last, hue, design.brand, style, rng)

    upper = build_upper(
        last, paint, hue.lining, hue.lining * 0.9, (int(1500 * detail), int(520 * detail)), rng
    )
    sole = sole_of(hue, design.style, rng)
    sheets = upper.sheets + build_sole(
        last, sole.profile, sole.treads, sole.paint, (int(1700 * detail), int(230 * detail)), rng
    )
    lacing = LACING[kind]
    tongue = hue.base if design.style % 2 else hue.overlay
    is_crossed = rng.random() < lacing.crossed
    sheets += build_tongue(last, tongue, lacing.material, lacing.tongue, hue.accent, rng)
    sheets += build_laces(last, upper, hue.lace, lacing.width, is_crossed, design.style % 3 == 0)
    if kind in ("running", "trail_hiking", "basketball", "training") and design.style % 3 != 1:
        sheets += build_pull_tab(upper, hue.accent)
    return [_bent(sheet, last) for sheet in sheets]


def _dimmed(hue: Colours) -> Colours:
    """Return colours as cloth reflects them: no white is all white, no black all black."""

    def dim(colour: Array) -> Array:
        return np.clip(colour**1.06 * WHITEST + 0.001, 0, WHITEST).astype(np.float32)

    return Colours(*(dim(getattr(hue, part)) for part in Colours.__dataclass_fields__))


def _bent(sheet: Sheet, last: Last) -> Sheet:
    """Bend the middle line as a foot's is; left and right are built alike before."""
    bend = last.centre(np.clip(sheet.pos[..., 0], 0, LENGTH))
    pos = sheet.pos.copy()
    pos[..., 1] += bend
    return replace(sheet, pos=pos)
