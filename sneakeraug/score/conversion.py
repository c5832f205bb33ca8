"""From feature rows to the probability of a target event: an XGBoost ensemble in one file.

The members are grown one after the other into a single booster. Before each member the margin of
the trees so far is taken back (`base_margin`), so that it starts from nothing, on the products
of its own bootstrap draw; at prediction each member is the slice of its own trees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import xgboost as xgb
from numpy.random import Generator

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.errors import InputError, ModelCorruptError, ModelNotFoundError, ShapeError
from sneakeraug.score.calibration import Calibration, fit_calibration

CALIBRATION: Final = "calibration.json"

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "base_score": 0.5,
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.15,
    "min_child_weight": 20.0,
    "lambda": 2.0,
    "subsample": 1.0,
}


@dataclass(frozen=True)
class ConversionModel:
    """The ensemble of one target.

    Attributes
    ----------
    booster
        All members' trees, one member after the other.
    n_members, n_rounds
        Members, and trees of each.
    calibration
        Applied to every member's log-odds.
    """

    booster: xgb.Booster
    n_members: int
    n_rounds: int
    calibration: Calibration

    def predict_members(self, x: FloatArray) -> ProbabilityArray:
        """Return each member's probability for each row, shape ``(n_members, n)``.

        Parameters
        ----------
        x
            Feature rows, shape ``(n, d)``, float32; NaN is missing.
        """
        return self.calibration(self.member_margins(x))

    def member_margins(self, x: FloatArray) -> ProbabilityArray:
        """Return each member's log-odds before calibration, shape ``(n_members, n)``."""
        if x.ndim != 2 or x.shape[1] != self.booster.num_features():
            raise ShapeError("Feature rows", x.shape, f"(n, {self.booster.num_features()})")
        margins = [
            self.booster.inplace_predict(
                x,
                iteration_range=(i * self.n_rounds, (i + 1) * self.n_rounds),
                predict_type="margin",
            )
            for i in range(self.n_members)
        ]
        return np.asarray(margins, dtype=np.float64)

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
            (Lundberg et al., "Consistent individualized feature attribution", 2018).
        """
        raw = self.booster.predict(xgb.DMatrix(x), pred_contribs=True).astype(np.float64)
        scaled = raw * (self.calibration.slope / self.n_members)
        scaled[:, -1] += self.calibration.intercept
        return np.asarray(scaled, dtype=np.float64)


def load_conversions(
    folder: Path, about: Mapping[str, Mapping[str, Any]]
) -> dict[str, ConversionModel]:
    """Read the models of a verified folder that `save_conversions` wrote.

    Parameters
    ----------
    folder
        Holds one XGBoost file per target and ``calibration.json``.
    about
        What `save_conversions` returned: file, members and rounds of each target.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError
        If a file is missing, or does not hold the trees its card says.
    """
    path = folder / CALIBRATION
    try:
        calibrations = json.loads(path.read_text(encoding="utf-8"))
        return {
            target: _load(folder / str(entry["file"]), entry, Calibration(**calibrations[target]))
            for target, entry in about.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelNotFoundError(
            f"{CALIBRATION} of model {folder.name!r} is missing or incomplete. Restore the model "
            "folder from where it was published and try again."
        ) from exc


def save_conversions(folder: Path, models: Mapping[str, ConversionModel]) -> dict[str, Any]:
    """Write one XGBoost file per target and the calibrations; returns what the card keeps."""
    about: dict[str, Any] = {}
    for target, model in models.items():
        name = f"conversion-{target}.ubj"
        model.booster.save_model(folder / name)
        about[target] = {"file": name, "n_members": model.n_members, "n_rounds": model.n_rounds}
    calibrations = {target: asdict(model.calibration) for target, model in models.items()}
    (folder / CALIBRATION).write_text(json.dumps(calibrations, indent=2) + "\n", encoding="utf-8")
    return about


def _load(path: Path, about: Mapping[str, Any], calibration: Calibration) -> ConversionModel:
    if not path.is_file():
        raise ModelNotFoundError(
            f"Model file {path.name!r} is missing from its folder. Restore it and try again."
        )
    booster = xgb.Booster()
    try:
        booster.load_model(path)
    except xgb.core.XGBoostError as exc:
        raise ModelCorruptError(path.name, "of its card", "unreadable") from exc
    model = ConversionModel(booster, int(about["n_members"]), int(about["n_rounds"]), calibration)
    if booster.num_boosted_rounds() != model.n_members * model.n_rounds:
        raise ModelCorruptError(path.name, "of its card", "another number of trees")
    return model


def fit_conversion(
    x: FloatArray,
    y_true: ProbabilityArray,
    groups: IntArray,
    held_out: tuple[FloatArray, ProbabilityArray],
    n_members: int,
    rng: Generator,
    max_rounds: int = 300,
) -> ConversionModel:
    """Grow the ensemble of one target.

    Parameters
    ----------
    x
        Feature rows of the training products, shape ``(n, d)``, float32.
    y_true
        Whether the event happened, shape ``(n,)``, 0 or 1.
    groups
        Product number of each row, shape ``(n,)``; members draw products, not rows.
    held_out
        ``(x, y)`` of validation products: they choose the number of rounds and the calibration.
    n_members
        Bootstrap draws, at least 2.
    rng
        Draws the products and seeds the trees.
    max_rounds
        Trees of a member at most.

    Returns
    -------
    ConversionModel
    """
    seed = int(rng.integers(2**31))
    n_rounds = _choose_rounds(x, y_true, held_out, seed, max_rounds)
    booster: xgb.Booster | None = None
    plain = xgb.DMatrix(x)
    for _ in range(n_members):
        draws = rng.poisson(1.0, size=int(groups.max()) + 1)  # a bootstrap by product
        weight = draws[groups].astype(np.float32)
        data = xgb.DMatrix(x, label=y_true, weight=weight)
        if booster is not None:
            data.set_base_margin(-booster.predict(plain, output_margin=True))
        booster = xgb.train(
            PARAMETERS | {"seed": seed}, data, num_boost_round=n_rounds, xgb_model=booster
        )
    if booster is None:
        raise InputError("At least 2 ensemble members are expected.")
    model = ConversionModel(booster, n_members, n_rounds, Calibration())
    margin = model.member_margins(held_out[0]).mean(axis=0)
    return ConversionModel(booster, n_members, n_rounds, fit_calibration(margin, held_out[1]))


def _choose_rounds(
    x: FloatArray,
    y_true: ProbabilityArray,
    held_out: tuple[FloatArray, ProbabilityArray],
    seed: int,
    max_rounds: int,
) -> int:
    """Rounds at which the held-out loss is least."""
    probe = xgb.train(
        PARAMETERS | {"seed": seed},
        xgb.DMatrix(x, label=y_true),
        num_boost_round=max_rounds,
        evals=[(xgb.DMatrix(held_out[0], label=held_out[1]), "held_out")],
        early_stopping_rounds=20,
        verbose_eval=False,
    )
    return int(probe.best_iteration) + 1
