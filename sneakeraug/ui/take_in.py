"""Importing products on the page: a file in, progress, and a report of what was left out."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import Final

import pandas as pd
import streamlit as st

from sneakeraug import ingest
from sneakeraug.collect.feeds import TABLES
from sneakeraug.errors import SneakeraugError
from sneakeraug.files import safe_cell, write_bytes
from sneakeraug.progress import Step
from sneakeraug.ui import access, engine, words

REPORT, FAILED, N_UPLOADS = "import_report", "import_failed", "n_imports"
KINDS: Final = (*(kind.removeprefix(".") for kind in TABLES), "zip")


def show_button() -> None:
    """Show the pop-up that takes a file of products, to who may import."""
    if not access.can("change the catalog"):
        return
    with st.popover("Import products", icon=":material/upload_file:"):
        st.markdown(
            "A **zip** of pictures, or of a table and its pictures; a table can be CSV, TSV, JSON "
            "lines, a Merchant feed or a Shopify export."
        )
        file = st.file_uploader(
            "File of products",
            type=list(KINDS),
            key=f"import_{st.session_state.get(N_UPLOADS, 0)}",
            max_upload_size=10,
        )
        st.caption(
            "Larger ones, folders, and feeds that name pictures by address: "
            "`sneakeraug import products`."
        )
        if file is not None and st.button("Import", type="primary", key="import_now"):
            _import(file.name, file.getvalue())


def _import(name: str, data: bytes) -> None:
    """Import a file's bytes, then start the page anew with the report."""
    st.session_state.pop(REPORT, None)
    st.session_state.pop(FAILED, None)
    suffix = PurePosixPath(name.lower()).suffix
    progress = st.progress(0.0, "Reading the file…")

    def report_rows(line: str) -> None:
        progress.progress(line.share / 2 if isinstance(line, Step) else 0.0, line)

    def report_pictures(line: str) -> None:
        progress.progress(0.5 + (line.share / 2 if isinstance(line, Step) else 0.0), line)

    try:
        access.check("change the catalog")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"import{suffix if suffix[1:] in KINDS else '.zip'}"
            write_bytes(path, data)
            done = ingest.import_products(path, {}, None, report_rows)
        engine.refresh_catalog(report_pictures)
        st.session_state[REPORT] = done
    except SneakeraugError as exc:
        st.session_state[FAILED] = str(exc)
    st.session_state[N_UPLOADS] = st.session_state.get(N_UPLOADS, 0) + 1
    st.rerun()


def show_report() -> None:
    """Show what the last import of this visit did."""
    failed = st.session_state.get(FAILED)
    if failed is not None:
        st.error(words.plain(failed), icon=":material/error:")
    done = st.session_state.get(REPORT)
    if not isinstance(done, ingest.Imported):
        return
    said = (
        f"{done.n_added:,} products added, {done.n_changed:,} changed, {done.n_same:,} as before."
    )
    if not done.rejects:
        st.success(said, icon=":material/check_circle:")
        _show_close()
        return
    st.warning(
        f"{said} {len(done.rejects):,} of {done.n_rows:,} rows were left out.",
        icon=":material/rule:",
    )
    with st.expander("Rows left out"):
        rows = pd.DataFrame(
            [(r.row, r.product_id, f"{r.reason[:1].upper()}{r.reason[1:]}") for r in done.rejects],
            columns=["Row", "Product", "Why"],
        )
        st.dataframe(rows, hide_index=True, width="content")
        st.download_button(
            "Download these rows as CSV",
            data=rows.map(safe_cell).to_csv(index=False).encode("utf-8"),
            file_name="rejects.csv",
            mime="text/csv",
            key="import_rejects",
            icon=":material/download:",
            on_click="ignore",
        )
    _show_close()


def _show_close() -> None:
    """Show what puts the report away."""
    st.button("Close this report", key="import_close", icon=":material/close:", on_click=_close)


def _close() -> None:
    st.session_state.pop(REPORT, None)
