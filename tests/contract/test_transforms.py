"""One list of checks that every augmentation passes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import apply_augmentation, choose_parameters, make_variants
from sneakeraug.errors import InputError, ShapeError
from sneakeraug.vocabulary import AUGMENTATIONS

every_augmentation = pytest.mark.parametrize("name", AUGMENTATIONS)


@pytest.fixture(params=["on white", "cluttered", "tight", "grey noise"])
def photo(request: pytest.FixtureRequest, shoe: UInt8Array) -> UInt8Array:
    rng = np.random.default_rng(5)
    if request.param == "cluttered":
        floor = cv2.resize(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8), (320, 240))
        return np.where(shoe.min(axis=2, keepdims=True) > 235, floor, shoe)
    if request.param == "tight":
        rows, columns = np.nonzero(shoe.min(axis=2) < 200)
        return shoe[rows.min() : rows.max(), columns.min() : columns.max()].copy()
    if request.param == "grey noise":
        return np.repeat(rng.integers(0, 255, (97, 131, 1), dtype=np.uint8), 3, axis=2)
    return shoe


@every_augmentation
def test_keeps_dtype_channels_and_contiguity(photo: UInt8Array, name: str) -> None:
    variant = apply_augmentation(photo, name).photo
    assert variant.dtype == np.uint8
    assert variant.flags.c_contiguous
    expected = photo.shape[1::-1] if name == "rotate" else photo.shape[:2]
    assert variant.shape == (*expected, 3)


@every_augmentation
def test_leaves_its_input_alone_and_returns_new_memory(photo: UInt8Array, name: str) -> None:
    before = photo.copy()
    variant = apply_augmentation(photo, name).photo
    assert (photo == before).all()
    assert not np.shares_memory(variant, photo)


@every_augmentation
def test_recorded_parameters_give_the_same_pixels(photo: UInt8Array, name: str) -> None:
    first = apply_augmentation(photo, name)
    again = apply_augmentation(photo, name, first.parameters)
    assert (first.photo == again.photo).all()
    assert first.label == AUGMENTATIONS.index(name)


@every_augmentation
def test_looks_the_same_at_300_and_3000_px(demo_paths: list[Path], name: str) -> None:
    with Image.open(demo_paths[3]) as image:
        large = np.asarray(image.convert("RGB").resize((3000, 2250), Image.Resampling.BICUBIC))
    small = cv2.resize(large, (300, 225), interpolation=cv2.INTER_AREA)
    parameters = choose_parameters(large, name)
    from_large = apply_augmentation(large, name, parameters).photo
    from_small = apply_augmentation(small, name, parameters).photo
    reduced = cv2.resize(from_large, from_small.shape[1::-1], interpolation=cv2.INTER_AREA)
    difference = np.abs(reduced.astype(int) - from_small)
    assert difference.mean() < (6.0 if name == "sketch" else 1.5)


@every_augmentation
def test_a_read_only_photo_is_fine(shoe: UInt8Array, name: str) -> None:
    frozen = shoe.copy()
    frozen.setflags(write=False)
    assert apply_augmentation(frozen, name).photo.flags.writeable


def test_all_six_come_in_label_order(shoe: UInt8Array) -> None:
    variants = make_variants(shoe)
    assert [variant.augmentation for variant in variants] == list(AUGMENTATIONS)
    assert [variant.label for variant in variants] == list(range(6))


def test_unknown_augmentation_names_the_known_ones(shoe: UInt8Array) -> None:
    with pytest.raises(InputError, match="brighter, darker, original, rotate, sketch, swivel"):
        apply_augmentation(shoe, "sepia")


def test_a_grey_plane_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"RGB \(h, w, 3\)"):
        apply_augmentation(np.zeros((80, 80), np.uint8), "original")
