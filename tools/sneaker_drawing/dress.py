"""Panels by type: how the upper and the sole of each sneaker type are made up."""

from __future__ import annotations

import numpy as np

from .shape import Array, Form, Grid, smooth
from .surface import Colours, Skin, emblem, sewn


def dress_upper(grid: Grid, form: Form, hue: Colours, rng: np.random.Generator) -> Skin:
    """Panel the upper the way its type is made."""
    kind, spec = form.kind, form.spec
    x, b, t = grid.x, grid.b, grid.t
    h = b / (b + t + 1e-6)
    xc, xt = spec["collar"], spec["throat"]
    j = rng.uniform(-1, 1, 8)
    thread = sewn(hue.overlay)
    body = {
        "running": ("mesh", "knit", "mesh"),
        "basketball": ("knit", "leather", "mesh"),
        "training": ("knit", "mesh", "knit"),
        "skate": ("suede", "suede", "canvas"),
        "trail_hiking": ("mesh", "mesh", "canvas"),
        "tennis_court": ("leather",) * 3,
        "lifestyle": ("mesh", "canvas", "suede"),
        "high_top": ("canvas",) * 3,
    }[kind][int(rng.integers(3))]
    over = {
        "running": "film",
        "basketball": "smooth",
        "training": "film",
        "skate": "suede",
        "trail_hiking": "rubber",
        "tennis_court": "leather",
        "lifestyle": "suede",
        "high_top": "canvas",
    }[kind]
    skin = Skin(grid, rng).cover(hue.base, body)
    heel_edge = x - (0.15 + 0.02 * j[0] + (0.11 + 0.03 * j[1]) * (1 - h) ** 1.4)
    eye_width = 0.05 + 0.006 * j[2]
    eyestay = np.maximum(
        np.hypot(np.maximum(x - xt + 0.012, 0), t) - eye_width, xc - 0.012 - 0.35 * t - x
    )
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
        skin.panel(
            np.maximum(
                b - 0.06 - 0.075 * smooth(x, 0.72, 0.9) + 0.03 * smooth(x, 0.3, 0.5),
                0.42 - x + 0.6 * b,
            ),
            hue.overlay,
            over,
            0.004,
            0.006,
            thread,
        )
        skin.panel(
            x - (0.2 + 0.16 * (1 - h) ** 1.5 + 0.02 * j[0]), hue.overlay, over, 0.005, 0.008, thread
        )
        skin.panel(
            np.maximum(np.abs(h - 0.72 - 0.15 * (x - 0.2)) - 0.065, x - xc - 0.02),
            hue.accent,
            "leather",
            0.004,
            0.006,
            thread,
        )
        skin.panel(eyestay - 0.008, hue.overlay, over, 0.004, 0.006, thread, 2)
        skin.panel(logo, hue.accent, "smooth", 0.002, 0.003)
        skin.panel(np.maximum(t - 0.04, x - xc + 0.02), hue.lining, "knit", 0.001)
    elif kind == "training":
        for k in range(4):
            strap = (
                np.abs(x - 0.44 - 0.066 * k + (0.34 - 0.05 * k) * (h - 0.8))
                - 0.011
                - 0.006 * (1 - h)
            )
            skin.panel(np.maximum(strap, 0.03 - t), hue.overlay, over, 0.003, 0.004)
        skin.panel(
            rand + 0.008 - 0.03 * np.exp(-(((x - 0.45) / 0.09) ** 2)),
            hue.overlay,
            "rubber",
            0.003,
            0.006,
        )
        skin.panel(heel_edge, hue.overlay, over, 0.004, 0.008)
        skin.panel(eyestay + 0.01, hue.accent, over, 0.003, 0.005, sewn(hue.accent))
        skin.panel(np.maximum(t - 0.02, x - xc + 0.02), hue.lining, "knit", 0.001)
    elif kind == "skate":
        skin.panel(
            np.maximum(x - 0.36 - 0.22 * (1 - h), -(x - 0.05)),
            hue.base,
            body,
            0.003,
            0.005,
            thread,
            2,
        )
        skin.panel(toe_line - 0.06 + 0.16 * h**2 - x, hue.overlay, over, 0.004, 0.006, thread, 2)
        skin.panel(eyestay - 0.006, hue.overlay, over, 0.004, 0.006, thread, 2)
        skin.panel(heel_edge + 0.06, hue.accent, "suede", 0.004, 0.006, sewn(hue.accent))
        skin.panel(logo, hue.accent, "suede", 0.003, 0.003)
        skin.panel(collar + 0.012, hue.lining, "canvas", 0.001)
    elif kind == "trail_hiking":
        web = np.minimum(
            np.abs(x - 0.5 + 0.55 * (h - 0.5)) - 0.017, np.abs(x - 0.4 + 0.3 * (h - 0.5)) - 0.014
        )
        skin.panel(np.maximum(web, t - 0.3), hue.overlay, "film", 0.003, 0.004)
        skin.panel(
            np.minimum(
                rand
                - 0.014
                - 0.012
                * np.clip(np.sin(x * 62) * 2, -1, 1)
                * smooth(x, 0.2, 0.3)
                * (1 - smooth(x, 0.66, 0.72)),
                toe_line + 0.05 + 0.13 * h**2 - x,
            ),
            hue.overlay,
            over,
            0.006,
            0.008,
        )
        skin.panel(heel_edge - 0.01, hue.overlay, over, 0.005, 0.008, thread)
        skin.panel(eyestay, hue.accent, "leather", 0.004, 0.005, sewn(hue.accent))
        skin.panel(logo, hue.accent, "film", 0.0015, 0.002)
        skin.panel(collar, hue.lining, "knit", 0.001)
    elif kind == "tennis_court":
        dots = np.hypot(((x * 55) % 1 - 0.5), ((t * 55) % 1 - 0.5)) / 55 - 0.0032
        skin.panel(
            toe_line - 0.07 + 0.22 * (h - 0.4) ** 2 - x, hue.base, "leather", 0.004, 0.006, thread
        )
        skin.panel(
            np.maximum(dots, np.maximum(np.abs(x - 0.785) - 0.055, np.abs(t - 0.03) - 0.028)),
            hue.base * 0.2,
            "smooth",
            -0.003,
            0.003,
        )
        skin.panel(
            np.maximum(x - 0.3 - 0.25 * (1 - h), 0.02 - x),
            hue.base,
            "leather",
            0.003,
            0.006,
            thread,
        )
        skin.panel(eyestay - 0.004, hue.base, "leather", 0.004, 0.006, thread, 2)
        skin.panel(heel_edge + 0.045, hue.accent, "leather", 0.004, 0.006, sewn(hue.accent), 2)
        skin.panel(logo, hue.accent, "leather", 0.0014, 0.002)
        skin.panel(collar + 0.014, hue.lining, "leather", 0.001)
    elif kind == "lifestyle":
        skin.panel(
            np.minimum(rand - 0.006, toe_line - 0.01 + 0.2 * h**1.5 - x),
            hue.overlay,
            over,
            0.004,
            0.006,
            thread,
        )
        saddle = np.abs(x - 0.49 + 0.3 * (h - 0.5)) - 0.05 - 0.035 * (1 - h)
        skin.panel(saddle, hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(heel_edge - 0.01, hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(
            np.maximum(heel_edge + 0.05, 0.45 - h),
            hue.accent,
            "leather",
            0.004,
            0.006,
            sewn(hue.accent),
        )
        skin.panel(eyestay - 0.002, hue.overlay, over, 0.004, 0.006, thread)
        skin.panel(logo, hue.accent, "leather", 0.002, 0.003, sewn(hue.accent))
        skin.panel(collar + 0.01, hue.lining, "knit", 0.001)
    else:
        skin.panel(
            np.maximum(x - 0.4 - 0.16 * (1 - h) ** 2, 0.03 - x),
            hue.base,
            body,
            0.003,
            0.004,
            sewn(hue.base),
            2,
        )
        skin.panel(eyestay + 0.012, hue.base, body, 0.003, 0.004, sewn(hue.base), 2)
        skin.panel(np.maximum(x - 0.045, h - 2), hue.overlay, body, 0.003, 0.004, sewn(hue.overlay))
        if rng.random() < 0.5:
            patch = (
                np.maximum(np.abs(x - 0.17), np.abs(b - 0.62 * b[:, -1:])) * 0.45
                + np.hypot(x - 0.17, b - 0.62 * b[:, -1:]) * 0.55
                - 0.045
            )
            skin.panel(patch, hue.overlay, "smooth", 0.003, 0.004, sewn(hue.overlay))
            skin.panel(
                emblem(mark, (x - 0.17) / 0.027, (b - 0.62 * b[:, -1:]) / 0.027) * 0.027,
                hue.accent,
                "smooth",
                0.001,
                0.002,
            )
        skin.panel(0.815 + 0.02 * j[3] - 0.02 * h - x, hue.midsole, "rubber", 0.006, 0.01)
        skin.panel(np.maximum(t - 0.014, x - xc), hue.overlay, "canvas", 0.002, 0.004)
    puff = (
        np.exp(-(((t - 0.035) / 0.026) ** 2)) * (1 - smooth(x, xc - 0.1, xc)) * smooth(h, 0.4, 0.6)
    )
    skin.level += 0.75 * spec["lip"] * puff
    return skin


def dress_sole(grid: Grid, part: Array, form: Form, hue: Colours, rng: np.random.Generator) -> Skin:
    """Mould and colour the side of the sole."""
    kind, x, a = form.kind, grid.x, grid.a
    high = (form.sole(x[:, 0]) - form.ground(x[:, 0]))[:, None]
    z = part * high
    j = rng.uniform(-1, 1, 6)
    flat = kind in ("skate", "high_top")
    skin = Skin(grid, rng).cover(
        hue.midsole, "rubber" if flat or kind == "tennis_court" else "foam"
    )
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
        skin.panel(
            np.maximum(np.abs(part - 0.45) * high - 0.012, np.abs(x - 0.5) - 0.36),
            hue.midsole,
            "rubber",
            -0.002,
            0.004,
        )
        skin.level += (
            0.0009
            * np.cos(a * 2 * np.pi / 0.011)
            * (np.abs(part - 0.45) * high < 0.01)
            * (np.abs(x - 0.5) < 0.355)
        )
        skin.panel(z - 0.016, hue.outsole, "rubber", 0.002, 0.003)
    else:
        swoop = (
            part
            - 0.55
            - 0.2 * np.sin((x + 0.1 * j[0]) * 2 * np.pi * (0.8 + 0.25 * j[1]))
            - 0.25 * (0.4 - x) * j[2]
        )
        style = int(rng.integers(3))
        if style == 0:
            blend = smooth(x, 0.15, 0.85)[..., None] * (0.9 * (rng.random() < 0.5))
            skin.rgb += blend * (hue.accent - skin.rgb) * smooth(swoop, 0.12, -0.12)[..., None]
            skin.panel(np.abs(swoop) * high - 0.0025, hue.midsole * 0.75, "foam", -0.004, 0.004)
        elif style == 1:
            skin.panel(
                np.maximum(swoop * high, x - 0.42 - 0.05 * j[3]), hue.accent, "foam", 0.002, 0.006
            )
            skin.panel(np.abs(swoop) * high - 0.003, None, lift=-0.004, bevel=0.004)
            skin.panel(
                np.maximum(np.abs(swoop + 0.28) * high - 0.002, 0.2 - x),
                None,
                lift=-0.003,
                bevel=0.003,
            )
        else:
            for k in range(3):
                slash = np.abs(x - 0.14 - 0.035 * k + 0.9 * z) - 0.006
                skin.panel(
                    np.maximum(slash, np.abs(part - 0.55) * high - 0.03 + 0.006 * k),
                    hue.midsole * 0.7,
                    "foam",
                    -0.006,
                    0.006,
                )
            skin.panel(np.abs(part - 0.8) * high - 0.002, None, lift=-0.003, bevel=0.003)
            skin.panel(
                np.maximum(np.abs(swoop) * high - 0.005, np.abs(x - 0.6) - 0.2),
                None,
                lift=-0.004,
                bevel=0.006,
            )
        tread = {
            "running": 0.017,
            "basketball": 0.02,
            "training": 0.018,
            "trail_hiking": 0.034,
            "lifestyle": 0.018,
        }[kind]
        arch = (
            0.012
            * smooth(x, 0.32, 0.4)
            * (1 - smooth(x, 0.5, 0.58))
            * (kind in ("running", "lifestyle"))
        )
        skin.panel(
            z - tread + arch - 0.02 * smooth(x, 0.92, 1) * (kind != "running"),
            hue.outsole,
            "rubber",
            0.003,
            0.003,
        )
        if kind in ("running", "lifestyle", "training"):
            cut = np.maximum(np.abs((a / 0.042) % 1 - 0.5) * 0.042 - 0.003, z - tread)
            skin.panel(cut, hue.outsole * 0.4, "rubber", -0.006, 0.004)
    return skin
