"""What the campaign page asks: the campaign, and a picture."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sneakeraug.card import ModelCard
from sneakeraug.ui import pictures, samples, state, words
from sneakeraug.ui.state import Campaign
from sneakeraug.vocabulary import DEFAULT_CATEGORY

ASKED: Final = {
    "campaign_type": "Campaign type",
    "industry": "Industry",
    "sneaker_type": "Sneaker type",
    "gender": "Worn by",
}
FILE_TYPES: Final = (
    "jpg",
    "jpeg",
    "png",
    "webp",
    "avif",
    "heic",
    "heif",
    "tif",
    "tiff",
    "bmp",
    "gif",
)
"""A hint to the browser; what is read is decided on the bytes."""

CHANGE_KEY: Final = "change_picture"
PICTURE_PX: Final = 240
SAMPLE_PX: Final = 155
"""Six abreast on the page, three in the pop-up, two on a phone."""


def ask_campaign(notices: list[str], card: ModelCard) -> Campaign:
    """Show what the campaign wants and its drop-downs, held in step with the page's link.

    Parameters
    ----------
    notices
        What `state.read_link` did not understand.
    card
        Of the model that serves: only what it was trained for is offered.
    """
    targets = state.known_targets(card.vocabulary["target"])
    notices = notices + state.hold_to(targets)
    if len(state.options("category")) > 1:
        st.segmented_control(
            "Product",
            state.options("category"),
            format_func=words.label,
            required=True,
            wrap=True,
            key=state.widget_key("category"),
        )
    left, right = st.columns([6, 8], gap="medium")
    left.segmented_control(
        "I want",
        targets,
        format_func=words.label,
        required=True,
        wrap=True,
        key=state.widget_key("target"),
    )
    _ask_guards(left, targets)
    pairs = right.grid(2, min_column_width=280, gap="small")
    names = list(ASKED)
    is_sneaker = state.category() == DEFAULT_CATEGORY
    for pair in (names[:2], names[2:]):  # four in a row, or two by two, never three and one
        for cell, name in zip(pairs.cell().columns(2, wrap=False), pair, strict=True):
            cell.selectbox(
                ASKED[name],
                state.options(name),
                format_func=words.label,
                key=state.widget_key(name),
                disabled=name == "sneaker_type" and not is_sneaker,
            )
    missing = words.missing(card.left_out)
    if missing:
        st.caption(f":material/info: {words.plain(missing)}")
    for notice in notices:
        st.warning(words.plain(notice), icon=":material/link_off:")
    return state.write_link()


def _ask_guards(where: DeltaGenerator, targets: tuple[str, ...]) -> None:
    """Show the guardrails a model can hold, tucked away; the button says how many are set."""
    target = str(st.session_state[state.widget_key("target")])
    offered = {
        name: other
        for name, other in state.GUARD_FIELDS.items()
        if other in targets and other != target
    }
    if not offered:
        return
    n_set = sum(st.session_state[state.widget_key(name)] != words.ANY for name in offered)
    said = f"Guardrails: {n_set}" if n_set else "Guardrails"
    with where.popover(said, icon=":material/shield:", key="guardrails"):
        st.caption(
            "A picture that may cost more than this is never recommended. Counted per 10,000 "
            "sends; abandoned carts per 10,000 carts."
        )
        for name, other in offered.items():
            st.selectbox(
                words.GUARDS[other],
                state.options(name),
                format_func=words.guard,
                key=state.widget_key(name),
            )


def show_start() -> None:
    """Show how to begin: an upload, or one click on a sample; the samples are sneakers."""
    failed = state.message()
    if failed is not None:
        st.error(words.plain(failed), icon=":material/error:")
    st.subheader("Start with a picture", anchor=False)
    st.caption(
        "You will see how it is predicted to do as it is, in five edited versions, and against "
        "pictures from the catalog: ranked, with one plain recommendation."
    )
    upload(f"Upload a {words.product(state.category())} picture")
    if state.category() == DEFAULT_CATEGORY:
        st.subheader("Or try one of ours", anchor=False)
        show_samples("start")


def upload(title: str) -> None:
    """Show the uploader; the file is copied into the session as soon as it arrives."""
    st.file_uploader(
        title,
        type=list(FILE_TYPES),
        key=state.upload_key(),
        on_change=_take_upload,
        max_upload_size=10,
    )


def show_samples(where: str) -> None:
    """Show the sample sneakers, each with a button that takes it."""
    shown = samples.load_samples()
    if not shown:
        st.caption("No sample pictures are installed; upload one.")
        return
    grid = st.grid(len(shown), min_column_width=SAMPLE_PX, gap="small")
    for i, sample in enumerate(shown):
        with grid.container(border=True, height="stretch", gap="small"):
            st.image(pictures.file_picture(sample.read()), width="stretch", alt=sample.title)
            st.markdown(f"**{words.plain(sample.title)}**")
            st.space("stretch")
            st.button(
                "Try this one",
                key=f"{where}_sample_{i}",
                on_click=_take_sample,
                args=(sample,),
                width="stretch",
            )


def show_picture(picture: state.Picture, shown: bytes) -> None:
    """Show the chosen picture, with what changes or removes it."""
    with st.container(horizontal=True, gap="small"):
        st.image(shown, width=PICTURE_PX, alt=f"Your picture: {picture.name}")
        with st.container(horizontal=True, gap="small"):
            with st.popover("Change", key=CHANGE_KEY, on_change="rerun", width="stretch") as change:
                if change.open:
                    upload("Upload another picture")
                    if state.category() == DEFAULT_CATEGORY:
                        show_samples("change")
            st.button(
                "Remove", key="remove_picture", on_click=state.remove_picture, width="stretch"
            )


def _take_upload() -> None:
    state.take_upload()
    st.session_state[CHANGE_KEY] = False


def _take_sample(sample: samples.Sample) -> None:
    picture = state.Picture.of(sample.title, sample.read())
    state.choose_picture(picture, sample.sneaker_type, sample.gender)
    st.session_state[CHANGE_KEY] = False
