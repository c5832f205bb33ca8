"""From feature rows to the probability of a target event, with its uncertainty.

The effects model comes first: it knows how sure it is of everything. XGBoost starts from its
log-odds (`base_margin`) and adds what trees find beyond, as far as unseen products confirm it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import xgboost as xgb
from numpy.random import Generator
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.errors import ModelCorruptError, ModelNotFoundError, ShapeError
from sneakeraug.score.calibration import Calibration, fit_calibration
from sneakeraug.score.design import FeatureRows, Scale, pieces
from sneakeraug.score.effects import N_DRAWS, EffectsModel
from sneakeraug.score.features import Projection
from sneakeraug.score.fit_effects import fit_effects

CALIBRATION: Final = "calibration.json"
EFFECTS: Final = "effects.safetensors"

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "base_score": 0.5,
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.1,
    "min_child_weight": 20.0,
    "lambda": 4.0,
    "subsample": 0.8,
}

MAX_ROUNDS: Final = 300
PATIENCE: Final = 15

MIN_STANDARD_ERRORS: Final = 2.0
"""Trees are kept where they help held-out products by so many standard errors: of ranges they
know nothing, so that a chance find of theirs would make them too narrow."""


@dataclass(frozen=True)
class Rows:
    """What a model of one target learns from.

    Attributes
    ----------
    x
        Feature rows, NaN is a context field left open.
    y_true
        Whether the event happened, 0 or 1, shape ``(n,)``.
    weight
        How many sends a row stands for, shape ``(n,)``.
    products, pictures
        Number of the product, and of the picture, of each row, shape ``(n,)``.
    """

    x: FeatureRows = field(repr=False)
    y_true: ProbabilityArray = field(repr=False)
    weight: ProbabilityArray = field(repr=False)
    products: IntArray = field(repr=False)
    pictures: IntArray = field(repr=False)

    def __len__(self) -> int:
        """Rows."""
        return len(self.y_true)


@dataclass(frozen=True)
class ConversionModel:
    """The model of one target.

    Attributes
    ----------
    effects
        What is known of effects, with its uncertainty.
    booster
        Trees beyond them.
    n_rounds
        How many.
    calibration
        Applied to the sum of both.
    """

    effects: EffectsModel = field(repr=False)
    booster: xgb.Booster = field(repr=False)
    n_rounds: int
    calibration: Calibration

    def predict_members(
        self, x: FloatArray, products: IntArray, n_groups: int = 1
    ) -> ProbabilityArray:
        """Return the probability of each row by each draw of what is not known.

        Parameters
        ----------
        x
            Feature rows, shape ``(n, d)``, float32.
        products
            Which rows show one product, shape ``(n / n_groups,)``, from 0: what is that product's
            own moves them together.
        n_groups
            Groups of rows that are numbered alike, one after the other; each gets what it would
            get alone.

        Returns
        -------
        members
            Shape ``(N_DRAWS, n)``. A draw is one state of the world: effects, products and
            pictures; two calls that number products alike speak of the same draws.
        """
        z = self.log_odds_by_draw(x)
        if len(x):
            own = _normal(0, int(products.max()) + 1)[:, products] * self.effects.product_spread
            rows = _normal(1 + int(products[0]), len(products)) * self.effects.picture_spread
            z = z + np.tile(own, n_groups) + np.tile(rows, n_groups)
        return np.asarray(1 / (1 + np.exp(-z)), dtype=np.float64)

    def log_odds_by_draw(self, x: FloatArray) -> FloatArray:
        """Return calibrated log-odds by draw of the effects, ``(N_DRAWS, n)``, float32.

        What is a product's or a picture's own is left out: it does not come from the features.
        """
        return self.calibration.margin(self.effects.log_odds(x) + self.tree_log_odds(x))

    def mean_log_odds(self, x: FeatureRows) -> FloatArray:
        """Return the log-odds of the mean effects and the trees, before calibration, ``(n,)``."""
        return np.asarray(self.effects.mean_log_odds(x) + self.tree_log_odds(x), dtype=np.float32)

    def tree_log_odds(self, x: FeatureRows) -> FloatArray:
        """Return what the trees add, shape ``(n,)``, float32.

        Raises
        ------
        ShapeError
            If the rows are of another width than the model's.
        """
        shape = x[:0].shape
        if len(shape) != 2 or shape[1] != self.booster.num_features():
            expected = f"(n, {self.booster.num_features()})"
            raise ShapeError("Feature rows", (len(x), *shape[1:]), expected)
        return _tree_log_odds(self.booster, self.n_rounds, x)

    def contributions(self, x: FloatArray) -> ProbabilityArray:
        """Return what each feature adds to the mean calibrated log-odds.

        Parameters
        ----------
        x
            Feature rows, shape ``(n, d)``, float32.

        Returns
        -------
        contributions
            Shape ``(n, d + 1)``; the last column is the base. Rows sum to the mean log-odds
            (for the trees: Lundberg et al., "Consistent individualized feature attribution", 2018).
        """
        raw = self.effects.contributions(x)
        if self.n_rounds:
            trees = self.booster.predict(
                xgb.DMatrix(x), pred_contribs=True, iteration_range=(0, self.n_rounds)
            )
            raw = raw + trees
        scaled = raw * self.calibration.slope
        scaled[:, -1] += self.calibration.intercept
        return np.asarray(scaled, dtype=np.float64)


def _tree_log_odds(booster: xgb.Booster, n_rounds: int, x: FeatureRows) -> FloatArray:
    """What the first trees add."""
    added = np.zeros(len(x), dtype=np.float32)
    for rows in pieces(len(x) if n_rounds else 0):
        added[rows] = booster.inplace_predict(
            x[rows], iteration_range=(0, n_rounds), predict_type="margin"
        )
    return added


def _normal(stream: int, n: int) -> FloatArray:
    """Standard normals of each draw for `n` things, the same for the same thing of a stream."""
    half = np.random.default_rng([41, stream]).standard_normal((n, N_DRAWS // 2), dtype=np.float32)
    quarter = half.shape[1] // 2
    # Mirrored in another order than the effects' draws, so that the two stay apart.
    mirrored = np.concatenate([half, -half[:, quarter:], -half[:, :quarter]], axis=1)
    return np.ascontiguousarray(mirrored.T)


Margins = Callable[[FeatureRows], FloatArray]
"""Gives the log-odds that trees start from."""

Boost = Callable[[Mapping[str, Any], Rows, Rows, Margins], tuple[xgb.Booster, list[float]]]
"""Grows trees by `PARAMETERS` and a seed from training and held-out rows; gives them with the
held-out loss after each."""


def boost_here(
    parameters: Mapping[str, Any], train: Rows, held_out: Rows, margins: Margins
) -> tuple[xgb.Booster, list[float]]:
    """Grow trees in this process, all rows in memory; a `Boost`."""
    data, check = (
        xgb.DMatrix(rows.x[:], label=rows.y_true, weight=rows.weight, base_margin=margins(rows.x))
        for rows in (train, held_out)
    )
    return grow_trees(parameters, data, check)


def grow_trees(
    parameters: Mapping[str, Any], data: xgb.DMatrix, check: xgb.DMatrix
) -> tuple[xgb.Booster, list[float]]:
    """Grow trees until the loss of the rows held out no longer falls; returns both."""
    losses: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        dict(parameters),
        data,
        num_boost_round=MAX_ROUNDS,
        evals=[(check, "held_out")],
        evals_result=losses,
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return booster, losses["held_out"]["logloss"]


def fit_conversion(
    train: Rows, held_out: Rows, rng: Generator, boost: Boost = boost_here
) -> ConversionModel:
    """Learn one target.

    Parameters
    ----------
    train
        Of the training products; both outcomes occur.
    held_out
        Of validation products: they choose the number of trees, and the calibration.
    rng
        Draws the posterior and seeds the trees.
    boost
        Grows the trees.

    Returns
    -------
    ConversionModel
    """
    effects = fit_effects(train.x, train.y_true, train.weight, train.products, train.pictures, rng)
    booster, n_rounds = _fit_trees(effects, train, held_out, int(rng.integers(2**31)), boost)
    model = ConversionModel(effects, booster, n_rounds, Calibration())
    calibration = fit_calibration(
        model.mean_log_odds(held_out.x).astype(np.float64), held_out.y_true, held_out.weight
    )
    return ConversionModel(effects, booster, n_rounds, calibration)


def _fit_trees(
    effects: EffectsModel, train: Rows, held_out: Rows, seed: int, boost: Boost
) -> tuple[xgb.Booster, int]:
    """Trees beyond the effects, and how many of them lower the held-out loss; perhaps none."""
    margins = effects.mean_log_odds
    booster, losses = boost(PARAMETERS | {"seed": seed}, train, held_out, margins)
    n_rounds = int(np.argmin(losses)) + 1
    booster = booster[:n_rounds]
    before = margins(held_out.x)
    if _is_better(before + _tree_log_odds(booster, n_rounds, held_out.x), before, held_out):
        return booster, n_rounds
    return booster[:1], 0


def _is_better(margin: FloatArray, other: FloatArray, rows: Rows) -> bool:
    """Whether log-odds lower the loss by more than chance among products explains."""
    gain = rows.weight * (_losses(other, rows) - _losses(margin, rows))
    by_product = np.bincount(rows.products, gain)[np.unique(rows.products)]
    error = float(by_product.std(ddof=1) * np.sqrt(len(by_product))) if len(by_product) > 1 else 0.0
    return float(by_product.sum()) > MIN_STANDARD_ERRORS * error


def _losses(margin: FloatArray, rows: Rows) -> ProbabilityArray:
    """The log loss of each row."""
    z = margin.astype(np.float64)
    return np.asarray(np.logaddexp(0.0, z) - rows.y_true * z)


def save_conversions(
    folder: Path, models: Mapping[str, ConversionModel], projection: Projection
) -> dict[str, Any]:
    """Write the models of all targets; returns what the card keeps.

    Parameters
    ----------
    folder
        Receives one XGBoost file per target, ``effects.safetensors`` and ``calibration.json``.
    models
        By target.
    projection
        Of the identities, which all share.
    """
    about: dict[str, Any] = {}
    tensors = {"projection.mean": projection.mean, "projection.axes": projection.axes}
    for target, model in models.items():
        name = f"conversion-{target}.ubj"
        model.booster.save_model(folder / name)
        effects = model.effects
        tensors |= {
            f"{target}.mean": effects.scale.mean,
            f"{target}.spread": effects.scale.spread,
            f"{target}.draws": effects.draws,
            f"{target}.centre": effects.centre,
        }
        about[target] = {
            "file": name,
            "n_rounds": model.n_rounds,
            "product_spread": round(effects.product_spread, 5),
            "picture_spread": round(effects.picture_spread, 5),
            "chance_of_edits": round(effects.chance_of_edits, 5),
        }
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / EFFECTS)
    calibrations = {target: asdict(model.calibration) for target, model in models.items()}
    (folder / CALIBRATION).write_text(json.dumps(calibrations, indent=2) + "\n", encoding="utf-8")
    return about


def load_conversions(
    folder: Path, about: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, ConversionModel], Projection]:
    """Read the models of a verified folder that `save_conversions` wrote.

    Parameters
    ----------
    folder
        As `save_conversions` left it.
    about
        What it returned.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError
        If a file is missing, or does not hold what its card says.
    """
    try:
        calibrations = json.loads((folder / CALIBRATION).read_text(encoding="utf-8"))
        tensors = load_file(folder / EFFECTS)
        models = {
            target: ConversionModel(
                EffectsModel(
                    Scale(tensors[f"{target}.mean"], tensors[f"{target}.spread"]),
                    tensors[f"{target}.draws"],
                    tensors[f"{target}.centre"],
                    float(entry["product_spread"]),
                    float(entry["picture_spread"]),
                    float(entry["chance_of_edits"]),
                ),
                _load_trees(folder / str(entry["file"]), int(entry["n_rounds"])),
                int(entry["n_rounds"]),
                Calibration(**calibrations[target]),
            )
            for target, entry in about.items()
        }
        return models, Projection(tensors["projection.mean"], tensors["projection.axes"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as exc:
        raise ModelNotFoundError(
            f"{CALIBRATION} or {EFFECTS} of model {folder.name!r} is missing or incomplete. "
            "Restore the model folder from where it was published and try again."
        ) from exc


def _load_trees(path: Path, n_rounds: int) -> xgb.Booster:
    if not path.is_file():
        raise ModelNotFoundError(
            f"Model file {path.name!r} is missing from its folder. Restore it and try again."
        )
    booster = xgb.Booster()
    try:
        booster.load_model(path)
    except xgb.core.XGBoostError as exc:
        raise ModelCorruptError(path.name, "of its card", "unreadable") from exc
    if booster.num_boosted_rounds() != max(n_rounds, 1):
        raise ModelCorruptError(path.name, "of its card", "another number of trees")
    return booster
