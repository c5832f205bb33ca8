"""The one list of pages; links between pages take their Page from here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

ROOT: Final = Path(__file__).resolve().parents[2]
"""Folder of `app.py` and `pages/`."""


def campaign_page() -> Page:
    """Return the main page."""
    return st.Page(
        ROOT / "pages" / "campaign.py",
        title="Campaign",
        icon=":material/campaign:",
        url_path="recommend",
        default=True,
        help="Upload a sneaker picture and see which version of it to send.",
    )


def catalog_page() -> Page:
    """Return the page on the products that alternates come from."""
    return st.Page(
        ROOT / "pages" / "catalog.py",
        title="Catalog",
        icon=":material/grid_view:",
        url_path="products",
        help="The pictures that can be offered instead: browse, search, import.",
    )


def batch_page() -> Page:
    """Return the page that scores many pictures at once."""
    return st.Page(
        ROOT / "pages" / "batch.py",
        title="Batch",
        icon=":material/dynamic_feed:",
        url_path="many",
        help="Score a zip or a handful of pictures at once, and download the table.",
    )


def models_page() -> Page:
    """Return the page on the models behind the figures."""
    return st.Page(
        ROOT / "pages" / "models.py",
        title="Models",
        icon=":material/query_stats:",
        url_path="about-the-model",
        help="What the model was trained on, how well it does, and where it fails.",
    )


def all_pages() -> list[Page]:
    """Return the pages in the order of the navigation."""
    return [campaign_page(), catalog_page(), batch_page(), models_page()]
