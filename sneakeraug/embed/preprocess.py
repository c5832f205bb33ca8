"""A photo becomes what the network reads. Training and serving share this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from sneakeraug.arrays import FloatArray, UInt8Array, largest_channel, smallest_channel
from sneakeraug.background import shrink_photo

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
"""Per-channel normalisation torchvision's published ResNet weights expect."""

TONE_CUTS: Final = (*range(8, 256, 8), 254)
"""8-bit values at which `tone_profile` counts what is below and what is not."""

TONE_SIDE_PX: Final = 320
"""Longer side, at most, of the copy whose tones are counted: small details hold the last black."""

LEAST_SHARE: Final = 5e-5
"""Shares are told apart down to this; five pixels of a 320 px square."""


class NetworkInput(NamedTuple):
    """What the network reads of n photos.

    Attributes
    ----------
    squares
        Shape ``(n, s, s, 3)``, uint8, see `fit_square`.
    tones
        Shape ``(n, N_TONES)``, float32, see `tone_profile`.
    """

    squares: UInt8Array
    tones: FloatArray


def prepare_photos(photos: Sequence[UInt8Array], size_px: int) -> NetworkInput:
    """Make the network's input of photos of any sizes.

    Parameters
    ----------
    photos
        RGB, shape ``(h, w, 3)``, uint8.
    size_px
        Side of the squares.
    """
    return NetworkInput(
        np.stack([fit_square(photo, size_px) for photo in photos]),
        np.stack([tone_profile(photo) for photo in photos]),
    )


def tone_profile(photo: UInt8Array) -> FloatArray:
    """Return how much of a photo is darker, and how much is not, than each of 32 values.

    A brightened picture is told from a pale shoe by what is missing: the last dark pixels. A
    convolutional network on a small square hardly sees them; shares on a logarithmic scale, in
    which one pixel in ten thousand shows, tell at once. Counted for each pixel's largest and
    smallest channel.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.

    Returns
    -------
    tones
        Shape ``(N_TONES,)``, float32, about -1.5 to 1.
    """
    small = shrink_photo(photo, TONE_SIDE_PX)
    shares = []
    for channel in (largest_channel(small), smallest_channel(small)):
        below = np.cumsum(np.bincount(channel.ravel(), minlength=256))[np.array(TONE_CUTS) - 1]
        shares += [below / channel.size, 1.0 - below / channel.size]
    return np.asarray(np.log(np.concatenate(shares) + LEAST_SHARE) / 4 + 1, dtype=np.float32)


N_TONES: Final = 4 * len(TONE_CUTS)


def fit_square(photo: UInt8Array, size_px: int) -> UInt8Array:
    """Scale a photo into a square, aspect kept, each side's rest the median colour of its edge.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8.
    size_px
        Side of the square.

    Returns
    -------
    square
        Shape ``(size_px, size_px, 3)``, uint8.
    """
    h, w = photo.shape[:2]
    scale = size_px / max(h, w)
    sw, sh = max(1, round(w * scale)), max(1, round(h * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(photo, (sw, sh), interpolation=interpolation)
    top, left = (size_px - sh) // 2, (size_px - sw) // 2
    square = np.empty((size_px, size_px, 3), dtype=np.uint8)
    square[:top], square[top + sh :] = np.median(scaled[0], axis=0), np.median(scaled[-1], axis=0)
    if sw < size_px:
        square[:, :left] = np.median(scaled[:, 0], axis=0)
        square[:, left + sw :] = np.median(scaled[:, -1], axis=0)
    square[top : top + sh, left : left + sw] = scaled
    return square


def normalise(squares: UInt8Array) -> FloatArray:
    """Turn input squares into the array the network reads.

    Parameters
    ----------
    squares
        Shape ``(n, s, s, 3)``, uint8.

    Returns
    -------
    x
        Shape ``(n, 3, s, s)``, float32, channels-last in memory.
    """
    mean = np.array(MEAN, dtype=np.float32) * 255.0
    std = np.array(STD, dtype=np.float32) * 255.0
    x = (squares.astype(np.float32) - mean) / std
    return np.asarray(x.transpose(0, 3, 1, 2), dtype=np.float32)
