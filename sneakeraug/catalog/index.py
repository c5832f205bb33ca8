"""Nearest catalog pictures by cosine similarity, among the rows a filter allows (FAISS)."""

from __future__ import annotations

import hashlib
import json
import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from sneakeraug.arrays import FloatArray, IntArray
from sneakeraug.errors import ShapeError
from sneakeraug.files import file_sha256, replace_file

EXACT_UP_TO: Final = 100_000
"""Rows, all of them or those a filter leaves, that are searched one by one: a few milliseconds."""

PROBES: Final = 160
"""Cells of the inverted lists that a query looks into."""

TRAINED_ON: Final = 40
"""Rows a cell is placed by."""


KEPT, KEPT_CARD = "pictures.faiss", "pictures.json"
"""Inverted lists that were built, and what they are: of which rows, and their own hash."""


class PictureIndex:
    """Search over unit rows: exact while that is fast, by inverted lists above.

    Parameters
    ----------
    embeddings
        Catalog rows, shape ``(n, d)``, float32, of any length; n may be 0.
    exact_up_to
        Rows up to which search is exact.
    folder
        Where inverted lists are kept, and read from if they are of the same rows; built anew each
        time where None.
    """

    def __init__(
        self,
        embeddings: FloatArray,
        exact_up_to: int = EXACT_UP_TO,
        folder: Path | None = None,
    ) -> None:
        if embeddings.ndim != 2:
            raise ShapeError("Catalog embeddings", embeddings.shape, "(n, d)")
        rows = _unit(embeddings)
        self._exact_up_to = exact_up_to
        self._flat = faiss.IndexFlatIP(rows.shape[1])
        self._flat.add(rows)
        self._lists = None if len(rows) <= exact_up_to else _lists(rows, folder)

    def __len__(self) -> int:
        """Rows."""
        return int(self._flat.ntotal)

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
        n_allowed = len(self) if allowed is None else len(allowed)
        k = min(k, n_allowed)
        if k < 1:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        options: dict[str, Any] = {}
        if allowed is not None:
            chosen = np.zeros(len(self), dtype=np.bool_)
            chosen[allowed] = True
            bits = np.packbits(chosen, bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]  # its stub has the C form
        if self._lists is None or n_allowed <= self._exact_up_to:
            index, parameters = self._flat, faiss.SearchParameters(**options)
        else:
            options["nprobe"] = PROBES
            index, parameters = self._lists, faiss.SearchParametersIVF(**options)
        similarity, rows = index.search(_unit(query[None]), k, params=parameters)
        found = rows[0] >= 0
        return rows[0][found].astype(np.int64), np.clip(similarity[0][found], -1.0, 1.0)


def _lists(rows: FloatArray, folder: Path | None) -> Any:
    """Inverted lists of some rows: those kept, if they are of these rows and whole, else new ones.

    A folder that cannot be written costs building them again, and nothing else.
    """
    if folder is None:
        return _build(rows)
    about = {"rows_sha256": hashlib.sha256(rows.data).hexdigest(), "trained_on": TRAINED_ON}
    kept = _read(folder, about)
    if kept is not None:
        return kept
    lists = _build(rows)
    with suppress(OSError, RuntimeError):  # no room, or no right to write
        _keep(folder, about, lists)
    return lists


def _read(folder: Path, about: dict[str, object]) -> Any | None:
    """Kept inverted lists; None where there are none, of other rows, or not as they were kept."""
    try:
        card = json.loads((folder / KEPT_CARD).read_text(encoding="utf-8"))
        if {name: card.get(name) for name in about} != about:
            return None
        if file_sha256(folder / KEPT) != card.get("sha256"):
            return None
        return faiss.read_index(str(folder / KEPT))
    except (OSError, ValueError, AttributeError, RuntimeError):
        return None


def _keep(folder: Path, about: dict[str, object], lists: Any) -> None:
    """Keep inverted lists; the card, written last, makes them count."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{KEPT}.{os.getpid()}.partial"
    try:
        faiss.write_index(lists, str(partial))
        card = about | {"sha256": file_sha256(partial)}
        partial.replace(folder / KEPT)
    except (OSError, RuntimeError):
        partial.unlink(missing_ok=True)
        raise
    replace_file(folder / KEPT_CARD, json.dumps(card, indent=2).encode("utf-8"))


def _build(rows: FloatArray) -> Any:
    """Inverted lists over as many cells as 4 √n, the usual measure (FAISS's guidelines)."""
    n, d = rows.shape
    n_cells = round(4 * math.sqrt(n))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, n_cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 8
    index.cp.max_points_per_centroid = TRAINED_ON
    index.train(rows)
    index.add(rows)
    return index


def _unit(rows: FloatArray) -> FloatArray:
    """Rows of unit norm."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(norm, 1e-9), dtype=np.float32)
