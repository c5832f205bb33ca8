"""What every page stands in: title, icon, navigation, and the one error boundary."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import streamlit as st

from sneakeraug.errors import BusyError, SneakeraugError
from sneakeraug.ui import access, navigation, words

HERE: Final = Path(__file__).resolve().parent

MOST_AT_ONCE: Final = 4 * (os.cpu_count() or 1)
"""Pages made at once, for all visits: more of them only make each other late."""

LONGEST_WAIT_S: Final = 2.0
"""For a turn; who waited in vain is told to try again."""

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)

logger = logging.getLogger(__name__)


def render() -> None:
    """Show the page that was asked for; an error becomes one message, and the page stays."""
    st.set_page_config(page_title="sneakeraug", page_icon=str(HERE / "icon.png"), layout="wide")
    st.html(HERE / "page.css")
    st.logo(str(HERE / "wordmark.png"), size="medium")
    page = st.navigation(navigation.all_pages(), position="top")
    try:
        with _turn():
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


@contextmanager
def _turn() -> Iterator[None]:
    """One of the turns there are, given back however the page ends.

    Raises
    ------
    BusyError
        If none comes free in time.
    """
    if not _turns.acquire(timeout=LONGEST_WAIT_S):
        raise BusyError
    try:
        yield
    finally:
        _turns.release()
