"""Errors as problem+json (RFC 9457), in the words of the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sneakeraug.errors import (
    AccessError,
    BusyError,
    ContextError,
    InputError,
    ModelError,
    PhotoError,
    RequestError,
    SneakeraugError,
    StoreError,
    TargetError,
)

MEDIA_TYPE: Final = "application/problem+json"

STATUS_BY_REASON: Final[Mapping[str, int]] = {
    "conflict": 409,
    "format": 415,
    "host": 421,
    "key": 401,
    "malformed": 400,
    "media_type": 415,
    "not_found": 404,
    "too_large": 413,
    "too_many": 429,
    "too_slow": 408,
}
"""Where a `PhotoError` or `RequestError` is not simply unprocessable."""

AWAY_S: Final = 5
"""After how many seconds a model or a store that was away may be back."""

_FOLDERS: Final = re.compile(r"(?:/[^\s/'\",;:]+)+/")


class Problem(BaseModel):
    """What went wrong with a request, or with one picture of several."""

    model_config = ConfigDict(frozen=True)

    type: Literal["about:blank"] = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What was wrong, what was expected, what to do.")
    reason: str = Field(description="One word for programs, for instance too_large or context.")
    field: str | None = Field(None, description="The field that was wrong, where it was one.")
    request_id: str | None = Field(None, description="As in the log and in X-Request-ID.")
    retry_after_s: int | None = Field(None, exclude=True)

    @property
    def headers(self) -> dict[str, str]:
        """What belongs into the answer's head."""
        headers = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="sneakeraug"'
        return headers

    def to_json(self) -> bytes:
        """The document; what is None is left out."""
        return self.model_dump_json(exclude_none=True).encode()


def problem(
    status: int, detail: str, reason: str, request_id: str | None = None, **more: Any
) -> Problem:
    """Make a problem; its title follows from its status."""
    title = HTTPStatus(status).phrase
    return Problem(
        title=title, status=status, detail=detail, reason=reason, request_id=request_id, **more
    )


def describe(exc: SneakeraugError, request_id: str | None = None) -> Problem:
    """Say one of our errors as a problem.

    Parameters
    ----------
    exc
        Its message is the detail; of folders of this machine only the last name is told.
    request_id
        Of the request.
    """
    detail = str(exc)
    if isinstance(exc, PhotoError | RequestError):
        retry = getattr(exc, "retry_after_s", None)
        status = STATUS_BY_REASON.get(exc.reason, 422)
        return problem(status, detail, exc.reason, request_id, retry_after_s=retry)
    if isinstance(exc, AccessError):
        return problem(403, detail, "role", request_id)
    if isinstance(exc, ContextError):
        return problem(422, detail, "context", request_id, field=exc.field)
    if isinstance(exc, InputError):
        return problem(422, detail, "input", request_id)
    if isinstance(exc, TargetError):  # the model is well; it was asked for what it never learned
        return problem(422, detail, "target", request_id, field="target")
    if isinstance(exc, BusyError):
        return problem(503, detail, "busy", request_id, retry_after_s=exc.retry_after_s)
    detail = _FOLDERS.sub("…/", detail)
    if isinstance(exc, ModelError):
        return problem(503, detail, "model", request_id, retry_after_s=AWAY_S)
    if isinstance(exc, StoreError):
        return problem(503, detail, "store", request_id, retry_after_s=AWAY_S)
    return problem(500, detail, "internal", request_id)


def unexpected(request_id: str | None = None) -> Problem:
    """Say that something of ours went wrong, and nothing about it."""
    detail = (
        "Something went wrong here that should not have. Try again; if it stays, report the "
        "request id to whoever runs this service."
    )
    return problem(500, detail, "internal", request_id)


def from_validation(exc: ValidationError, where: str = "The request") -> InputError:
    """Say what a document's first fault is; one of our own errors passes as it is.

    Parameters
    ----------
    exc
        From pydantic.
    where
        What was read, as it begins a sentence.
    """
    first = exc.errors(include_url=False)[0]
    own = first.get("ctx", {}).get("error")
    if isinstance(own, InputError):
        return own
    if first["type"] == "json_invalid":
        return RequestError(
            f"{where} is no JSON that can be read ({first['msg'][:160]}). Mend it and try again.",
            reason="malformed",
        )
    return say_fault(first["loc"], first["msg"], first["input"], where)


def say_fault(loc: tuple[int | str, ...], message: str, given: object, where: str) -> InputError:
    """Say what is wrong with one field; its value is shown where it is short."""
    field = ".".join(str(part) for part in loc)[:80]
    shown = f" {given!r}" if isinstance(given, str | int | float) and len(str(given)) <= 60 else ""
    named = f"{where}, {field}{shown}" if field else where
    return InputError(f"{named}: {message[:1].lower()}{message[1:]}. Change it and try again.")
