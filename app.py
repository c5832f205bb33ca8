"""The door to the pages: `streamlit run app.py`, or `uvicorn app:app`."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:
    from sneakeraug.ui import server

    app = st.App(
        server.SCRIPT,
        secrets=server.secrets(),
        lifespan=server.lifespan,
        routes=server.routes(),
        middleware=server.middleware(),
    )
else:
    from sneakeraug.ui.frame import render

    render()
