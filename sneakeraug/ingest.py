"""Joins collecting and intake: a shop's pictures are kept only where we can read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from sneakeraug.collect.fetch import Politeness, PoliteSession
from sneakeraug.collect.shop import CACHE, Collected, collect_shop
from sneakeraug.intake.decode import decode_photo
from sneakeraug.settings import get_settings

SUFFIXES: Final = {"jpeg": ".jpg", "tiff": ".tif", "mpo": ".jpg"}
"""Of formats whose usual suffix is another than their name."""


def collect(
    url: str,
    out: Path,
    politeness: Politeness,
    max_pages: int,
    report: Callable[[str], None],
) -> Collected:
    """Collect a shop's listing into a folder.

    Parameters
    ----------
    url
        First page of a listing, or a product's page.
    out
        Receives ``products.csv``, ``rejects.csv`` and ``images/``.
    politeness
        Rate and limits.
    max_pages
        Listing pages at most.
    report
        Called with a line of progress now and then.

    Raises
    ------
    CollectError, StoreError
        If the first page cannot be had or read, or `out` cannot be written.
    """
    limits = get_settings().limits

    def check_picture(data: bytes, name: str) -> str:
        kind = decode_photo(data, limits, name).format.lower()
        return SUFFIXES.get(kind, f".{kind}")

    session = PoliteSession(out / CACHE, politeness)
    return collect_shop(url, out, session, check_picture, max_pages, report)
