"""What a picture may be before its pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on a picture file; each can be set (see `sneakeraug.settings`)."""

    max_bytes: int = 10_000_000
    max_pixels: int = 40_000_000
    min_side_px: int = 64
    max_side_px: int = 12_000
