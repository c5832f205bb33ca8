"""A polite session: robots.txt, one request at a time and not too often, limits on everything.

Addresses that lead into private networks are refused at every redirect, on the connection itself:
what counts is the machine that answered, not what a name said a moment before.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from protego import Protego
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from urllib3.exceptions import HTTPError

from sneakeraug.collect.guard import GuardedAdapter, PrivateAddressError, find_private
from sneakeraug.collect.values import join_address
from sneakeraug.errors import FetchError, StoreError
from sneakeraug.files import replace_file

AGENT: Final = "sneakeraug (collects product photos; honours robots.txt)"

MOST_REDIRECTS: Final = 5
MOST_ROBOTS_BYTES: Final = 512_000
LONGEST_WAIT_S: Final = 120.0
"""A server that asks to be left alone for longer is left alone."""

RETRIED: Final = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Politeness:
    """How a shop is treated.

    Attributes
    ----------
    rate_s
        Seconds between two requests to one host, at least.
    timeout_s
        Seconds until a server must have begun to answer.
    deadline_s
        Seconds until an answer must be whole.
    max_bytes
        Of an answer.
    attempts
        Tries at one address.
    allow_private
        Whether addresses in private networks may be asked.
    """

    rate_s: float = 1.0
    timeout_s: float = 20.0
    deadline_s: float = 60.0
    max_bytes: int = 12_000_000
    attempts: int = 4
    allow_private: bool = False


@dataclass(frozen=True)
class Answer:
    """A page or picture that came.

    Attributes
    ----------
    url
        Where it was in the end, after redirects.
    data
        Its bytes, content encoding undone.
    kind
        Its content type in lower case, without parameters.
    fetched_utc
        When, ISO 8601.
    """

    url: str
    data: bytes
    kind: str
    fetched_utc: str


class _TryAgainError(Exception):
    """A try that failed and may be repeated after `wait_s`, if not None."""

    def __init__(self, error: FetchError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.wait_s = error, wait_s


class PoliteSession:
    """Fetches addresses of shops; keeps every answer, so that none is asked for twice.

    Parameters
    ----------
    cache
        Folder of kept answers.
    politeness
        Rate and limits.
    sleep
        Waits; a test may count instead.
    """

    def __init__(
        self,
        cache: Path,
        politeness: Politeness | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.politeness = politeness or Politeness()
        self._cache = cache
        self._sleep = sleep
        self._robots: dict[str, Protego] = {}
        self._next_at: dict[str, float] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy would hide which machine answers
        self._session.headers.update({"User-Agent": AGENT, "Accept-Language": "en;q=0.9, *;q=0.5"})
        adapter = GuardedAdapter(self.politeness.allow_private)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def get(self, url: str) -> Answer:
        """Return what is at an address, from the cache where it was fetched before.

        Parameters
        ----------
        url
            An http or https address.

        Raises
        ------
        FetchError
            If it is no such address, robots.txt forbids it, the server refuses or stays away, or
            the answer is too large or too slow.
        StoreError
            If the answer cannot be kept.
        """
        address = join_address(url, url)
        if not address:
            raise FetchError(url, "an http or https address is expected. Check it and try again.")
        kept = self._read(address)
        if kept is not None:
            return kept
        answer = self._get_anew(address)
        self._keep(address, answer)
        return answer

    def _get_anew(self, address: str) -> Answer:
        seen = address
        for _ in range(MOST_REDIRECTS + 1):
            if not self._rules(seen).can_fetch(seen, AGENT):
                raise FetchError(
                    seen,
                    "the shop's robots.txt asks not to fetch this. Ask the shop for a product "
                    "feed, and use `sneakeraug import products`.",
                )
            answer, onward = self._patiently(seen)
            if onward is None:
                return answer
            seen = join_address(seen, onward)
            if not seen:
                raise FetchError(address, "it redirects to something that is no http address.")
        raise FetchError(address, f"it redirects more than {MOST_REDIRECTS} times.")

    def _rules(self, url: str) -> Protego:
        """The robots.txt of an address's host; a missing one forbids nothing."""
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._robots:
            self._robots[host] = Protego.parse(self._robots_text(urljoin(host, "/robots.txt")))
        return self._robots[host]

    def _robots_text(self, url: str) -> str:
        """What stands in robots.txt; everything is forbidden where the server cannot say."""
        for _ in range(MOST_REDIRECTS + 1):
            try:
                answer, onward = self._patiently(url)
            except FetchError as exc:
                if exc.status is not None and 400 <= exc.status < 500 and exc.status != 429:
                    return ""
                raise
            if onward is None:
                return answer.data[:MOST_ROBOTS_BYTES].decode("utf-8", "replace")
            url = join_address(url, onward)
            if not url:
                return ""
        return ""

    def _patiently(self, url: str) -> tuple[Answer, str | None]:
        """One address, tried again with growing pauses where that may help."""

        def pause(state: RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome is not None else None
            asked = failure.wait_s if isinstance(failure, _TryAgainError) else None
            return asked if asked is not None else float(min(30.0, 2.0**state.attempt_number))

        tries = Retrying(
            stop=stop_after_attempt(self.politeness.attempts),
            wait=pause,
            retry=retry_if_exception_type(_TryAgainError),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return tries(self._once, url)
        except _TryAgainError as exc:
            raise exc.error from exc

    def _once(self, url: str) -> tuple[Answer, str | None]:
        """One request; the address of a redirect as the second."""
        self._wait_turn(url)
        began = time.monotonic()
        try:
            with self._session.get(
                url, timeout=self.politeness.timeout_s, stream=True, allow_redirects=False
            ) as response:
                status = response.status_code
                if response.is_redirect:
                    return Answer(url, b"", "", _now()), str(response.headers["location"])
                if status in RETRIED:
                    raise self._try_again(url, status, response.headers.get("Retry-After"))
                if status != 200:
                    raise FetchError(url, _refusal(status), status)
                data = b"".join(self._pieces(url, response, began))
                kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
                return Answer(url, data, kind, _now()), None
        except PrivateAddressError as exc:
            raise FetchError(url, str(exc)) from exc
        except (requests.RequestException, HTTPError) as exc:
            private = find_private(exc)
            if private is not None:
                raise FetchError(url, str(private)) from exc
            said = FetchError(
                url, f"the server did not answer ({type(exc).__name__}). Try again later."
            )
            if isinstance(exc, requests.exceptions.InvalidURL | requests.exceptions.SSLError):
                raise said from exc
            raise _TryAgainError(said) from exc

    def _pieces(self, url: str, response: requests.Response, began: float) -> Iterator[bytes]:
        """An answer in pieces, given up on where it gets too large or too slow."""
        n_bytes = 0
        while piece := response.raw.read1(65_536, decode_content=True):  # what is there already
            n_bytes += len(piece)
            if n_bytes > self.politeness.max_bytes:
                most = f"{self.politeness.max_bytes / 1e6:.0f} MB"
                raise FetchError(url, f"the answer is over {most}; it was not read to its end.")
            if time.monotonic() - began > self.politeness.deadline_s:
                raise FetchError(
                    url,
                    f"the answer was not whole after {self.politeness.deadline_s:.0f} s. "
                    "Try again later.",
                )
            yield piece

    def _try_again(self, url: str, status: int, header: str | None) -> Exception:
        """What a busy server's answer means: wait as long as it asks, or leave it alone."""
        wait_s = read_retry_after(header)
        said = FetchError(url, f"the server is busy (status {status}). Try again later.", status)
        if wait_s is not None and wait_s > LONGEST_WAIT_S:
            asked = f"the server asks to be left alone for {wait_s:,.0f} s. Try again then."
            return FetchError(url, asked, status)
        return _TryAgainError(said, wait_s)

    def _wait_turn(self, url: str) -> None:
        """Wait until the host may be asked again."""
        host = urlsplit(url).netloc
        rules = self._robots.get(f"{urlsplit(url).scheme}://{host}")
        delay = rules.crawl_delay(AGENT) if rules is not None else None
        pause = max(self.politeness.rate_s, min(float(delay or 0.0), LONGEST_WAIT_S))
        left = self._next_at.get(host, 0.0) - time.monotonic()
        if left > 0:
            self._sleep(left)
        self._next_at[host] = time.monotonic() + pause

    def _read(self, url: str) -> Answer | None:
        """A kept answer; None where there is none, or it is damaged."""
        path = self._path(url)
        try:
            head, _, data = path.read_bytes().partition(b"\n")
            about: dict[str, Any] = json.loads(head)
            if hashlib.sha256(data).hexdigest() != about["sha256"]:
                return None
            return Answer(str(about["url"]), data, str(about["kind"]), str(about["fetched_utc"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, url: str, answer: Answer) -> None:
        about = {
            "url": answer.url,
            "kind": answer.kind,
            "fetched_utc": answer.fetched_utc,
            "sha256": hashlib.sha256(answer.data).hexdigest(),
        }
        try:
            replace_file(self._path(url), json.dumps(about).encode() + b"\n" + answer.data)
        except OSError as exc:
            raise StoreError(
                f"What came from {url[:100]} cannot be kept in {self._cache} ({exc.strerror}). "
                "Make room and run again; what was collected stays."
            ) from exc

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._cache / name[:2] / name


def read_retry_after(header: str | None) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for: a number, or a date in the future."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header.strip()[:9])
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _refusal(status: int) -> str:
    """What a status that is not tried again means."""
    if status in (401, 403):
        return (
            f"the shop refuses (status {status}). Ask it for a product feed, and use "
            "`sneakeraug import products`."
        )
    if status in (404, 410):
        return f"there is no such page (status {status}). Check the address."
    return f"the server answered with status {status}; 200 is expected. Try again later."


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
