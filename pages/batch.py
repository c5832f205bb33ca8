"""Many pictures at once: a zip or a handful of files in, a table of recommendations out."""

import streamlit as st

from sneakeraug.ui import batch_results, batch_start, controls, engine, heading, state

notices = state.read_link("batch")
recommender = engine.recommender(state.category())
heading.show("Score many pictures at once", recommender.card)
job = batch_start.current()
if job is None:
    campaign = controls.ask_campaign(notices, recommender.card)
    batch_start.ask(campaign, recommender)
    st.stop()

batch_results.show_progress(job)
batch_results.show(job)
