"""What a batch says: how far it is, a table with a line a picture, and the rows as files."""

from __future__ import annotations

import base64
from collections import Counter
from functools import partial
from typing import Final, cast

import pandas as pd
import streamlit as st

from sneakeraug.batch.rows import Row
from sneakeraug.batch.run import say_time
from sneakeraug.files import safe_cell
from sneakeraug.ui import batch_start, words
from sneakeraug.ui.batch_job import BatchJob, PictureResult

FILES: Final = {
    "CSV": (".csv", "text/csv"),
    "Parquet": (".parquet", "application/vnd.apache.parquet"),
    "JSON lines": (".jsonl", "application/jsonl"),
}

GROUPS: Final = {
    "recommend": "Use an edit",
    "cannot_tell": "Cannot tell",
    "keep_original": "Keep the original",
    "error": "Not scored",
}
"""Verdicts as what to do, in the order they are offered."""

ALL: Final = "All"
NO_PICTURE: Final = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""One clear pixel."""

ROW_PX: Final = 72
MOST_ROWS_SHOWN: Final = 9


def show_progress(job: BatchJob) -> None:
    """Show how far a batch is, until it is over; the rest of the page then comes by itself."""
    if not job.progress.is_over:
        _follow(job)


@st.fragment(run_every=1.0)
def _follow(job: BatchJob) -> None:
    progress = job.progress
    if progress.is_over:
        st.rerun()
    share = progress.n_done / progress.n_all
    if progress.status == "waiting":
        said = f"Waiting for the batch before it; {progress.n_all:,} pictures"
    elif not progress.n_done:
        said = f"Reading {progress.n_all:,} pictures…"
    else:
        rate = progress.n_done / max(progress.seconds, 1e-9)
        left = say_time((progress.n_all - progress.n_done) / rate)
        said = (
            f"{progress.n_done:,} of {progress.n_all:,} pictures, {rate:,.1f} photos a second, "
            f"{left} left"
        )
    st.progress(share, said)
    st.button("Cancel", key="batch_cancel", on_click=job.cancel, icon=":material/stop:")
    st.caption("You may leave this page and come back: the batch goes on.")


def show(job: BatchJob) -> None:
    """Show what was found, once a batch is over."""
    progress = job.progress
    if not progress.is_over:
        return
    if progress.status == "failed":
        st.error(words.plain(progress.error), icon=":material/error:")
    elif progress.status == "cancelled":
        st.warning(
            f"Cancelled after {progress.n_done:,} of {progress.n_all:,} pictures.",
            icon=":material/stop:",
        )
    results = progress.results
    if results:
        _show_summary(job, results)
        _show_table(results)
        _show_files(job)
    st.button(
        "Score other pictures",
        key="batch_again",
        on_click=batch_start.forget,
        icon=":material/refresh:",
        type="secondary",
    )


def _group(result: PictureResult) -> str:
    return "error" if result.edit is None else str(result.edit["verdict"])


def _show_summary(job: BatchJob, results: list[PictureResult]) -> None:
    wanted = job.wanted
    context = (wanted.context.campaign_type, wanted.context.industry)
    terms = [words.label(wanted.target), *(words.label(term) for term in context)]
    seconds = job.progress.seconds
    st.markdown(
        f"**{len(results):,} pictures** for {words.plain(', '.join(terms).lower())}, in "
        f"{say_time(seconds)} ({len(results) / max(seconds, 1e-9):,.1f} a second)"
    )


def _show_table(results: list[PictureResult]) -> None:
    """Show a line for each picture of the group that was chosen."""
    counts = Counter(map(_group, results))
    labels = {ALL: f"All {len(results):,}"} | {
        group: f"{said} {counts[group]:,}" for group, said in GROUPS.items() if counts[group]
    }
    chosen = st.segmented_control(
        "Show",
        list(labels),
        format_func=labels.__getitem__,
        default=ALL,
        required=True,
        wrap=True,
        key="batch_group",
        label_visibility="collapsed",
    )
    shown = [r for r in results if chosen in (ALL, None, _group(r))]
    table = pd.DataFrame([_line(result) for result in shown])
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=36 + ROW_PX * min(len(shown), MOST_ROWS_SHOWN) + 3,
        row_height=ROW_PX,
        column_config={
            "Picture": st.column_config.ImageColumn(width=80),
            "File": st.column_config.TextColumn(width=150),
            "Verdict": st.column_config.TextColumn(width=120),
            "Best edit": st.column_config.TextColumn(width=120),
            "Change": st.column_config.TextColumn(
                width=230, help="Against the original, in percentage points, with its 90 % range."
            ),
            "Original": st.column_config.TextColumn(
                width=90, help="Probability with the picture as it is."
            ),
            "Notes": st.column_config.TextColumn(width="large"),
        },
        alt="One line for each picture: verdict, best edit, predicted change, notes",
    )


def _line(result: PictureResult) -> dict[str, object]:
    """A picture's line; text is never markup, nor a formula where the table is saved."""
    original, edit = result.original, result.edit
    if original is None or edit is None:
        return {
            "Picture": NO_PICTURE,
            "File": safe_cell(result.name),
            "Verdict": GROUPS["error"],
            "Best edit": "",
            "Change": "",
            "Original": "",
            "Notes": safe_cell(result.error),
        }
    low, high = (
        words.points(_number(edit, name)) for name in ("difference_low", "difference_high")
    )
    change = words.points(_number(edit, "predicted_difference"))
    return {
        "Picture": "data:image/jpeg;base64," + base64.b64encode(result.thumbnail).decode("ascii"),
        "File": safe_cell(result.name),
        "Verdict": GROUPS[str(edit["verdict"])],
        "Best edit": words.VARIANTS[str(edit["variant"])],
        "Change": f"{change} points ({low} to {high})",
        "Original": words.percent(_number(original, "p")),
        "Notes": safe_cell(_notes(edit)),
    }


def _notes(row: Row) -> str:
    """What is said of this picture, without what is said of every one."""
    return str(row["warnings"]).replace(words.DEMO, "").strip()


def _number(row: Row, name: str) -> float:
    return cast("float", row[name])


def _show_files(job: BatchJob) -> None:
    """Offer all rows, a row a picture and version, as files."""
    st.caption("Download a row for each picture and version, with probabilities and ranges:")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for label, (kind, mime) in FILES.items():
            st.download_button(
                label,
                data=partial(job.write, kind),
                file_name=f"sneakeraug-batch{kind}",
                mime=mime,
                key=f"batch_download_{kind[1:]}",
                icon=":material/download:",
                on_click="ignore",
            )
