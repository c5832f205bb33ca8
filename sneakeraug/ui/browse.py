"""Browsing the demo catalog and one's own: filters, order, search by a photo, page by page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sneakeraug.catalog.products import Catalog
from sneakeraug.errors import PhotoError
from sneakeraug.recommend import Recommender
from sneakeraug.records import Product, ProductFilter
from sneakeraug.ui import engine, pictures, product_cards, state, take_in, words
from sneakeraug.ui.product_cards import Item
from sneakeraug.vocabulary import CONTEXT_FIELDS

PER_PAGE: Final = 24

PAGE, SEARCHED = "catalog_page", "catalog_searched"
FINDER: Final = "catalog_finder"

Key = Callable[["Item"], tuple[object, ...]]

ORDERS: Final[dict[str, Key]] = {
    "Name": lambda item: (item.product.name.casefold(), item.product.product_id),
    "Lowest price": lambda item: (_price(item.product, math.inf), item.product.product_id),
    "Highest price": lambda item: (-_price(item.product, -math.inf), item.product.product_id),
    "Brand": lambda item: (item.product.brand.casefold(), item.product.name.casefold()),
}
ALIKE: Final = "Most alike"


@dataclass(frozen=True)
class Wish:
    """What the visitor wants to see; None and empty are open."""

    shelf: str | None
    text: str
    sneaker_types: tuple[str, ...]
    genders: tuple[str, ...]
    among: ProductFilter
    order: str


def ask(catalogs: dict[str, Catalog]) -> Wish:
    """Show what narrows and orders the products, the search by a photo, and the import."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = st.text_input(
            "Search", placeholder="Name, brand, colour or id", key="catalog_text", width=280
        )
        _ask_photo()
        take_in.show_button()
    products = [product for catalog in catalogs.values() for product in catalog.products]
    cells = st.grid(5, min_column_width=160, gap="small")
    types = cells.multiselect(
        "Type",
        _there(products, "sneaker_type"),
        format_func=words.label,
        placeholder="Any",
        key="catalog_types",
    )
    genders = cells.multiselect(
        "Worn by",
        _there(products, "gender"),
        format_func=words.label,
        placeholder="Any",
        key="catalog_genders",
    )
    brands = cells.multiselect(
        "Brand",
        sorted({p.brand for p in products if p.brand}),
        placeholder="Any",
        key="catalog_brands",
    )
    least, most = _ask_price(cells, products)
    orders = [*([ALIKE] if SEARCHED in st.session_state else []), *ORDERS]
    order = cells.selectbox("Order", orders, key=f"catalog_order_{len(orders)}")
    shelf = None
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        if len(catalogs) > 1:
            shelf = st.segmented_control(
                "Shelf",
                ["Both", *catalogs],
                default="Both",
                required=True,
                key="catalog_shelf",
                label_visibility="collapsed",
            )
        in_stock = st.toggle("Only in stock", key="catalog_in_stock")
    return Wish(
        shelf=None if shelf in (None, "Both") else shelf,
        text=text.strip(),
        sneaker_types=tuple(types),
        genders=tuple(genders),
        among=ProductFilter(tuple(brands), least, most, in_stock),
        order=order,
    )


def _ask_price(cells: DeltaGenerator, products: list[Product]) -> tuple[int | None, int | None]:
    """The least and the most price in minor units; None where all prices are within."""
    prices = [p.price_cents for p in products if p.price_cents is not None]
    if not prices:
        return None, None
    lowest, highest = min(prices) // 100, -(-max(prices) // 100)
    if lowest == highest:
        return None, None
    currencies = {p.currency for p in products if p.price_cents is not None}
    least, most = cells.slider(
        f"Price, {currencies.pop()}" if len(currencies) == 1 else "Price",
        lowest,
        highest,
        (lowest, highest),
        key=f"catalog_price_{lowest}_{highest}",
    )
    return (
        100 * least if least > lowest else None,
        100 * most if most < highest else None,
    )


def _there(products: list[Product], field: str) -> list[str]:
    """The terms of a field that any product has, in the vocabulary's order."""
    used = {getattr(product, field) for product in products}
    return [term for term in CONTEXT_FIELDS[field] if term in used]


def _ask_photo() -> None:
    """The pop-up that takes a photo to search by."""
    with st.popover(
        "Search by a photo", icon=":material/image_search:", key=FINDER, on_change="rerun"
    ) as finder:
        if finder.open:
            st.file_uploader(
                "Find products like this photo",
                type=["jpg", "jpeg", "png", "webp"],
                key="catalog_photo",
                on_change=_take_photo,
                max_upload_size=10,
            )


def _take_photo() -> None:
    file = st.session_state.get("catalog_photo")
    if file is not None:
        st.session_state[SEARCHED] = state.Picture.of(file.name, file.getvalue())
        st.session_state[PAGE] = 0
        st.session_state[FINDER] = False


def _show_photo(photo: state.Picture) -> None:
    """Show which photo is searched by, and the way out of it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.image(pictures.file_picture(photo.data), width=80, alt=f"Searched by: {photo.name}")
        st.markdown(f"Products like **{words.plain(photo.name)}**", width="content")
        st.button(
            "Clear the photo", key="catalog_clear", icon=":material/close:", on_click=_forget_photo
        )


def _forget_photo() -> None:
    st.session_state.pop(SEARCHED, None)


def find(catalogs: dict[str, Catalog], wish: Wish, recommender: Recommender) -> list[Item]:
    """Return what fits a wish, in its order.

    Parameters
    ----------
    catalogs
        From `shelves.load_shelves`.
    wish
        From `ask`.
    recommender
        Compares with the photo that was searched by.
    """
    items = _fitting(catalogs, wish)
    photo = st.session_state.get(SEARCHED)
    if photo is None:
        return items
    try:
        near = {
            shelf: engine.similarities(photo, catalog, recommender)
            for shelf, catalog in catalogs.items()
        }
    except PhotoError as exc:
        _forget_photo()
        st.error(words.plain(str(exc)), icon=":material/error:")
        return items
    _show_photo(photo)
    items = [
        Item(item.shelf, item.product, item.catalog, near[item.shelf].get(item.product.product_id))
        for item in items
    ]
    if wish.order == ALIKE:
        return sorted(items, key=lambda item: item.similarity or -1.0, reverse=True)
    return sorted(items, key=ORDERS[wish.order])


def _state(catalog: Catalog) -> tuple[str, str]:
    return catalog.state


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Catalog: _state, Wish: repr})
def _fitting(catalogs: dict[str, Catalog], wish: Wish) -> list[Item]:
    """What fits, in order; kept while neither the wish nor the catalogs change."""
    items = [
        Item(shelf, product, catalog)
        for shelf, catalog in catalogs.items()
        if wish.shelf in (None, shelf)
        for product in catalog.products
        if _fits(product, wish)
    ]
    return sorted(items, key=ORDERS.get(wish.order, ORDERS["Name"]))


def _fits(product: Product, wish: Wish) -> bool:
    text = f"{product.name} {product.brand} {product.colour} {product.product_id}".casefold()
    return (
        all(word in text for word in wish.text.casefold().split())
        and (not wish.sneaker_types or product.sneaker_type in wish.sneaker_types)
        and (not wish.genders or product.gender in wish.genders)
        and wish.among.fits(product)
    )


def show_grid(items: list[Item]) -> None:
    """Show one page of products, and the way to the next."""
    product_cards.confirm_removal()
    if not items:
        st.info("No product fits. Widen the search or the filters.", icon=":material/search_off:")
        return
    n_pages = math.ceil(len(items) / PER_PAGE)
    page = min(int(st.session_state.get(PAGE, 0)), n_pages - 1)
    start = page * PER_PAGE
    last = min(len(items), start + PER_PAGE)
    st.caption(f"{start + 1:,} to {last:,} of {len(items):,} products")
    is_mixed = len({item.shelf for item in items}) > 1
    grid = st.grid(product_cards.COLUMNS, min_column_width=product_cards.MIN_CARD_PX, gap="small")
    for item in items[start:last]:
        with grid.container(border=True, height="stretch", gap="xsmall", key=f"item_{item.key}"):
            product_cards.show_item(item, is_mixed)
    if n_pages > 1:
        with st.container(
            horizontal=True,
            horizontal_alignment="center",
            vertical_alignment="center",
            gap="small",
        ):
            st.button(
                "Back", key="catalog_back", disabled=page == 0, on_click=_turn, args=(page - 1,)
            )
            st.markdown(f"Page {page + 1} of {n_pages}", width="content")
            st.button(
                "Next",
                key="catalog_next",
                disabled=page == n_pages - 1,
                on_click=_turn,
                args=(page + 1,),
            )


def _turn(page: int) -> None:
    st.session_state[PAGE] = page


def _price(product: Product, without: float) -> float:
    return without if product.price_cents is None else float(product.price_cents)
