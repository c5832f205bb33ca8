"""Who may ask: keys kept as hashes, and how often each may."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sneakeraug.errors import RequestError, SettingsError
from sneakeraug.roles import ROLES, Role
from sneakeraug.settings import Settings

PREFIX: Final = "sneakeraug_"
"""Begins every key, so that scanners for secrets find one that was published."""

LONGEST: Final = 200
"""Characters of a key that are looked at."""

DEFAULT_ROLE: Final[Role] = "engineer"
"""Of a key that names none."""

_ENTRY: Final = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]{1,40}):)?(?P<hash>[0-9a-fA-F]{64})"
    rf"(?::(?P<role>{'|'.join(ROLES)}))?"
)


def make_key() -> str:
    """Make a new key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """Return a key's sha256 in hex; random keys of this length need no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass
class Caller:
    """One key: its name in logs, its hash, its role, and how many requests it has left.

    Attributes
    ----------
    name
        As it was set, else the first 8 characters of the hash.
    sha256
        In hex.
    role
        What it may do, see `sneakeraug.roles`.
    left
        Requests left, below zero where a batch took more.
    seen_s
        When that was so, on the clock of the ring.
    """

    name: str
    sha256: str
    role: Role
    left: float
    seen_s: float = field(repr=False)


class KeyRing:
    """The keys that are known; memory grows with their number and with nothing else.

    Parameters
    ----------
    entries
        ``sha256`` or ``name:sha256`` each, and ``:role`` after it where it is no engineer's.
    per_minute
        Requests of one key; 0 sets no limit.
    source
        Where the entries come from, for messages.
    clock
        Seconds that never go back.

    Raises
    ------
    SettingsError
        If an entry is none of these.
    """

    def __init__(
        self,
        entries: Iterable[str],
        per_minute: int = 0,
        source: str = "SNEAKERAUG_API_KEYS",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._callers: list[Caller] = []
        for number, entry in enumerate(entries, start=1):
            found = _ENTRY.fullmatch(entry)
            if found is None:  # never the entry itself: it may be a key set by mistake
                expected = (
                    "sha256, name:sha256 or name:sha256:role, as `sneakeraug api-key` prints it,"
                )
                raise SettingsError(source, f"entry {number}", "the settings", expected)
            sha256 = found["hash"].lower()
            name = found["name"] or sha256[:8]
            role: Role = next((r for r in ROLES if r == found["role"]), DEFAULT_ROLE)
            self._callers.append(Caller(name, sha256, role, float(per_minute), clock()))

    def __len__(self) -> int:
        """Keys known."""
        return len(self._callers)

    def find(self, authorization: str) -> Caller:
        """Return whose key a request shows.

        Parameters
        ----------
        authorization
            The header of that name, ``Bearer KEY``.

        Raises
        ------
        RequestError
            If it shows none, or an unknown one.
        """
        scheme, _, key = authorization.partition(" ")
        digest = hash_key(key.strip()[:LONGEST])
        found = None
        for caller in self._callers:  # all of them: the time taken tells nothing
            if hmac.compare_digest(caller.sha256, digest):
                found = caller
        if found is None or scheme.lower() != "bearer":
            missing = "shows no API key" if not authorization else "shows an unknown API key"
            raise RequestError(
                f"The request {missing}; the header `Authorization: Bearer KEY` with a key of "
                "this service is expected. Ask whoever runs it for one.",
                reason="key",
            )
        return found

    def take(self, caller: Caller, n: int = 1) -> None:
        """Count requests of a caller against its limit, which refills as time goes by.

        Parameters
        ----------
        caller
            From `find`.
        n
            Requests; the pictures of a batch count one each, and may overdraw the limit.

        Raises
        ------
        RequestError
            If none is left; says when there is one.
        """
        if not self._per_minute:
            return
        now = self._clock()
        rate = self._per_minute / 60.0
        caller.left = min(self._per_minute, caller.left + (now - caller.seen_s) * rate)
        caller.seen_s = now
        if caller.left < 1:
            wait_s = max(1, math.ceil((1 - caller.left) / rate))
            raise RequestError(
                f"More than {self._per_minute:,} requests a minute were made with this key. "
                f"Try again in {wait_s} s.",
                reason="too_many",
                retry_after_s=wait_s,
            )
        caller.left -= n

    def take_more(self, caller: Caller, n: int) -> None:
        """Count what a request turned out to hold beyond one; its caller waits longer after it."""
        caller.left -= n


def read_keys(settings: Settings) -> KeyRing:
    """Read the keys of the settings: those of the variable and those of the file.

    Raises
    ------
    SettingsError
        If the file cannot be read, or an entry is no hash.
    """
    entries = settings.api_keys.replace(",", " ").split()
    source = "SNEAKERAUG_API_KEYS"
    if settings.api_keys_file is not None:
        lines = _lines(settings.api_keys_file)
        source = "SNEAKERAUG_API_KEYS_FILE" if not entries else f"{source} or its file"
        entries += [line for line in lines if line and not line.startswith("#")]
        if not entries:
            expected = "at least one line of sha256 or name:sha256"
            raise SettingsError(source, str(settings.api_keys_file), "the settings", expected)
    return KeyRing(entries, settings.requests_per_minute, source)


def _lines(path: Path) -> list[str]:
    """A file's lines without spaces around them."""
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as exc:
        name, expected = "SNEAKERAUG_API_KEYS_FILE", "a text file that can be read"
        raise SettingsError(name, str(path), "the settings", expected) from exc
