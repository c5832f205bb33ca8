"""How far an int8 graph is from the weights it was made of, and how much faster."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from sneakeraug.arrays import IntArray, ProbabilityArray, UInt8Array
from sneakeraug.card import Figure
from sneakeraug.embed.encoder import Encoded, Encoder, join_encoded
from sneakeraug.embed.graph import convert_network
from sneakeraug.embed.openvino_encoder import OpenvinoEncoder, compile_graph, open_graph
from sneakeraug.embed.preprocess import NetworkInput, prepare_photos
from sneakeraug.embed.torch_encoder import TorchEncoder
from sneakeraug.evaluate.metrics import first_neighbour_hits, mean_with_interval
from sneakeraug.progress import Report
from sneakeraug.training.collection import Collection
from sneakeraug.training.conditions import AS_IT_IS, CONDITIONS
from sneakeraug.training.six_fold import PHOTOS_PER_PASS, number_names
from sneakeraug.vocabulary import AUGMENTATIONS

WEIGHTS_RUN, FLOAT_GRAPH, INT8_GRAPH = "torch, float32", "OpenVINO, float32", "OpenVINO, int8"
"""What is measured side by side."""

PASSES: Final = 40
"""Timed passes of six pictures, the three one after the other each time."""

SAME_EDIT: Final = "int8 on a CPU: edit named as by the weights"


def measure_graph(
    graph: Path,
    network: TorchEncoder,
    collection: Collection,
    positions: Sequence[int],
    seed: int,
    command: str,
    report: Report,
) -> tuple[list[Figure], dict[str, Any]]:
    """Compare a graph with the weights it was made of, on the six variants of photos.

    Parameters
    ----------
    graph
        The int8 graph's ``.xml``.
    network
        The weights, on the CPU.
    collection, positions
        Photos of unseen products.
    seed
        Of the bootstrap over products.
    command
        Gives the figures again.
    report
        Called with a line of progress now and then.

    Returns
    -------
    figures
        Edits named as by the weights, and rightly; how far probabilities and identities move;
        products found again among identities of the weights; time.
    tables
        ``int8``: the largest differences, times, the hardware.
    """
    encoders: dict[str, Encoder] = {
        WEIGHTS_RUN: network,
        FLOAT_GRAPH: OpenvinoEncoder(
            compile_graph(convert_network(network.net, network.size_px)),
            network.n_outputs,
            network.size_px,
        ),
        INT8_GRAPH: OpenvinoEncoder(open_graph(graph), network.n_outputs, network.size_px),
    }
    parts: dict[str, list[Encoded]] = {name: [] for name in encoders}
    for start in range(0, len(positions), PHOTOS_PER_PASS):
        pictures = make_variants_of(collection, positions[start : start + PHOTOS_PER_PASS])
        inputs = prepare_photos(pictures, network.size_px)
        for name, encoder in encoders.items():
            parts[name].append(encoder.encode_inputs(inputs))
        if start % (PHOTOS_PER_PASS * 20) == 0:
            report(f"compared {start} of {len(positions)} photos, six variants each")
    found = {name: join_encoded(some) for name, some in parts.items()}
    products = np.repeat(
        number_names([collection.groups[i] for i in positions]), len(AUGMENTATIONS)
    )
    six = prepare_photos(make_variants_of(collection, positions[:1]), network.size_px)
    times = time_passes({name: _passer(encoder, six) for name, encoder in encoders.items()})
    figures = [*_agreement(found, products, seed, command), _speed(times, seed, command)]
    return figures, {"int8": _extremes(found, times)}


def make_variants_of(collection: Collection, positions: Sequence[int]) -> list[UInt8Array]:
    """Return the six variants of some photos, photo by photo."""
    make_six = CONDITIONS[AS_IT_IS].make_six
    return [picture for i in positions for picture in make_six(collection.photos[i]) or ()]


def time_passes(
    jobs: Mapping[str, Callable[[], object]], n: int = PASSES
) -> dict[str, ProbabilityArray]:
    """Time jobs in turn, `n` times each, in milliseconds.

    Each runs twice in its turn and the second run counts: threads of the one before may still be
    awake during the first.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(n):
        for name, job in jobs.items():
            job()
            started = time.perf_counter()
            job()
            times[name].append(1e3 * (time.perf_counter() - started))
    return {name: np.array(some) for name, some in times.items()}


def _passer(encoder: Encoder, inputs: NetworkInput) -> Callable[[], object]:
    return lambda: encoder.encode_inputs(inputs)


def _agreement(
    found: Mapping[str, Encoded], products: IntArray, seed: int, command: str
) -> list[Figure]:
    """Figures of variants, with intervals from a bootstrap over products."""
    labels = np.tile(np.arange(len(AUGMENTATIONS)), len(products) // len(AUGMENTATIONS))
    weights = found[WEIGHTS_RUN]
    named = weights.outputs.argmax(axis=1)

    def figure(
        name: str, values: ProbabilityArray, rows: IntArray, beside: dict[str, float]
    ) -> Figure:
        value, interval = mean_with_interval(
            values.astype(np.float64), products[rows], np.random.default_rng(seed)
        )
        n_products = len(set(products[rows].tolist()))
        return Figure(
            name=name,
            value=round(value, 5),
            interval=(round(interval[0], 5), round(interval[1], 5)),
            n=len(rows),
            unit=f"variants of {n_products} products never seen in training",
            seed=seed,
            baselines={key: round(float(number), 5) for key, number in beside.items()},
            command=command,
        )

    def same(other: Encoded) -> ProbabilityArray:
        return np.asarray(other.outputs.argmax(axis=1) == named, dtype=np.float64)

    def right(other: Encoded) -> ProbabilityArray:
        return np.asarray(other.outputs.argmax(axis=1) == labels, dtype=np.float64)

    def moved(other: Encoded) -> ProbabilityArray:
        return np.asarray(np.abs(other.outputs - weights.outputs).max(axis=1), dtype=np.float64)

    graph, float_graph = found[INT8_GRAPH], found[FLOAT_GRAPH]
    every = np.arange(len(products))
    another = np.roll(every, len(AUGMENTATIONS))
    figures = [
        figure(SAME_EDIT, same(graph), every, {FLOAT_GRAPH: same(float_graph).mean()}),
        figure(
            "int8 on a CPU: augmentation accuracy",
            right(graph),
            every,
            {WEIGHTS_RUN: right(weights).mean()},
        ),
        figure(
            "int8 on a CPU: most that one of the six probabilities moves, mean (lower is better)",
            moved(graph),
            every,
            {FLOAT_GRAPH: moved(float_graph).mean()},
        ),
        figure(
            "int8 on a CPU: cosine of a picture's identity to that of the weights, mean",
            _cosines(graph, weights, every),
            every,
            {"another photo's": _cosines(weights, weights, another).mean()},
        ),
    ]
    originals = np.flatnonzero(labels == AUGMENTATIONS.index("original"))
    if len(set(products.tolist())) > 1:
        edited = np.flatnonzero(labels != AUGMENTATIONS.index("original"))
        hits = {
            name: first_neighbour_hits(
                each.embeddings[edited],
                weights.embeddings[originals],
                products[edited],
                products[originals],
            )
            for name, each in found.items()
        }
        figures.append(
            figure(
                "int8 on a CPU: product found again from an edited picture, among the weights' own",
                hits[INT8_GRAPH],
                edited,
                {WEIGHTS_RUN: hits[WEIGHTS_RUN].mean()},
            )
        )
    return figures


def _cosines(one: Encoded, other: Encoded, rows: IntArray) -> ProbabilityArray:
    """Cosine of each row's identity to the one of a row of others, shape ``(n,)``."""
    return np.asarray((one.embeddings * other.embeddings[rows]).sum(axis=1), dtype=np.float64)


def _speed(times: Mapping[str, ProbabilityArray], seed: int, command: str) -> Figure:
    """The median time of six pictures, with its bootstrap interval."""
    mine = times[INT8_GRAPH]
    draws = np.random.default_rng(seed).choice(mine, (1000, len(mine)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return Figure(
        name="int8 on a CPU: six pictures through the network, ms (lower is better)",
        value=round(float(np.median(mine)), 1),
        interval=(round(float(low), 1), round(float(high), 1)),
        n=len(mine),
        unit=f"passes, median, on {platform.machine()} with {torch.get_num_threads()} threads",
        seed=seed,
        baselines={
            name: round(float(np.median(times[name])), 1) for name in (WEIGHTS_RUN, FLOAT_GRAPH)
        },
        command=command,
    )


def _extremes(
    found: Mapping[str, Encoded], times: Mapping[str, ProbabilityArray]
) -> dict[str, Any]:
    """The largest differences from the weights, which have no interval, and the times."""
    weights = found[WEIGHTS_RUN]
    rows = np.arange(len(weights.outputs))

    def extremes(other: Encoded) -> dict[str, float]:
        changes = {
            "probability": other.outputs - weights.outputs,
            "is_shoe": other.is_shoe - weights.is_shoe,
            "is_known_edit": other.is_known_edit - weights.is_known_edit,
        }
        return {
            "edits_named_otherwise": int(
                (other.outputs.argmax(axis=1) != weights.outputs.argmax(axis=1)).sum()
            ),
            "least_cosine": round(float(_cosines(other, weights, rows).min()), 5),
        } | {f"largest_change_of_{k}": round(float(np.abs(v).max()), 5) for k, v in changes.items()}

    return {
        "n": len(rows),
        **{name: extremes(found[name]) for name in (FLOAT_GRAPH, INT8_GRAPH)},
        "median_ms": {name: round(float(np.median(some)), 2) for name, some in times.items()},
        "fastest_ms": {name: round(float(some.min()), 2) for name, some in times.items()},
    }
