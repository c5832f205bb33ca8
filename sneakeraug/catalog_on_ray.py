"""A catalog's new pictures encoded on a cluster: Ray's tasks decode, its actors embed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from sneakeraug.analysis import decode_small
from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.card import WEIGHTS, read_card
from sneakeraug.cluster import CPUS_AN_ACTOR, check_cluster, connected, failed_on_ray
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos
from sneakeraug.errors import InputError
from sneakeraug.limits import Limits
from sneakeraug.model import LoadedModel
from sneakeraug.offers import PICTURES_AT_ONCE, load_pictures, picture_numbers
from sneakeraug.progress import Report, Step
from sneakeraug.registry import chosen_folder
from sneakeraug.score.features import measure_picture
from sneakeraug.serving import serving_catalog
from sneakeraug.settings import Settings
from sneakeraug.store.encoded import EncodedPictures
from sneakeraug.vocabulary import DEFAULT_CATEGORY

Chunk = dict[str, Any]


def encode_on_ray(
    settings: Settings, model_id: str | None, address: str | None, report: Report
) -> int:
    """Encode the pictures that are new to one's own catalog, and keep what the network says.

    Parameters
    ----------
    settings, model_id
        As for `serving.load`, which finds the pictures known afterwards.
    address
        See `cluster.connected`.
    report
        Called with a line of progress now and then.

    Returns
    -------
    n_encoded
        Pictures that were new; those that cannot be read are left to `serving.load` to name.

    Raises
    ------
    InputError
        If Ray is not installed, or the cluster does not answer.
    StoreError
        If the numbers cannot be kept.
    """
    check_cluster(address)
    catalog, engine = serving_catalog(settings)
    folder = chosen_folder(
        settings.models_dir, model_id, settings.model_id, category=DEFAULT_CATEGORY
    )
    if engine is None:
        return 0
    known = EncodedPictures(engine, read_card(folder).files[WEIGHTS])
    paths = {catalog.picture_sha256(p): str(catalog.image_path(p)) for p in catalog.products}
    done = load_pictures(folder).keys() | known.read(list(paths)).keys()
    missing = {name: path for name, path in paths.items() if name not in done}
    if not missing:
        return 0
    rest = iter(missing.items())
    chunks = []
    while some := list(islice(rest, PICTURES_AT_ONCE)):
        chunks.append({"pictures": json.dumps(some)})
    model = LoadedModel(folder, settings)
    n_gpus = int(model.device == "cuda")
    n_cpus = max(CPUS_AN_ACTOR, settings.threads)
    n_encoded = 0
    with connected(address, n_cpus, n_gpus) as ray:
        look = partial(
            look_at_pictures, limits=asdict(settings.limits), size_px=model.encoder.size_px
        )
        n_actors = max(1, n_gpus * int(ray.cluster_resources().get("GPU", 1)))
        found = (
            ray.data.from_items(chunks, override_num_blocks=len(chunks))
            .map(look, num_cpus=1)
            .map(
                EncodePictures,
                fn_constructor_args=(str(folder), settings.model_dump(mode="json")),
                compute=ray.data.ActorPoolStrategy(size=n_actors),
                num_cpus=n_cpus,
                num_gpus=n_gpus,
            )
        )
        try:
            for chunk in found.iter_rows():
                numbers = load(chunk["numbers"])
                known.write(numbers)
                n_encoded += len(numbers)
                report(Step(n_encoded, len(missing), "pictures encoded"))
        except ray.exceptions.RayError as exc:
            raise failed_on_ray(exc) from exc
    return n_encoded


def look_at_pictures(chunk: Chunk, limits: Mapping[str, int], size_px: int) -> Chunk:
    """Decode and measure some pictures; runs as a task of Ray."""
    tensors: dict[str, UInt8Array | FloatArray] = {}
    for name, path in json.loads(chunk["pictures"]):
        try:
            photo = decode_small(Path(path), Limits(**limits))
        except InputError:
            continue
        inputs = prepare_photos([photo], size_px)
        tensors[f"{name}.squares"], tensors[f"{name}.tones"] = inputs
        tensors[f"{name}.measures"] = measure_picture(photo)
    return {"looked": save(tensors)}


class EncodePictures:
    """Sends pictures through the network; an actor of Ray, which loads the model once.

    Parameters
    ----------
    folder
        Of the model.
    settings
        Fields of `Settings`.
    """

    def __init__(self, folder: str, settings: Mapping[str, Any]) -> None:
        self._encoder = LoadedModel(Path(folder), Settings(**settings)).encoder

    def __call__(self, chunk: Chunk) -> Chunk:
        """Return the numbers of each picture, by its hash."""
        tensors = load(chunk["looked"])
        names = [key.removesuffix(".tones") for key in tensors if key.endswith(".tones")]
        if not names:
            return {"numbers": save({})}
        inputs = NetworkInput(
            np.concatenate([tensors[f"{name}.squares"] for name in names]),
            np.concatenate([tensors[f"{name}.tones"] for name in names]),
        )
        encoded = self._encoder.encode_inputs(inputs)
        measures = [tensors[f"{name}.measures"] for name in names]
        numbers = picture_numbers(names, encoded, measures)
        return {"numbers": save({k: np.ascontiguousarray(row) for k, row in numbers.items()})}
