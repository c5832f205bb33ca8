from __future__ import annotations

import cv2
import numpy as np
import pytest

from sneakeraug.arrays import UInt8Array
from sneakeraug.background import estimate_background
from sneakeraug.intake.quality import judge_quality, measure_quality


@pytest.fixture(scope="module")
def large(demo_paths: list) -> UInt8Array:
    from sneakeraug.intake.decode import decode_photo

    return decode_photo(demo_paths[5].read_bytes()).pixels


def test_a_good_product_photo_is_ok(large: UInt8Array) -> None:
    quality = judge_quality(measure_quality(large))
    assert quality.verdict == "ok", quality.reasons


def busy(photo: UInt8Array) -> UInt8Array:
    rng = np.random.default_rng(2)
    size = photo.shape[1::-1]
    floor = cv2.resize(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8), size)
    return np.where(photo.min(axis=2, keepdims=True) > 235, floor, photo)


def far_away(photo: UInt8Array) -> UInt8Array:
    pad = photo.shape[1]
    white = (255, 255, 255)
    return cv2.copyMakeBorder(photo, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=white)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda p: cv2.GaussianBlur(p, (0, 0), 9), "blurred", id="blurred"),
        pytest.param(lambda p: (p * 0.12).astype(np.uint8), "very dark", id="dark"),
        pytest.param(lambda p: 255 - (255 - p) // 9, "almost white", id="faded"),
        pytest.param(far_away, "of the frame", id="small in the frame"),
        pytest.param(busy, "busy", id="busy background"),
        pytest.param(lambda p: cv2.resize(p, (200, 150)), "only 200 px", id="small file"),
    ],
)
def test_a_spoiled_photo_is_warned_about_in_words(
    large: UInt8Array, spoil: object, says: str
) -> None:
    quality = judge_quality(measure_quality(spoil(large)))  # type: ignore[operator]
    assert quality.verdict == "warn"
    assert any(says in reason for reason in quality.reasons), quality.reasons


def test_a_flat_picture_is_refused() -> None:
    quality = judge_quality(measure_quality(np.full((300, 400, 3), 90, np.uint8)))
    assert quality.verdict == "refuse"


@pytest.mark.parametrize("colour", [(255, 255, 255), (20, 30, 60), (200, 190, 170)])
def test_background_colour_and_product_box_are_found(
    shoe: UInt8Array, colour: tuple[int, int, int]
) -> None:
    photo = np.where(shoe.min(axis=2, keepdims=True) > 240, np.array(colour, np.uint8), shoe)
    background = estimate_background(photo)
    assert background.is_plain
    assert np.abs(np.array(background.colour) - colour).max() <= 4
    rows, columns = np.nonzero(shoe.min(axis=2) < 200)
    found = np.array(background.box) * [320, 240, 320, 240]
    true = [columns.min(), rows.min(), columns.max(), rows.max()]
    assert np.abs(found - true).max() < 20  # the shadow counts


def test_background_is_the_same_at_any_size(large: UInt8Array) -> None:
    small = cv2.resize(large, (300, 225), interpolation=cv2.INTER_AREA)
    a, b = estimate_background(large), estimate_background(small)
    assert a.colour == pytest.approx(b.colour, abs=2)
    assert a.box == pytest.approx(b.box, abs=0.02)
