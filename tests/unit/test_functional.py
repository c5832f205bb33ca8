from __future__ import annotations

import cv2
import numpy as np
import pytest

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment import functional, perspective
from sneakeraug.augment.transforms import DEFAULT_PARAMETERS, apply_augmentation


@pytest.mark.parametrize("name", ["brighter", "darker"])
def test_tone_curve_rises_everywhere_so_no_detail_is_clipped(name: str) -> None:
    curve = functional.tone_curve(**DEFAULT_PARAMETERS[name])  # type: ignore[arg-type]
    assert (np.diff(curve) > 0).all()
    # at least a quarter of the original slope is left at both ends
    assert np.diff(curve)[:8].mean() * 255 > 0.25
    assert np.diff(curve)[-8:].mean() * 255 > 0.25


@pytest.mark.parametrize(("name", "sign"), [("brighter", 1), ("darker", -1)])
def test_exposure_is_clearly_visible(shoe: UInt8Array, name: str, sign: int) -> None:
    product = shoe.min(axis=2) < 235
    change = apply_augmentation(shoe, name).photo[product].mean() - shoe[product].mean()
    assert sign * change > 20


@pytest.mark.parametrize("name", ["brighter", "darker"])
def test_hue_is_kept(name: str) -> None:
    hues = np.stack(
        np.meshgrid(np.arange(0, 180, 5), [120, 200], [90, 160, 230], indexing="ij"), axis=-1
    )
    hsv = hues.reshape(-1, 1, 3).astype(np.uint8)
    photo = np.tile(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), (1, 64, 1))
    after = cv2.cvtColor(apply_augmentation(photo, name).photo, cv2.COLOR_RGB2HSV)
    before = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)
    turned = np.abs(after[..., 0].astype(int) - before[..., 0])
    assert np.minimum(turned, 180 - turned).max() <= 4


def test_four_quarter_turns_are_the_identity(shoe: UInt8Array) -> None:
    turned = shoe
    for _ in range(4):
        turned = functional.rotate_quarter(turned, 1)
    assert (turned == shoe).all()


def test_rotation_is_clockwise(shoe: UInt8Array) -> None:
    marked = shoe.copy()
    marked[0, 0] = (1, 2, 3)  # top left goes to top right
    assert tuple(functional.rotate_quarter(marked, 1)[0, -1]) == (1, 2, 3)


def test_sketch_is_pencil_on_paper(shoe: UInt8Array) -> None:
    sketch = apply_augmentation(shoe, "sketch").photo
    assert np.ptp(sketch.astype(int), axis=2).max() <= 8  # no colour
    assert sketch[2, 2].min() > 235  # white background is paper
    assert np.percentile(sketch, 1) < 90  # and lines are dark


def test_sketch_of_a_flat_picture_is_a_picture() -> None:
    flat = np.full((120, 90, 3), 128, np.uint8)
    assert apply_augmentation(flat, "sketch").photo.shape == flat.shape


def test_swivel_keeps_the_product_inside_the_frame(shoe: UInt8Array) -> None:
    for pad in (0, 4, 60):
        rows, columns = np.nonzero(shoe.min(axis=2) < 200)
        tight = shoe[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        framed = cv2.copyMakeBorder(
            tight, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        turned = apply_augmentation(framed, "swivel").photo
        edge = np.concatenate([turned[0], turned[-1], turned[:, 0], turned[:, -1]])
        assert (edge.min(axis=1) > 215).mean() > 0.97


@pytest.mark.parametrize("colour", [(255, 255, 255), (30, 60, 120), (214, 220, 190), (8, 8, 8)])
def test_swivel_fills_corners_with_the_photos_own_background(
    shoe: UInt8Array, colour: tuple[int, int, int]
) -> None:
    is_white = shoe.min(axis=2, keepdims=True) > 240
    photo = np.where(is_white, np.array(colour, np.uint8), shoe)
    turned = apply_augmentation(photo, "swivel").photo.astype(int)
    for corner in (turned[:12, :12], turned[:12, -12:], turned[-12:, :12], turned[-12:, -12:]):
        assert np.abs(corner - np.array(colour)).max() <= 6


def test_swivel_is_a_true_perspective() -> None:
    matrix = perspective.swivel_matrix(200, 300, 30.0, 1.3, (0.2, 0.2, 0.8, 0.8))

    def height_at(x: float) -> float:
        top, bottom = (matrix @ np.array([x, y, 1.0]) for y in (60.0, 140.0))
        return float(bottom[1] / bottom[2] - top[1] / top[2])

    near, far = height_at(60.0), height_at(240.0)
    depth = 1.3 * 300
    half = 90 * np.sin(np.radians(30))
    assert near / far == pytest.approx((depth + half) / (depth - half), rel=1e-6)


def test_no_turn_changes_nothing_inside(shoe: UInt8Array) -> None:
    same = perspective.swivel(shoe, 0.0, 1.3, (0.1, 0.1, 0.9, 0.9), (255, 255, 255))
    assert np.abs(same.astype(int) - shoe).max() <= 1
