"""What one visitor has chosen: the picture, and the campaign, which is also the page's link."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, TypedDict

import streamlit as st

from sneakeraug.errors import ContextError, ModelNotFoundError
from sneakeraug.registry import active_models
from sneakeraug.settings import get_settings
from sneakeraug.ui import words
from sneakeraug.ui.words import ANY
from sneakeraug.vocabulary import (
    CONTEXT_FIELDS,
    DEFAULT_CATEGORY,
    OPTIONAL_FIELDS,
    TARGETS,
    check_term,
)

GUARD_LIMITS: Final = ("0", "1", "2", "5", "10", "20", "50", "100", "200")
"""Limits that a guardrail may be given, per 10,000 sends."""

GUARD_FIELDS: Final = {f"guard_{target}": target for target in TARGETS}
"""The field that holds each target's guardrail."""

DEFAULTS: Final = {
    "category": DEFAULT_CATEGORY,
    "target": "click_through",
    "campaign_type": "promotional",
    "industry": "retail",
    "sneaker_type": ANY,
    "gender": ANY,
} | dict.fromkeys(GUARD_FIELDS, ANY)
"""The fields of a campaign in the page's order; a link leaves out what is at its default."""

PICTURE, MESSAGE, UPLOADS, LINK, CHOSEN, ASKED_ON = (
    "picture",
    "picture_message",
    "n_uploads",
    "campaign_link",
    "campaign_chosen",
    "campaign_asked_on",
)


@dataclass(frozen=True)
class Picture:
    """A picture this visitor chose; it lives in the session and nowhere else.

    Attributes
    ----------
    name
        The file's name or a sample's title: text, never markup.
    data
        The file as it came, for the full-size downloads; at most the upload limit.
    sha256
        Of `data`.
    """

    name: str
    data: bytes = field(repr=False)
    sha256: str

    @classmethod
    def of(cls, name: str, data: bytes) -> Picture:
        """Build one, hashing the bytes."""
        return cls(name, data, hashlib.sha256(data).hexdigest())


class Terms(TypedDict):
    """The campaign as every method of a recommender takes it."""

    target: str
    campaign_type: str
    industry: str
    sneaker_type: str | None
    gender: str | None


@dataclass(frozen=True)
class Campaign:
    """The drop-downs; None is an open field, and a guarded target has its limit."""

    category: str
    target: str
    campaign_type: str
    industry: str
    sneaker_type: str | None
    gender: str | None
    guard: tuple[tuple[str, float], ...] = ()

    @property
    def terms(self) -> Terms:
        """What a recommender is told of it."""
        return {
            "target": self.target,
            "campaign_type": self.campaign_type,
            "industry": self.industry,
            "sneaker_type": self.sneaker_type,
            "gender": self.gender,
        }


def options(name: str) -> tuple[str, ...]:
    """Return the values a field of the campaign may have, the open one first."""
    if name == "category":
        try:
            return tuple(active_models(get_settings().models_dir))
        except ModelNotFoundError:
            return (DEFAULT_CATEGORY,)
    if name in GUARD_FIELDS:
        return (ANY, *GUARD_LIMITS)
    if name == "target":
        return tuple(sorted(TARGETS, key=lambda target: target != DEFAULTS["target"]))
    terms = CONTEXT_FIELDS[name]
    return (ANY, *terms) if name in OPTIONAL_FIELDS else terms


def widget_key(name: str) -> str:
    """Return the session key of a field's widget."""
    return f"campaign_{name}"


def read_link(page: str = "campaign") -> list[str]:
    """Take the campaign from the page's link, before its widgets are made.

    Parameters
    ----------
    page
        Which page asks: what was chosen on another one is carried over.

    Returns
    -------
    notices
        One sentence for each value of the link that is not known.
    """
    seen: dict[str, str | None] = st.session_state.setdefault(LINK, {})
    chosen: dict[str, str] = st.session_state.setdefault(CHOSEN, dict(DEFAULTS))
    is_other_page = st.session_state.get(ASKED_ON, page) != page
    st.session_state[ASKED_ON] = page
    notices = []
    for name, default in DEFAULTS.items():
        key, given = widget_key(name), st.query_params.get(name)
        is_mounted = key in st.session_state
        if given is not None and (not is_mounted or given != seen.get(name)):
            try:
                _check(name, given)
                st.session_state[key] = given
            except ContextError as exc:
                notices.append(f"The link was not understood: {exc}")
                st.session_state[key] = chosen[name]
        elif not is_mounted or is_other_page:  # another page's widget keeps its value to itself
            st.session_state[key] = chosen[name]
        elif given is None and seen.get(name) is not None:  # the browser's back button
            st.session_state[key] = default
    return notices


def hold_to(targets: Collection[str]) -> list[str]:
    """Let go of a target and of guardrails that a model does not know, before their widgets.

    Parameters
    ----------
    targets
        What the model was trained for.

    Returns
    -------
    notices
        One sentence for each that was chosen, and is no longer.
    """
    notices = []
    key = widget_key("target")
    chosen, known = str(st.session_state[key]), known_targets(targets)
    if chosen not in known:
        st.session_state[key] = known[0]
        if chosen != DEFAULTS["target"]:
            notices.append(
                f"This model was not trained for {words.EVENTS[chosen]}: {words.EVENTS[known[0]]} "
                "are shown instead."
            )
    for name, target in GUARD_FIELDS.items():
        if target not in known and st.session_state[widget_key(name)] != ANY:
            st.session_state[widget_key(name)] = ANY
            notices.append(
                f"This model was not trained for {words.EVENTS[target]}: the guardrail on them "
                "holds no longer."
            )
    return notices


def known_targets(targets: Collection[str]) -> tuple[str, ...]:
    """Return the targets that a page may offer, of those a model knows, in the page's order."""
    return tuple(target for target in options("target") if target in targets)


def _check(name: str, given: str) -> None:
    """Refuse what a field may not hold, naming what it may."""
    if name == "category" or name in GUARD_FIELDS:
        if given not in options(name):
            raise ContextError(name, given, options(name))
        return
    check_term(name, None if given == ANY and name in OPTIONAL_FIELDS else given)


def category() -> str:
    """Return the category of products that was chosen, once the link was read."""
    return str(st.session_state.get(widget_key("category"), DEFAULT_CATEGORY))


def write_link() -> Campaign:
    """Put the widgets' values into the page's link, and return them as a campaign."""
    chosen = {name: str(st.session_state[widget_key(name)]) for name in DEFAULTS}
    seen: dict[str, str | None] = {}
    for name, value in chosen.items():
        seen[name] = None if value == DEFAULTS[name] else value
        if seen[name] is None:
            if name in st.query_params:
                del st.query_params[name]
        elif st.query_params.get(name) != value:
            st.query_params[name] = value
    st.session_state[LINK], st.session_state[CHOSEN] = seen, chosen
    opened = {name: None if value == ANY else value for name, value in chosen.items()}
    return Campaign(
        category=chosen["category"],
        target=chosen["target"],
        campaign_type=chosen["campaign_type"],
        industry=chosen["industry"],
        sneaker_type=opened["sneaker_type"],
        gender=opened["gender"],
        guard=tuple(
            (target, float(limit))
            for name, target in GUARD_FIELDS.items()
            if (limit := opened[name]) is not None and target != chosen["target"]
        ),
    )


def upload_key() -> str:
    """Return the uploader's key; it changes with every upload, which empties the widget."""
    return f"upload_{st.session_state.get(UPLOADS, 0)}"


def take_upload() -> None:
    """Copy an uploaded file into the session: the widget forgets it when the page changes."""
    file = st.session_state.get(upload_key())
    if file is not None:
        choose_picture(Picture.of(file.name, file.getvalue()))
        st.session_state[UPLOADS] = st.session_state.get(UPLOADS, 0) + 1


def choose_picture(picture: Picture, sneaker_type: str = "", gender: str = "") -> None:
    """Take a picture, and what is known about the shoe on it."""
    st.session_state[PICTURE] = picture
    st.session_state.pop(MESSAGE, None)
    for name, value in (("sneaker_type", sneaker_type), ("gender", gender)):
        if value in CONTEXT_FIELDS[name]:
            st.session_state[widget_key(name)] = value


def picture() -> Picture | None:
    """Return the visitor's picture, if there is one."""
    chosen = st.session_state.get(PICTURE)
    return chosen if isinstance(chosen, Picture) else None


def remove_picture(message: str | None = None) -> None:
    """Forget the picture; a message says why where it could not be used."""
    st.session_state.pop(PICTURE, None)
    st.session_state.pop(MESSAGE, None)
    if message is not None:
        st.session_state[MESSAGE] = message


def message() -> str | None:
    """Return why the last picture could not be used, if it could not."""
    text = st.session_state.get(MESSAGE)
    return text if isinstance(text, str) else None
