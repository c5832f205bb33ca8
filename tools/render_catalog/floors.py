"""What a shoe may stand on other than white: plain paper, wooden planks, concrete."""

from __future__ import annotations

import cv2
import numpy as np
from curves import Array, noise

SIDE_MM, SIDE_PX = 1600.0, 3072

# Name: linear RGB, and what is drawn on it.
BACKDROPS: dict[str, tuple[tuple[float, float, float], str]] = {
    "light grey": ((0.52, 0.53, 0.54), "paper"),
    "teal": ((0.02, 0.13, 0.15), "paper"),
    "blush": ((0.62, 0.35, 0.3), "paper"),
    "wood": ((0.36, 0.19, 0.085), "planks"),
    "concrete": ((0.25, 0.24, 0.225), "concrete"),
}


def floor_tile(name: str) -> Array | None:
    """Return a floor's colours, linear, shape ``(n, n, 3)``; None for paper of one colour."""
    tone, kind = BACKDROPS[name]
    rng = np.random.default_rng(len(name))
    shape = (SIDE_PX, SIDE_PX)
    if kind == "paper":
        return None
    if kind == "concrete":
        shade = 1 + 0.05 * noise(shape, 260, rng) + 0.04 * noise(shape, 60, rng)
        shade += 0.03 * noise(shape, 6, rng) + 0.03 * noise(shape, 2, rng)
        pores = noise(shape, 7, rng) > 3.1
        shade *= 1 - 0.45 * cv2.GaussianBlur(pores.astype(np.float32), (0, 0), 1.2)
    else:
        shade = np.ones(shape, np.float32)
        wide = SIDE_PX // 12
        for k in range(12):
            strip = slice(k * wide, (k + 1) * wide)
            # Fibres are long along a plank and fine across it.
            fibre = cv2.resize(rng.standard_normal((wide // 2, 34)).astype("f4"), (SIDE_PX, wide))
            years = cv2.resize(rng.standard_normal((9, 12)).astype("f4"), (SIDE_PX, wide))
            rings = np.sin(9 * years + np.linspace(0, 14, wide)[:, None])
            shade[strip] = rng.uniform(0.78, 1.12) + 0.08 * fibre + 0.07 * rings
            shade[strip.start : strip.start + 3] *= 0.35
    return (np.clip(shade, 0.05, 2)[..., None] * np.array(tone, np.float32)).astype(np.float32)
