"""Nearest catalog pictures by cosine similarity, among the rows a filter allows (FAISS)."""

from __future__ import annotations

import faiss
import numpy as np

from sneakeraug.arrays import FloatArray, IntArray
from sneakeraug.errors import ShapeError


class PictureIndex:
    """Exact search over unit rows.

    Parameters
    ----------
    embeddings
        Catalog rows, shape ``(n, d)``, float32, of any length; n may be 0.
    """

    def __init__(self, embeddings: FloatArray) -> None:
        if embeddings.ndim != 2:
            raise ShapeError("Catalog embeddings", embeddings.shape, "(n, d)")
        self._index = faiss.IndexFlatIP(embeddings.shape[1])
        self._index.add(_unit(embeddings))

    def nearest(
        self, query: FloatArray, k: int, allowed: IntArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return the `k` catalog rows nearest to a query, best first.

        Parameters
        ----------
        query
            One embedding, shape ``(d,)``, float32.
        k
            Rows wanted; fewer come back when fewer are allowed.
        allowed
            Row numbers to search among; all where None.

        Returns
        -------
        rows
            Row numbers, shape ``(min(k, allowed),)``, int64.
        similarity
            Cosine, same shape, float32, in [-1, 1].
        """
        n_allowed = self._index.ntotal if allowed is None else len(allowed)
        k = min(k, n_allowed)
        if k < 1:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # its stub lacks sel
        similarity, rows = self._index.search(_unit(query[None]), k, params=parameters)
        return rows[0].astype(np.int64), np.clip(similarity[0], -1.0, 1.0)


def _unit(rows: FloatArray) -> FloatArray:
    """Rows of unit norm."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(norm, 1e-9), dtype=np.float32)
