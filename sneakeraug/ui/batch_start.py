"""How a batch begins on its page: files, a table of campaigns, or our samples; and how it ends."""

from __future__ import annotations

import csv
import io
from typing import Final

import streamlit as st

from sneakeraug.batch.scorer import Wanted
from sneakeraug.errors import SneakeraugError
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context
from sneakeraug.ui import access, samples, words
from sneakeraug.ui.batch_job import MOST_PICTURES, BatchJob, Upload
from sneakeraug.ui.controls import FILE_TYPES
from sneakeraug.ui.state import Campaign
from sneakeraug.vocabulary import DEFAULT_CATEGORY

JOB, FAILED, N_BATCHES = "batch_job", "batch_failed", "n_batches"

N_ALTERNATES: Final = 5
MOST_MEGABYTES: Final = 100


def current() -> BatchJob | None:
    """Return this visitor's batch, if there is one; nobody else can reach it."""
    job = st.session_state.get(JOB)
    return job if isinstance(job, BatchJob) else None


def forget() -> None:
    """Stop this visitor's batch, and let go of its files."""
    job = current()
    if job is not None:
        job.cancel()
    st.session_state.pop(JOB, None)
    st.session_state.pop(FAILED, None)


def ask(campaign: Campaign, recommender: Recommender) -> None:
    """Show what takes the pictures, and start when told to."""
    if not access.can("run a batch"):
        st.info("Your role may not run a batch; an engineer may.", icon=":material/lock:")
        return
    failed = st.session_state.pop(FAILED, None)
    if failed is not None:
        st.error(words.plain(str(failed)), icon=":material/error:")
    st.caption(
        "For each picture: the verdict, the best edit and what it is predicted to change, for the "
        "campaign above. You can download it all."
    )
    left, right = st.columns([3, 2], gap="medium")
    round_ = st.session_state.get(N_BATCHES, 0)
    files = left.file_uploader(
        "A zip of pictures, or several pictures",
        type=[*FILE_TYPES, "zip"],
        accept_multiple_files=True,
        key=f"batch_files_{round_}",
        max_upload_size=MOST_MEGABYTES,
    )
    table = right.file_uploader(
        "A table of campaigns (optional)",
        type=["csv", "tsv", "jsonl"],
        key=f"batch_table_{round_}",
        max_upload_size=10,
        help="A column image names a picture of the zip; the columns target, campaign_type, "
        "industry, sneaker_type and gender say what it is for. Empty cells take the choice above.",
    )
    offers = st.toggle(
        f"Also offer {N_ALTERNATES} pictures from the catalog for each", key="batch_alternates"
    )
    wanted = _wanted(campaign, N_ALTERNATES if offers else 0)
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Score the pictures",
            type="primary",
            key="batch_go",
            icon=":material/play_arrow:",
            disabled=not files,
        ):
            given = [Upload(file.name, file.getvalue()) for file in files]
            listed = Upload(table.name, table.getvalue()) if table else None
            _start(given, listed, recommender, wanted)
        has_samples = campaign.category == DEFAULT_CATEGORY and samples.load_samples()
        if has_samples and st.button("Try it with our six samples", key="batch_samples"):
            _start(*_samples(), recommender, wanted)
    st.caption(
        f"Up to {MOST_PICTURES:,} pictures and {MOST_MEGABYTES} MB here. For folders, or more: "
        "`sneakeraug batch` on the command line, which gives the same rows."
    )


def _wanted(campaign: Campaign, n_alternates: int) -> Wanted:
    context = Context.of(
        campaign_type=campaign.campaign_type,
        industry=campaign.industry,
        sneaker_type=campaign.sneaker_type,
        gender=campaign.gender,
    )
    return Wanted(campaign.target, context, n_alternates, dict(campaign.guard))


def _start(
    files: list[Upload], table: Upload | None, recommender: Recommender, wanted: Wanted
) -> None:
    """Start a batch, and show it; what stands against it is said beside the files."""
    try:
        access.check("run a batch")
        st.session_state[JOB] = BatchJob(files, table, recommender, wanted)
        st.session_state[N_BATCHES] = st.session_state.get(N_BATCHES, 0) + 1
    except SneakeraugError as exc:
        st.session_state[FAILED] = str(exc)
    st.rerun()


def _samples() -> tuple[list[Upload], Upload]:
    """Our samples, and a table of what is known of them."""
    shown = samples.load_samples()
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["image", "sneaker_type", "gender"])
    table.writerows([s.path.name, s.sneaker_type, s.gender] for s in shown)
    files = [Upload(sample.path.name, sample.read()) for sample in shown]
    return files, Upload("samples.csv", text.getvalue().encode("utf-8"))
