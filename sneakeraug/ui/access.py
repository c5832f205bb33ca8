"""Who visits a page, what they may do, and the sign-in before it where one is set up."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit import config
from streamlit.errors import StreamlitSecretNotFoundError

from sneakeraug.errors import SettingsError
from sneakeraug.hosts import is_loopback
from sneakeraug.roles import Action, Role, may, read_roles, require
from sneakeraug.settings import Settings, get_settings
from sneakeraug.ui import words

CALLBACK: Final = "/oauth2callback"
"""Where Streamlit takes people back from the provider."""

LEAST_SECRET: Final = 32
"""Characters of what signs the cookies of who signed in; without a setting it is random."""

EVERYONE: Final[Role] = "admin"
"""Of whoever reaches a page that asks nobody to sign in."""

EXPOSED: Final = (
    "This page asks nobody to sign in and is reached from other machines: whoever reaches it may "
    "do everything here."
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visitor:
    """Who is at the page.

    Attributes
    ----------
    name
        Their e-mail address, else what the provider calls them; empty where nobody signs in.
    role
        None where they were given none.
    """

    name: str
    role: Role | None


def secrets(settings: Settings) -> dict[str, Any] | None:
    """Return what `st.login` needs to know, from the variables; None where they are not set.

    Raises
    ------
    SettingsError
        If only some of them are, or the cookies' secret is short.
    """
    needed = {
        "OIDC_METADATA_URL": settings.oidc_metadata_url,
        "OIDC_CLIENT_ID": settings.oidc_client_id,
        "OIDC_CLIENT_SECRET": settings.oidc_client_secret.get_secret_value(),
    }
    if not any(needed.values()):
        return None
    needed["PUBLIC_URL"] = settings.public_url
    for name, value in needed.items():
        if not value:
            expected = "a value, as the other variables of signing in have one,"
            raise SettingsError(f"SNEAKERAUG_{name}", "", "the settings", expected)
    cookie_secret = str(config.get_option("server.cookieSecret") or "")
    if len(cookie_secret) < LEAST_SECRET:
        expected = f"at least {LEAST_SECRET} characters (`openssl rand -hex 32`)"
        raise SettingsError("STREAMLIT_SERVER_COOKIE_SECRET", "too short", "Streamlit", expected)
    return {
        "auth": {
            "redirect_uri": settings.public_url.rstrip("/") + CALLBACK,
            "cookie_secret": cookie_secret,
            "client_id": settings.oidc_client_id,
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": settings.oidc_metadata_url,
        }
    }


def is_signing_in() -> bool:
    """Whether people are asked to sign in.

    Raises
    ------
    SettingsError
        If the file of secrets is there and cannot be read: then nobody is let in.
    """
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError as exc:
        for path in config.get_option("secrets.files"):
            if Path(path).exists():
                expected = "TOML that can be read"
                raise SettingsError("secrets.toml", path, "Streamlit", expected) from exc
        return False


def is_exposed() -> bool:
    """Whether other machines reach a page that asks nobody to sign in."""
    if is_signing_in():
        return False
    if not is_loopback(str(config.get_option("server.address") or "")):
        return True
    return _came_from_afar(st.context.headers)


def warn_if_exposed() -> None:
    """Say in the log, when the server starts, that whoever reaches it may use it."""
    address = str(config.get_option("server.address") or "every address")
    if not is_signing_in() and not is_loopback(address):
        logger.warning(
            "Nobody is asked to sign in, and the page listens on %s: whoever reaches it may do "
            "everything there. Set SNEAKERAUG_OIDC_METADATA_URL and its like, or listen on "
            "127.0.0.1; docs/deploying.md says how.",
            address,
        )


def _came_from_afar(headers: Mapping[str, str]) -> bool:
    """Whether a proxy of this machine took a visit from another one."""
    first = headers.get("X-Forwarded-For", "").partition(",")[0].strip()
    try:
        return bool(first) and not ipaddress.ip_address(first).is_loopback
    except ValueError:
        return True


def visitor() -> Visitor:
    """Return who is at the page; their role is read anew at each call.

    Raises
    ------
    SettingsError
        If the file of roles cannot be used: then nobody is let in.
    """
    if not is_signing_in():
        return Visitor("", EVERYONE)
    if not _is_signed_in():
        return Visitor("", None)
    identity = st.user.to_dict()
    name = identity.get("email") or identity.get("name") or identity.get("sub") or ""
    return Visitor(str(name), read_roles(get_settings().roles_file).role_of(identity))


def _is_signed_in() -> bool:
    """Whether the provider said who this is; a session it knows nothing of is nobody's."""
    return bool(st.user.get("is_logged_in", False))


def can(action: Action) -> bool:
    """Whether the visitor may do something; what they may not is not offered to them."""
    return may(visitor().role, action)


def check(action: Action) -> None:
    """Let the visitor do something, where it is done.

    Raises
    ------
    AccessError
        If their role may not.
    """
    require(visitor().role, action)


def enter() -> bool:
    """Let a visitor in, or show them how to sign in; whether they are in."""
    if not is_signing_in():
        if is_exposed():
            st.caption(f":material/lock_open: {EXPOSED}")
        return True
    if not _is_signed_in():
        st.title("Sign in", anchor=False)
        st.markdown("This page is for people who are known here.")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
        return False
    who = visitor()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        role = who.role or "no role"
        st.caption(f":material/person: {words.plain(who.name)} · {role}", width="content")
        st.button("Sign out", key="sign_out", type="tertiary", on_click=st.logout)
    if who.role is None:
        st.title("Not for you yet", anchor=False)
        st.markdown(
            "You are signed in, and were given no role here. Ask whoever runs this server for one."
        )
        return False
    return True
