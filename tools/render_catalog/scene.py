"""The studio: a white sweep, softboxes and a camera; path tracing, denoising and exposure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from curves import Array
from denoise import denoise
from floors import BACKDROPS, SIDE_MM, floor_tile
from last import LENGTH
from sheet import Sheet

os.environ.setdefault("DRJIT_LIBLLVM_PATH", "/usr/lib/x86_64-linux-gnu/libLLVM-19.so")

FLOOR_ALBEDO = 0.8
GUIDE_SAMPLES = 4
"""Rays a pixel for the albedo and normals that guide the denoiser."""
EXPOSURE = 1.12
"""Of the shoe, where 1 shows the bare floor as white."""


@dataclass(frozen=True)
class View:
    """Where the camera stands and how the picture is made.

    Attributes
    ----------
    size_px
        Width and height.
    azimuth, elevation
        Degrees: 0, 0 looks at the outer side; a positive azimuth turns to the toe.
    fill
        Share of the picture's width that a shoe of full length takes from the side.
    samples
        Paths a pixel.
    backdrop
        A key of `floors.BACKDROPS`; None for white.
    """

    size_px: tuple[int, int] = (900, 675)
    azimuth: float = 0.0
    elevation: float = 7.0
    fill: float = 0.86
    samples: int = 40
    backdrop: str | None = None


@lru_cache(maxsize=1)
def _mitsuba() -> Any:
    """Return the renderer, its variant chosen."""
    import mitsuba

    mitsuba.set_variant("llvm_ad_rgb")
    return mitsuba


def _mesh(sheets: Sequence[Sheet]) -> Any:
    """Return all sheets as one mesh whose colour and roughness are attributes of its points."""
    mi = _mitsuba()
    all_faces, first = [], 0
    for sheet in sheets:
        n, m = sheet.rough.shape
        i = np.arange(first, first + n * m, dtype=np.uint32).reshape(n, m)
        first += n * m
        a, b, c, d = (q.ravel() for q in (i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]))
        faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
        all_faces.append(faces[:, ::-1] if sheet.is_flipped else faces)
    faces = np.concatenate(all_faces)

    def joined(name: str, width: int) -> Array:
        rows = [np.asarray(getattr(s, name), np.float32).reshape(-1, width) for s in sheets]
        return np.concatenate(rows).ravel()

    props = mi.Properties()
    surface = {
        "type": "principled",
        "base_color": {"type": "mesh_attribute", "name": "vertex_paint"},
        "roughness": {"type": "mesh_attribute", "name": "vertex_rough"},
        "specular": 0.24,
    }
    props["bsdf"] = mi.load_dict({"type": "twosided", "bsdf": surface})
    mesh = mi.Mesh("shoe", first, len(faces), has_vertex_normals=True, props=props)
    mesh.add_attribute("vertex_paint", 3, np.clip(joined("colour", 3), 0, 0.95))
    mesh.add_attribute("vertex_rough", 1, np.clip(joined("rough", 1), 0.12, 1))
    params = mi.traverse(mesh)
    params["vertex_positions"] = joined("pos", 3)
    params["vertex_normals"] = joined("normal", 3)
    params["faces"] = faces.ravel()
    params.update()
    return mesh


def _camera(
    view: View, target: Array, size: tuple[int, int], box: tuple[int, int, int, int]
) -> dict[str, Any]:
    """Describe a long lens that looks at the shoe."""
    mi = _mitsuba()
    far = 2400.0
    az, el = np.radians(view.azimuth), np.radians(view.elevation)
    way = np.array([np.sin(az) * np.cos(el), -np.cos(az) * np.cos(el), np.sin(el)])
    fov = 2 * np.degrees(np.arctan(LENGTH / view.fill / 2 / far))
    up = [0, 0, 1] if view.elevation < 80 else [0, 1, 0]
    return {
        "type": "perspective",
        "fov": float(fov),
        "fov_axis": "x",
        "to_world": mi.ScalarTransform4f().look_at(
            origin=(target + far * way).tolist(), target=target.tolist(), up=up
        ),
        "film": {
            "type": "hdrfilm",
            "width": size[0],
            "height": size[1],
            "crop_offset_x": box[0],
            "crop_offset_y": box[1],
            "crop_width": box[2],
            "crop_height": box[3],
            "pixel_format": "rgb",
            "rfilter": {"type": "box"},  # the denoiser expects pixels of independent noise
        },
        "sampler": {"type": "independent", "sample_count": view.samples},
    }


def _room(view: View) -> dict[str, Any]:
    """Describe the sweep and the lights."""
    mi = _mitsuba()
    turn = mi.ScalarTransform4f

    def softbox(at: Sequence[float], size: tuple[float, float], power: float) -> dict[str, Any]:
        place = turn().look_at(origin=list(at), target=[145, 0, 60], up=[0.01, 0, 1])
        return {
            "type": "rectangle",
            "to_world": place @ turn().scale([size[0], size[1], 1]),
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": power}},
        }

    tone = BACKDROPS[view.backdrop][0] if view.backdrop else (FLOOR_ALBEDO,) * 3
    paint: dict[str, Any] = {"type": "rgb", "value": list(tone)}
    tile = floor_tile(view.backdrop) if view.backdrop else None
    if tile is not None:
        paint = {
            "type": "bitmap",
            "bitmap": mi.Bitmap(tile),
            "raw": True,
            "to_uv": turn().scale([80000 / SIDE_MM, 80000 / SIDE_MM, 1]),
        }
    return {
        "floor": {
            "type": "rectangle",
            "to_world": turn().translate([145, 0, 0]) @ turn().scale([40000, 40000, 1]),
            "bsdf": {"type": "diffuse", "reflectance": paint},
        },
        "sky": {"type": "constant", "radiance": {"type": "rgb", "value": 0.3}},
        "key": softbox((-250, -420, 1250), (420, 340), 9.5),
        "front": softbox((500, -2700, 1500), (700, 380), 2.8),
        "rim": softbox((700, 900, 800), (300, 420), 3.2),
    }


def render(sheets: Sequence[Sheet], view: View) -> Array:
    """Return a picture of a shoe on the sweep, RGB uint8, shape ``(h, w, 3)``."""
    mi = _mitsuba()
    points = np.concatenate([s.pos.reshape(-1, 3)[::37] for s in sheets])
    low, high = points.min(axis=0), points.max(axis=0)
    target = np.array([0.5 * (low[0] + high[0]), 0.0, 0.5 * high[2] - 2.0])
    w, h = view.size_px
    box = (0, 0, w, h) if view.backdrop else _box(points, view, target)
    scene = mi.load_dict(
        {
            "type": "scene",
            "sensor": _camera(view, target, view.size_px, box),
            **_room(view),
            "shoe": _mesh(sheets),
        }
    )
    paths = mi.load_dict({"type": "path", "max_depth": 4, "rr_depth": 4})
    guides = mi.load_dict({"type": "aov", "aovs": "albedo:albedo,normal:sh_normal"})
    light = np.array(mi.render(scene, integrator=paths, spp=view.samples, seed=1))[..., :3]
    guide = np.array(mi.render(scene, integrator=guides, spp=GUIDE_SAMPLES, seed=2))[..., -6:]
    clean = denoise(light, guide[..., :3], guide[..., 3:])
    floor, white = _floor(view, *(4 * round(float(v) / 4) for v in target[[0, 2]]))
    picture = clean / white
    if view.backdrop:
        return _encode(_tone(picture * EXPOSURE))
    x, y, bw, bh = box
    floor = floor[y : y + bh, x : x + bw] / white
    cover = _cover(scene, (bw, bh))
    behind = np.clip(picture / np.maximum(floor, 1e-3), 0, 1)
    # The shadow is grey, whatever colour the shoe throws on the floor.
    behind = behind.mean(axis=2, keepdims=True)
    behind = np.minimum(1.0, _even(behind, cover) * 1.07)
    edge = (1 - cover)[..., None]
    shoe = np.maximum(picture - edge * floor * behind, 0)
    whole = np.ones((h, w, 3), np.float32)
    whole[y : y + bh, x : x + bw] = _tone(shoe * EXPOSURE) + edge * _faded(behind)
    return _encode(whole)


def _box(points: Array, view: View, target: Array) -> tuple[int, int, int, int]:
    """Return the part of the picture with the shoe and its shadow: left, top, width, height."""
    w, h = view.size_px
    az, el = np.radians(view.azimuth), np.radians(view.elevation)
    right = np.array([np.cos(az), np.sin(az), 0.0])
    up = np.array([-np.sin(az) * np.sin(el), np.cos(az) * np.sin(el), np.cos(el)])
    scale = w * view.fill / LENGTH
    x = (points - target) @ right * scale + w / 2
    y = h / 2 - (points - target) @ up * scale
    left, top = max(0, int(x.min() - 0.035 * w)), max(0, int(y.min() - 0.02 * w))
    end, bottom = min(w, int(x.max() + 0.06 * w)), min(h, int(y.max() + 0.055 * w))
    return left, top, end - left, bottom - top


def _faded(behind: Array) -> Array:
    """Let the shadow run out before the edge of what was rendered."""
    h, w, _ = behind.shape
    x, y = np.arange(w), np.arange(h)
    side = np.minimum(x, w - 1 - x)[None] / (0.06 * w)
    far = np.minimum(side, np.minimum(y / (0.3 * h), (h - 1 - y) / (0.1 * h))[:, None])
    share = np.clip(far, 0, 1)[..., None]
    return 1 - (1 - behind) * share * share * (3 - 2 * share)


def _even(behind: Array, cover: Array) -> Array:
    """Take the background's values where the shoe covers it from its nearest neighbours."""
    known = (cover < 0.004).astype(np.float32)[..., None]
    filled, weight = behind * known, known
    for reach in (1.2, 4.0, 14.0):
        blur = cv2.GaussianBlur(behind * known, (0, 0), reach).reshape(behind.shape)
        share = cv2.GaussianBlur(known, (0, 0), reach).reshape(known.shape)
        is_new = (weight == 0) & (share > 0.02)
        filled = np.where(is_new, blur / np.maximum(share, 1e-6), filled)
        weight = np.where(is_new, 1, weight)
    return np.where(weight > 0, filled, 1.0)


def _cover(scene: Any, size: tuple[int, int]) -> Array:
    """Return the share of each pixel that the shoe covers, shape ``(h, w)``."""
    mi = _mitsuba()
    import drjit as dr

    w, h = size
    k = 2
    i = dr.arange(mi.UInt32, w * k * h * k)
    x = (mi.Float(i % (w * k)) + 0.5) / (w * k)
    y = (mi.Float(i // (w * k)) + 0.5) / (h * k)
    ray, _ = scene.sensors()[0].sample_ray(0.0, 0.5, mi.Point2f(x, y), mi.Point2f(0.5, 0.5))
    hit = scene.ray_intersect(ray)
    on_shoe = hit.is_valid() & (hit.p.z > 1e-3)
    seen = np.array(dr.select(on_shoe, 1.0, 0.0), dtype=np.float32).reshape(h, k, w, k)
    return seen.mean(axis=(1, 3))


@lru_cache(maxsize=64)
def _floor(view: View, x: float, z: float) -> tuple[Array, float]:
    """Return the bare floor's light, shape ``(h, w, 1)``, and that at the shoe's feet."""
    mi = _mitsuba()
    target = np.array([x, 0.0, z])
    w, h = view.size_px
    small = (96, round(96 * h / w))
    scene = mi.load_dict(
        {
            "type": "scene",
            "integrator": {"type": "path", "max_depth": 3},
            "sensor": _camera(view, target, small, (0, 0, *small)),
            **_room(replace(view, backdrop=None)),
        }
    )
    raw = np.array(mi.render(scene, spp=256, seed=2), dtype=np.float32)[..., :3].mean(axis=2)
    raw = cv2.GaussianBlur(raw, (0, 0), 3)
    big = cv2.resize(raw, (w, h), interpolation=cv2.INTER_CUBIC)[..., None]
    return big, float(np.median(raw[int(small[1] * 0.72) : int(small[1] * 0.9)]))


def _tone(light: Array) -> Array:
    """Deepen the dark a little and press the brightest light softly under white."""
    light = np.maximum(light, 0) ** 1.08
    knee = 0.78
    over = np.maximum(light - knee, 0)
    return np.where(light > knee, knee + (1 - knee) * (1 - np.exp(-over / (1 - knee))), light)


def _encode(light: Array) -> Array:
    """Return linear light as sRGB uint8."""
    v = np.clip(light, 0, 1)
    v = np.where(v < 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
    return np.round(255 * v).astype(np.uint8)
