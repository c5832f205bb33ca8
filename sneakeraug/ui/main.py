"""The script Streamlit runs for every visit; `app.py` names it."""

from sneakeraug.ui.frame import render

render()
