"""The columns of the effects model: what may matter, and what may change how an edit matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.score.features import N_IDENTITY_FEATURES, PICTURE_FEATURES
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS

N_EDITS: Final = len(AUGMENTATIONS)
N_MEASURES: Final = len(PICTURE_FEATURES)
N_TERMS: Final = {field: len(terms) for field, terms in CONTEXT_FIELDS.items()}
N_CONTEXT: Final = sum(N_TERMS.values())

EDITS: Final = np.array([i for i, name in enumerate(AUGMENTATIONS) if name != "original"])
"""Effects of edits are effects against the original."""

FIRST_MEASURE: Final = N_EDITS
FIRST_SOURCE: Final = FIRST_MEASURE + N_MEASURES
FIRST_IDENTITY: Final = FIRST_SOURCE + N_MEASURES
FIRST_CONTEXT: Final = FIRST_IDENTITY + N_IDENTITY_FEATURES
"""Where in a feature row the parts begin, see `features.feature_names`."""

EXTREME: Final = 3.0
"""Measures count up to so many standard deviations: what lies beyond was hardly ever seen."""


ROWS_AT_ONCE: Final = 20_000
"""Feature rows that are worked on together."""


class FeatureRows(Protocol):
    """Feature rows, shape ``(n, d)``, float32: an array, or made anew when some are asked for."""

    def __len__(self) -> int:
        """Rows."""
        ...

    def __getitem__(self, rows: slice, /) -> FloatArray:
        """Some of them."""
        ...


def pieces(n: int) -> Iterator[slice]:
    """Yield which of `n` rows are worked on together, in order."""
    for start in range(0, n, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, n))


@dataclass(frozen=True)
class Scale:
    """What brings measures to one scale; shapes ``(2 * N_MEASURES,)``, float32."""

    mean: FloatArray
    spread: FloatArray


def fit_scale(x: FeatureRows) -> Scale:
    """Return the scale of some feature rows, at least one."""
    n = len(x)
    mean, variance = np.zeros(2 * N_MEASURES), np.zeros(2 * N_MEASURES)
    for rows in pieces(n):
        mean += _measured(x[rows]).sum(axis=0) / n
    for rows in pieces(n):
        variance += ((_measured(x[rows]) - mean) ** 2).sum(axis=0) / n
    spread = np.maximum(np.sqrt(variance), 1e-3)
    return Scale(mean.astype(np.float32), spread.astype(np.float32))


def _measured(x: FloatArray) -> ProbabilityArray:
    return np.asarray(x[:, FIRST_MEASURE:FIRST_IDENTITY], dtype=np.float64)


def design_rows(x: FloatArray, scale: Scale) -> FloatArray:
    """Return the effects model's columns of feature rows.

    Parameters
    ----------
    x
        From `build_features`, shape ``(n, d)``, float32.
    scale
        The model's own.

    Returns
    -------
    design
        Shape ``(n, n_columns())``, float32: first a 1, then the columns of `BLOCKS` in order.
        A context field left open counts as an even mix of its terms.
    """
    n = len(x)
    edits = x[:, EDITS]
    measured = (x[:, FIRST_MEASURE:FIRST_IDENTITY] - scale.mean) / scale.spread
    own, source = np.split(np.clip(measured, -EXTREME, EXTREME), 2, axis=1)
    squares = source**2 - 1
    context = x[:, FIRST_CONTEXT:].copy()
    start = 0
    for k in N_TERMS.values():
        part = context[:, start : start + k]
        part[np.isnan(part[:, 0])] = 1 / k
        start += k
    campaign = context[:, : N_TERMS["campaign_type"]]
    identity = x[:, FIRST_IDENTITY:FIRST_CONTEXT]
    return np.concatenate(
        [
            np.ones((n, 1), dtype=np.float32),
            edits,
            context,
            own,
            source,
            squares,
            identity,
            _products(edits, context),
            _products(edits, source),
            _products(edits, squares),
            _products(campaign, source),
        ],
        axis=1,
        dtype=np.float32,
    )


def _products(a: FloatArray, b: FloatArray) -> FloatArray:
    """Every column of one times every column of the other, shape ``(n, k * m)``."""
    return np.asarray((a[:, :, None] * b[:, None]).reshape(len(a), -1), dtype=np.float32)


def _columns() -> tuple[dict[str, IntArray], IntArray]:
    """Columns of each block, and the feature each column is credited to."""
    blocks: dict[str, list[int]] = {}
    credit = [-1]

    def add(name: str, features: list[int]) -> None:
        blocks.setdefault(name, []).extend(range(len(credit), len(credit) + len(features)))
        credit.extend(features)

    sources = list(range(FIRST_SOURCE, FIRST_IDENTITY))
    add("edit", EDITS.tolist())
    start = FIRST_CONTEXT
    for name, k in N_TERMS.items():
        add(name, list(range(start, start + k)))
        start += k
    add("measure", list(range(FIRST_MEASURE, FIRST_SOURCE)))
    add("source", sources)
    add("source squared", sources)
    add("identity", list(range(FIRST_IDENTITY, FIRST_CONTEXT)))
    for edit in EDITS.tolist():
        for name, k in N_TERMS.items():
            add(f"edit by {name}", [edit] * k)
    add("edit by source", np.repeat(EDITS, N_MEASURES).tolist())
    add("edit by source squared", np.repeat(EDITS, N_MEASURES).tolist())
    add("campaign by source", sources * N_TERMS["campaign_type"])
    return {name: np.array(rows) for name, rows in blocks.items()}, np.array(credit)


BLOCKS: Final = _columns()[0]
"""Columns whose effects are of one kind, and so share one prior spread; the 1 is in none."""

CREDIT: Final = _columns()[1]
"""The feature that each column's contribution is credited to; -1 for the 1."""
