"""The log of decisions over HTTP: what was chosen is scored again here, then kept."""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from sneakeraug.api import jobs
from sneakeraug.api.documents import (
    ChosenVariant,
    DecisionRequest,
    DecisionsAnswer,
    DecisionsQuery,
)
from sneakeraug.api.engine import Engine
from sneakeraug.api.openapi import HAS_DECISION, describe_answer
from sneakeraug.api.reading import JSON, GivenFile, read_json
from sneakeraug.api.routes import Parts, count_pictures
from sneakeraug.decisions import choose_alternate, choose_variant, decide, open_log, read_log
from sneakeraug.errors import DecisionError, RequestError
from sneakeraug.settings import Settings
from sneakeraug.store.decisions import Decision

router = APIRouter(tags=["decisions"])


@router.post(
    "/v1/decisions",
    summary="Keep who chose what for a picture, with the figures it rests on",
    openapi_extra=HAS_DECISION,
    **describe_answer(Decision, 400, 404, 408, 409, 413, 415, 422, 503),
)
async def keep_decision(request: Request) -> Response:
    """Score the picture again, take what was chosen from it, and keep both."""
    parts = Parts.of(request)
    content_type, body = request.headers.get("content-type", ""), request.state.body
    count_pictures(request, 1)
    caller = getattr(request.state, "caller", None)  # nobody's where no keys are set
    account = caller.name if caller is not None else None
    decision = await parts.workers.run(lambda: _decide(parts.engine, content_type, body, account))
    kept = await anyio.to_thread.run_sync(
        _keep, parts.engine.settings, decision, limiter=parts.store
    )
    return Response(kept, media_type=JSON)


@router.get(
    "/v1/decisions",
    summary="The latest decisions",
    **describe_answer(DecisionsAnswer, 422, 503),
)
async def list_decisions(request: Request, query: Annotated[DecisionsQuery, Query()]) -> Response:
    """Return decisions, the latest first."""
    parts = Parts.of(request)
    found = await anyio.to_thread.run_sync(_read, parts.engine.settings, query, limiter=parts.store)
    return Response(found, media_type=JSON)


def _decide(engine: Engine, content_type: str, body: bytes, account: str | None) -> Decision:
    """What was asked to be kept; errors are those of a recommendation, and of an unknown choice."""
    asked = read_json(DecisionRequest, content_type, body)
    recommender, campaign = jobs.prepare(engine, asked.campaign())
    if asked.model_id not in (None, recommender.model_id):
        raise RequestError(
            f"Model {asked.model_id!r} does not answer here, {recommender.model_id!r} does. Ask "
            "for a recommendation again and decide on its figures.",
            reason="conflict",
        )
    data = GivenFile(asked.name, asked.image).read()
    result = recommender.recommend(data, asked.name, **campaign)
    chosen = asked.chosen
    if isinstance(chosen, ChosenVariant):
        picked = choose_variant(result, chosen.augmentation)
    else:
        offered = choose_alternate(result, chosen.product_id)
        if offered is None:
            raise RequestError(
                f"Product {chosen.product_id[:60]!r} is not among the {len(result.alternates)} "
                "alternates of this picture and campaign. Choose one of them, or ask for more "
                "with n_alternates.",
                reason="not_found",
            )
        picked = offered
    return decide(
        result,
        picked,
        asked.by,
        "service",
        account=account,
        note=asked.note,
        decision_id=asked.decision_id,
    )


def _keep(settings: Settings, decision: Decision) -> bytes:
    try:
        return jobs.to_json(open_log(settings).append(decision))
    except DecisionError as exc:
        raise RequestError(str(exc), reason="conflict") from exc


def _read(settings: Settings, query: DecisionsQuery) -> bytes:
    log = read_log(settings)
    found = log.read(query.n, query.before, query.image_sha256) if log is not None else []
    last = found[-1].number if len(found) == query.n else None
    return jobs.to_json(DecisionsAnswer(decisions=tuple(found), next=last))
