"""Making a network's int8 graph for CPUs, and measuring what that costs."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug import registry
from sneakeraug.card import GRAPH, GRAPH_FILES, WEIGHTS, Figure
from sneakeraug.embed.encoder import Encoded
from sneakeraug.embed.graph import convert_network, quantise_graph
from sneakeraug.embed.openvino_encoder import OpenvinoEncoder, compile_graph, import_openvino
from sneakeraug.embed.preprocess import prepare_photos
from sneakeraug.embed.torch_encoder import TorchEncoder
from sneakeraug.errors import InputError, ModelError
from sneakeraug.files import file_sha256, write_bytes
from sneakeraug.progress import Report
from sneakeraug.training.backbone import Backbone, open_backbone
from sneakeraug.training.collection import Collection, load_collection
from sneakeraug.training.embedder_card import EMBEDDER_CARD, INT8
from sneakeraug.training.int8_figures import make_variants_of, measure_graph

MEASURED: Final = "embedder-int8.json"
"""What is said of a graph in a folder that is neither an embedder's nor a model's."""


JUDGED_PHOTOS: Final = 60
"""Validation photos that a draw is chosen on."""


@dataclass(frozen=True)
class Int8Options:
    """What `train_int8` may be told; the defaults are the shipped model's.

    Which photos ranges are taken from moves probabilities by half as much again or less: of
    `n_tries` draws of photos the one is kept that comes nearest to the weights.
    """

    n_photos: int = 100
    n_tries: int = 4
    seed: int = 0


def train_int8(
    images: Sequence[Path],
    network: Backbone,
    out: Path | None,
    options: Int8Options,
    report: Report,
) -> dict[str, Any]:
    """Make a network's int8 graph, measure it, and put it beside the weights.

    Ranges are taken from products the network was trained on, and the draw of photos is chosen on
    validation products; every figure comes from test products, which none of it has seen.

    Parameters
    ----------
    images
        Folders or CSVs of photos, all or some of those the network was trained with.
    network
        Of a folder ``train embedder`` wrote, or of a published model; opened on the CPU.
    out
        Another folder for the graph and what was measured of it. Where None it goes beside the
        weights; a published model gets a new card, last of all, with its figures and hashes.
    options
        Photos, tries, seed.
    report
        Called with a line of progress now and then.

    Returns
    -------
    document
        See `report_int8`, and ``folder``, where the graph is.

    Raises
    ------
    InputError
        If a published model has a graph already, or there are no photos of a side of the split.
    ModelError
        If nncf is not installed.
    """
    if out is None and network.card is not None and GRAPH in network.card.files:
        raise InputError(
            f"Model {network.name!r} has an int8 graph already; published models do not change. "
            "Write another one with --out."
        )
    for number, what in ((options.n_photos, "photos"), (options.n_tries, "tries")):
        if number < 1:
            raise InputError(f"{number} {what} were asked for; at least 1 is expected.")
    collection = load_collection(images, network.split_seed, report, kinds=network.kinds)
    train, test = collection.require("train"), collection.require("test")
    about = {
        "weights_sha256": file_sha256(network.folder / WEIGHTS),
        "made_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "images": [path.name for path in images],
        "n_photos": min(options.n_photos, len(train)),
        "n_tries": options.n_tries,
        "seed": options.seed,
        "float32": "first convolution, heads, tones",
        "openvino": version("openvino"),
        "nncf": version("nncf"),
    }
    with tempfile.TemporaryDirectory() as scratch:
        ov = import_openvino()
        halves, made = Path(scratch) / "float16.xml", Path(scratch) / GRAPH
        # Stored first: of a graph that has int8 already OpenVINO would store the rest as float32.
        encoder = network.encoder
        ov.save_model(convert_network(encoder.net, encoder.size_px), halves)
        ov.save_model(_nearest_graph(halves, encoder, collection, options, report), made)
        size = sum((made.parent / name).stat().st_size for name in GRAPH_FILES)
        about["megabytes"] = round(size / 1e6, 1)
        figures, tables = measure_graph(
            made, encoder, collection, test, options.seed, network.command(INT8, images), report
        )
        files = {name: (made.parent / name).read_bytes() for name in GRAPH_FILES}
    document = _document(network, figures, tables) | {INT8: about}
    folder = out or network.folder
    if out is None and network.card is not None:
        registry.add_files(
            folder,
            files,
            embedder=network.card.embedder | {INT8: about},
            figures=(*network.card.figures, *figures),
            tables=network.card.tables | tables,
        )
        return document | {"folder": str(folder)}
    for name, data in files.items():
        write_bytes(folder / name, data)
    if out is None:
        write_bytes(folder / EMBEDDER_CARD, _json(network.about | {INT8: about}))
    else:
        write_bytes(folder / MEASURED, _json(document))
    return document | {"folder": str(folder)}


def _nearest_graph(
    halves: Path,
    encoder: TorchEncoder,
    collection: Collection,
    options: Int8Options,
    report: Report,
) -> Any:
    """Of several draws of photos to take ranges from, the graph nearest to the weights."""
    ov, rng = import_openvino(), np.random.default_rng(options.seed)
    train, others = collection.require("train"), collection.indices("validation")
    judged = rng.permutation(others or train)[:JUDGED_PHOTOS].tolist()
    pictures = make_variants_of(collection, judged)
    wanted = encoder.encode(pictures)
    graphs = []
    for number in range(1, options.n_tries + 1):
        drawn = rng.permutation(train)[: options.n_photos].tolist()
        report(f"quantising on the variants of {len(drawn)} photos, {number}/{options.n_tries}")
        inputs = [prepare_photos(make_variants_of(collection, [i]), encoder.size_px) for i in drawn]
        graph = quantise_graph(ov.Core().read_model(halves), inputs)
        found = OpenvinoEncoder(
            compile_graph(graph.clone()), encoder.n_outputs, encoder.size_px
        ).encode(pictures)
        graphs.append((distance(found, wanted), graph))
        report(f"away from the weights by {graphs[-1][0]:.5f}")
    return min(graphs, key=lambda each: each[0])[1]


def distance(one: Encoded, other: Encoded) -> float:
    """How far two encodings of pictures are apart: their probabilities, and identities' cosine."""
    moved = np.abs(one.outputs - other.outputs).max(axis=1).mean()
    return float(moved + 1.0 - (one.embeddings * other.embeddings).sum(axis=1).mean())


def report_int8(
    images: Sequence[Path], network: Backbone, seed: int, report: Report
) -> dict[str, Any]:
    """Return how far a network's int8 graph is from its weights, on unseen products.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    network
        What is measured, on the CPU.
    seed
        Of the bootstrap.
    report
        Called with a line of progress now and then.

    Raises
    ------
    ModelError
        If it has no graph.
    """
    if network.graph is None:
        raise ModelError(
            f"{network.name!r} has no int8 graph of its weights. Add one with "
            f"`sneakeraug train int8 {network.flag}`."
        )
    collection = load_collection(images, network.split_seed, report, kinds=network.kinds)
    command = network.command(INT8, images)
    figures, tables = figures_of_graph(network, collection, seed, command, report)
    return _document(network, figures, tables)


def figures_of_graph(
    network: Backbone, collection: Collection, seed: int, command: str, report: Report
) -> tuple[list[Figure], dict[str, Any]]:
    """Return figures and tables of a network's int8 graph for a card; none where it has none.

    Parameters
    ----------
    network
        On whatever device; it is measured on the CPU.
    collection
        Its test side is measured on.
    seed
        Of the bootstrap.
    command
        Gives the figures again.
    report
        Called with a line of progress now and then.
    """
    if network.graph is None:
        return [], {}
    weights, test = open_backbone(network.folder, "cpu").encoder, collection.require("test")
    return measure_graph(network.graph, weights, collection, test, seed, command, report)


def _document(
    network: Backbone, figures: Sequence[Figure], tables: dict[str, Any]
) -> dict[str, Any]:
    return {
        "model_id": network.name,
        "figures": [figure.model_dump(mode="json") for figure in figures],
        "tables": tables,
    }


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
