"""What leaves the page: a picture for the e-mail, how inboxes show it, figures, reports, files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import streamlit as st

from sneakeraug import delivery
from sneakeraug.delivery import Delivery
from sneakeraug.errors import InputError, SneakeraugError
from sneakeraug.export import tables
from sneakeraug.export.mail_tools import (
    TOOLS,
    Item,
    missing_addresses,
    write_tool_files,
    zip_files,
)
from sneakeraug.export.picture import MIME, WIDTHS_PX, Kind
from sneakeraug.export.preview import (
    VIEWS,
    VISIONS,
    render_inbox,
    render_visions,
)
from sneakeraug.export.report import LONGEST_NAME, LONGEST_NOTE, SignOff
from sneakeraug.export.snippet import LONGEST_ALT, check_address, propose_alt, write_snippet
from sneakeraug.files import safe_stem
from sneakeraug.records import Recommendation
from sneakeraug.signoff import REPORTS
from sneakeraug.store.decisions import Decision
from sneakeraug.ui import access, decision, engine, words
from sneakeraug.ui.state import Picture

FORMATS: Final[dict[Kind, str]] = {"jpeg": "JPEG", "png": "PNG"}
TABLES: Final[dict[tables.TableKind, str]] = {
    "csv": "CSV",
    "xlsx": "Excel",
    "parquet": "Parquet",
    "json": "JSON",
}
COLOURS_TAB: Final = "Colour vision"


@dataclass(frozen=True)
class Wish:
    """What was asked of the picture."""

    variant: str
    width_px: int
    kind: Kind
    alt: str
    link: str | None


@st.fragment
def show(picture: Picture, recommendation: Recommendation, category: str) -> None:
    """Show the export once it is opened; until then nothing of it is made.

    What a fragment is given stays with the session, long after the visitor left: no analysis.

    Parameters
    ----------
    picture
        The upload; what is exported starts from it at full size.
    recommendation
        What came back for it.
    category
        Of the product.
    """
    if not access.can("export"):
        return
    about = st.expander(
        "Export for an e-mail", key="export", on_change="rerun", icon=":material/outgoing_mail:"
    )
    if not about.open:
        return
    with about:
        try:
            _show(picture, recommendation, category)
        except SneakeraugError as exc:  # a fragment runs outside of the page's own boundary
            st.error(words.plain(str(exc)), icon=":material/error:")


def _show(picture: Picture, recommendation: Recommendation, category: str) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        wish = _ask(picture, recommendation, category)
        made = engine.deliver(
            picture, recommendation, wish.variant, wish.alt, wish.width_px, wish.kind
        )
        if isinstance(made, str):
            st.warning(words.plain(made), icon=":material/compress:")
            return
        _show_files(made, wish)
    with right:
        _show_preview(made)
    grid = st.grid(4, min_column_width=250, gap="small")
    with grid.container(border=True, height="stretch", gap="small"):
        _show_figures(picture, recommendation)
    with grid.container(border=True, height="stretch", gap="small"):
        by, note = _show_report(picture, recommendation, made, category)
    with grid.container(border=True, height="stretch", gap="small"):
        decision.show(recommendation, made, by, note)
    with grid.container(border=True, height="stretch", gap="small"):
        _show_tools(picture, recommendation, made, wish)


def _ask(picture: Picture, recommendation: Recommendation, category: str) -> Wish:
    """Ask which version, how wide, which format, and with which text."""
    ranked = [v.augmentation for v in sorted(recommendation.variants, key=lambda v: v.rank)]
    best = recommendation.best_augmentation
    advised = best.augmentation or "original"
    said = "" if best.verdict == "cannot_tell" else " (advised)"
    of_picture = picture.sha256[:12]
    variant = st.selectbox(
        "Version",
        ranked,
        index=ranked.index(advised),
        format_func=lambda name: f"{words.VARIANTS[name]}{said if name == advised else ''}",
        key=f"export_variant_{of_picture}",
    )
    width, kind = st.columns(2, gap="small", wrap=False)
    width_px = width.segmented_control(
        "Width",
        WIDTHS_PX,
        default=WIDTHS_PX[0],
        format_func=lambda px: f"{px:,}{words.NBSP}px",
        required=True,
        key="export_width",
    )
    chosen = kind.segmented_control(
        "Format",
        list(FORMATS),
        default="jpeg",
        format_func=FORMATS.__getitem__,
        required=True,
        key="export_format",
    )
    context = recommendation.request.context
    proposed = propose_alt(picture.name, variant, context.sneaker_type, context.gender, category)
    alt = st.text_input(
        "Alternative text",
        value=proposed,
        max_chars=LONGEST_ALT,
        key=f"export_alt_{of_picture}_{variant}",
        help="Read aloud, and shown where pictures are off. Say what is seen.",
    )
    link = st.text_input(
        "Link (optional)",
        placeholder="https://… where a click leads",
        key="export_link",
        type="url",
    )
    return Wish(
        variant,
        width_px or WIDTHS_PX[0],
        chosen or "jpeg",
        (alt or "").strip() or proposed,
        _address("The link", link),
    )


def _address(what: str, text: str | None) -> str | None:
    """A web address that was typed; a wrong one is said, and left out."""
    if not text or not text.strip():
        return None
    try:
        return check_address(what, text)
    except InputError as exc:
        st.warning(words.plain(str(exc)), icon=":material/link_off:")
        return None


def _show_files(made: Delivery, wish: Wish) -> None:
    """Say what the picture came to, and offer it with its HTML and its manifest."""
    result = made.picture
    encoding = result.encoding
    how = f"quality {encoding.quality}" if encoding.quality else "full colour"
    if encoding.n_colours:
        how = f"{encoding.n_colours} colours"
    st.caption(
        f"{result.width:,} × {result.height:,} px · {len(result.data) / 1000:.0f}{words.NBSP}KB · "
        f"{how} · likeness {result.ssim:.3f} of 1 (SSIM) · sRGB, no metadata"
    )
    for note in made.notes:
        st.markdown(f":orange[:material/info:] {words.plain(note)}")
    snippet = write_snippet(result, made.file_name, made.alt, wish.link)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Download picture",
            data=result.data,
            file_name=made.file_name,
            mime=MIME[result.kind],
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            key="export_picture",
        )
        st.download_button(
            "HTML",
            data=snippet,
            file_name=f"{made.stem}.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
            key="export_html",
        )
        st.download_button(
            "Manifest",
            data=made.manifest.to_json(),
            file_name=f"{made.stem}.manifest.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="export_manifest",
            help="What was done to the picture. From it and your upload `sneakeraug rebuild` makes "
            "this very picture again.",
        )


def _show_preview(made: Delivery) -> None:
    """Show the picture as inboxes and other eyes do; only the open tab is made."""
    names = [view.name for view in VIEWS.values()]
    tabs = st.tabs([*names, COLOURS_TAB], key="export_preview", on_change="rerun")
    for tab, view in zip(tabs, VIEWS.values(), strict=False):
        if tab.open:
            with tab:
                st.caption(view.says)
                st.html(render_inbox(made.picture, made.alt, view))
    if tabs[-1].open:
        with tabs[-1]:
            _show_visions(made)


def _show_visions(made: Delivery) -> None:
    st.caption("About 1 man in 12 and 1 woman in 200 sees colours otherwise, most red and green.")
    seen = {"As most see it": made.picture.data}
    seen |= {VISIONS[name]: data for name, data in render_visions(made.picture).items()}
    grid = st.grid(2, min_column_width=140, gap="small")
    for name, data in seen.items():
        with grid.container(gap="xsmall"):
            st.image(data, width="stretch", alt=f"{made.alt}. {name}")
            st.caption(name)


def _show_figures(picture: Picture, recommendation: Recommendation) -> None:
    st.markdown("**All figures**")
    st.caption("Every version and alternate with probability, range and rank.")
    kind = st.segmented_control(
        "Format of the figures",
        list(TABLES),
        default="csv",
        format_func=TABLES.__getitem__,
        required=True,
        wrap=True,
        key="export_table",
    )
    st.space("stretch")
    wanted = kind or "csv"
    st.download_button(
        f"Download as {TABLES[wanted]}",
        data=partial(tables.write_results, recommendation, wanted),
        file_name=f"{safe_stem(picture.name)}-results.{wanted}",
        mime=tables.MIME[wanted],
        icon=":material/download:",
        on_click="ignore",
        key="export_figures",
        width="stretch",
    )


def _show_report(
    picture: Picture,
    recommendation: Recommendation,
    made: Delivery,
    category: str,
) -> tuple[str, str]:
    """Offer the report; who signs it, and their note."""
    access.check("sign off")
    st.markdown("**Sign-off report**")
    st.caption(
        "Verdict, pictures, ranges, campaign and model on paper; opens offline. Downloading it "
        "records the decision too."
    )
    by = st.text_input("Who signs off", key="export_by", max_chars=LONGEST_NAME) or ""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    on = st.text_input("Date", value=today, key="export_on", max_chars=LONGEST_NAME) or today
    note = st.text_input("Note (optional)", key="export_note", max_chars=LONGEST_NOTE) or ""
    is_signed = bool(by.strip() and on.strip())
    if not is_signed:
        st.caption(":material/info: Fill in who signs off first.")
    st.space("stretch")
    said = decision.of_delivery(recommendation, made, by, note) if is_signed else None
    with st.container(horizontal=True, gap="small"):
        for kind, mime in REPORTS.items():
            st.download_button(
                f"Report as {kind.upper()}",
                data=partial(
                    _report,
                    picture,
                    recommendation,
                    made,
                    (by, on, note),
                    kind,
                    category,
                    said,
                ),
                file_name=f"{made.stem}-sign-off.{kind}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"export_report_{kind}",
                disabled=not is_signed,
                width="stretch",
            )
    return by, note


def _report(
    picture: Picture,
    recommendation: Recommendation,
    made: Delivery,
    signed: tuple[str, str, str],
    kind: str,
    category: str,
    said: Decision | None,
) -> bytes:
    """The report's file, when it is asked for; nothing is signed that is not in the log."""
    if said is not None:
        decision.keep(said)
    return engine.report(picture, recommendation, made, SignOff(*signed), kind, category)


def _show_tools(
    picture: Picture, recommendation: Recommendation, made: Delivery, wish: Wish
) -> None:
    st.markdown("**For an e-mail tool**")
    st.caption("A file your tool takes in; nothing is sent from here.")
    tool = st.selectbox("E-mail tool", list(TOOLS), format_func=TOOLS.__getitem__, key="export_for")
    address = st.text_input(
        "The picture's web address",
        placeholder="https://… once you have put it there",
        key="export_picture_url",
        type="url",
        disabled=tool == "mailchimp",
    )
    where = None if tool == "mailchimp" else _address("The picture's address", address)
    item = delivery.item_of(made, recommendation, picture.name, where, wish.link)
    missing = missing_addresses(tool, item)
    if missing:
        needed = {"picture_url": "the picture's web address", "link": "the link above"}
        st.caption(
            f":material/info: {TOOLS[tool]} needs {' and '.join(needed[name] for name in missing)}."
        )
    st.space("stretch")
    st.download_button(
        f"Download for {TOOLS[tool].split()[0]}",
        data=partial(_tool_files, tool, item),
        file_name=f"{made.stem}-{tool}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        key="export_tool",
        disabled=bool(missing),
        width="stretch",
    )


def _tool_files(tool: str, item: Item) -> bytes:
    """A tool's files in one zip; Mailchimp's own zip as it is."""
    files = write_tool_files(tool, item)
    if len(files) == 1 and next(iter(files)).endswith(".zip"):
        return next(iter(files.values()))
    return zip_files(files)
