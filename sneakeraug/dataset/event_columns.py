"""Text columns of a history to numbers, a whole column at a time; what cannot be read fails."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sneakeraug.arrays import BoolArray, ProbabilityArray
from sneakeraug.dataset.rejects import Sieve

EMPTY: Final = -1
"""Code of an empty cell, in flags, terms and counts."""

UNREADABLE: Final = -2

FLAGS: Final[Mapping[str, int]] = {
    "0": 0, "1": 1, "0_0": 0, "1_0": 1, "false": 0, "true": 1, "no": 0, "yes": 1,
}  # fmt: skip
"""What a flag may read, folded; ``1.0`` is what a table with gaps makes of a 1."""

COUNT: Final = r"^[0-9]{1,9}(\.0*)?$"
NUMBER: Final = r"^[+-]?([0-9]{1,18}\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
DAY: Final = r"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}([T ].*)?$"
ZONE: Final = r"[T ].*(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)$"

EARLIEST: Final = np.datetime64("1995-01-01", "s")
"""Nobody sent pictures by e-mail campaign before; an older date is a broken export's."""

NO_TIME: Final = np.datetime64("NaT", "s")

AHEAD: Final = np.timedelta64(14 * 3600, "s")
"""How far ahead of UTC a local time without its zone may read: no zone is further east."""


def fold(text: str) -> str:
    """Return a term as the vocabulary writes it: “Re-Engagement ” is ``re_engagement``."""
    return re.sub(r"[^0-9a-z]+", "_", text.casefold()).strip("_")


def read_terms(sieve: Sieve, column: str, known: Sequence[str]) -> np.ndarray:
    """Return the position in `known` of each cell, `EMPTY` where it is empty; int8, ``(n,)``."""
    codes = _look_up(sieve.text(column), {term: i for i, term in enumerate(known)})
    expected = f"expected one of: {', '.join(known)}"
    sieve.refuse(codes == UNREADABLE, column, f"is unknown; {expected}")
    return codes


def read_flags(sieve: Sieve, column: str) -> np.ndarray:
    """Return 0 or 1 of each cell, `EMPTY` where it is empty; int8, shape ``(n,)``."""
    codes = _look_up(sieve.text(column), FLAGS)
    sieve.refuse(codes == UNREADABLE, column, "is no flag; 0, 1 or nothing is expected")
    return codes


def read_counts(sieve: Sieve, column: str) -> np.ndarray:
    """Return the whole number of each cell, `EMPTY` where it is empty; int32, shape ``(n,)``."""
    values, bad = _read_numbers(sieve.text(column), COUNT)
    sieve.refuse(bad, column, "is no count; a whole number from 0 to 999999999 is expected")
    return np.where(np.isnan(values), EMPTY, values).astype(np.int32)


def read_numbers(sieve: Sieve, column: str) -> ProbabilityArray:
    """Return the number in each cell, NaN where it is empty; float64, shape ``(n,)``."""
    values, bad = _read_numbers(sieve.text(column), NUMBER)
    sieve.refuse(bad, column, "is no number")
    return values


def read_times(sieve: Sieve, column: str, now: np.datetime64) -> np.ndarray:
    """Return each cell's time, NaT where it is empty.

    Parameters
    ----------
    sieve
        The rows.
    column
        Whose cells are ISO 8601 dates, or dates and times; UTC where they name no zone.
    now
        Later ones fail.

    Returns
    -------
    times
        UTC, datetime64[s], shape ``(n,)``.
    """
    text = sieve.text(column)
    if text.null_count == len(text):
        return np.full(len(text), NO_TIME)
    dates = pc.if_else(pc.match_substring_regex(text, DAY), text, None)
    read = pd.to_datetime(dates.to_pandas(), format="ISO8601", utc=True, errors="coerce")
    times = read.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    unknown = np.isnat(times)
    sieve.refuse(
        unknown & _mask(text.is_valid()),
        column,
        "is no ISO 8601 date; one such as 2025-03-31T14:05:00+02:00 is expected",
    )
    has_zone = _mask(pc.match_substring_regex(text, ZONE))
    times = np.where(unknown, now, times)
    late = times > np.where(has_zone, now, now + AHEAD)
    sieve.refuse(late, column, "lies in the future; a campaign that was sent is expected")
    sieve.refuse(times < EARLIEST, column, f"is before {EARLIEST.astype('datetime64[D]')}")
    return np.where(unknown, NO_TIME, times)


def _look_up(text: pa.StringArray, codes: Mapping[str, int]) -> np.ndarray:
    """The code of each cell's folded text; few distinct ones are looked at."""
    encoded = text.dictionary_encode()
    found = [codes.get(fold(value), UNREADABLE) for value in encoded.dictionary.to_pylist()]
    table = np.array([*found, EMPTY], dtype=np.int8)
    return np.asarray(table[encoded.indices.fill_null(len(found)).to_numpy()])


def _read_numbers(text: pa.StringArray, pattern: str) -> tuple[ProbabilityArray, BoolArray]:
    """Numbers, NaN where there is none, and which cells hold something else."""
    if text.null_count == len(text):
        return np.full(len(text), np.nan), np.zeros(len(text), dtype=bool)
    good = pc.match_substring_regex(text, pattern)
    digits = pc.utf8_ltrim(pc.if_else(good, text, None), "+")
    values = digits.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values, _mask(pc.invert(good))


def _mask(condition: pa.BooleanArray) -> BoolArray:
    """An arrow condition as numpy's; unknown is False."""
    return np.asarray(condition.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)
