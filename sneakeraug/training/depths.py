"""Which ResNet depth a kind of product needs: each trained, measured and timed the same way."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from sneakeraug.card import WEIGHTS
from sneakeraug.files import write_bytes
from sneakeraug.progress import Report
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.embedder import EmbedderOptions, train_embedder
from sneakeraug.training.embedder_card import EMBEDDER_CARD, read_about
from sneakeraug.training.embedder_figures import FOUND_AGAIN
from sneakeraug.training.reports import report_embedder

TABLE: Final = "depths.json"

REPEATS: Final = 15
"""Timed passes of six pictures; the median counts."""


@dataclass(frozen=True)
class Depth:
    """What one depth reached.

    Attributes
    ----------
    architecture
        For instance ``resnet34``.
    accuracy, accuracy_interval
        Augmentations named right on unseen products, with the 95 % interval.
    retrieval
        Products found again from an edited picture (recall at 1).
    latency_ms
        Six pictures through the network, on the machine that measured.
    size_mb
        Of the weights, fp16.
    train_seconds
        Time it took to train.
    """

    architecture: str
    accuracy: float
    accuracy_interval: tuple[float, float]
    retrieval: float
    latency_ms: float
    size_mb: float
    train_seconds: float


def compare_depths(
    images: Sequence[Path],
    out: Path,
    architectures: Sequence[str],
    options: EmbedderOptions,
    report: Report,
) -> list[Depth]:
    """Train and measure several depths; run again to go on after a stop.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    out
        Receives a folder for each depth, and the table as ``depths.json``.
    architectures
        Depths to compare.
    options
        Everything but the depth.
    report
        Called with a line of progress.

    Returns
    -------
    depths
        In the order given.
    """
    depths = []
    for architecture in architectures:
        folder = out / architecture
        if not (folder / EMBEDDER_CARD).is_file():
            report(f"training {architecture}")
            chosen = replace(options, architecture=architecture, resume=True)
            train_embedder(images, folder, chosen, report)
        depths.append(_measure(images, folder, options, report))
    document = {
        "images": [path.name for path in images],
        "kinds": list(options.kinds),
        "depths": [asdict(depth) for depth in depths],
        "choice": choose_depth(depths).architecture,
    }
    write_bytes(out / TABLE, (json.dumps(document, indent=2) + "\n").encode())
    return depths


def choose_depth(depths: Sequence[Depth]) -> Depth:
    """Return the fastest depth whose accuracy is not below the best one's interval."""
    best = max(depths, key=lambda depth: depth.accuracy)
    good = [depth for depth in depths if depth.accuracy >= best.accuracy_interval[0]]
    return min(good, key=lambda depth: depth.latency_ms)


def _measure(
    images: Sequence[Path], folder: Path, options: EmbedderOptions, report: Report
) -> Depth:
    network = open_backbone(folder, options.device)
    measured = report_embedder(images, network, "test", (), (), 0, report)
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, (320, 320, 3), dtype=np.uint8) for _ in range(6)]
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        network.encoder.encode(photos)
        times.append(1e3 * (time.perf_counter() - started))
    about = read_about(folder)
    return Depth(
        architecture=str(about["architecture"]),
        accuracy=measured["accuracy"],
        accuracy_interval=tuple(measured["accuracy_interval"]),
        retrieval=measured["retrieval"].get(FOUND_AGAIN, 0.0),
        latency_ms=round(float(np.median(times)), 1),
        size_mb=round((folder / WEIGHTS).stat().st_size / 1e6, 1),
        train_seconds=float(about["seconds"]),
    )
