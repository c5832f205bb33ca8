"""The service put together: the routes, and around them the door, the headers and the journal."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from sneakeraug import __version__
from sneakeraug.api.decisions import router as decisions_router
from sneakeraug.api.door import Door
from sneakeraug.api.engine import Engine
from sneakeraug.api.journal import Journal, log_to_stderr, route_of
from sneakeraug.api.keys import read_keys
from sneakeraug.api.metrics import Metrics
from sneakeraug.api.openapi import add_openapi
from sneakeraug.api.problems import MEDIA_TYPE, Problem, describe, problem, say_fault
from sneakeraug.api.reading import body_limits
from sneakeraug.api.routes import Parts, router
from sneakeraug.api.work import Workers
from sneakeraug.errors import SneakeraugError
from sneakeraug.headers import DOCUMENTS_POLICY, SecurityHeaders
from sneakeraug.hosts import allowed_hosts, is_loopback
from sneakeraug.settings import Settings, get_settings

FOLLOW_S: Final = 5.0
"""Between two looks whether the catalog was changed, or a model can be loaded by now."""

LIGHT_THREADS: Final = 2
"""Threads for what looks at no picture."""

STORE_THREADS: Final = 4
"""Threads that may wait for the database: where it is away, nothing else waits with them."""

logger = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Make the service.

    Parameters
    ----------
    settings
        Read once; keys among them.

    Raises
    ------
    SettingsError
        If a key's entry or the file of keys cannot be used.
    """
    keys, engine, workers, metrics = (
        read_keys(settings),
        Engine(settings),
        Workers(settings),
        Metrics(),
    )
    metrics.watch(
        lambda: workers.n_in_flight, lambda: workers.n_waiting, lambda: engine.model_id is not None
    )
    door = Middleware(
        Door,
        keys=keys,
        workers=workers,
        body_limits=body_limits(settings.limits),
        hosts=allowed_hosts(settings.allowed_hosts, settings.service_address),
        body_timeout_s=settings.body_timeout_s,
    )
    headers = Middleware(
        SecurityHeaders, policy=DOCUMENTS_POLICY, extra=(("Cache-Control", "no-store"),)
    )
    app = FastAPI(
        title="sneakeraug",
        version=__version__,
        lifespan=_lifespan,
        docs_url=None,  # its page would have the browser ask another server for scripts
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Journal, metrics=metrics), headers, door],
        exception_handlers={
            SneakeraugError: _say_ours,
            RequestValidationError: _say_query,
            HTTPException: _say_http,
        },
    )
    light, store = anyio.CapacityLimiter(LIGHT_THREADS), anyio.CapacityLimiter(STORE_THREADS)
    app.state.parts = Parts(engine, workers, keys, metrics, light, store)
    app.include_router(router)
    app.include_router(decisions_router)
    add_openapi(app, asks_for_keys=bool(len(keys)))
    if not len(keys) and not is_loopback(settings.service_address):
        logger.warning(
            "No API key is set, and the service listens on %s: whoever reaches it may use it. Make "
            "a key with `sneakeraug api-key` and set SNEAKERAUG_API_KEYS.",
            settings.service_address,
        )
    return app


def from_environment() -> FastAPI:
    """Make the service from the variables, in a process of its own."""
    log_to_stderr()
    return create_app(get_settings())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model beside the first answers, follow the catalog, and let work end at the end."""
    parts: Parts = app.state.parts
    following = asyncio.create_task(_follow(parts))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        parts.workers.close()


async def _follow(parts: Parts) -> None:
    await anyio.to_thread.run_sync(parts.engine.try_load, limiter=parts.light)
    gc.collect()
    gc.freeze()  # spares every later collection the walk over the libraries
    while True:
        await asyncio.sleep(FOLLOW_S)
        try:
            await anyio.to_thread.run_sync(parts.engine.follow, limiter=parts.light)
        except Exception:
            logger.exception("unexpected")


def _answer(request: Request, said: Problem) -> Response:
    request.state.notes["reason"] = said.reason
    return Response(said.to_json(), said.status, said.headers, media_type=MEDIA_TYPE)


async def _say_ours(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, SneakeraugError)  # noqa: S101 - as it was registered
    return _answer(request, describe(exc, request.state.request_id))


async def _say_query(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101
    first = exc.errors()[0]
    ours = say_fault(first["loc"][1:], first["msg"], first.get("input"), "The query")
    return _answer(request, describe(ours, request.state.request_id))


async def _say_http(request: Request, exc: Exception) -> Response:
    """Say that a path or a method is not served, and which methods are."""
    assert isinstance(exc, HTTPException)  # noqa: S101
    path, method = request.url.path[:80], request.method[:20]
    if exc.status_code == 405:
        served = request.app.openapi()["paths"].get(route_of(request.url.path), {"get": {}})
        allowed = sorted(name.upper() for name in served)
        detail = f"{method} is not served at {path}; {' or '.join(allowed)} is expected."
        answer = _answer(request, problem(405, detail, "method", request.state.request_id))
        answer.headers["Allow"] = ", ".join(allowed)
        return answer
    detail = f"There is nothing at {path}; /openapi.json says what there is."
    status = exc.status_code
    reason = "not_found" if status == 404 else "request"
    return _answer(request, problem(status, detail, reason, request.state.request_id))
