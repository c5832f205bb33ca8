"""What surrounds the pages in the server: loading the model first, readiness, security headers."""

from __future__ import annotations

import base64
import gc
import hashlib
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sneakeraug.errors import SneakeraugError
from sneakeraug.headers import SecurityHeaders
from sneakeraug.hosts import HostCheck, allowed_hosts
from sneakeraug.settings import get_settings
from sneakeraug.ui import access
from sneakeraug.ui.turns import WaitingRoom, turns
from sneakeraug.ui.visits import Visits

SCRIPT: Final = Path(__file__).resolve().parent / "main.py"

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Load the active model before the first visit.

    A model that cannot be loaded leaves the server up, so that the page can say what to do.
    Freezing the heap spares every later collection the walk over the libraries.
    """
    from sneakeraug.ui import engine

    access.warn_if_exposed()
    try:
        await anyio.to_thread.run_sync(engine.recommender)
    except SneakeraugError as exc:
        logger.error("%s", exc)
    gc.collect()
    gc.freeze()
    yield {}


def routes() -> list[Route]:
    """Return the routes beside the pages."""
    return [Route("/readyz", _readyz)]


def middleware() -> list[Middleware]:
    """Return what every answer passes through."""
    address = str(st.get_option("server.address") or "")
    hosts = allowed_hosts(get_settings().allowed_hosts, address)
    return [
        Middleware(SecurityHeaders, policy=content_security_policy()),
        Middleware(HostCheck, hosts=hosts),
        Middleware(WaitingRoom, turns=turns),
        Middleware(Visits),
    ]


def secrets() -> dict[str, Any] | None:
    """Return what signing in needs, where variables say it; `.streamlit/secrets.toml` may too."""
    return access.secrets(get_settings())


async def _readyz(_request: Request) -> JSONResponse:
    """Answer 200 once a model is loaded, 503 with the reason where it cannot be."""
    from sneakeraug.ui import engine

    try:
        recommender = await anyio.to_thread.run_sync(engine.recommender)
    except SneakeraugError as exc:
        return JSONResponse({"ready": False, "reason": str(exc)}, status_code=503)
    return JSONResponse({"ready": True, "model_id": recommender.model_id})


def content_security_policy() -> str:
    """Return a policy under which the browser asks this server alone.

    Scripts are Streamlit's files and, by hash, the inline ones of its start page.
    """
    start_page = Path(st.__file__).resolve().parent / "static" / "index.html"
    inline = re.findall(r"<script>(.*?)</script>", start_page.read_text("utf-8"), re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for code in inline
    )
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )
