"""The main job: one picture and one campaign in, one recommendation out."""

import streamlit as st

from sneakeraug.errors import PhotoError
from sneakeraug.ui import controls, engine, heading, results, state, take_away, words

notices = state.read_link()
recommender = engine.recommender(state.category())
product = words.product(state.category())
heading.show(f"Which {product} picture should you send?", recommender.card)
campaign = controls.ask_campaign(notices, recommender.card)
picture = state.picture()

if picture is None:
    controls.show_start()
    st.stop()

try:
    with st.spinner("Making five edits and looking at all six pictures…"):
        analysis = engine.analyse(picture, campaign.category)
        recommendation = engine.score(analysis, campaign)
except PhotoError as exc:
    state.remove_picture(str(exc))
    controls.show_start()
    st.stop()

results.show_verdict(picture, analysis, recommendation)
results.show_ranking(picture, analysis, recommendation, recommender)
take_away.show(picture, recommendation, campaign.category)
results.show_reasons(analysis, recommendation, campaign)
results.show_past(analysis, campaign)
