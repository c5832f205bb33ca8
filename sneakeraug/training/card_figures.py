"""The figures a card keeps of conversion models that were measured on a world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sneakeraug.card import Figure

CARD_FIGURES: Final[dict[str, tuple[str, dict[str, str | float]]]] = {
    "accuracy": ("accuracy", {"best possible (Bayes)": "bayes_accuracy"}),
    "log loss (lower is better)": (
        "log_loss",
        {
            "best possible (Bayes)": "bayes_log_loss",
            "base rate": "base_rate_log_loss",
            "design's pipeline": "design_log_loss",
        },
    ),
    "90 % ranges that hold the true probability": ("interval_coverage", {"promised": 0.9}),
    "90 % ranges that hold the true difference": ("difference_coverage", {"promised": 0.9}),
    "lost by following the verdict, share of the best (lower is better)": (
        "regret_mean",
        {
            "always the best guess": "regret_mean_if_always_the_best_guess",
            "always original": "regret_mean_if_always_original",
            "random": "regret_mean_if_random",
            "design's pipeline": "regret_mean_of_design",
        },
    ),
    "photos with a recommendation that does harm (lower is better)": (
        "false_recommendation_rate",
        {"always the best guess": "false_rate_if_always_the_best_guess"},
    ),
}
"""Figures of a card: the metric, and the metrics, or numbers, it is read beside.

What was not measured is left out: the design's pipeline learns from fewer sends than some targets
have events in.
"""


def conversion_figures(
    metrics: Mapping[str, Mapping[str, Any]], n_products: int, seed: int, command: str
) -> list[Figure]:
    """Return the figures a card keeps of `measure_conversions`."""
    return list(_figures(metrics, n_products, seed, command))


def _figures(
    metrics: Mapping[str, Mapping[str, Any]], n_products: int, seed: int, command: str
) -> Iterator[Figure]:
    for target, found in metrics.items():
        for name, (key, beside) in CARD_FIGURES.items():
            is_verdict = key in ("regret_mean", "false_recommendation_rate", "difference_coverage")
            what = "recommendations for" if is_verdict else "simulated sends of"
            low, high = found[f"{key}_interval"]
            baselines = {
                title: other if isinstance(other, float) else round(float(found[other]), 5)
                for title, other in beside.items()
                if isinstance(other, float) or other in found
            }
            yield Figure(
                name=f"{target}: {name}",
                value=round(float(found[key]), 5),
                interval=(round(float(low), 5), round(float(high), 5)),
                n=int(found["n_recommendations" if is_verdict else "n"]),
                unit=f"{what} pictures of {n_products} unseen products",
                seed=seed,
                baselines=baselines,
                command=command,
            )
