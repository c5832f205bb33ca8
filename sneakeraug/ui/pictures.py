"""Small pictures for cards, each on a canvas of one shape, and the thin bar of a range."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import streamlit as st

from sneakeraug.analysis import Analysis
from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.background import estimate_background
from sneakeraug.intake.decode import decode_photo

CARD_SIZE: Final = (480, 360)
"""Width and height of every card's canvas, twice what a card shows."""

MAT: Final = (236, 238, 241)
"""Canvas behind a photo without a plain background."""

BAR_SIZE: Final = (240, 20)
BAR, TRACK, MARK = "#2E86C1", "#8A94A3", "#5B6675"
"""Colours that stand out on the light and on the dark page."""


def _photo(analysis: Analysis) -> str:
    return analysis.photo.sha256


@st.cache_data(show_spinner=False, max_entries=512, ttl="2h", hash_funcs={Analysis: _photo})
def variant_picture(analysis: Analysis, augmentation: str) -> bytes:
    """Return a version of a picture on the canvas of a card, as JPEG; larger than it is scored."""
    variant = next(v for v in analysis.variants if v.augmentation == augmentation)
    shown = apply_augmentation(analysis.photo.pixels, augmentation, variant.parameters)
    return _encode(_on_canvas(shown.photo))


@st.cache_data(show_spinner=False, max_entries=256)
def file_picture(data: bytes) -> bytes:
    """Return a picture file (a sample, a catalog picture) on the canvas of a card, as JPEG."""
    return _encode(_on_canvas(decode_photo(data).pixels))


def _on_canvas(photo: UInt8Array) -> UInt8Array:
    """The whole photo, centred, the rest filled with its own background where that is plain."""
    width, height = CARD_SIZE
    h, w = photo.shape[:2]
    scale = min(width / w, height / h)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    background = estimate_background(photo)
    canvas = np.empty((height, width, 3), dtype=np.uint8)
    canvas[:] = background.colour if background.is_plain else MAT
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


def _encode(photo: UInt8Array) -> bytes:
    _, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(photo[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88]
    )
    return data.tobytes()


def range_bar(
    p: float, interval: tuple[float, float], original: float, axis: tuple[float, float]
) -> str:
    """Draw a range on an axis, with a tick where the original stands, as SVG.

    Parameters
    ----------
    p, interval
        The estimate and its range.
    original
        The original's estimate.
    axis
        Left and right end; the same for all cards.
    """
    width, height = BAR_SIZE
    span = max(axis[1] - axis[0], 1e-9)

    def x(value: float) -> float:
        return round(8 + (width - 16) * min(max((value - axis[0]) / span, 0.0), 1.0), 1)

    middle = height / 2
    left, right = x(interval[0]), x(interval[1])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">'
        f'<line x1="0" x2="{width}" y1="{middle}" y2="{middle}" stroke="{TRACK}" '
        f'stroke-opacity="0.45" stroke-width="2"/>'
        f'<line x1="{x(original)}" x2="{x(original)}" y1="2" y2="{height - 2}" stroke="{MARK}" '
        f'stroke-width="2" stroke-dasharray="3 2"/>'
        f'<line x1="{left}" x2="{max(right, left + 1)}" y1="{middle}" y2="{middle}" '
        f'stroke="{BAR}" stroke-width="6" stroke-linecap="round"/>'
        f'<circle cx="{x(p)}" cy="{middle}" r="5.5" fill="{BAR}" stroke="#FFFFFF" '
        f'stroke-width="1.5"/></svg>'
    )


def common_axis(intervals: list[tuple[float, float]]) -> tuple[float, float]:
    """Return one axis that holds every range, with a little room at both ends."""
    low, high = min(i[0] for i in intervals), max(i[1] for i in intervals)
    room = 0.04 * (high - low)
    return max(0.0, low - room), min(1.0, high + room)
