"""Who may do what: three roles, one list of actions, and how an identity gets its role."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from sneakeraug.errors import AccessError, SettingsError

Role = Literal["viewer", "engineer", "admin"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each may do what those before it may."""

Action = Literal[
    "see results", "change the catalog", "run a batch", "export", "sign off", "activate a model"
]

LEAST: Final[Mapping[Action, Role]] = {
    "see results": "viewer",
    "change the catalog": "engineer",
    "run a batch": "engineer",
    "export": "engineer",
    "sign off": "engineer",
    "activate a model": "admin",
}
"""The least role that may do each."""

NAME: Final = "SNEAKERAUG_ROLES_FILE"


def may(role: Role | None, action: Action) -> bool:
    """Whether a role, or somebody without one, may do something."""
    return role is not None and ROLES.index(role) >= ROLES.index(LEAST[action])


def require(role: Role | None, action: Action) -> None:
    """Let through who may do something; the one place where that is decided.

    Raises
    ------
    AccessError
        If the role may not; names those that may.
    """
    if not may(role, action):
        raise AccessError(role, action, ROLES[ROLES.index(LEAST[action]) :])


class RoleRules(BaseModel):
    """Which role an identity has, as the file says it.

    Attributes
    ----------
    default
        Of who signed in and is not named below; None turns them away.
    emails
        By e-mail address; ``*@shop.example`` is every address there.
    claims
        By a claim of the identity token, and its value or one of its values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Role | None = None
    emails: dict[str, Role] = {}
    claims: dict[str, dict[str, Role]] = {}

    def role_of(self, identity: Mapping[str, Any]) -> Role | None:
        """Return the highest role that the rules give somebody.

        Parameters
        ----------
        identity
            Claims of the identity token. An address that the provider calls unverified gives no
            role.
        """
        return max(self._roles_of(identity), key=ROLES.index, default=self.default)

    def _roles_of(self, identity: Mapping[str, Any]) -> Iterator[Role]:
        email = identity.get("email")
        if isinstance(email, str) and identity.get("email_verified") not in (False, "false"):
            given = email.strip().casefold()
            wanted = {given, f"*@{given.rpartition('@')[2]}"}
            yield from (role for name, role in self.emails.items() if name.casefold() in wanted)
        for claim, roles in self.claims.items():
            held = identity.get(claim)
            values = held if isinstance(held, list | tuple) else [held]
            yield from (role for value, role in roles.items() if value in values)


WITHOUT_FILE: Final = RoleRules(default="viewer")
"""Where sign-in is on and nobody was given a role."""


def read_roles(path: Path | None) -> RoleRules:
    """Read the rules, anew once their file was changed: no restart takes a role away.

    Parameters
    ----------
    path
        `SNEAKERAUG_ROLES_FILE`; where None, who signs in is a viewer.

    Raises
    ------
    SettingsError
        If the file cannot be read or used: then nobody is let in.
    """
    if path is None:
        return WITHOUT_FILE
    try:
        found = path.stat()
    except OSError as exc:
        raise _unusable(path, "a TOML file that can be read") from exc
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)
def _read(path: Path, _changed_ns: int, _n_bytes: int) -> RoleRules:
    try:
        return RoleRules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as exc:
        raise _unusable(path, "a TOML file that can be read") from exc
    except tomllib.TOMLDecodeError as exc:
        raise _unusable(path, f"TOML ({exc})") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _unusable(path, f"at {where}: {first['msg'].lower()}; that") from exc


def _unusable(path: Path, expected: str) -> SettingsError:
    return SettingsError(NAME, path.name, "the settings", expected)
