"""The room around the shoe: how a picture is taken, floors, walls and the film."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import render
from .shape import Array, smooth
from .surface import noise


@dataclass
class Scene:
    """How a picture is taken: the view, the backdrop and the sizes."""

    size: tuple[int, int] = (900, 675)
    azimuth: float = 16.0
    elevation: float = 11.0
    fill: float = 0.84
    shift: tuple[float, float] = (0.0, 0.02)
    backdrop: str = "white"
    tone: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mirrored: bool = False
    sampling: float = 2.0
    taps: int = 6


def backdrop(
    scene: Scene, camera: render.Camera, size: tuple[int, int], rng: np.random.Generator
) -> Array:
    """Paint the room: floor and wall in linear light, without the shoe."""
    w, h = size
    rows = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    cols = np.linspace(-1, 1, w, dtype=np.float32)[None]
    tone = np.array(scene.tone, np.float32)
    glow = np.exp(-((cols * 0.75 + 0.15) ** 2) - (rows * 0.8 - 0.1) ** 2)[..., None]
    if scene.backdrop == "white":
        return np.ones((h, w, 3), np.float32) * tone
    if scene.backdrop == "studio":
        return tone * (0.72 + 0.36 * glow)
    axes, target = camera.axes()
    u, v = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    ray = (
        np.stack(
            [
                (u - camera.cx) / camera.zoom,
                (camera.cy - v) / camera.zoom,
                np.full_like(u, -camera.distance),
            ],
            axis=2,
        )
        @ axes
    )
    eye = target + axes[2] * camera.distance
    reach = eye[2] / np.maximum(-ray[..., 2], 1e-3)
    fx, fy = eye[0] + ray[..., 0] * reach, eye[1] + ray[..., 1] * reach
    side = 1024
    cloud = sum(
        noise((side, side), (c, c), rng) * g
        for c, g in ((6, 1.0), (24, 0.6), (90, 0.4), (400, 0.3))
    )
    if scene.backdrop == "concrete":
        tile = 1 + 0.035 * cloud
    else:
        tile = np.ones((side, side), np.float32)
        for k in range(8):
            strip = slice(k * 128, k * 128 + 128)
            fibre = (
                noise((128, side), (60, 10), rng) * 0.07 + noise((128, side), (110, 40), rng) * 0.04
            )
            tile[strip] = rng.uniform(0.85, 1.1) + fibre + 0.02 * cloud[strip]
            tile[strip.start : strip.start + 2] *= 0.45
    at = ((fx * 0.3 + 0.3) * side) % side, ((fy * 0.36 + 0.62) * side) % side
    near, blurred = (
        cv2.remap(
            cv2.GaussianBlur(tile, (0, 0), s).astype(np.float32),
            *at,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        for s in (0.8, 9.0)
    )
    floor = near + (blurred - near) * smooth(fy, 0.25, 1.3)
    room = floor[..., None] * tone * (0.72 + 0.34 * glow)
    far = smooth(fy, 1.1, 2.6)[..., None] + (ray[..., 2] > -1e-3)[..., None]
    wall = np.array([0.62, 0.61, 0.6], np.float32) * (0.75 + 0.3 * glow)
    far = np.clip(far, 0, 1)
    return (room * (1 - far) + wall * far).astype(np.float32)


def encode(linear: Array) -> Array:
    """Turn linear light into 0..1 display values with a soft shoulder."""
    knee = 0.8
    x = np.clip(linear, 0, None)
    x = np.where(x > knee, knee + (1 - knee) * (1 - np.exp(-(x - knee) / (1 - knee))), x)
    return display(x)


def display(linear: Array) -> Array:
    """Turn linear light into display values; full light stays pure white."""
    x = np.clip(linear, 0, 1)
    return np.where(x < 0.0031, 12.92 * x, 1.055 * np.maximum(x, 1e-6) ** (1 / 2.4) - 0.055)
