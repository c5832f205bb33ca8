"""What a network says of pictures, kept by their content, so that none is sent through it twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import Engine, select

from sneakeraug.arrays import FloatArray
from sneakeraug.store.db import reading, transaction
from sneakeraug.store.tables import EncodedRow

KEYS_AT_ONCE = 500
"""Databases bound the variables of one statement."""


class EncodedPictures:
    """Rows of numbers by picture, for one network.

    Parameters
    ----------
    engine
        From `db.open_database`.
    weights_sha256
        Of the network's weights; rows of others are not seen.
    """

    def __init__(self, engine: Engine, weights_sha256: str) -> None:
        self._engine, self._weights = engine, weights_sha256

    def read(self, sha256s: Sequence[str]) -> dict[str, FloatArray]:
        """Return the numbers of those pictures that are known, float32."""
        found: dict[str, FloatArray] = {}
        with reading(self._engine) as session:
            for start in range(0, len(sha256s), KEYS_AT_ONCE):
                rows = session.execute(
                    select(EncodedRow.sha256, EncodedRow.numbers).where(
                        EncodedRow.weights_sha256 == self._weights,
                        EncodedRow.sha256.in_(sha256s[start : start + KEYS_AT_ONCE]),
                    )
                )
                found |= {sha: np.frombuffer(data, dtype=np.float32) for sha, data in rows}
        return found

    def write(self, numbers: Mapping[str, FloatArray]) -> None:
        """Keep the numbers of pictures, all of them or none.

        Raises
        ------
        StoreError
            If there is no room.
        """
        with transaction(self._engine) as session:
            for sha256, row in numbers.items():
                session.merge(
                    EncodedRow(
                        sha256=sha256,
                        weights_sha256=self._weights,
                        numbers=np.ascontiguousarray(row, dtype=np.float32).tobytes(),
                    )
                )
