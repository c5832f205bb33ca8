"""The main job: one picture and one campaign in, one recommendation out."""

import streamlit as st

from sneakeraug.errors import PhotoError
from sneakeraug.ui import controls, engine, heading, results, state

recommender = engine.recommender()
heading.show("Which sneaker picture should you send?", recommender.card)
campaign = controls.ask_campaign()
picture = state.picture()

if picture is None:
    controls.show_start()
    st.stop()

try:
    with st.spinner("Making five edits and looking at all six pictures…"):
        analysis = engine.analyse(picture)
        recommendation = engine.score(analysis, campaign)
except PhotoError as exc:
    state.remove_picture(str(exc))
    controls.show_start()
    st.stop()

results.show_verdict(picture, analysis, recommendation)
results.show_ranking(picture, analysis, recommendation)
results.show_reasons(analysis, recommendation, campaign)
