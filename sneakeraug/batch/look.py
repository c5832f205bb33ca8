"""What one thread does for one picture: bytes to what the network and the measures read."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace

import numpy as np

from sneakeraug.analysis import Prepared, prepare_input
from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos
from sneakeraug.errors import InputError
from sneakeraug.limits import Limits

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Looked:
    """A picture ready for the network; its pixels are let go.

    Attributes
    ----------
    item
        Which.
    prepared
        As `analysis.prepare` gives it, without pixels.
    inputs
        What the network reads of them.
    """

    item: Item
    prepared: Prepared = field(repr=False)
    inputs: NetworkInput = field(repr=False)


@dataclass(frozen=True)
class Unread:
    """A picture that cannot be scored, and why.

    Attributes
    ----------
    item
        Which.
    error
        What was wrong, what was expected, what to do.
    sha256
        Of its bytes; empty where there are none.
    width, height
        Upright; None where that is not known.
    is_refused
        Whether it was read, and found not to be fit.
    """

    item: Item
    error: str
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    is_refused: bool = False


def look(inputs: Inputs, item: Item, limits: Limits, size_px: int) -> Looked | Unread:
    """Read, decode and judge a picture, and make its variants; whatever fails is said, not raised.

    Parameters
    ----------
    inputs, item
        The picture.
    limits
        Checked before pixels are decoded.
    size_px
        Side of the network's input.
    """
    if item.error:
        return Unread(item, item.error)
    sha256 = ""
    try:
        data = inputs.read(item.name, limits)
        sha256 = hashlib.sha256(data).hexdigest()
        prepared = prepare_input(data, limits, item.name)
        size = prepared.width, prepared.height
        if prepared.quality.verdict == "refuse":
            return Unread(item, " ".join(prepared.quality.reasons), sha256, *size, is_refused=True)
        photos = [variant.photo for variant in prepared.variants]
        return Looked(item, _without_pixels(prepared), prepare_photos(photos, size_px))
    except InputError as exc:
        return Unread(item, str(exc), sha256)
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        return Unread(item, f"The file cannot be read ({reason}). Check it and run again.", sha256)
    except Exception as exc:  # a door: one picture never ends the run
        logger.exception("A picture of a batch failed")
        return Unread(
            item,
            f"The picture could not be processed ({type(exc).__name__}). Save it anew and try "
            "again.",
            sha256,
        )


def _without_pixels(prepared: Prepared) -> Prepared:
    nothing = np.empty((0, 0, 3), dtype=np.uint8)
    return replace(
        prepared,
        photo=replace(prepared.photo, pixels=nothing),
        variants=tuple(replace(variant, photo=nothing) for variant in prepared.variants),
    )
