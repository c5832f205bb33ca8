"""What happens to pictures on their way: conditions under which a network is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import apply_augmentation, choose_parameters, scale_strength
from sneakeraug.background import estimate_background
from sneakeraug.dataset.vary import compress, exchange_background
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS

Change = Callable[[UInt8Array], UInt8Array | None]
"""From a photo to the changed photo; None where it cannot be made of this one."""


def _same(photo: UInt8Array) -> UInt8Array:
    return photo


@dataclass(frozen=True)
class Condition:
    """A change of the photo before the edit, of the picture after it, or of the edit's strength."""

    before: Change = _same
    after: Callable[[UInt8Array], UInt8Array] = _same
    strength: float = 1.0

    def make_six(self, photo: UInt8Array) -> list[UInt8Array] | None:
        """Return the six variants of a photo under this condition, in label order.

        Parameters
        ----------
        photo
            RGB, shape ``(h, w, 3)``, uint8. Not modified.

        Returns
        -------
        variants
            None where the condition cannot be made of this photo.
        """
        changed = self.before(photo)
        if changed is None:
            return None
        variants = []
        for name in AUGMENTATIONS:
            parameters = scale_strength(name, choose_parameters(changed, name), self.strength)
            variants.append(self.after(apply_augmentation(changed, name, parameters).photo))
        return variants


def _crop(photo: UInt8Array) -> UInt8Array:
    """Without a twentieth at each side."""
    h, w = photo.shape[:2]
    dy, dx = round(0.05 * h), round(0.05 * w)
    return np.ascontiguousarray(photo[dy : h - dy, dx : w - dx])


def _halve(photo: UInt8Array) -> UInt8Array:
    """Half as wide and high."""
    h, w = photo.shape[:2]
    size = (max(1, w // 2), max(1, h // 2))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _on(level: float) -> Change:
    """On another plain background."""

    def change(photo: UInt8Array) -> UInt8Array | None:
        background = estimate_background(photo)
        if not background.is_plain:
            return None
        return exchange_background(photo, background, np.full((1, 1, 3), level, dtype=np.float32))

    return change


AS_IT_IS: Final = "as it is"

CONDITIONS: Final[dict[str, Condition]] = {
    AS_IT_IS: Condition(),
    "after JPEG quality 40": Condition(after=lambda picture: compress(picture, 40)),
    "after halving": Condition(after=_halve),
    "after a 10 % crop": Condition(before=_crop),
    "on grey": Condition(before=_on(128.0)),
    "on black": Condition(before=_on(0.0)),
    "edits at 0.7 of their strength": Condition(strength=0.7),
    "edits at 1.3 of their strength": Condition(strength=1.3),
}
"""By the name a figure gives them."""


def find_conditions(names: list[str]) -> dict[str, Condition]:
    """Return conditions by name; all of them for ``all``.

    Raises
    ------
    InputError
        If one is unknown.
    """
    if names == ["all"]:
        return CONDITIONS
    for name in names:
        if name not in CONDITIONS:
            raise InputError(
                f"Unknown condition {name!r}; expected all, or any of: {', '.join(CONDITIONS)}."
            )
    return {name: CONDITIONS[name] for name in names}
