"""Products as cards: one of the grid, those that look the same, and the way out of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from sneakeraug.catalog.own import open_own_catalog
from sneakeraug.catalog.products import Catalog
from sneakeraug.errors import SneakeraugError
from sneakeraug.records import Product
from sneakeraug.settings import get_settings
from sneakeraug.ui import access, engine, navigation, pictures, state, words
from sneakeraug.ui.shelves import OWN, own_duplicates

REMOVING: Final = "catalog_removing"

GROUPS_SHOWN, ALIKE_SHOWN = 12, 12
"""Groups of products that look the same, and products of each, that are shown."""

COLUMNS: Final = 6
MIN_CARD_PX: Final = 152


@dataclass(frozen=True)
class Item:
    """A product where it stands.

    Attributes
    ----------
    shelf
        `shelves.OWN` or `shelves.DEMO_SHELF`.
    product
        Itself.
    catalog
        That holds its picture.
    similarity
        To the photo that was searched by; None without one.
    """

    shelf: str
    product: Product
    catalog: Catalog
    similarity: float | None = None

    @property
    def key(self) -> str:
        """Of its widgets."""
        return f"{self.shelf}_{self.product.product_id}"


def show_item(item: Item, is_shelf_shown: bool) -> None:
    """One card: picture, name, what it is, what can be done with it.

    Parameters
    ----------
    item
        What it shows.
    is_shelf_shown
        Whether to say on which shelf it stands: of use only where products of two are mixed.
    """
    product = item.product
    data = item.catalog.image_bytes(product.product_id)
    st.image(pictures.file_picture(data), width="stretch", alt=_alt(product))
    st.markdown(f"**{words.plain(product.name)}**")
    badge = f":gray-badge[{item.shelf.lower()}] " if is_shelf_shown else ""
    if item.similarity is not None:
        badge += f":blue-badge[{words.percent(max(0.0, item.similarity))} alike]"
    facts = " · ".join(
        filter(
            None,
            (
                words.plain(product.brand),
                words.label(product.sneaker_type),
                words.label(product.gender),
                words.plain(product.colour),
            ),
        )
    )
    price = _price_text(product)
    stock = "" if product.in_stock else "out of stock"
    st.caption("  \n".join(filter(None, (facts, " · ".join(filter(None, (price, stock)))))))
    if badge:
        st.markdown(badge)
    st.space("stretch")
    if st.button("Score it", key=f"score_{item.key}", icon=":material/campaign:", width="stretch"):
        picture = state.Picture.of(product.name, data)
        state.choose_picture(picture, product.sneaker_type, product.gender)
        st.switch_page(navigation.campaign_page())
    if item.shelf == OWN:
        _show_remove(product, f"remove_{item.key}")


def _show_remove(product: Product, key: str) -> None:
    if not access.can("change the catalog"):
        return
    st.button(
        "Remove",
        key=key,
        icon=":material/delete:",
        width="stretch",
        on_click=_ask_removal,
        args=(product,),
    )


def _ask_removal(product: Product) -> None:
    st.session_state[REMOVING] = product


def _keep() -> None:
    st.session_state.pop(REMOVING, None)


def _remove(product: Product) -> str | None:
    """Remove a product; why that cannot be, where it cannot."""
    try:
        access.check("change the catalog")
        open_own_catalog(get_settings()).remove([product.product_id])
        engine.refresh_catalog()
    except SneakeraugError as exc:
        return str(exc)
    st.session_state.pop(REMOVING, None)
    return None


def confirm_removal() -> None:
    """Ask once more about the product that is to go, if one is."""
    product = st.session_state.get(REMOVING)
    if isinstance(product, Product):
        _ask_once_more(product)


@st.dialog("Remove this product?", on_dismiss=_keep)
def _ask_once_more(product: Product) -> None:
    st.markdown(
        f"**{words.plain(product.name)}** leaves your catalog, and its picture with it where no "
        "other product shows it. Import it again to have it back."
    )
    with st.container(horizontal=True, gap="small"):
        is_asked = st.button("Remove it", key="removal_yes", type="primary")
        if st.button("Keep it", key="removal_no", on_click=_keep):
            st.rerun()
    if is_asked:
        if why := _remove(product):
            st.error(words.plain(why), icon=":material/error:")
        else:
            st.rerun()


def _alt(product: Product) -> str:
    return (
        f"{product.name} by {product.brand or 'no brand'}, {words.label(product.sneaker_type)}, "
        f"worn by {product.gender}"
    )


def _price_text(product: Product) -> str:
    if product.price_cents is None:
        return ""
    return words.plain(f"{product.price_cents / 100:,.2f}{words.NBSP}{product.currency}")


def show_duplicates(catalogs: dict[str, Catalog]) -> None:
    """Show which of one's own products have (nearly) the same picture, if any do.

    Parameters
    ----------
    catalogs
        From `shelves.load_shelves`.
    """
    groups = own_duplicates(catalogs)
    if not groups:
        return
    n = sum(len(group) for group in groups)
    with st.expander(
        f"{n:,} of your products look the same, in {len(groups):,} "
        f"{'group' if len(groups) == 1 else 'groups'}",
        icon=":material/content_copy:",
    ):
        st.markdown(
            "Their pictures are the same, or differ only by size and compression. Alternates offer "
            "just one of the same name and brand."
        )
        for number, group in enumerate(groups[:GROUPS_SHOWN], start=1):
            st.markdown(f"**Group {number}**, {len(group):,} products")
            grid = st.grid(COLUMNS, min_column_width=MIN_CARD_PX, gap="small")
            for product in group[:ALIKE_SHOWN]:
                with grid.container(
                    border=True, height="stretch", gap="xsmall", key=f"alike_{product.product_id}"
                ):
                    _show_alike(product, catalogs[OWN])
            if len(group) > ALIKE_SHOWN:
                st.caption(f"and {len(group) - ALIKE_SHOWN:,} more")
        if len(groups) > GROUPS_SHOWN:
            st.caption(
                f"{len(groups) - GROUPS_SHOWN:,} more groups; `sneakeraug catalog stats --json` "
                "names them all."
            )


def _show_alike(product: Product, catalog: Catalog) -> None:
    data = catalog.image_bytes(product.product_id)
    st.image(pictures.file_picture(data), width="stretch", alt=_alt(product))
    st.markdown(f"**{words.plain(product.name)}**")
    facts = (product.brand, product.colour, product.product_id)
    st.caption(" · ".join(words.plain(fact) for fact in facts if fact))
    st.space("stretch")
    _show_remove(product, f"remove_alike_{product.product_id}")
