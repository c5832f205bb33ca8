"""The catalogs the pages show, read again only when their database was changed."""

from __future__ import annotations

from typing import Final

import streamlit as st

from sneakeraug.catalog.own import OwnCatalog, open_own_catalog
from sneakeraug.catalog.products import Catalog, load_catalog
from sneakeraug.duplicates import find_duplicates
from sneakeraug.records import Product
from sneakeraug.settings import Settings, get_settings

OWN: Final = "Yours"
DEMO_SHELF: Final = "Demo"


def own_store() -> OwnCatalog | None:
    """Return one's own catalog, opened once; None where nothing was ever imported.

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """
    settings = get_settings()
    if not settings.has_database:
        return None
    return _open(settings)


def _database(settings: Settings) -> tuple[str, int]:
    """Another file under the same name is another database."""
    inode = settings.database_file.stat().st_ino if settings.database_url is None else 0
    return settings.database, inode


@st.cache_resource(show_spinner=False, max_entries=2, hash_funcs={Settings: _database})
def _open(settings: Settings) -> OwnCatalog:
    return open_own_catalog(settings)


def _revision(store: OwnCatalog) -> str:
    return store.revision()


def _state(catalog: Catalog) -> tuple[str, str]:
    return catalog.state


def load_shelves() -> dict[str, Catalog]:
    """Return the catalogs there are, one's own first; an empty one of one's own is left out."""
    store = own_store()
    own = _read(store) if store else None
    return ({OWN: own} if own is not None and len(own) else {}) | {DEMO_SHELF: _demo()}


@st.cache_resource(show_spinner=False, max_entries=2, hash_funcs={OwnCatalog: _revision})
def _read(store: OwnCatalog) -> Catalog:
    """One's own products, kept while no change was made to them."""
    return store.catalog()


@st.cache_resource(show_spinner=False, max_entries=1)
def _demo() -> Catalog:
    return load_catalog()


def introduce(catalogs: dict[str, Catalog]) -> None:
    """Say what the catalogs are for, and which of them is offered from.

    Parameters
    ----------
    catalogs
        From `load_shelves`.
    """
    if OWN in catalogs:
        n = len(catalogs[OWN])
        yours = f"your {n:,} products" if n > 1 else "your one product"
        said = f"come from {yours}; the demo ones are no longer offered"
    else:
        said = (
            f"come from these {len(catalogs[DEMO_SHELF]):,} demo products until you import your own"
        )
    st.caption(f"The pictures offered instead of yours {said}.")


def own_duplicates(catalogs: dict[str, Catalog]) -> list[list[Product]]:
    """Return groups of one's own products that show (nearly) the same picture."""
    store = own_store()
    if OWN not in catalogs or store is None:
        return []
    return _duplicates(catalogs[OWN], store)


@st.cache_resource(
    show_spinner="Comparing your pictures…", max_entries=2, hash_funcs={Catalog: _state}
)
def _duplicates(catalog: Catalog, _store: OwnCatalog) -> list[list[Product]]:
    return find_duplicates(_store, catalog, get_settings().limits)
