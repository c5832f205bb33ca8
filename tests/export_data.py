"""A recommendation of the shipped model, and the same for another picture."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from sneakeraug.analysis import prepare
from sneakeraug.intake.decode import decode_photo
from sneakeraug.recommend import Recommender
from sneakeraug.records import Recommendation
from sneakeraug.serving import load

SAMPLE = Path(__file__).resolve().parents[1] / "sneakeraug/ui/samples/running-cobalt.jpg"


@lru_cache(maxsize=1)
def recommender() -> Recommender:
    return load()


@lru_cache(maxsize=1)
def recommendation() -> Recommendation:
    """Of the sample, for more opens, with a guard."""
    return recommender().recommend(
        SAMPLE, target="open_rate", sneaker_type="running", guard={"unsubscribed": 5.0}
    )


def of_picture(source: bytes) -> Recommendation:
    """The same figures for another picture, with the parameters its own variants have."""
    base = recommendation()
    made = {v.augmentation: v.parameters for v in prepare(decode_photo(source)).variants}
    digest = hashlib.sha256(source).hexdigest()
    return base.model_copy(
        update={
            "request": base.request.model_copy(update={"image_sha256": digest}),
            "variants": tuple(
                v.model_copy(update={"parameters": made[v.augmentation]}) for v in base.variants
            ),
        }
    )
