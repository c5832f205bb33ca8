"""Put one sneaker together and take its picture."""

from __future__ import annotations

import cv2
import numpy as np

from . import dress, render, shape, surface
from .room import Scene, backdrop, display, encode
from .shape import Array, Form, Grid, smooth
from .surface import Colours, Skin


def finish(skin: Skin, pos: Array, sign: float = 1.0, closed: bool = True) -> render.Surface:
    """Push a skin's relief into its surface and flatten it."""
    moved = pos + shape.normals(pos, sign) * skin.relief()[..., None]
    nrm = shape.normals(moved, sign)
    return flat(moved, nrm, skin.rgb, skin.shine, skin.shade, not closed)


def flat(
    pos: Array, nrm: Array, rgb: Array, shine: Array, shade: Array, two_sided: bool
) -> render.Surface:
    """Flatten grids to points."""
    return render.Surface(
        *(
            np.ascontiguousarray(v.reshape(-1, v.shape[-1]), np.float32)
            for v in (pos, nrm, rgb, shine)
        ),
        shade.reshape(-1).astype(np.float32),
        two_sided,
    )


def plain(grid: Grid, colour: Array, material: str, rng: np.random.Generator) -> Skin:
    """Return a skin of one material."""
    return Skin(grid, rng).cover(colour, material)


def both_sides(form: Form, grid: Grid, skin: Skin) -> list[render.Surface]:
    """Finish the outer half and its mirror image."""
    outer = grid.pos + shape.normals(grid.pos) * skin.relief()[..., None]
    inner = shape.mirrored(form, outer, grid.x)
    return [
        flat(p, shape.normals(p, s), skin.rgb, skin.shine, skin.shade, False)
        for p, s in ((outer, 1.0), (inner, -1.0))
    ]


def eyelets(form: Form, grid: Grid) -> tuple[Array, Array, Array]:
    """Return stations, points and normals of the outer row of eyelets, from toe to ankle."""
    spec = form.spec
    x = np.linspace(spec["throat"] - 0.03, spec["collar"] + 0.022, spec["rows"])
    if form.kind in ("high_top", "basketball"):
        line = np.linspace(spec["throat"] - 0.03, spec["collar"] + 0.016, 200)
        at = np.concatenate([[0], np.cumsum(np.hypot(np.diff(line), np.diff(form.top(line))))])
        x = np.interp(np.linspace(0, at[-1], spec["rows"]), at, line)
    nrm = shape.normals(grid.pos)
    where = np.searchsorted(grid.x[:, 0], x)
    rows = [int(np.argmin(np.abs(grid.t[i] - 0.02))) for i in where]
    return x, grid.pos[where, rows].astype(float), nrm[where, rows].astype(float)


def laces(
    form: Form, grid: Grid, hue: Colours, rng: np.random.Generator, fine: float
) -> list[render.Surface]:
    """Lace the shoe: crossed or straight bars and a bow."""
    x, outer, nrm = eyelets(form, grid)
    centre = form.outline(x)[0]
    inner = outer * [1, -1, 1] + np.stack([0 * x, 2 * centre, 0 * x], axis=1)
    ridge, ridge_nrm = shape.tongue_line(form, 300)
    out = []
    wide = (
        rng.uniform(0.0085, 0.0105)
        if form.kind in ("skate", "lifestyle", "basketball")
        else rng.uniform(0.0065, 0.0085)
    )
    thick = 0.0042

    def add(points: list[Array], ups: list[Array], width: float = wide) -> None:
        pts = np.array(points)
        length = np.linalg.norm(np.diff(pts, axis=0), axis=1).sum()
        g = shape.tube(
            pts,
            np.array(ups),
            width,
            thick,
            (max(12, int(length * fine)), max(10, int(width * 5 * fine))),
        )
        skin = plain(g, hue.lace, "canvas", rng)
        braid = np.cos(2 * np.pi * (g.a / 0.008 + np.abs(g.b / (width * 2) % 1 - 0.5)))
        skin.fine = (0.0003 * braid).astype(np.float32)
        skin.rgb *= (0.95 + 0.05 * braid)[..., None].astype(np.float32)
        out.append(finish(skin, g.pos, -1.0, closed=False))

    def over(i: float) -> tuple[Array, Array]:
        station = 0.018 + 0.968 * np.interp(i, np.arange(len(x)), x)
        k = (
            int(np.argmin(np.abs(ridge[:, 0] - station)))
            if form.kind != "high_top"
            else int(
                np.argmin(
                    np.hypot(
                        ridge[:, 0] - station,
                        ridge[:, 1] - np.interp(i, np.arange(len(x)), form.top(x)),
                    )
                )
            )
        )
        c = np.interp(i, np.arange(len(x)), centre)
        n = np.array([ridge_nrm[k, 0], 0, ridge_nrm[k, 1]])
        return np.array([ridge[k, 0], c, ridge[k, 1]]) + n * 0.017, n

    crossed = rng.random() < 0.65
    for i in range(len(x)):
        pairs = [(i, i)] if (not crossed or i == 0) else [(i - 1, i), (i, i - 1)]
        for order, (p, q) in enumerate(pairs):
            top, n = over((p + q) / 2)
            top = top + n * 0.006 * order
            flip = nrm[q] * [1, -1, 1]
            lift_p, lift_q = outer[p] + nrm[p] * 0.006, inner[q] + flip * 0.006
            add(
                [
                    outer[p] - nrm[p] * 0.006 + [0, -0.002, 0],
                    lift_p,
                    (lift_p + top) / 2 + n * 0.004,
                    top,
                    (lift_q + top) / 2 + n * 0.004,
                    lift_q,
                    inner[q] - flip * 0.006 + [0, 0.002, 0],
                ],
                [nrm[p], nrm[p], n + nrm[p], n, n + flip, flip, flip],
            )
    if rng.random() < 0.75:
        knot, n = over(len(x) - 1.0)
        knot = knot + n * 0.012
        along = np.array([n[2], 0, -n[0]])
        for side in (-1.0, 1.0):
            y = np.array([0, side, 0])
            s, d = rng.uniform(0.85, 1.15, 2)
            loop = [
                knot,
                knot + y * 0.035 * s + n * 0.022,
                knot + y * 0.085 * s + n * 0.008 + along * 0.01,
                knot + y * 0.105 * s - n * 0.022 + along * 0.03 * d,
                knot + y * 0.075 * s - n * 0.018 + along * 0.045 * d,
                knot + y * 0.03 + n * 0.006 + along * 0.014,
                knot + n * 0.004,
            ]
            add(loop, [n, n, n + y, n + y, n, n, n], wide * 0.85)
            end = [
                knot,
                knot + y * 0.03 + n * 0.01 + along * 0.03,
                knot + y * 0.062 * s - n * 0.004 + along * 0.07,
                knot + y * 0.088 - n * 0.035 + along * 0.1 * d,
            ]
            add(end, [n, n, n + y * 0.5, n + y], wide * 0.8)
        add(
            [
                knot - y * 0.014 - n * 0.006,
                knot - y * 0.008 + n * 0.006,
                knot + y * 0.008 + n * 0.006,
                knot + y * 0.014 - n * 0.006,
            ],
            [n, n, n, n],
            wide * 1.2,
        )
    return out


def collar(
    form: Form, grid: Grid, hue: Colours, rng: np.random.Generator, density: float
) -> list[render.Surface]:
    """Build the rolled edge of the opening and the lining behind it."""
    spec = form.spec
    last = int(np.searchsorted(grid.x[:, 0], spec["throat"]))
    nrm = shape.normals(grid.pos)
    x = grid.x[:last, 0]
    size = spec["lip"] * (1 - smooth(x, spec["collar"] - 0.05, spec["collar"] + 0.02)) + 0.0035
    nrm = nrm * [1, 1, 0] + np.maximum(nrm, 0.0) * [0, 0, 1]
    nrm /= np.linalg.norm(nrm, axis=2, keepdims=True) + 1e-9
    n = nrm[:last, -3]
    up = np.cross(np.gradient(grid.pos[:last, -1], axis=0), n)
    up /= -np.linalg.norm(up, axis=1, keepdims=True) - 1e-9
    up *= np.sign(up[:, 2:] + 1e-9)
    ang = np.linspace(-1.0, np.pi + 1.0, int(0.13 * density))
    ring = n[:, None] * np.cos(ang)[None, :, None] + up[:, None] * np.sin(ang)[None, :, None] * 0.9
    lip = (grid.pos[:last, -1] - n * size[:, None])[:, None] + ring * (size[:, None, None] * 1.08)
    lip_grid = shape.measured(lip, x)
    share = smooth(spec["collar"] - x, -0.02, 0.01)[:, None, None].astype(np.float32)
    skin = plain(lip_grid, hue.lining, "knit", rng)
    skin.rgb = np.broadcast_to(
        hue.lining * share + hue.overlay * (1 - share), lip.shape
    ) * np.float32(1)
    inside = grid.pos[:last:2, ::2] - nrm[:last:2, ::2] * (1.8 * size[::2])[:, None, None]
    in_grid = shape.measured(inside, grid.x[:last:2, 0])
    in_skin = plain(in_grid, hue.lining * 0.9, "knit", rng)
    out = []
    for g, s, face in ((lip_grid, skin, ring), (in_grid, in_skin, -nrm[:last:2, ::2])):
        out.append(flat(g.pos, face, s.rgb, s.shine, s.shade, False))
        out.append(
            flat(
                shape.mirrored(form, g.pos, g.x), face * [1, -1, 1], s.rgb, s.shine, s.shade, False
            )
        )
    return out


def assemble(
    form: Form, hue: Colours, rng: np.random.Generator, density: float
) -> list[render.Surface]:
    """Build all surfaces with about `density` points per shoe length."""
    grid = shape.upper(form, (int(1.75 * density), int(0.62 * density)))
    skin = dress.dress_upper(grid, form, hue, rng)
    for s in eyelets(form, grid)[0]:
        slope = np.hypot(1, (float(form.top(s + 0.01)) - float(form.top(s - 0.01))) / 0.02)
        hole = np.hypot((grid.x - s) * 0.968 * slope, grid.t - 0.02)
        if form.kind in ("high_top", "trail_hiking"):
            skin.panel(
                np.abs(hole - 0.007) - 0.0028, np.array([0.6, 0.6, 0.62]), "metal", 0.002, 0.002
            )
        skin.panel(hole - 0.005, hue.overlay * 0.05, "suede", -0.003, 0.003)
    out = both_sides(form, grid, skin)
    out += collar(form, grid, hue, rng, density)
    wall, part = shape.sole_wall(form, (int(1.7 * density), int(0.38 * density)))
    if form.kind == "trail_hiking":
        high = (form.sole(wall.x) - form.ground(wall.x)) * part
        gap = smooth(np.abs((wall.a / 0.062) % 1 - 0.5), 0.27, 0.33)
        low = smooth(-high, -0.028, -0.02)
        wall.pos[..., 2] += (gap * np.clip(0.018 - high, 0, None)).astype(np.float32)
        wall.pos[..., 1] += (gap * low * 0.012).astype(np.float32)
    sole = dress.dress_sole(wall, part, form, hue, rng)
    out += both_sides(form, wall, sole)
    tongue = shape.tongue(form, (int(0.55 * density), int(0.42 * density)))
    soft = {
        "running": "mesh",
        "high_top": "canvas",
        "tennis_court": "leather",
        "skate": "mesh",
    }.get(form.kind, "knit")
    cloth = plain(tongue, hue.base if rng.random() < 0.6 else hue.lining, soft, rng)
    across, far = tongue.b - 0.25 * tongue.b[:, -1:], tongue.a[-1, 0] - tongue.a
    label = np.maximum(np.abs(across) - 0.03, np.abs(far - 0.045) - 0.02)
    cloth.panel(label, hue.accent, "leather", 0.002, 0.004, surface.sewn(hue.accent))
    out.append(finish(cloth, tongue.pos, 1.0, closed=False))
    out += laces(form, grid, hue, rng, 1.7 * density)
    x = 0.5 + 0.5 * np.sin(np.linspace(-1.56, 1.56, int(0.8 * density)))
    v = np.linspace(-1, 1, int(0.25 * density))
    centre, w = form.outline(x)
    for height, shrink, colour in (
        (form.ground(x) + 0.014, 1.0 if form.kind == "trail_hiking" else 0.8, hue.outsole * 0.6),
        (form.sole(x) - 0.003, 0.99, hue.midsole),
        (form.sole(x) + 0.012 - 0.04 * smooth(x, 0.5, 0.6), 0.8, hue.lining),
    ):
        pos = np.stack(
            [
                (0.5 + (x[:, None] - 0.5) * (0.5 + shrink / 2)) + 0 * v,
                centre[:, None] + w[:, None] * v * shrink,
                height[:, None] + 0 * v,
            ],
            axis=2,
        )
        base = shape.measured(pos, x)
        out.append(finish(plain(base, colour, "foam", rng), base.pos, closed=False))
    return out


def draw(kind: str, hue: Colours, scene: Scene, rng: np.random.Generator) -> Array:
    """Draw one sneaker.

    Parameters
    ----------
    kind
        Sneaker type, a key of `shape.SPECS`.
    hue
        Colours of the parts.
    scene
        View, backdrop and size.
    rng
        Source of all variation.

    Returns
    -------
    image
        Height x width x 3 RGB bytes.
    """
    form = Form.draw(kind, rng)
    size = (int(scene.size[0] * scene.sampling), int(scene.size[1] * scene.sampling))
    camera = render.Camera(scene.azimuth, scene.elevation)
    rough = [
        shape.sole_wall(form, (90, 24))[0],
        shape.upper(form, (90, 30)),
        shape.tongue(form, (30, 20)),
    ]
    cloud = np.concatenate(
        [p.reshape(-1, 3) for g in rough for p in (g.pos, shape.mirrored(form, g.pos, g.x))]
    )
    camera.frame(cloud, size, scene.fill, scene.shift)
    parts = assemble(form, hue, rng, camera.zoom)
    layers, mask = render.splat(parts, camera, size)
    lit = render.light(layers, mask, parts, camera, 1.0, scene.taps)
    keep = render.floor_shadow(parts, camera, size)
    room = backdrop(scene, camera, size, rng)
    room *= keep[..., None] ** np.array([1.0, 0.985, 0.96], np.float32)
    picture = np.where(mask[..., None], encode(lit), display(room))
    picture = cv2.resize(picture.astype(np.float32), scene.size, interpolation=cv2.INTER_AREA)
    picture = cv2.addWeighted(cv2.GaussianBlur(picture, (0, 0), 0.6), 0.35, picture, 0.65, 0)
    if scene.backdrop == "white" and min(scene.tone) >= 1:
        dark = np.clip((1 - picture.min(axis=2, keepdims=True)) * 12, 0, 1)
    else:
        dark = np.ones((*picture.shape[:2], 1), np.float32)
    picture += dark * rng.standard_normal((*picture.shape[:2], 1)).astype(np.float32) * 0.006
    if scene.mirrored:
        picture = picture[:, ::-1]
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
