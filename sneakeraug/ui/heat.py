"""What each part of a picture adds to its score, laid over the picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import UInt8Array
from sneakeraug.regions import Regions

SIDE_PX: Final = 720
"""Longer side of the overlay, twice what the page shows."""

RAISES, LOWERS = (0, 114, 178), (213, 94, 0)
"""Okabe and Ito's blue and vermilion: told apart by everybody, on any photo that was greyed."""

MOST_OPAQUE: Final = 0.8
LEAST_FULL: Final = 0.05
"""The effect, in log-odds, that is drawn full where the largest of the picture is smaller."""


def region_picture(photo: UInt8Array, regions: Regions) -> bytes:
    """Draw effects over a greyed picture, as JPEG.

    Parameters
    ----------
    photo
        The picture whose regions they are, RGB, shape ``(h, w, 3)``, uint8.
    regions
        Blue where a patch raises the score, orange where it lowers it, stronger for more; what is
        more than chance is framed, and carries its sign.
    """
    h, w = photo.shape[:2]
    scale = SIDE_PX / max(h, w)
    size = (max(8, round(w * scale)), max(8, round(h * scale)))
    enlarged = cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    grey = enlarged @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    drawn = np.repeat((60 + 0.76 * grey)[:, :, None], 3, axis=2)
    n_rows, n_columns = regions.effects.shape
    tops = np.linspace(0, size[1], n_rows + 1).round().astype(int)
    lefts = np.linspace(0, size[0], n_columns + 1).round().astype(int)
    full = max(LEAST_FULL, float(np.abs(regions.effects).max()))
    for row, column in np.ndindex(n_rows, n_columns):
        effect = float(regions.effects[row, column])
        colour = np.array(RAISES if effect > 0 else LOWERS, dtype=np.float32)
        box = (slice(tops[row], tops[row + 1]), slice(lefts[column], lefts[column + 1]))
        opaque = MOST_OPAQUE * abs(effect) / full
        drawn[box] = (1 - opaque) * drawn[box] + opaque * colour
    canvas = np.ascontiguousarray(np.clip(drawn, 0, 255).astype(np.uint8))
    for row, column in np.argwhere(regions.is_sure):
        start = int(lefts[column]) + 2, int(tops[row]) + 2
        end = int(lefts[column + 1]) - 3, int(tops[row + 1]) - 3
        _mark(canvas, start, end, float(regions.effects[row, column]) > 0)
    _, data = cv2.imencode(".jpg", canvas[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()


def _mark(
    canvas: UInt8Array, start: tuple[int, int], end: tuple[int, int], is_raising: bool
) -> None:
    """Frame a patch, and write its sign on a white disc in its middle."""
    colour = RAISES if is_raising else LOWERS
    cv2.rectangle(canvas, start, end, (255, 255, 255), 5, cv2.LINE_AA)
    cv2.rectangle(canvas, start, end, colour, 3, cv2.LINE_AA)
    x, y = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
    cv2.circle(canvas, (x, y), 16, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.line(canvas, (x - 8, y), (x + 8, y), colour, 4, cv2.LINE_AA)
    if is_raising:
        cv2.line(canvas, (x, y - 8), (x, y + 8), colour, 4, cv2.LINE_AA)
