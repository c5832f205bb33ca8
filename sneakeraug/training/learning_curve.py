"""What more sends bring: the same products, a world, and models of growing histories."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug.dataset.worlds import World
from sneakeraug.errors import InputError
from sneakeraug.progress import Report
from sneakeraug.training.backbone import open_served
from sneakeraug.training.conversion_figures import Unseen, measure_conversions
from sneakeraug.training.world_models import encode_sides, fit_models

METRICS: Final = (
    "log_loss_excess",
    "auc",
    "bayes_auc",
    "regret_mean",
    "regret_mean_if_always_original",
    "interval_width",
)
"""Of `measure_conversions`, those that the table shows."""

KEPT: Final = ("log_loss", "bayes_log_loss", "base_rate_log_loss", *METRICS)
"""Of `measure_conversions`, those that a card keeps."""


@dataclass(frozen=True)
class CurveOptions:
    """What `measure_curve` may be told: the world, sizes from first to last, sends measured on."""

    world: str = "market"
    first: int = 1_000
    last: int = 1_000_000
    n_steps: int = 7
    n_measured: int = 40_000
    n_photos: int = 1_500
    seed: int = 0

    @property
    def sizes(self) -> list[int]:
        """Numbers of sends, each as many times the one before.

        Raises
        ------
        InputError
            If they do not grow.
        """
        if self.n_steps < 1 or not 0 < self.first <= self.last:
            raise InputError(
                f"{self.n_steps} steps from {self.first:,} to {self.last:,} sends make no curve; "
                "at least 1 step from fewer to more is expected."
            )
        grown = np.geomspace(self.first, self.last, self.n_steps)
        return sorted({round(size) for size in grown.tolist()})


def measure_curve(
    images: Sequence[Path],
    model: str | None,
    options: CurveOptions,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Train models on growing numbers of simulated sends, and measure each on unseen products.

    Parameters
    ----------
    images
        Folders or CSVs of photos.
    model
        Whose network sees them; the active one where None.
    options
        World, sizes, seed.
    device
        Where the network runs.
    report
        Called with a line of progress now and then.

    Returns
    -------
    curve
        The options, and in ``points`` for each size the metrics by target; a target of which
        there are too few events at a size is not there.
    """
    sizes = options.sizes
    network = open_served(model, device)
    parts = encode_sides(images, network, options.n_photos, options.seed, report)
    points = _grow(parts, options, sizes, report)
    return {"model_id": network.name, **asdict(options), "points": points}


def curve_of_card(
    parts: Mapping[str, Unseen],
    options: CurveOptions,
    metrics: Mapping[str, Mapping[str, Any]],
    report: Report,
) -> dict[str, Any]:
    """Return the curve that leads to a model which was just measured, as its card keeps it.

    Parameters
    ----------
    parts
        Pictures of the sides ``train``, ``validation`` and ``test``.
    options
        The last size is the model's own, which is not trained again.
    metrics
        The model's, measured on as many sends with the same seed.
    report
        Called with a line of progress now and then.
    """
    *before, last = options.sizes
    points = [*_grow(parts, options, before, report), {"n": last, "targets": metrics}]
    kept = [
        {
            "n": point["n"],
            "targets": {
                target: {name: found[name] for name in KEPT}
                for target, found in point["targets"].items()
            },
        }
        for point in points
    ]
    return asdict(options) | {"points": kept}


def _grow(
    parts: Mapping[str, Unseen], options: CurveOptions, sizes: Sequence[int], report: Report
) -> list[dict[str, Any]]:
    """Models of each size, measured."""
    world = World(options.world)
    points = []
    for size in sizes:
        report(f"learning from {size:,} sends")
        started = time.monotonic()
        rng = np.random.default_rng([options.seed, size])
        fitted = fit_models(
            parts["train"], parts["validation"], world, size, rng, report, is_partial=True
        )
        seconds = time.monotonic() - started
        metrics = measure_conversions(
            fitted.models,
            fitted.projection,
            parts["test"],
            world,
            options.n_measured,
            options.seed + 1,
        )
        points.append({"n": size, "seconds": round(seconds, 1), "targets": metrics})
    return points


def table_lines(curve: dict[str, Any]) -> Iterator[str]:
    """Yield a curve as lines of a table, one for each size and target."""
    yield f"{'sends':>10}  {'target':<15}" + "".join(f"{name:>32}" for name in METRICS)
    for point in curve["points"]:
        if not point["targets"]:
            yield f"{point['n']:>10,}  too few events of every target"
        for target, found in point["targets"].items():
            cells = ("–" if found[name] is None else f"{found[name]:.5f}" for name in METRICS)
            yield f"{point['n']:>10,}  {target:<15}" + "".join(f"{cell:>32}" for cell in cells)
