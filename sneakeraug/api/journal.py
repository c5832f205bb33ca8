"""Around everything: a request's id, one line of log for it, its metrics, and the last resort."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sneakeraug.api.metrics import Metrics
from sneakeraug.api.problems import MEDIA_TYPE, Problem, unexpected

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

PATHS: Final = (
    "/healthz",
    "/invocations",
    "/metrics",
    "/openapi.json",
    "/ping",
    "/readyz",
    "/v1/catalog/search",
    "/v1/decisions",
    "/v1/exports",
    "/v1/exports:rebuild",
    "/v1/models",
    "/v1/recommendations",
    "/v1/recommendations:batch",
)
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

CLIENT_LEFT: Final = 499
"""In log and metrics, the status of an answer nobody waited for; as nginx has it."""

logger = logging.getLogger(__name__)


def route_of(path: str) -> str:
    """Return a path as log and metrics name it: one of a few, whatever is asked for."""
    if path in PATHS:
        return path
    return "/v1/models/{model_id}" if path.startswith("/v1/models/") else "other"


def new_state(scope: Scope) -> dict[str, Any]:
    """Return what the parts of a request's way know of it: ``request_id`` and ``notes``."""
    state: dict[str, Any] = scope.setdefault("state", {})
    given = Headers(scope=scope).get("x-request-id", "")
    state["request_id"] = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    state["notes"] = {}
    return state


async def send_problem(
    problem: Problem,
    send: Send,
    *,
    close: bool = False,
    before_end: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Answer with a problem.

    Parameters
    ----------
    problem
        What is said.
    send
        Of the request.
    close
        Whether the connection is of no further use.
    before_end
        Awaited once all is sent and before the answer is over.
    """
    body = problem.to_json()
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **problem.headers}
    if close:
        headers["connection"] = "close"
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": before_end is not None})
    if before_end is not None:
        await before_end()
        await send({"type": "http.response.body"})


class Journal:
    """Gives each request an id, writes it down once, and lets no exception out.

    Parameters
    ----------
    app
        What answers.
    metrics
        Counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write down that it was."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        state = new_state(scope)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = state["request_id"]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            logger.exception("unexpected", extra={"fields": {"request_id": state["request_id"]}})
            state["notes"]["reason"] = "internal"
            if not status:
                await send_problem(unexpected(state["request_id"]), send_with_id, close=True)
        finally:
            self._write(scope, status or CLIENT_LEFT, time.perf_counter() - started)

    def _write(self, scope: Scope, status: int, took_s: float) -> None:
        """One request; neither its address, nor its query, nor anything of its body."""
        route = route_of(scope["path"])
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.seconds.labels(route).observe(took_s)
        notes = scope["state"]["notes"]
        if status in (401, 408, 413, 429, 503):
            self._metrics.refused.labels(notes.get("reason", "other")).inc()
        self._metrics.note()
        fields = {
            "request_id": scope["state"]["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "ms": round(1e3 * took_s, 1),
            **notes,
        }
        logger.info("request", extra={"fields": fields})


class JsonLines(logging.Formatter):
    """One JSON object a line; what is logged of an exception is where it was raised and its type.

    An exception's own words may hold what a caller sent, and are left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["raised_at"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def _places(traceback: Any) -> list[str]:
    """Where an exception passed, the outermost first."""
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-20:]


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write every logger's lines as JSON to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("faiss").setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it would write addresses and queries
