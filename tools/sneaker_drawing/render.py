"""A small studio: project surfaces to pixels, light them and set them on a floor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .shape import Array, smooth

KEY, FILL, RIM = ((-0.42, 0.72, 0.56), (0.85, 0.25, 0.45), (0.25, 0.75, -0.6))


@dataclass
class Surface:
    """Points of a lit surface: flat arrays of equal length."""

    pos: Array
    nrm: Array
    rgb: Array
    shine: Array
    shade: Array
    two_sided: bool = False


@dataclass
class Camera:
    """A long lens looking at the shoe's middle."""

    azimuth: float
    elevation: float
    distance: float = 4.2
    zoom: float = 1000.0
    cx: float = 0.0
    cy: float = 0.0

    def axes(self) -> tuple[Array, Array]:
        """Return the rows right, up, towards the camera, and the target point."""
        az, el = np.radians([self.azimuth, self.elevation])
        back = np.array([np.sin(az) * np.cos(el), -np.cos(az) * np.cos(el), np.sin(el)])
        right = np.array([np.cos(az), np.sin(az), 0.0])
        return np.array([right, np.cross(back, right), back], np.float32), np.array(
            [0.5, 0, 0.16], np.float32
        )

    def project(self, pos: Array) -> tuple[Array, Array, Array]:
        """Return pixel columns, rows and depths of points."""
        axes, target = self.axes()
        p = (pos - target) @ axes.T
        depth = self.distance - p[:, 2]
        scale = self.zoom * self.distance / depth
        return self.cx + p[:, 0] * scale, self.cy - p[:, 1] * scale, depth

    def frame(
        self, pos: Array, size: tuple[int, int], fill: float, shift: tuple[float, float]
    ) -> None:
        """Zoom so that the points fill a share of the picture's width (or height)."""
        self.zoom, self.cx, self.cy = 1.0, 0.0, 0.0
        u, v, _ = self.project(pos)
        width, height = float(np.ptp(u)), float(np.ptp(v))
        self.zoom = min(fill * size[0] / width, fill * 0.97 * size[1] / height)
        self.cx = size[0] * (0.5 + shift[0]) - self.zoom * float(u.max() + u.min()) / 2
        self.cy = size[1] * (0.5 + shift[1]) - self.zoom * float(v.max() + v.min()) / 2


def splat(
    surfaces: list[Surface], camera: Camera, size: tuple[int, int]
) -> tuple[Array, Array, Array]:
    """Draw all points into pixel layers.

    Returns
    -------
    layers
        Height x width x 10: colour, normal, shine exponent and strength, seam shade, depth.
    mask
        True where a surface was hit.
    """
    w, h = size
    back = camera.axes()[0][2]
    eye = camera.axes()[1] + back * camera.distance
    places, depths, values = [], [], []
    for s in surfaces:
        facing = np.einsum("ij,ij->i", s.nrm, eye - s.pos)
        nrm = s.nrm
        if s.two_sided:
            nrm = nrm * np.sign(facing)[:, None]
            keep = np.arange(len(facing))
        else:
            keep = np.flatnonzero(facing > 0)
        u, v, depth = camera.project(s.pos[keep])
        inside = (u >= 0) & (u < w) & (v >= 0) & (v < h)
        keep = keep[inside]
        places.append(v[inside].astype(np.int32) * w + u[inside].astype(np.int32))
        depths.append(depth[inside])
        values.append(
            np.concatenate(
                [s.rgb[keep], nrm[keep], s.shine[keep], s.shade[keep, None], depth[inside, None]],
                axis=1,
            )
        )
    place, depth = np.concatenate(places), np.concatenate(depths).astype(np.float32)
    nearest = np.full(w * h, np.inf, np.float32)
    np.minimum.at(nearest, place, depth)
    front = depth < nearest[place] + 0.003
    place, value = place[front], np.concatenate(values)[front]
    hits = np.bincount(place, minlength=w * h)
    layers = np.stack(
        [np.bincount(place, weights=value[:, k], minlength=w * h) for k in range(10)], axis=1
    )
    layers = (layers / np.maximum(hits, 1)[:, None]).astype(np.float32).reshape(h, w, 10)
    mask = (hits > 0).reshape(h, w)
    return fill_holes(layers, mask)


def fill_holes(layers: Array, mask: Array) -> tuple[Array, Array]:
    """Fill pixels that no point happened to hit from their neighbours."""
    depth = np.where(mask, layers[..., 9], 99).astype(np.float32)
    mask = mask & (depth - cv2.medianBlur(depth, 3) < 0.01)
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    for _ in range(2):
        holes = solid & ~mask
        if not holes.any():
            break
        weight = cv2.blur(mask.astype(np.float32), (3, 3))
        for k in range(layers.shape[2]):
            mean = cv2.blur(layers[..., k] * mask, (3, 3))
            layers[..., k][holes] = mean[holes] / np.maximum(weight[holes], 1e-4)
        mask = mask | (holes & (weight > 0))
    return layers, mask


def occlusion(depth: Array, mask: Array, zoom: float) -> Array:
    """Darken what lies behind nearer surroundings, at three sizes."""
    shade = np.ones(depth.shape, np.float32)
    weight = mask.astype(np.float32)
    for size, strength in ((0.012, 9.0), (0.035, 5.0), (0.09, 2.4)):
        sigma = max(size * zoom, 0.8)
        step = max(1, int(sigma // 3))
        small = (depth.shape[1] // step, depth.shape[0] // step)
        d = cv2.resize(depth * weight, small, interpolation=cv2.INTER_AREA)
        m = cv2.resize(weight, small, interpolation=cv2.INTER_AREA)
        d = cv2.GaussianBlur(d, (0, 0), sigma / step) / np.maximum(
            cv2.GaussianBlur(m, (0, 0), sigma / step), 1e-3
        )
        d = cv2.resize(d, depth.shape[::-1], interpolation=cv2.INTER_LINEAR)
        shade *= 1 - np.clip((depth - d - 0.1 * size) * strength, 0, 0.45)
    return shade


def key_shadow(surfaces: list[Surface], points: Array, light: Array, taps: int) -> Array:
    """Share of the key light that reaches points, softened over several directions."""
    right = np.cross(light, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(light, right), light]).astype(np.float32)
    cloud = np.concatenate([s.pos[::3] for s in surfaces])
    per = 300.0
    lit = np.zeros(len(points), np.float32)
    for k in range(taps):
        turn = 2 * np.pi * k / taps
        tilt = axes.copy()
        tilt[2] += 0.07 * (np.cos(turn) * axes[0] + np.sin(turn) * axes[1])
        tilt[0] -= tilt[2] * (tilt[0] @ tilt[2])
        q, p = cloud @ tilt.T, points @ tilt.T
        low = q.min(axis=0)
        size = ((q.max(axis=0) - low)[:2] * per + 3).astype(int)
        cell = ((q[:, :2] - low[:2]) * per).astype(np.int32)
        top = np.full(size[0] * size[1], -9, np.float32)
        np.maximum.at(top, cell[:, 0] * size[1] + cell[:, 1], q[:, 2])
        at = np.clip(((p[:, :2] - low[:2]) * per).astype(np.int32), 0, size - 1)
        above = top[at[:, 0] * size[1] + at[:, 1]] - p[:, 2]
        lit += 1 - smooth(above, 0.012, 0.028)
    return lit / taps


def light(
    layers: Array,
    mask: Array,
    surfaces: list[Surface],
    camera: Camera,
    exposure: float,
    taps: int = 6,
) -> Array:
    """Light the pixel layers; returns linear RGB."""
    axes, target = camera.axes()
    rows, cols = np.nonzero(mask)
    pix = layers[rows, cols]
    rgb, nrm, shine, seam, depth = pix[:, :3], pix[:, 3:6], pix[:, 6:8], pix[:, 8], pix[:, 9]
    nrm = nrm / (np.linalg.norm(nrm, axis=1, keepdims=True) + 1e-6)
    scale = depth / (camera.zoom * camera.distance)
    local = np.stack(
        [(cols - camera.cx) * scale, (camera.cy - rows) * scale, camera.distance - depth], axis=1
    )
    pos = (local @ axes + target).astype(np.float32)
    n = nrm @ axes.T
    view = -local + np.array([0, 0, camera.distance])
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    ao = occlusion(layers[..., 9], mask, camera.zoom)[rows, cols] * seam
    ao *= 0.55 + 0.45 * smooth(pos[:, 2], -0.02, 0.07)
    lamps = [np.array(v) / np.linalg.norm(v) for v in (KEY, FILL, RIM)]
    seen = key_shadow(surfaces, pos, lamps[0] @ axes, taps)
    sky = 0.5 + 0.5 * nrm[:, 2]
    diffuse = (0.2 + 0.42 * sky) * ao
    diffuse += 0.78 * np.clip((n @ lamps[0] + 0.12) / 1.12, 0, None) * seen * (0.6 + 0.4 * ao)
    diffuse += 0.2 * np.clip((n @ lamps[1] + 0.3) / 1.3, 0, None) * ao
    diffuse += 0.16 * np.clip(n @ lamps[2], 0, None) * ao
    gleam = np.zeros(len(n))
    for lamp, power in ((lamps[0], 1.0), (lamps[1], 0.35), (lamps[2], 0.7)):
        half = lamp + view
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        d = np.clip(np.einsum("ij,ij->i", n, half), 0, 1)
        gleam += power * d ** shine[:, 0] * (seen if power == 1.0 else 1)
    mirror = 2 * np.einsum("ij,ij->i", n, view)[:, None] * n - view
    box = smooth(mirror[:, 1], 0.35, 0.8) * smooth(mirror[:, 2], -0.5, 0.3)
    edge = (1 - np.clip(np.einsum("ij,ij->i", n, view), 0, 1)) ** 4
    gleam = shine[:, 1] * (
        gleam + 0.22 * box * np.clip(shine[:, 0] / 30, 0.1, 1)
    ) * ao + 0.1 * edge * ao * (0.3 + shine[:, 1])
    out = np.zeros((*mask.shape, 3), np.float32)
    out[rows, cols] = exposure * (rgb * diffuse[:, None] + gleam[:, None])
    return out


def floor_shadow(surfaces: list[Surface], camera: Camera, size: tuple[int, int]) -> Array:
    """Return how much light the floor keeps at every pixel."""
    per, x0, y0, shape = 256, -0.6, -0.8, (410, 564)
    cloud = np.concatenate([s.pos[::7] for s in surfaces])
    lamp = np.array(KEY) / np.linalg.norm(KEY) @ camera.axes()[0]

    def cast(points: Array, slant: float) -> Array:
        xy = points[:, :2] - slant * points[:, 2:] * (lamp[:2] / max(lamp[2], 0.3))
        cell = np.round((xy - (x0, y0)) * per).astype(int)
        ok = (cell >= 0).all(axis=1) & (cell[:, 0] < shape[1]) & (cell[:, 1] < shape[0])
        hit = np.zeros(shape, np.float32)
        hit[cell[ok, 1], cell[ok, 0]] = 1
        return cv2.morphologyEx(hit, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))

    keep = np.ones(shape, np.float32)
    for low, high, blur, strength in (
        (-1, 0.012, 0.006, 0.62),
        (-1, 0.03, 0.018, 0.35),
        (0, 0.1, 0.045, 0.3),
        (0, 1, 0.12, 0.28),
    ):
        band = cloud[(cloud[:, 2] >= low) & (cloud[:, 2] < high)]
        keep *= 1 - strength * cv2.GaussianBlur(cast(band, 0.0), (0, 0), blur * per)
    keep *= 1 - 0.2 * cv2.GaussianBlur(cast(cloud, 0.8), (0, 0), 0.03 * per)
    corners = np.array([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], np.float32)
    world = np.concatenate([corners / per + (x0, y0), np.zeros((4, 1))], axis=1).astype(np.float32)
    u, v, _ = camera.project(world)
    warp = cv2.getPerspectiveTransform(corners, np.stack([u, v], axis=1).astype(np.float32))
    return cv2.warpPerspective(
        keep, warp, size, flags=cv2.INTER_LINEAR, borderValue=(1.0, 1.0, 1.0)
    )
