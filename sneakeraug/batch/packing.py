"""Pictures that were looked at as bytes, to go from one machine to another; no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from sneakeraug.analysis import Prepared
from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.augment.transforms import Variant
from sneakeraug.batch.inputs import Item
from sneakeraug.batch.look import Looked, Unread
from sneakeraug.batch.scorer import Pictures
from sneakeraug.embed.preprocess import NetworkInput
from sneakeraug.intake.decode import Photo
from sneakeraug.records import Quality


def pack_items(items: list[Item]) -> str:
    """Return a chunk's items as text."""
    return json.dumps([asdict(item) for item in items])


def unpack_items(text: str) -> list[Item]:
    """Return what `pack_items` was given."""
    return [Item(**item) for item in json.loads(text)]


def pack(pictures: Pictures) -> bytes:
    """Return a chunk's pictures as bytes that `unpack` reads."""
    about: list[dict[str, Any]] = []
    tensors: dict[str, UInt8Array | FloatArray] = {}
    for number, picture in enumerate(pictures):
        if isinstance(picture, Unread):
            about.append(asdict(picture))
            continue
        tensors |= {
            f"{number}.squares": picture.inputs.squares,
            f"{number}.tones": picture.inputs.tones,
            f"{number}.measures": picture.prepared.measures,
        }
        prepared, photo = picture.prepared, picture.prepared.photo
        about.append(
            {
                "item": asdict(picture.item),
                "photo": [photo.sha256, photo.format, photo.has_transparency, photo.warnings],
                "width": prepared.width,
                "height": prepared.height,
                "quality": prepared.quality.model_dump(),
                "variants": [[v.augmentation, v.parameters] for v in prepared.variants],
            }
        )
    head = json.dumps(about).encode("utf-8")
    return len(head).to_bytes(8, "little") + head + save(tensors)


def unpack(data: bytes) -> list[Looked | Unread]:
    """Return what `pack` was given."""
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = load(data[start:])
    return [_picture(n, about, tensors) for n, about in enumerate(json.loads(data[8:start]))]


def _picture(number: int, about: dict[str, Any], tensors: dict[str, Any]) -> Looked | Unread:
    item = Item(**about.pop("item"))
    if "photo" not in about:
        return Unread(item, **about)
    nothing = np.empty((0, 0, 3), dtype=np.uint8)
    sha256, kind, has_transparency, notes = about["photo"]
    prepared = Prepared(
        photo=Photo(
            nothing,
            (about["width"], about["height"]),
            sha256,
            kind,
            has_transparency,
            tuple(notes),
        ),
        width=about["width"],
        height=about["height"],
        quality=Quality.model_validate(about["quality"]),
        variants=tuple(Variant(name, nothing, p) for name, p in about["variants"]),
        measures=tensors[f"{number}.measures"],
    )
    inputs = NetworkInput(tensors[f"{number}.squares"], tensors[f"{number}.tones"])
    return Looked(item, prepared, inputs)
