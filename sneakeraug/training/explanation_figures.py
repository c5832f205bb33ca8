"""Whether the parts of a picture that are said to matter do: covered first, against at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray, UInt8Array
from sneakeraug.augment.transforms import Variant
from sneakeraug.card import Figure
from sneakeraug.embed.encoder import Encoder
from sneakeraug.evaluate.metrics import mean_with_interval
from sneakeraug.progress import Report
from sneakeraug.records import Context
from sneakeraug.regions import Patches, encode_covered
from sneakeraug.score.conversion import ConversionModel
from sneakeraug.score.features import Projection, build_features, encode_contexts

STEPS: Final = 8
"""In so many equal steps all patches of a picture are covered."""

RANDOM_ORDERS: Final = 4
"""Random orders that the curve is held against; the first is also held against the others."""

NAME: Final = "explanation by regions, area to a random order"


@dataclass(frozen=True)
class Deletion:
    """How the score of one picture falls while more and more of it is covered.

    Attributes
    ----------
    by_effect
        Log-odds after each step less those of the whole picture, covering first what raises the
        score most; shape ``(STEPS,)``.
    at_random
        The same in random orders, shape ``(RANDOM_ORDERS, STEPS)``.
    """

    by_effect: ProbabilityArray
    at_random: ProbabilityArray

    @property
    def area(self) -> float:
        """How far below the random orders the curve lies, mean over its steps."""
        return float(self.at_random.mean() - self.by_effect.mean())

    @property
    def random_area(self) -> float:
        """The same for one random order below the other ones."""
        return float(self.at_random[1:].mean() - self.at_random[0].mean())


def delete_patches(
    photo: UInt8Array,
    encoder: Encoder,
    models: Mapping[str, ConversionModel],
    projection: Projection,
    context: Context,
    rng: Generator,
) -> dict[str, Deletion]:
    """Cover one picture step by step, for every target.

    Parameters
    ----------
    photo
        RGB, shape ``(h, w, 3)``, uint8; scored as it is, without an edit.
    encoder, models, projection
        Of a model folder.
    context
        The campaign.
    rng
        Draws the random orders.

    Returns
    -------
    deletions
        By target; nothing where no patch of the picture holds anything.
    """
    patches = Patches(photo)
    filled = patches.filled()
    if not len(filled):
        return {}
    as_it_is = Variant("original", photo, {})
    codes = encode_contexts([context])

    def log_odds(photos: Sequence[UInt8Array]) -> dict[str, ProbabilityArray]:
        seen = encode_covered(patches.grid, filled, photos, encoder).picture_rows(as_it_is)
        x = build_features(seen, codes, projection)
        return {target: _mean_log_odds(model, x) for target, model in models.items()}

    singles = log_odds([photo, *(patches.cover([patch]) for patch in filled.tolist())])
    random_orders = [rng.permutation(filled) for _ in range(RANDOM_ORDERS)]
    at_random = log_odds(
        [covered for order in random_orders for covered in _cover_in_steps(patches, order)]
    )
    deletions = {}
    for target, z in singles.items():
        order = filled[np.argsort(z[1:], kind="stable")]
        by_effect = log_odds(list(_cover_in_steps(patches, order)))[target]
        deletions[target] = Deletion(
            by_effect - z[0], at_random[target].reshape(RANDOM_ORDERS, STEPS) - z[0]
        )
    return deletions


def _mean_log_odds(model: ConversionModel, x: FloatArray) -> ProbabilityArray:
    return np.asarray(model.log_odds_by_draw(x).mean(axis=0), dtype=np.float64)


def _cover_in_steps(patches: Patches, order: IntArray) -> Iterator[UInt8Array]:
    """The picture after each step."""
    for step in range(1, STEPS + 1):
        yield patches.cover(order[: round(step * len(order) / STEPS)].tolist())


def measure_explanation(
    photos: Sequence[UInt8Array],
    products: IntArray,
    encoder: Encoder,
    models: Mapping[str, ConversionModel],
    projection: Projection,
    seed: int,
    report: Report,
) -> dict[str, dict[str, Any]]:
    """Measure how faithful explanations by regions are, by target.

    Parameters
    ----------
    photos
        RGB, uint8, of products no model was trained on.
    products
        Number of the product of each, shape ``(n,)``.
    encoder, models, projection
        Of a model folder.
    seed
        Of random orders and bootstrap.
    report
        Called with a line of progress now and then.

    Returns
    -------
    metrics
        ``area`` and ``random_area`` in log-odds with their 95 % intervals, ``share_better`` of
        the photos, and the mean curves, for the picture as it is in the default campaign.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list[Deletion]] = {target: [] for target in models}
    used = []
    for number, photo in enumerate(photos):
        deletions = delete_patches(photo, encoder, models, projection, Context(), rng)
        if deletions:
            used.append(number)
        for target, deletion in deletions.items():
            found[target].append(deletion)
        if number % 10 == 9:
            report(f"covered {number + 1} of {len(photos)} photos")
    groups = products[used]
    return {target: _summary(members, groups, seed) for target, members in found.items() if members}


def _summary(deletions: Sequence[Deletion], products: IntArray, seed: int) -> dict[str, Any]:
    """Figures of one target."""
    area = np.array([deletion.area for deletion in deletions])
    random_area = np.array([deletion.random_area for deletion in deletions])
    mean, interval = mean_with_interval(area, products, np.random.default_rng(seed))
    other, around = mean_with_interval(random_area, products, np.random.default_rng(seed))
    curves = np.mean([deletion.by_effect for deletion in deletions], axis=0)
    at_random = np.mean([deletion.at_random.mean(axis=0) for deletion in deletions], axis=0)
    return {
        "n": len(deletions),
        "n_products": len(np.unique(products)),
        "area": mean,
        "area_interval": interval,
        "random_area": other,
        "random_area_interval": around,
        "share_better": float((area > 0).mean()),
        "curve": curves.tolist(),
        "random_curve": at_random.tolist(),
    }


def explanation_figures(
    metrics: Mapping[str, Mapping[str, Any]], seed: int, command: str
) -> list[Figure]:
    """Return the figures of `measure_explanation`."""
    return [
        Figure(
            name=f"{target}: {NAME}, log-odds",
            value=round(float(found["area"]), 5),
            interval=tuple(round(float(end), 5) for end in found["area_interval"]),
            n=int(found["n"]),
            unit=f"pictures of {found['n_products']} unseen products",
            seed=seed,
            baselines={"another random order": round(float(found["random_area"]), 5)},
            command=command,
        )
        for target, found in metrics.items()
    ]
