"""Who is not let in does nothing, whatever they call; who is told that the page is open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from streamlit import config
from streamlit.testing.v1 import AppTest

from sneakeraug.errors import SettingsError
from sneakeraug.settings import Settings
from sneakeraug.ui import access, activation, batch_start, take_in

from .conftest import ROOT, Open

AUTH = {
    "redirect_uri": "http://127.0.0.1:8501/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "a",
    "client_secret": "b",
    "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nobody listens


SCRIPT = """
import streamlit as st
from sneakeraug.catalog.products import load_catalog
from sneakeraug.errors import AccessError
from sneakeraug.settings import get_settings
from sneakeraug.ui import activation, batch_start, engine, product_cards, take_in

if "asked" not in st.session_state:  # some of them begin the page anew
    st.session_state["asked"] = True
    try:
        {deed}
    except AccessError as exc:
        st.session_state["refused"] = str(exc)
"""


@pytest.mark.parametrize(
    ("deed", "kept", "said"),
    [
        pytest.param(
            'take_in._import("products.zip", b"")',
            take_in.FAILED,
            "change the catalog",
            id="importing",
        ),
        pytest.param(
            'st.session_state["refused"] = product_cards._remove(load_catalog().products[0])',
            "refused",
            "change the catalog",
            id="removing",
        ),
        pytest.param(
            "batch_start._start([], None, None, None)",
            batch_start.FAILED,
            "run a batch",
            id="running a batch",
        ),
        pytest.param(
            'engine.deliver(None, None, "original", "", 600, "jpeg")',
            "refused",
            "export",
            id="exporting",
        ),
        pytest.param(
            "activation._roll_back(get_settings(), None)",
            activation.FAILED,
            "activate a model",
            id="rolling back",
        ),
    ],
)
def test_a_deed_is_refused_where_it_is_done(deed: str, kept: str, said: str) -> None:
    at = AppTest.from_string(SCRIPT.format(deed=deed), default_timeout=240)
    at.secrets["auth"] = AUTH
    at.run()
    assert not at.exception
    assert f"Without a role you may not {said}" in at.session_state[kept]


def test_before_signing_in_a_page_shows_the_way_in_alone() -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=240)
    at.secrets["auth"] = AUTH
    at.run()
    assert not at.exception
    assert [title.value for title in at.title] == ["Sign in"]
    assert [button.label for button in at.button] == ["Sign in"]
    assert not at.file_uploader


@pytest.fixture
def listening_everywhere() -> Iterator[None]:
    before = config.get_option("server.address")
    config.set_option("server.address", EVERYWHERE)
    yield
    config.set_option("server.address", before)


@pytest.mark.usefixtures("listening_everywhere")
def test_an_open_page_beyond_this_machine_says_so_and_so_does_the_log(
    open_page: Open, caplog: pytest.LogCaptureFixture
) -> None:
    at = open_page()
    assert any(access.EXPOSED in str(caption.value) for caption in at.caption)
    access.warn_if_exposed()
    (record,) = [r for r in caplog.records if r.name == access.__name__]
    assert record.levelno == logging.WARNING
    assert EVERYWHERE in record.getMessage()


def test_a_page_of_this_machine_alone_says_nothing(open_page: Open) -> None:
    at = open_page()
    assert not any(access.EXPOSED in str(caption.value) for caption in at.caption)


@pytest.mark.parametrize(
    ("forwarded", "is_far"),
    [
        (None, False),
        ("127.0.0.1", False),
        ("::1", False),
        ("203.0.113.7", True),
        ("203.0.113.7, ::1", True),
        ("unknown", True),
    ],
)
def test_a_proxy_s_visits_from_other_machines_are_seen(forwarded: str | None, is_far: bool) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert access._came_from_afar(headers) == is_far


def test_half_of_what_signing_in_needs_is_an_error_and_not_an_open_page() -> None:
    whole = {
        "oidc_metadata_url": "https://id.example/.well-known/openid-configuration",
        "oidc_client_id": "a",
        "oidc_client_secret": SecretStr("b"),
        "public_url": "https://shoes.example/",
    }
    assert access.secrets(Settings()) is None
    made = access.secrets(Settings(**whole))  # type: ignore[arg-type]
    assert made is not None
    assert made["auth"]["redirect_uri"] == "https://shoes.example/oauth2callback"
    assert len(made["auth"]["cookie_secret"]) >= 32
    for name in whole:
        with pytest.raises(SettingsError, match=f"SNEAKERAUG_{name.upper()}"):
            access.secrets(Settings(**{**whole, name: ""}))  # type: ignore[arg-type]


def test_a_file_of_secrets_that_cannot_be_read_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("[auth", encoding="utf-8")
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(path)])
    try:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=240).run()
    finally:
        config.set_option("secrets.files", before)
    assert "secrets.toml" in at.error[0].value.replace("\\", "")
    assert not at.title
