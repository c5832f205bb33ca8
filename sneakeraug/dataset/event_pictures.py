"""The pictures and products that rows of a history name: text only, below one folder, and there."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Final

import numpy as np

from sneakeraug.arrays import BoolArray
from sneakeraug.dataset.rejects import Sieve

MOST_PATH_CHARS: Final = 1000
MOST_ID_CHARS: Final = 200
"""As the catalog takes them."""

OUTSIDE: Final = re.compile(r"^[/~]|^[A-Za-z]:|://|\\|[\x00-\x1f\x7f]|(^|/)\.\.(/|$)")
"""Addresses, absolute paths, paths that climb, separators and characters of no file name."""


class Pictures:
    """Distinct pictures, numbered as they come.

    Parameters
    ----------
    folder
        Where pictures must be; None where that is not looked at.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder.resolve()
        self._numbers: dict[tuple[str, bool], int] = {}
        self._products: dict[int, str] = {}
        self._checked: dict[str, tuple[str, str]] = {}

    def read(self, sieve: Sieve) -> np.ndarray:
        """Return the number of each row's picture, int32, shape ``(n,)``; 0 of rows that fail."""
        image = sieve.text("image").dictionary_encode()
        product = sieve.text("product_id").dictionary_encode()
        names, ids = image.dictionary.to_pylist(), product.dictionary.to_pylist()
        image_codes = image.indices.fill_null(-1).to_numpy()
        product_codes = product.indices.fill_null(-1).to_numpy()
        neither = (image_codes < 0) & (product_codes < 0)
        sieve.refuse(neither, "image", "names neither a picture nor a product_id; one is expected")
        long = np.array([*(len(text) > MOST_ID_CHARS for text in ids), False])
        expected = f"at most {MOST_ID_CHARS} characters are expected"
        sieve.refuse(long[product_codes], "product_id", f"is too long; {expected}")
        clean = self._check(sieve, names, image_codes)

        pictures = np.zeros(len(sieve), dtype=np.int32)
        with_path, without = sieve.ok & (image_codes >= 0), sieve.ok & (image_codes < 0)
        for codes, which, texts, is_path in (
            (image_codes, with_path, clean, True),
            (product_codes, without, ids, False),
        ):
            numbers = np.zeros(len(texts) + 1, dtype=np.int32)
            for code in np.unique(codes[which]):
                key = (texts[code], is_path)
                numbers[code] = self._numbers.setdefault(key, len(self._numbers))
            pictures[which] = numbers[codes[which]]
        self._match(sieve, pictures, product_codes, with_path & (product_codes >= 0), ids)
        return pictures

    def listed(self) -> tuple[list[str], BoolArray, list[str]]:
        """Return names of all pictures in order, whether each is a path, and their products."""
        names = [name for name, _ in self._numbers]
        is_path = np.array([is_path for _, is_path in self._numbers], dtype=bool)
        return names, is_path, [self._products.get(i, name) for i, name in enumerate(names)]

    def _check(self, sieve: Sieve, names: list[str], codes: np.ndarray) -> list[str]:
        """Fail rows whose picture cannot be; return the names as they are kept."""
        for name in names:
            if name not in self._checked:
                self._checked[name] = self._look_at(name)
        faults = np.array([*(self._checked[name][1] for name in names), ""], dtype=object)
        for fault in sorted(set(faults) - {""}):
            sieve.refuse((faults == fault)[codes], "image", fault)
        return [self._checked[name][0] for name in names]

    def _look_at(self, name: str) -> tuple[str, str]:
        """A picture's name as it is kept, and what is wrong with it."""
        if len(name) > MOST_PATH_CHARS:
            return name, f"is too long; at most {MOST_PATH_CHARS} characters are expected"
        if OUTSIDE.search(name):
            return (
                name,
                "is no relative path with / between folders; one below --images is expected",
            )
        kept = posixpath.normpath(name)
        if self._folder is None:
            return kept, ""
        try:
            found = (self._folder / kept).resolve(strict=True)
            is_there, is_below = found.is_file(), found.is_relative_to(self._folder)
        except (OSError, RuntimeError):  # a loop of links
            is_there = is_below = False
        if is_there and not is_below:
            return kept, "leads out of the folder of pictures"
        return kept, "" if is_there else "is not found in the folder of pictures"

    def _match(
        self,
        sieve: Sieve,
        pictures: np.ndarray,
        products: np.ndarray,
        which: BoolArray,
        ids: list[str],
    ) -> None:
        """Keep the product of each picture, and fail rows that name another one later."""
        rows = np.flatnonzero(which)
        pairs = pictures[rows].astype(np.int64) * (len(ids) + 1) + products[rows]
        distinct, first, pair = np.unique(pairs, return_index=True, return_inverse=True)
        differs = np.zeros(len(distinct), dtype=bool)
        for i in np.argsort(first):
            picture, product = divmod(int(distinct[i]), len(ids) + 1)
            differs[i] = self._products.setdefault(picture, ids[product]) != ids[product]
        bad = np.zeros(len(sieve), dtype=bool)
        bad[rows] = differs[pair]
        sieve.refuse(
            bad, "product_id", "is not the product that an earlier row names for its image"
        )
