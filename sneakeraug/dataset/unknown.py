"""What the network must not take for one of its six: other edits, and pictures of other things.

Some kinds train, the others only measure: what a figure says of an unknown kind must come from
kinds that training never saw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import UInt8Array

Edit = Callable[[UInt8Array, Generator], UInt8Array]
Scene = Callable[[Generator], UInt8Array]

SCENE_SIDE_PX: Final = 224
"""Side of a drawn picture of something else."""


def _photo(pixels: np.ndarray) -> UInt8Array:
    return np.ascontiguousarray(np.rint(pixels).clip(0, 255), dtype=np.uint8)


def blur(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Out of focus by 1.5 to 4 % of the picture."""
    return _photo(cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.015, 0.04) * max(photo.shape[:2])))


def smear(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Moved while exposed, 5 to 12 % of the picture."""
    n = max(3, round(rng.uniform(0.05, 0.12) * max(photo.shape[:2])))
    kernel = np.zeros((n, n), dtype=np.float32)
    angle = rng.uniform(0, math.pi)
    for step in np.linspace(-(n - 1) / 2, (n - 1) / 2, 2 * n):
        x, y = (n - 1) / 2 + step * math.cos(angle), (n - 1) / 2 + step * math.sin(angle)
        kernel[round(y), round(x)] = 1.0
    return _photo(cv2.filter2D(photo, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def invert(photo: UInt8Array, _: Generator) -> UInt8Array:
    """A negative."""
    return _photo(255 - photo)


def mosaic(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Squares of one colour, 12 to 28 along the longer side."""
    h, w = photo.shape[:2]
    cell = max(h, w) / rng.uniform(12, 28)
    small = (max(2, round(w / cell)), max(2, round(h / cell)))
    tiles = cv2.resize(photo, small, interpolation=cv2.INTER_AREA)
    return _photo(cv2.resize(tiles, (w, h), interpolation=cv2.INTER_NEAREST))


def collage(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Two, four or six small copies, some mirrored."""
    rows, columns = [(1, 2), (2, 1), (2, 2), (2, 3)][int(rng.integers(4))]
    h, w = photo.shape[:2]
    size = (max(8, w // columns), max(8, h // rows))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    cells = [small if rng.random() < 0.6 else small[:, ::-1] for _ in range(rows * columns)]
    lines = [np.hstack(cells[i * columns : (i + 1) * columns]) for i in range(rows)]
    return _photo(np.vstack(lines))


def greyscale(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Black and white, or one tint."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    tint = np.array([1.0, 1.0, 1.0]) if rng.random() < 0.5 else np.array([1.08, 0.95, 0.78])
    return _photo(grey * tint)


def shift_hue(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """All colours another, and stronger."""
    hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int64) + rng.integers(30, 150)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1].astype(np.float32) * 1.8 + 60, 0, 255)
    return _photo(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def solarise(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Bright tones inverted."""
    cut = rng.integers(90, 170)
    return _photo(np.where(photo >= cut, 255 - photo, photo))


def turn_over(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Upside down, or a quarter turn against the clock."""
    return _photo(np.rot90(photo, 2 if rng.random() < 0.5 else 1))


def cover(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Bars, boxes and words over it."""
    out = photo.copy()
    h, w = photo.shape[:2]
    for _ in range(int(rng.integers(2, 6))):
        x, y = int(rng.integers(w)), int(rng.integers(h))
        size = (int(rng.integers(w // 8, w // 2)), int(rng.integers(h // 12, h // 4)))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        cv2.rectangle(out, (x - size[0] // 2, y), (x + size[0] // 2, y + size[1]), colour, -1)
        cv2.putText(
            out, _word(rng), (x // 2, y), 2, h / 220, (255 - colour[0],) * 3, 1, cv2.LINE_AA
        )
    return out


def grain(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Coarse noise."""
    noise = rng.standard_normal(photo.shape, dtype=np.float32) * rng.uniform(35, 70)
    return _photo(photo + noise)


def posterise(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Two to four steps a channel."""
    levels = int(rng.integers(2, 5))
    return _photo(np.rint(photo / 255.0 * (levels - 1)) / (levels - 1) * 255)


def swirl(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Turned the more the nearer to the middle."""
    h, w = photo.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    dx, dy = x - w / 2, y - h / 2
    radius = np.hypot(dx, dy)
    angle = rng.choice([-1, 1]) * rng.uniform(1.5, 3.5) * np.exp(-radius / (0.35 * max(h, w)))
    sin, cos = np.sin(angle), np.cos(angle)
    u, v = (w / 2 + cos * dx - sin * dy), (h / 2 + sin * dx + cos * dy)
    turned = cv2.remap(
        photo, u.astype(np.float32), v.astype(np.float32), 1, borderMode=cv2.BORDER_REPLICATE
    )
    return _photo(turned)


def false_colour(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Brightness shown as a rainbow."""
    maps = (cv2.COLORMAP_JET, cv2.COLORMAP_VIRIDIS, cv2.COLORMAP_HSV, cv2.COLORMAP_INFERNO)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    return _photo(cv2.applyColorMap(grey, maps[int(rng.integers(len(maps)))])[:, :, ::-1])


def halftone(photo: UInt8Array, rng: Generator) -> UInt8Array:
    """Dots as in a newspaper."""
    h, w = photo.shape[:2]
    period = max(h, w) / rng.uniform(30, 50)
    y, x = np.mgrid[:h, :w]
    dots = np.sin(2 * math.pi * (x + y) / period) * np.sin(2 * math.pi * (x - y) / period)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY) / 255.0
    return _photo(np.repeat((grey > 0.5 + 0.45 * dots)[..., None], 3, axis=2) * 255.0)


def emboss(photo: UInt8Array, _: Generator) -> UInt8Array:
    """A grey relief."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), 0.004 * max(photo.shape[:2]))
    kernel = np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], dtype=np.float32)
    return _photo(np.repeat((128 + cv2.filter2D(soft, -1, kernel))[..., None], 3, axis=2))


TRAINED_EDITS: Final[Mapping[str, Edit]] = {
    "blur": blur,
    "smear": smear,
    "invert": invert,
    "mosaic": mosaic,
    "collage": collage,
    "greyscale": greyscale,
    "shift_hue": shift_hue,
    "solarise": solarise,
    "turn_over": turn_over,
    "cover": cover,
    "grain": grain,
}
"""Edits that train the answer “unknown edit”."""

MEASURED_EDITS: Final[Mapping[str, Edit]] = {
    "posterise": posterise,
    "swirl": swirl,
    "false_colour": false_colour,
    "halftone": halftone,
    "emboss": emboss,
}
"""Edits that only measure it."""


def _word(rng: Generator) -> str:
    """Letters that look like a word."""
    letters = "aeiounrstlmdcpg"
    return "".join(letters[i] for i in rng.integers(len(letters), size=rng.integers(3, 10)))


def _plain(rng: Generator) -> UInt8Array:
    """A canvas of one colour."""
    colour = rng.integers(0, 256, 3) if rng.random() < 0.6 else (255, 255, 255)
    canvas = np.empty((SCENE_SIDE_PX, SCENE_SIDE_PX, 3), dtype=np.uint8)
    canvas[:] = colour
    return canvas


def _smooth(rng: Generator, scales: tuple[float, ...]) -> np.ndarray:
    """Noise of several scales, 0 to 1, shape ``(side, side)``."""
    total = np.zeros((SCENE_SIDE_PX, SCENE_SIDE_PX), dtype=np.float32)
    for scale in scales:
        cells = max(2, round(SCENE_SIDE_PX / scale))
        noise = rng.random((cells, cells)).astype(np.float32)
        size = (SCENE_SIDE_PX, SCENE_SIDE_PX)
        total += scale * cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray((total - total.min()) / max(float(np.ptp(total)), 1e-6))


def static(rng: Generator) -> UInt8Array:
    """Noise, fine or coarse, grey or coloured."""
    channels = 3 if rng.random() < 0.5 else 1
    cells = int(rng.integers(8, SCENE_SIDE_PX))
    noise = rng.integers(0, 256, (cells, cells, channels), dtype=np.uint8)
    size = (SCENE_SIDE_PX, SCENE_SIDE_PX)
    grown = cv2.resize(noise, size, interpolation=int(rng.integers(0, 3)))
    return _photo(np.broadcast_to(grown.reshape(*size, channels), (*size, 3)))


def gradient(rng: Generator) -> UInt8Array:
    """From one colour to another."""
    a, b = rng.integers(0, 256, (2, 3)).astype(np.float32)
    y, x = np.mgrid[:SCENE_SIDE_PX, :SCENE_SIDE_PX] / SCENE_SIDE_PX
    angle = rng.uniform(0, 2 * math.pi)
    t = np.clip(0.5 + (x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle), 0, 1)[..., None]
    return _photo(a + (b - a) * t)


def page_of_text(rng: Generator) -> UInt8Array:
    """Lines of words on paper."""
    canvas = _plain(rng)
    ink = (235,) * 3 if canvas[0, 0].mean() < 128 else (25,) * 3
    scale = rng.uniform(0.3, 0.7)
    step = int(34 * scale)
    left = int(rng.integers(4, 24))
    for y in range(step, SCENE_SIDE_PX, step):
        if rng.random() < 0.12:
            continue
        line = " ".join(_word(rng) for _ in range(int(rng.integers(2, 9))))
        cv2.putText(canvas, line, (left, y), 0, scale, ink, 1, cv2.LINE_AA)
    return canvas


def shapes(rng: Generator) -> UInt8Array:
    """Circles, boxes, lines and polygons."""
    canvas = _plain(rng)
    for _ in range(int(rng.integers(2, 14))):
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        points = rng.integers(0, SCENE_SIDE_PX, (int(rng.integers(3, 7)), 2))
        thickness = int(rng.choice([-1, 1, 2, 5]))
        kind = rng.integers(4)
        if kind == 0:
            centre = (int(points[0, 0]), int(points[0, 1]))
            cv2.circle(canvas, centre, int(rng.integers(5, 80)), colour, thickness, cv2.LINE_AA)
        elif kind == 1:
            corners = [tuple(int(v) for v in point) for point in points[:2]]
            cv2.rectangle(canvas, corners[0], corners[1], colour, thickness)
        elif kind == 2:
            cv2.polylines(canvas, [points.astype(np.int32)], True, colour, 3, cv2.LINE_AA)
        else:
            cv2.fillPoly(canvas, [points.astype(np.int32)], colour, cv2.LINE_AA)
    return canvas


def pattern(rng: Generator) -> UInt8Array:
    """Checks, stripes or a weave."""
    y, x = np.mgrid[:SCENE_SIDE_PX, :SCENE_SIDE_PX]
    px, py = rng.uniform(6, 60, 2)
    wave = [np.sin(2 * math.pi * x / px), np.sin(2 * math.pi * y / py)]
    kind = rng.integers(3)
    t = wave[0] if kind == 0 else wave[0] * wave[1] if kind == 1 else np.maximum(*wave)
    t = (t > 0).astype(np.float32) if rng.random() < 0.5 else (t + 1) / 2
    a, b = rng.integers(0, 256, (2, 3)).astype(np.float32)
    return _photo(a + (b - a) * t[..., None])


def vessel(rng: Generator) -> UInt8Array:
    """A bottle, bowl or box with a shadow on a plain ground, as a shop shows it."""
    side = SCENE_SIDE_PX
    ground = rng.uniform(200, 255)
    canvas = np.full((side, side, 3), ground, dtype=np.float32)
    y = np.linspace(0, 1, 64)
    knots = rng.uniform(0.12, 1.0, 6)
    profile = np.interp(y, np.linspace(0, 1, 6), knots) * rng.uniform(0.15, 0.42) * side
    top, bottom = rng.uniform(0.06, 0.35) * side, rng.uniform(0.65, 0.94) * side
    ys = top + y * (bottom - top)
    left = np.stack([side / 2 - profile, ys], 1)
    right = np.stack([side / 2 + profile, ys], 1)[::-1]
    outline = np.concatenate([left, right]).astype(np.int32)
    shadow = np.zeros((side, side), dtype=np.float32)
    cv2.ellipse(
        shadow, (side // 2, int(bottom)), (int(profile[-1] * 1.3) + 4, 7), 0, 0, 360, 1.0, -1
    )
    canvas *= 1 - 0.45 * cv2.GaussianBlur(shadow, (0, 0), 5)[..., None]
    mask = np.zeros((side, side), dtype=np.float32)
    cv2.fillPoly(mask, [outline], 1.0)
    x = np.linspace(-1, 1, side)[None, :, None]
    light = 0.55 + 0.45 * np.cos(3 * (x - rng.uniform(-0.4, 0.4)))
    body = rng.integers(20, 245, 3) * light * np.ones((side, 1, 1))
    band = rng.uniform(top, bottom)
    rows = np.abs(np.arange(side) - band) < rng.uniform(6, 40)
    body[rows] = rng.integers(0, 255, 3) * light[0]
    return _photo(mask[..., None] * body + (1 - mask[..., None]) * canvas)


def landscape(rng: Generator) -> UInt8Array:
    """Sky, hills one behind the other, ground."""
    side = SCENE_SIDE_PX
    sky = np.array([rng.uniform(90, 200), rng.uniform(140, 215), rng.uniform(190, 255)])
    clouds = _smooth(rng, (64, 28, 12))[..., None] ** 2
    canvas = sky * (1 - 0.6 * clouds) + 250 * 0.6 * clouds
    x = np.arange(side)
    for depth in range(int(rng.integers(2, 5))):
        level = side * (0.4 + 0.15 * depth) + 22 * np.interp(
            x, np.linspace(0, side, 9), rng.normal(0, 1, 9)
        )
        colour = np.array([60, 110, 50]) * rng.uniform(0.5, 1.3) + (4 - depth) * 12
        below = np.arange(side)[:, None] > level[None]
        texture = 0.8 + 0.4 * _smooth(rng, (24, 8, 3))[..., None]
        canvas = np.where(below[..., None], colour * texture, canvas)
    return _photo(canvas)


def screenshot(rng: Generator) -> UInt8Array:
    """Bars, cards, buttons and lines of a program's window."""
    dark = rng.random() < 0.4
    canvas = np.full((SCENE_SIDE_PX, SCENE_SIDE_PX, 3), 24 if dark else 248, dtype=np.uint8)
    ink, faint = ((230,) * 3, (60,) * 3) if dark else ((30,) * 3, (215,) * 3)
    accent = tuple(int(c) for c in rng.integers(30, 230, 3))
    bar = int(rng.integers(10, 26))
    cv2.rectangle(canvas, (0, 0), (SCENE_SIDE_PX, bar), accent if rng.random() < 0.5 else faint, -1)
    cv2.putText(canvas, _word(rng), (6, bar - 4), 0, 0.35, ink, 1, cv2.LINE_AA)
    columns = int(rng.integers(1, 4))
    width = (SCENE_SIDE_PX - 8 * (columns + 1)) // columns
    y = bar + 8
    while y < SCENE_SIDE_PX - 20:
        height = int(rng.integers(24, 80))
        for column in range(columns):
            x = 8 + column * (width + 8)
            cv2.rectangle(canvas, (x, y), (x + width, y + height), faint, 1)
            for line in range(y + 11, y + height - 3, 10):
                cv2.putText(canvas, _word(rng), (x + 4, line), 0, 0.3, ink, 1, cv2.LINE_AA)
            if rng.random() < 0.5:
                low = y + height
                cv2.rectangle(canvas, (x + 4, low - 12), (x + width // 2, low - 3), accent, -1)
        y += height + 8
    return canvas


TRAINED_SCENES: Final[Mapping[str, Scene]] = {
    "static": static,
    "gradient": gradient,
    "text": page_of_text,
    "shapes": shapes,
    "pattern": pattern,
    "vessel": vessel,
}
"""Pictures that train the answer “not a shoe”."""

MEASURED_SCENES: Final[Mapping[str, Scene]] = {"landscape": landscape, "screenshot": screenshot}
"""Pictures that only measure it, beside real photos of other products where there are some."""
