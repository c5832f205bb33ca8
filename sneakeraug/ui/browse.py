"""Browsing the demo catalog and one's own: filters, order, search by a photo, a page of cards."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from sneakeraug.catalog.own import open_own_catalog, own_catalog
from sneakeraug.catalog.products import Catalog, load_catalog
from sneakeraug.errors import PhotoError
from sneakeraug.recommend import Recommender
from sneakeraug.records import Product
from sneakeraug.settings import get_settings
from sneakeraug.ui import engine, navigation, pictures, state, take_in, words
from sneakeraug.vocabulary import CONTEXT_FIELDS

PER_PAGE: Final = 24
COLUMNS: Final = 6
MIN_CARD_PX: Final = 152

OWN, DEMO_SHELF = "Yours", "Demo"
PAGE, SEARCHED, REMOVING = "catalog_page", "catalog_searched", "catalog_removing"
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
class Item:
    """A product where it stands.

    Attributes
    ----------
    shelf
        `OWN` or `DEMO_SHELF`.
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


@dataclass(frozen=True)
class Wish:
    """What the visitor wants to see; None and empty are open."""

    shelf: str | None
    text: str
    sneaker_types: tuple[str, ...]
    genders: tuple[str, ...]
    brands: tuple[str, ...]
    in_stock: bool
    order: str


def load_shelves() -> dict[str, Catalog]:
    """Return the catalogs there are, one's own first; an empty one of one's own is left out."""
    own = own_catalog(get_settings())
    return ({OWN: own} if len(own) else {}) | {DEMO_SHELF: load_catalog()}


def ask(shelves: dict[str, Catalog]) -> Wish:
    """Show what narrows and orders the products, the search by a photo, and the import."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = st.text_input(
            "Search", placeholder="Name, brand, colour or id", key="catalog_text", width=280
        )
        _ask_photo()
        take_in.show_button()
    products = [product for catalog in shelves.values() for product in catalog.products]
    cells = st.grid(4, min_column_width=160, gap="small")
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
    orders = [*([ALIKE] if SEARCHED in st.session_state else []), *ORDERS]
    order = cells.selectbox("Order", orders, key=f"catalog_order_{len(orders)}")
    shelf = None
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        if len(shelves) > 1:
            shelf = st.segmented_control(
                "Shelf",
                ["Both", *shelves],
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
        brands=tuple(brands),
        in_stock=in_stock,
        order=order,
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
    if SEARCHED in st.session_state:
        st.button("Clear the photo", key="catalog_clear", on_click=_forget_photo)


def _take_photo() -> None:
    file = st.session_state.get("catalog_photo")
    if file is not None:
        st.session_state[SEARCHED] = state.Picture.of(file.name, file.getvalue())
        st.session_state[PAGE] = 0
        st.session_state[FINDER] = False


def _forget_photo() -> None:
    st.session_state.pop(SEARCHED, None)


def find(shelves: dict[str, Catalog], wish: Wish, recommender: Recommender) -> list[Item]:
    """Return what fits a wish, in its order.

    Parameters
    ----------
    shelves
        From `load_shelves`.
    wish
        From `ask`.
    recommender
        Compares with the photo that was searched by.
    """
    items = [
        Item(shelf, product, catalog)
        for shelf, catalog in shelves.items()
        if wish.shelf in (None, shelf)
        for product in catalog.products
        if _fits(product, wish)
    ]
    photo = st.session_state.get(SEARCHED)
    if photo is None:
        return sorted(items, key=ORDERS.get(wish.order, ORDERS["Name"]))
    try:
        near = {
            shelf: engine.similarities(photo, catalog, recommender)
            for shelf, catalog in shelves.items()
        }
    except PhotoError as exc:
        _forget_photo()
        st.error(words.plain(str(exc)), icon=":material/error:")
        return sorted(items, key=ORDERS["Name"])
    items = [
        Item(item.shelf, item.product, item.catalog, near[item.shelf].get(item.product.product_id))
        for item in items
    ]
    if wish.order == ALIKE:
        return sorted(items, key=lambda item: item.similarity or -1.0, reverse=True)
    return sorted(items, key=ORDERS[wish.order])


def _fits(product: Product, wish: Wish) -> bool:
    text = f"{product.name} {product.brand} {product.colour} {product.product_id}".casefold()
    return (
        all(word in text for word in wish.text.casefold().split())
        and (not wish.sneaker_types or product.sneaker_type in wish.sneaker_types)
        and (not wish.genders or product.gender in wish.genders)
        and (not wish.brands or product.brand in wish.brands)
        and (product.in_stock or not wish.in_stock)
    )


def show_grid(items: list[Item]) -> None:
    """Show one page of products, and the way to the next."""
    removing = st.session_state.get(REMOVING)
    if isinstance(removing, Product):
        _confirm_removal(removing)
    if not items:
        st.info("No product fits. Widen the search or the filters.", icon=":material/search_off:")
        return
    n_pages = math.ceil(len(items) / PER_PAGE)
    page = min(int(st.session_state.get(PAGE, 0)), n_pages - 1)
    start = page * PER_PAGE
    last = min(len(items), start + PER_PAGE)
    st.caption(f"{start + 1:,} to {last:,} of {len(items):,} products")
    grid = st.grid(COLUMNS, min_column_width=MIN_CARD_PX, gap="small")
    for item in items[start:last]:
        with grid.container(border=True, height="stretch", gap="xsmall", key=f"item_{item.key}"):
            _show_item(item)
    if n_pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
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


def _show_item(item: Item) -> None:
    """One card: picture, name, what it is, what can be done with it."""
    product = item.product
    data = item.catalog.image_bytes(product.product_id)
    st.image(pictures.file_picture(data), width="stretch", alt=_alt(product))
    st.markdown(f"**{words.plain(product.name)}**")
    badge = f":gray-badge[{item.shelf.lower()}]"
    if item.similarity is not None:
        badge += f" :blue-badge[{words.percent(max(0.0, item.similarity))} alike]"
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
    st.markdown(badge)
    st.space("stretch")
    if st.button("Score it", key=f"score_{item.key}", icon=":material/campaign:", width="stretch"):
        picture = state.Picture.of(product.name, data)
        state.choose_picture(picture, product.sneaker_type, product.gender)
        st.switch_page(navigation.campaign_page())
    if item.shelf == OWN:
        st.button(
            "Remove",
            key=f"remove_{item.key}",
            icon=":material/delete:",
            width="stretch",
            on_click=_ask_removal,
            args=(product,),
        )


def _ask_removal(product: Product) -> None:
    st.session_state[REMOVING] = product


def _keep() -> None:
    st.session_state.pop(REMOVING, None)


def _remove(product: Product) -> None:
    st.session_state.pop(REMOVING, None)
    open_own_catalog(get_settings()).remove([product.product_id])
    engine.refresh_catalog()


@st.dialog("Remove this product?", on_dismiss=_keep)
def _confirm_removal(product: Product) -> None:
    st.markdown(
        f"**{words.plain(product.name)}** leaves your catalog, and its picture with it where no "
        "other product shows it. Import it again to have it back."
    )
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Remove it", key="removal_yes", type="primary", on_click=_remove, args=(product,)
        ):
            st.rerun()
        if st.button("Keep it", key="removal_no", on_click=_keep):
            st.rerun()


def _alt(product: Product) -> str:
    return (
        f"{product.name} by {product.brand or 'no brand'}, {words.label(product.sneaker_type)}, "
        f"worn by {product.gender}"
    )


def _price(product: Product, without: float) -> float:
    return without if product.price_cents is None else float(product.price_cents)


def _price_text(product: Product) -> str:
    if product.price_cents is None:
        return ""
    return words.plain(f"{product.price_cents / 100:,.2f}{words.NBSP}{product.currency}")
