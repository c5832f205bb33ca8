"""Can this picture be scored, and if not, why not: numbers, a verdict, reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import UInt8Array
from sneakeraug.background import estimate_background, shrink_photo
from sneakeraug.records import Quality

MEASURED_SIDE_PX: Final = 480
"""Longer side the numbers are measured at; a smaller picture is measured as it is."""

FLAT_CONTRAST: Final = 0.012
"""Luma deviation below which a picture shows nothing at all."""

BLURRED: Final = 0.17
"""Edge sharpness below which a picture is visibly out of focus."""

DARK: Final = 0.16
BRIGHT: Final = 0.97
"""Mean luma outside of which a picture is badly exposed."""

SMALL_FILL: Final = 0.12
"""Share of the frame below which a product is hard to see in an e-mail."""

SMALL_SIDE_PX: Final = 300
"""Longer side below which an e-mail's hero picture looks soft."""


@dataclass(frozen=True)
class QualityNumbers:
    """What `measure_quality` measures.

    Attributes
    ----------
    sharpness
        Steepest edges as a share of the picture's own contrast a pixel, 0 (blurred) to 1.
    brightness
        Mean luma, 0 to 1.
    contrast
        Standard deviation of luma, 0 to 0.5.
    clipped_dark, clipped_bright
        Share of the product's pixels at the very ends of the scale.
    fill
        Share of the frame the product's box fills, 0 to 1.
    is_plain
        Whether the background is plain.
    longer_side_px
        Of the picture as uploaded.
    """

    sharpness: float
    brightness: float
    contrast: float
    clipped_dark: float
    clipped_bright: float
    fill: float
    is_plain: bool
    longer_side_px: int


def measure_quality(photo: UInt8Array, longer_side_px: int | None = None) -> QualityNumbers:
    """Measure blur, exposure, how much the product fills, and the background.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8; `MEASURED_SIDE_PX` of it are enough.
    longer_side_px
        Of the picture as uploaded; the photo's where None.
    """
    small = shrink_photo(photo, MEASURED_SIDE_PX)
    h, w = small.shape[:2]
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    contrast = float(luma.std())
    gradient = cv2.magnitude(
        cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=0.25)
    )
    steepest = float(np.percentile(gradient, 99.5))
    background = estimate_background(small)
    mask = cv2.resize(background.product.astype(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST)
    product = luma[mask > 0] if (mask > 0).any() else luma.ravel()
    return QualityNumbers(
        sharpness=min(1.0, steepest / max(float(np.ptp(luma)), 0.05)),
        brightness=float(luma.mean()),
        contrast=contrast,
        clipped_dark=float((product <= 2 / 255).mean()),
        clipped_bright=float((product >= 254 / 255).mean()),
        fill=background.fill,
        is_plain=background.is_plain,
        longer_side_px=longer_side_px or max(photo.shape[:2]),
    )


def judge_quality(numbers: QualityNumbers) -> Quality:
    """Turn the numbers into a verdict with reasons.

    Parameters
    ----------
    numbers
        From `measure_quality`.

    Returns
    -------
    Quality
        ``refuse`` where the picture shows nothing, ``warn`` where the score may suffer.
    """
    if numbers.contrast < FLAT_CONTRAST:
        return Quality(
            verdict="refuse",
            reasons=("The picture is a flat surface: no product can be seen. Choose another.",),
        )
    reasons = []
    if numbers.sharpness < BLURRED:
        reasons.append("The picture is blurred; a sharper copy gives a better score.")
    if numbers.brightness < DARK:
        reasons.append("The picture is very dark.")
    if numbers.brightness > BRIGHT:
        reasons.append("The picture is almost white; the product is hard to tell from it.")
    if numbers.clipped_dark > 0.5:
        reasons.append("More than half of the product is pure black: its detail is lost.")
    if numbers.fill < SMALL_FILL:
        reasons.append(f"The product fills only {numbers.fill:.0%} of the frame; crop closer.")
    if not numbers.is_plain:
        reasons.append("The background is busy; plain ones are known best.")
    if numbers.longer_side_px < SMALL_SIDE_PX:
        reasons.append(f"The picture is only {numbers.longer_side_px} px long; e-mails show 600.")
    return Quality(verdict="warn" if reasons else "ok", reasons=tuple(reasons))
