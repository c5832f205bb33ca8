"""The measured curves of the sneaker types and their cuts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from last import Knots, Measures

RUNNER: Knots = (
    (0, 0.364), (0.025, 0.371), (0.06, 0.36),
    (0.16, 0.296), (0.27, 0.297), (0.385, 0.358), (0.5, 0.318),
    (0.6, 0.27), (0.69, 0.232), (0.79, 0.202), (0.88, 0.183), (0.95, 0.175), (1, 0.17),
)  # fmt: skip
LOW: Knots = (
    (0, 0.301), (0.035, 0.309), (0.085, 0.3),
    (0.18, 0.252), (0.28, 0.254), (0.4, 0.318), (0.5, 0.288),
    (0.6, 0.25), (0.69, 0.216), (0.79, 0.189), (0.88, 0.173), (0.95, 0.163), (1, 0.155),
)  # fmt: skip
JOGGER: Knots = (
    (0, 0.317), (0.03, 0.325), (0.075, 0.316),
    (0.17, 0.262), (0.28, 0.266), (0.4, 0.33), (0.5, 0.295),
    (0.6, 0.254), (0.69, 0.219), (0.79, 0.19), (0.88, 0.17), (0.95, 0.159), (1, 0.15),
)  # fmt: skip
MID: Knots = (
    (0, 0.47), (0.06, 0.462), (0.17, 0.418), (0.26, 0.428), (0.35, 0.482), (0.43, 0.405),
    (0.52, 0.336), (0.6, 0.285), (0.69, 0.244), (0.79, 0.213), (0.88, 0.196), (0.95, 0.185),
    (1, 0.176),
)  # fmt: skip
BOOT: Knots = (
    (0, 0.452), (0.06, 0.448), (0.17, 0.412), (0.27, 0.422), (0.37, 0.46), (0.45, 0.395),
    (0.53, 0.34), (0.6, 0.296), (0.69, 0.254), (0.79, 0.224), (0.88, 0.204), (0.95, 0.192),
    (1, 0.182),
)  # fmt: skip
HIGH: Knots = (
    (0, 0.505), (0.08, 0.503), (0.18, 0.492), (0.27, 0.502), (0.345, 0.53), (0.42, 0.438),
    (0.5, 0.355), (0.6, 0.278), (0.69, 0.229), (0.79, 0.196), (0.88, 0.18), (0.95, 0.17),
    (1, 0.16),
)  # fmt: skip

FLAT_RIM: Knots = ((0, 0.094), (0.3, 0.086), (0.7, 0.083), (0.9, 0.088), (1, 0.094))
CUP_RIM: Knots = ((0, 0.118), (0.3, 0.104), (0.7, 0.1), (0.9, 0.104), (1, 0.112))
WEDGE_RIM: Knots = ((0, 0.142), (0.15, 0.128), (0.4, 0.102), (0.7, 0.09), (1, 0.102))
RUN_RIM: Knots = (
    (0, 0.182), (0.08, 0.168), (0.22, 0.137), (0.42, 0.116), (0.6, 0.108), (0.8, 0.108), (1, 0.13)
)  # fmt: skip
TRAIL_RIM: Knots = ((0, 0.14), (0.15, 0.126), (0.4, 0.108), (0.7, 0.102), (0.9, 0.11), (1, 0.132))
COURT_RIM: Knots = (
    (0, 0.15), (0.12, 0.136), (0.3, 0.116), (0.48, 0.108), (0.66, 0.126), (0.8, 0.12), (1, 0.126)
)  # fmt: skip

MEASURES: dict[str, Measures] = {
    "running": Measures(
        RUNNER, RUN_RIM, 0.385, 0.7, 5.0, (0, -5, -3, 4, -3), 20, 12, (6, 0.5, 4, 0.5),
        0.085, 0.98, 24, 6,
    ),
    "basketball": Measures(
        MID, COURT_RIM, 0.35, 0.71, 6.0, (0, -4, -1, 5, 3), 11, 5, (3, 1, 5, 2),
        0.095, 1.03, 26, 8,
    ),
    "training": Measures(
        LOW, FLAT_RIM, 0.4, 0.7, 4.2, (0, -3, 0, 5, 6), 11, 3, (2, 1, 2.5, 1),
        0.11, 1.08, 20, 6,
    ),
    "skate": Measures(
        LOW, FLAT_RIM, 0.4, 0.69, 5.5, (0, -2, 0, 5, 9), 6, 0.5, (1, 1, 1, 1),
        0.115, 1.05, 26, 6,
    ),
    "trail_hiking": Measures(
        RUNNER, TRAIL_RIM, 0.385, 0.69, 5.0, (0, -4, -2, 4, -1), 19, 9, (4, 2, 3, 2),
        0.075, 1.05, 22, 6,
    ),
    "tennis_court": Measures(
        LOW, CUP_RIM, 0.4, 0.7, 4.5, (0, -2, 1, 6, 10), 8, 1.5, (1.5, 1, 1.5, 1),
        0.105, 1.0, 24, 7,
    ),
    "lifestyle": Measures(
        LOW, CUP_RIM, 0.4, 0.7, 4.2, (0, -2, 1, 6, 10), 8, 1.5, (1.2, 1, 1.2, 1),
        0.105, 1.0, 22, 7,
    ),
    "high_top": Measures(
        HIGH, FLAT_RIM, 0.345, 0.71, 2.4, (0, -1, 4, 12, 15), 6, 0.5, (1, 1, 1, 1),
        0.1, 0.98, 17, 8,
    ),
}  # fmt: skip

JOGGING = replace(
    MEASURES["lifestyle"], top=JOGGER, rim=WEDGE_RIM, toe_spring=14, heel_spring=8,
    flare=(3, 0.5, 1, 0.5), push=(0, -3, 0, 5, 6), toe_round=0.1, width=0.97, eyelets=6,
)  # fmt: skip
HIKER = replace(
    MEASURES["trail_hiking"], top=BOOT, collar=0.37, padding=6.0, push=(0, -3, 0, 4, 4), eyelets=7
)
LOW_COURT = replace(
    MEASURES["basketball"], top=RUNNER, collar=0.385, push=(0, -4, -2, 4, -2), eyelets=7, tongue=28
)


def varied(measures: Measures, rng: np.random.Generator, most: float = 1.0) -> Measures:
    """Return measures that differ a little, as one model from the next."""
    tall = 1 + most * rng.uniform(-0.025, 0.04)
    ankle = most * rng.uniform(-0.01, 0.01)
    thick = 1 + most * rng.uniform(-0.08, 0.12)
    top = tuple(
        (s, z * (1 + (tall - 1) * (1 - s)) + ankle * float(np.exp(-(((s - 0.22) / 0.07) ** 2))))
        for s, z in measures.top
    )
    return replace(
        measures,
        top=tuple((s, z + (thick - 1) * 0.1) for s, z in top),
        rim=tuple((s, z * thick) for s, z in measures.rim),
        width=measures.width * rng.uniform(0.97, 1.03),
        toe_spring=measures.toe_spring * rng.uniform(0.85, 1.2),
        tongue=measures.tongue * rng.uniform(0.85, 1.15),
        toe_round=measures.toe_round * rng.uniform(0.9, 1.15),
    )
