"""The five edits as other libraries' users write them, for `augmentations.py`."""

from __future__ import annotations

import importlib
import os
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
import torch
from PIL import Image, ImageChops, ImageFilter, ImageMath
from torchvision.transforms.v2 import functional as tv

from sneakeraug.augment import functional, perspective
from sneakeraug.augment.pencil import HATCHES, LEAD, LIFT, PAPER, lay_strokes
from sneakeraug.augment.transforms import apply_augmentation

LEVELS: Final = np.arange(256, dtype=np.float32)

Picture = Any
Parameters = dict[str, Any]


def as_table(values: np.ndarray) -> np.ndarray:
    """Values by grey level as an 8-bit table."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@lru_cache(maxsize=4)
def tone_tables(bias: float, floor: float, ceiling: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the largest channel goes, less the floor; and how the floor is added."""
    curve = functional.tone_curve(bias, floor, ceiling)
    return as_table(255 * (curve - floor)), as_table(LEVELS + 255 * floor)


class Pencil:
    """What of a sketch does not depend on the photo: radii, strokes, 8-bit tables."""

    def __init__(self, h: int, w: int, p: Parameters) -> None:
        self.soft_px, self.shade_px = 0.0015 * min(h, w), 0.004 * min(h, w)
        self.radii_px = (p["line_radius"] * min(h, w) / 3, p["line_radius"] * min(h, w))
        self.strength, self.shading = p["line_strength"], p["shading"]
        self.strokes = [
            lay_strokes(h, w, angle, p["texture_seed"] + i) for i, angle in enumerate(HATCHES)
        ]
        self.strokes_8bit = [as_table(255 * plane) for plane in self.strokes]
        self.raised = as_table((LEVELS + 255 * LIFT) / (1 + LIFT))
        self.dodged = as_table(255 * (LEVELS / 255) ** self.strength)
        self.broad_least = as_table(255 * 0.35 + 0.65 * LEVELS)
        self.broad_all = as_table(255 * 0.45 + 0.55 * LEVELS)
        shade = np.clip(0.96 - LEVELS / 255, 0, 1) ** 0.75 * self.shading
        self.shaded = as_table(255 * shade)
        self.left = as_table(255 - np.minimum(LEVELS, 0.88 * 255))
        self.graphite = [
            as_table(lead + (paper - lead) * LEVELS / 255)
            for lead, paper in zip(LEAD, PAPER, strict=True)
        ]

    @staticmethod
    def stretch(small: np.ndarray) -> np.ndarray:
        """Tone, 0 to 255, by grey level, from a small grey picture."""
        low, high = np.percentile(small, [1, 97])
        return 255 * np.clip((LEVELS - low) / max(high - low, 0.15 * 255), 0, 1)


@lru_cache(maxsize=4)
def _pencil(h: int, w: int, parameters: tuple[tuple[str, float], ...]) -> Pencil:
    return Pencil(h, w, dict(parameters))


def pencil_of(h: int, w: int, p: Parameters) -> Pencil:
    """The pencil for pictures of a size, made once."""
    return _pencil(h, w, tuple(p.items()))


def swivel_matrix(h: int, w: int, p: Parameters) -> np.ndarray:
    """The homography all of them warp by."""
    return perspective.swivel_matrix(h, w, p["angle_deg"], p["distance"], p["box"])


def swivel_coefficients(h: int, w: int, p: Parameters) -> list[float]:
    """The same for libraries that map target to source and count from pixel corners."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = half @ np.linalg.inv(swivel_matrix(h, w, p)) @ np.linalg.inv(half)
    return (back / back[2, 2]).ravel()[:8].tolist()


class Ours:
    """What the peers are compared with."""

    name = "sneakeraug"

    def take(self, photo: np.ndarray) -> Picture:
        """A photo as the library has it."""
        return photo

    def give(self, picture: Picture) -> np.ndarray:
        """And back."""
        return np.asarray(picture)

    def edit(self, picture: Picture, name: str, p: Parameters) -> Picture:
        """One edit."""
        return apply_augmentation(picture, name, p).photo


class Peer(Ours):
    """Another library; brighter and darker are one curve with other numbers."""

    def edit(self, picture: Picture, name: str, p: Parameters) -> Picture:
        """One edit."""
        made = getattr(self, "tone" if name in ("brighter", "darker") else name)
        return made(picture, p)


class Albumentations(Peer):
    """8-bit arrays; its own tables, blurs, sums and warp, OpenCV for a quotient of two planes."""

    name = "albumentations"

    def __init__(self) -> None:
        os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
        package = "albumentations.augmentations"
        self.geometric = importlib.import_module(f"{package}.geometric.functional")
        self.pixel = importlib.import_module(f"{package}.pixel.functional")
        self.kernel = importlib.import_module(
            f"{package}.blur.functional"
        ).create_gaussian_kernel_1d
        albucore = importlib.import_module("albucore")
        self.lut, self.add_weighted = albucore.sz_lut, albucore.add_weighted

    def tone(self, picture: Picture, p: Parameters) -> Picture:
        """Its table on the value of hue, saturation, value."""
        value, floor = tone_tables(**p)
        hue, saturation, bright = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV))
        toned = cv2.merge([hue, saturation, self.lut(bright, value)])
        return self.lut(cv2.cvtColor(toned, cv2.COLOR_HSV2RGB), floor)

    def rotate(self, picture: Picture, p: Parameters) -> Picture:
        """It counts anticlockwise."""
        return np.ascontiguousarray(self.geometric.rot90(picture, 4 - p["n_quarters"]))

    def sketch(self, picture: Picture, p: Parameters) -> Picture:
        """On 8-bit planes."""
        pencil = pencil_of(*picture.shape[:2], p)
        grey = self.pixel.to_gray_weighted_average(picture)
        small = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA)
        tone = self.lut(grey, as_table(pencil.stretch(small)))

        def blur(plane: np.ndarray, sigma: float) -> np.ndarray:
            return self.pixel.separable_convolve(plane, self.kernel(sigma))

        def dodge(sigma: float) -> np.ndarray:
            quotient = cv2.divide(raised, self.lut(blur(tone, sigma), pencil.raised), scale=255)
            return self.lut(quotient, pencil.dodged)

        tone = blur(tone, pencil.soft_px)
        raised = self.lut(tone.copy(), pencil.raised)
        fine, broad = (dodge(sigma) for sigma in pencil.radii_px)
        lines = cv2.min(fine, self.lut(broad.copy(), pencil.broad_least))
        lines = cv2.multiply(lines, self.lut(broad, pencil.broad_all), scale=1 / 255)
        shade = self.lut(blur(tone, pencil.shade_px), pencil.shaded)
        first, second = pencil.strokes_8bit
        dark = self.lut(shade.copy(), as_table(1.6 * LEVELS - 0.75 * 255))
        hatch = self.add_weighted(shade, 3.0, first, -2.0)
        ink = self.add_weighted(hatch, 0.52, self.add_weighted(dark, 3.0, second, -2.0), 0.34)
        ink = self.add_weighted(ink, 1.0, shade, 0.12)
        graphite = cv2.multiply(lines, self.lut(ink, pencil.left), scale=1 / 255)
        return cv2.merge([self.lut(graphite.copy(), table) for table in pencil.graphite])

    def swivel(self, picture: Picture, p: Parameters) -> Picture:
        """Its warp, cubic."""
        h, w = picture.shape[:2]
        return self.geometric.perspective(
            picture,
            swivel_matrix(h, w, p),
            w,
            h,
            p["colour"],
            cv2.BORDER_CONSTANT,
            False,
            cv2.INTER_CUBIC,
        )


class Pillow(Peer):
    """Pillow's images; tables, channel operations, its blur and its transform."""

    name = "Pillow"

    def take(self, photo: np.ndarray) -> Picture:
        """An image."""
        return Image.fromarray(photo)

    def tone(self, picture: Picture, p: Parameters) -> Picture:
        """A table on the value of hue, saturation, value."""
        value, floor = tone_tables(**p)
        hue, saturation, bright = picture.convert("HSV").split()
        toned = Image.merge("HSV", (hue, saturation, bright.point(value.tolist())))
        return toned.convert("RGB").point(floor.tolist() * 3)

    def rotate(self, picture: Picture, p: Parameters) -> Picture:
        """Its transposition."""
        return picture.transpose(Image.Transpose(5 - p["n_quarters"]))

    def sketch(self, picture: Picture, p: Parameters) -> Picture:
        """Channel operations on 8-bit planes."""
        pencil = pencil_of(picture.height, picture.width, p)
        grey = picture.convert("L")
        small = np.asarray(grey.resize((64, 64), Image.Resampling.BOX))

        def blur(plane: Picture, sigma: float) -> Picture:
            return plane.filter(ImageFilter.GaussianBlur(sigma))

        def mapped(plane: Picture, table: np.ndarray) -> Picture:
            return plane.point(table.tolist())

        def dodge(sigma: float) -> Picture:
            under = mapped(blur(tone, sigma), pencil.raised)
            quotient = ImageMath.lambda_eval(
                lambda a: a["convert"](a["over"] * 255 / a["under"], "L"), over=raised, under=under
            )
            return mapped(quotient, pencil.dodged)

        tone = blur(mapped(grey, as_table(pencil.stretch(small))), pencil.soft_px)
        raised = mapped(tone, pencil.raised)
        fine, broad = (dodge(sigma) for sigma in pencil.radii_px)
        lines = ImageChops.multiply(
            ImageChops.darker(fine, mapped(broad, pencil.broad_least)),
            mapped(broad, pencil.broad_all),
        )
        shade = mapped(blur(tone, pencil.shade_px), pencil.shaded)
        dark = mapped(shade, as_table(0.96 * LEVELS - 0.45 * 255))
        first, second = self._strokes(picture.height, picture.width, tuple(p.items()))
        hatch = ImageChops.subtract(shade, first, scale=1 / 3)
        cross = ImageChops.subtract(dark, second, scale=0.2)
        ink = ImageChops.add(
            mapped(hatch, as_table(0.52 * LEVELS)), mapped(cross, as_table(0.34 * LEVELS))
        )
        ink = ImageChops.add(ink, mapped(shade, as_table(0.12 * LEVELS)))
        graphite = ImageChops.multiply(lines, mapped(ink, pencil.left))
        return Image.merge("RGB", [mapped(graphite, table) for table in pencil.graphite])

    @staticmethod
    @lru_cache(maxsize=4)
    def _strokes(h: int, w: int, parameters: tuple[tuple[str, float], ...]) -> list[Picture]:
        """Both hatchings as they are subtracted."""
        planes = _pencil(h, w, parameters).strokes_8bit
        return [
            Image.fromarray(as_table(share * plane))
            for share, plane in zip((2 / 3, 0.4), planes, strict=True)
        ]

    def swivel(self, picture: Picture, p: Parameters) -> Picture:
        """Its transform, cubic."""
        return picture.transform(
            picture.size,
            Image.Transform.PERSPECTIVE,
            swivel_coefficients(picture.height, picture.width, p),
            Image.Resampling.BICUBIC,
            fillcolor=tuple(p["colour"]),
        )


class Torchvision(Peer):
    """torchvision v2 on tensors, and torch's arithmetic; its warp knows no cubic, so linear."""

    name = "torchvision v2"

    def take(self, photo: np.ndarray) -> Picture:
        """A tensor, channels first."""
        return torch.from_numpy(photo.copy()).permute(2, 0, 1).contiguous()

    def give(self, picture: Picture) -> np.ndarray:
        """And back."""
        return picture.permute(1, 2, 0).numpy()

    def tone(self, picture: Picture, p: Parameters) -> Picture:
        """One gain for a pixel's channels."""
        value, _ = tone_tables(**p)
        gain = torch.from_numpy(value / np.maximum(LEVELS, 1)).float()
        gains = gain[picture.amax(dim=0).int()]
        return (picture * gains).add_(255 * p["floor"]).round_().clamp_(0, 255).to(torch.uint8)

    def rotate(self, picture: Picture, p: Parameters) -> Picture:
        """Torch's quarter turn; torchvision's own rotation resamples."""
        return torch.rot90(picture, -p["n_quarters"], (1, 2)).contiguous()

    def sketch(self, picture: Picture, p: Parameters) -> Picture:
        """On planes of 32-bit floats."""
        h, w = picture.shape[1:]
        pencil = pencil_of(h, w, p)
        grey = tv.rgb_to_grayscale(picture)
        small = tv.resize(grey, [64, 64], antialias=True).numpy()
        table = torch.from_numpy(pencil.stretch(small) / 255 + LIFT).float()
        first, second = (torch.from_numpy(plane.copy()) for plane in pencil.strokes)

        def blur(plane: torch.Tensor, sigma: float) -> torch.Tensor:
            side = 2 * max(1, round(3.5 * sigma)) + 1
            return tv.gaussian_blur(plane, [side, side], [sigma, sigma])

        tone = blur(table[grey.int()], pencil.soft_px)
        fine, broad = (
            (tone / blur(tone, sigma)).clamp_(0, 1).pow_(pencil.strength)
            for sigma in pencil.radii_px
        )
        lines = torch.minimum(fine, 0.35 + 0.65 * broad).mul_(0.45 + 0.55 * broad)
        soft = blur(tone, pencil.shade_px)
        shade = (0.96 + LIFT - soft).clamp_(0, 1).pow_(0.75).mul_(pencil.shading)
        hatch = (3 * shade - 2 * first).clamp_(0, 1)
        cross = (4.8 * shade - 2.25 - 2 * second).clamp_(0, 1)
        ink = hatch.mul_(0.52).add_(cross, alpha=0.34).add_(shade, alpha=0.12).clamp_(0, 0.88)
        graphite = lines.mul_(1 - ink)
        lead = torch.tensor(LEAD)[:, None, None]
        paper = torch.tensor(PAPER)[:, None, None]
        return (lead + (paper - lead) * graphite).round_().to(torch.uint8)

    def swivel(self, picture: Picture, p: Parameters) -> Picture:
        """Its perspective."""
        h, w = picture.shape[1:]
        coefficients = swivel_coefficients(h, w, p)
        return tv.perspective(picture, None, None, fill=p["colour"], coefficients=coefficients)


def find_peers() -> list[Peer]:
    """Those that can be imported."""
    peers: list[Peer] = [Pillow(), Torchvision()]
    try:
        return [Albumentations(), *peers]
    except ImportError:
        print("albumentations is not installed and is left out; see the top of this script")
        return peers
