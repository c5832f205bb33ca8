"""What every page stands in: title, icon, navigation, and the one error boundary."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import streamlit as st

from sneakeraug.errors import BusyError, SneakeraugError
from sneakeraug.ui import access, navigation, words
from sneakeraug.ui.turns import turns

HERE: Final = Path(__file__).resolve().parent

logger = logging.getLogger(__name__)


def render() -> None:
    """Show the page that was asked for; an error becomes one message, and the page stays."""
    st.set_page_config(page_title="sneakeraug", page_icon=str(HERE / "icon.png"), layout="wide")
    st.html(HERE / "page.css")
    st.logo(str(HERE / "wordmark.png"), size="medium")
    page = st.navigation(navigation.all_pages(), position="top")
    try:
        with turns.take():
            if access.enter():
                page.run()
    except BusyError as exc:
        st.warning(words.plain(str(exc)), icon=":material/hourglass_top:")
        st.button("Try again", key="try_again")
    except SneakeraugError as exc:
        st.error(words.plain(str(exc)), icon=":material/error:")
    except Exception:  # the outermost boundary of the pages
        logger.exception("A page failed")
        st.error(
            "Something went wrong while this page was made; nothing was scored. "
            "Reload the page. If it happens again, tell whoever runs this server: "
            "the server's log has the details.",
            icon=":material/error:",
        )
