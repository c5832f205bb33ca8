"""Who may do what, and how an identity gets its role."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sneakeraug.errors import AccessError, SettingsError
from sneakeraug.roles import LEAST, Action, Role, RoleRules, may, read_roles, require

RULES = RoleRules.model_validate(
    {
        "emails": {"Ann@shop.example": "admin", "*@shop.example": "viewer"},
        "claims": {"groups": {"campaigns": "engineer"}, "team": {"web": "engineer"}},
    }
)


@pytest.mark.parametrize(
    ("role", "may_do"),
    [
        pytest.param(None, set(), id="nobody"),
        pytest.param("viewer", {"see results"}, id="viewer"),
        pytest.param("engineer", set(LEAST) - {"activate a model"}, id="engineer"),
        pytest.param("admin", set(LEAST), id="admin"),
    ],
)
def test_each_role_may_do_what_it_should(role: Role | None, may_do: set[Action]) -> None:
    assert {action for action in LEAST if may(role, action)} == may_do
    for action in LEAST:
        if action in may_do:
            require(role, action)
        else:
            with pytest.raises(AccessError, match="may not"):
                require(role, action)


def test_a_refusal_names_the_role_the_deed_and_who_may() -> None:
    with pytest.raises(AccessError) as caught:
        require("viewer", "run a batch")
    assert str(caught.value) == (
        "As viewer you may not run a batch; the role engineer or admin is expected. Ask whoever "
        "runs this server for it."
    )


@pytest.mark.parametrize(
    ("identity", "role"),
    [
        pytest.param({"email": "ann@SHOP.example"}, "admin", id="an address, in any case"),
        pytest.param({"email": "bob@shop.example"}, "viewer", id="anybody there"),
        pytest.param({"email": "bob@shop.example.evil"}, None, id="a longer address"),
        pytest.param({"email": "bob@evil-shop.example"}, None, id="an address that ends alike"),
        pytest.param({"email": "ann@shop.example", "email_verified": False}, None, id="unverified"),
        pytest.param({"groups": ["all", "campaigns"]}, "engineer", id="one of several values"),
        pytest.param({"team": "web"}, "engineer", id="a single value"),
        pytest.param({"groups": "campaigns and all"}, None, id="no part of a value"),
        pytest.param(
            {"email": "bob@shop.example", "groups": ["campaigns"]}, "engineer", id="the highest"
        ),
        pytest.param({"email": ["ann@shop.example"]}, None, id="an address that is no text"),
        pytest.param({}, None, id="nothing known"),
    ],
)
def test_an_identity_gets_the_highest_role_that_names_it(
    identity: dict[str, object], role: Role | None
) -> None:
    assert RULES.role_of(identity) == role
    fallback = RULES.model_copy(update={"default": "viewer"})
    assert fallback.role_of(identity) == (role or "viewer")


def test_without_a_file_who_signs_in_is_a_viewer() -> None:
    assert read_roles(None).role_of({"email": "ann@shop.example"}) == "viewer"


def test_a_role_taken_away_in_the_file_is_gone_at_once(tmp_path: Path) -> None:
    path = tmp_path / "roles.toml"
    path.write_text('[emails]\n"a@b.example" = "admin"\n', encoding="utf-8")
    assert read_roles(path).role_of({"email": "a@b.example"}) == "admin"
    path.write_text('default = "viewer"\n', encoding="utf-8")
    os.utime(path, ns=(1, 1))  # whatever the clock says
    assert read_roles(path).role_of({"email": "a@b.example"}) == "viewer"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(None, "can be read", id="no file"),
        pytest.param("[emails", "TOML", id="no TOML"),
        pytest.param('[emails]\n"a@b" = "owner"', "at emails.a@b", id="an unknown role"),
        pytest.param("[email]", "at email: extra inputs", id="an unknown table"),
    ],
)
def test_a_file_that_cannot_be_used_lets_nobody_in(
    tmp_path: Path, text: str | None, says: str
) -> None:
    path = tmp_path / "roles.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="SNEAKERAUG_ROLES_FILE") as caught:
        read_roles(path)
    assert says in str(caught.value)
