"""What of a photo is background: its colour, whether it is plain, where the product stands.

Estimated from the picture's border alone, at a small fixed working size, so that a thumbnail
and the full photo give the same answer. Intake, the augmentations and the features read it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sneakeraug.arrays import BoolArray, UInt8Array, largest_channel

WORK_SIDE_PX = 160
"""Longer side of the copy the estimate is made on."""

BORDER_SHARE = 0.03
"""Width of the border strip that is looked at, as a share of the shorter side."""

PLAIN_TOLERANCE = 22.0
"""A pixel within this distance (0 to 255, largest channel) of the background is background."""

PLAIN_SHARE = 0.60
"""A border of which at least this share is background makes the photo plain."""

EVEN_SHARE, EVEN_SPREAD = 0.30, 3.0
"""So does a smaller share whose mean deviation (0 to 255) is this small: a tight crop, where the
product covers most of the border, on the even white of a shop."""


@dataclass(frozen=True)
class Background:
    """What the border of a photo says about its background.

    Attributes
    ----------
    is_plain
        Whether most of the border is one colour (or a soft gradient of it).
    colour
        Median RGB of the background part of the border, 0 to 255.
    plain_share
        Share of the border that is background, in [0, 1].
    product
        True where the product is, at working size; all True where the photo is not plain.
    box
        ``(left, top, right, bottom)`` of the product as shares of width and height.
    fill
        Area of the product's box as a share of the frame, in (0, 1].
    """

    is_plain: bool
    colour: tuple[int, int, int]
    plain_share: float
    product: BoolArray
    box: tuple[float, float, float, float]
    fill: float


def estimate_background(photo: UInt8Array) -> Background:
    """Tell background from product by the colours along the border.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8. Not modified.

    Returns
    -------
    Background
        A photo that is not plain has the whole frame as its product box.
    """
    small = _at_working_size(photo)
    h, w = small.shape[:2]
    strip = max(1, round(BORDER_SHARE * min(h, w)))
    border = np.concatenate(
        [
            small[:strip].reshape(-1, 3),
            small[-strip:].reshape(-1, 3),
            small[:, :strip].reshape(-1, 3),
            small[:, -strip:].reshape(-1, 3),
        ]
    ).astype(np.float32)
    colour = _dominant_colour(border)
    near = largest_channel(np.abs(border - colour)) <= PLAIN_TOLERANCE
    plain_share = float(near.mean())
    rgb = (round(float(colour[0])), round(float(colour[1])), round(float(colour[2])))
    whole = (0.0, 0.0, 1.0, 1.0)
    spread = float(np.abs(border[near] - colour).mean())
    is_even = plain_share >= EVEN_SHARE and spread <= EVEN_SPREAD
    if plain_share < PLAIN_SHARE and not is_even:
        product: BoolArray = np.ones((h, w), dtype=np.bool_)
        return Background(False, rgb, plain_share, product, whole, 1.0)
    product = _product_mask(small, colour)
    box = _box(product)
    if box is None:
        return Background(True, rgb, plain_share, product, whole, 1.0)
    fill = (box[2] - box[0]) * (box[3] - box[1])
    return Background(True, rgb, plain_share, product, box, fill)


def shrink_photo(photo: UInt8Array, side_px: int) -> UInt8Array:
    """Return a copy whose longer side is at most `side_px`; the photo itself if it already is.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    side_px
        Longest side allowed.
    """
    h, w = photo.shape[:2]
    scale = side_px / max(h, w)
    if scale >= 1:
        return photo
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _at_working_size(photo: UInt8Array) -> UInt8Array:
    """A copy whose longer side is the working size, whether smaller or larger."""
    h, w = photo.shape[:2]
    scale = WORK_SIDE_PX / max(h, w)
    size = (max(8, round(w * scale)), max(8, round(h * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(photo, size, interpolation=interpolation), dtype=np.uint8)


def _dominant_colour(border: np.ndarray) -> np.ndarray:
    """The centre of the fullest of 8×8×8 colour cells, refined by two medians of its neighbours."""
    cells = (border // 32).astype(np.int64)
    fullest = np.bincount(cells @ np.array([64, 8, 1]), minlength=512).argmax()
    in_cell = cells @ np.array([64, 8, 1]) == fullest
    colour = np.median(border[in_cell], axis=0)
    for _ in range(2):
        near = largest_channel(np.abs(border - colour)) <= PLAIN_TOLERANCE
        colour = np.median(border[near], axis=0)
    return np.asarray(colour, dtype=np.float32)


def _product_mask(small: UInt8Array, colour: np.ndarray) -> BoolArray:
    """Pixels that are not connected to the border through background colour."""
    distance = largest_channel(np.abs(small.astype(np.float32) - colour))
    # Half the tolerance inside the frame: white shoes differ from white by little.
    is_background = (distance <= PLAIN_TOLERANCE / 2).astype(np.uint8)
    padded = cv2.copyMakeBorder(is_background, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(padded, connectivity=4)
    product = labels[1:-1, 1:-1] != labels[0, 0]
    opened = cv2.morphologyEx(
        product.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), dtype=np.uint8)
    )
    return np.asarray(opened > 0, dtype=np.bool_)


def _box(product: BoolArray) -> tuple[float, float, float, float] | None:
    """Bounding box of the mask as shares of width and height; None where the mask is empty."""
    rows = np.flatnonzero(product.any(axis=1))
    columns = np.flatnonzero(product.any(axis=0))
    if rows.size == 0 or columns.size == 0:
        return None
    h, w = product.shape
    return (
        float(columns[0] / w),
        float(rows[0] / h),
        float((columns[-1] + 1) / w),
        float((rows[-1] + 1) / h),
    )
