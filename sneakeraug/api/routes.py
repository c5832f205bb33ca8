"""What is answered under which path; every job on a picture goes through the bounded workers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, cast

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from sneakeraug import registry
from sneakeraug.api.documents import (
    BatchAnswer,
    BatchItem,
    Health,
    ModelsAnswer,
    ModelSummary,
    Readiness,
    SearchAnswer,
    SearchFields,
    SearchQuery,
)
from sneakeraug.api.engine import Engine
from sneakeraug.api.keys import KeyRing
from sneakeraug.api.metrics import MEDIA_TYPE as METRICS_TYPE
from sneakeraug.api.metrics import Metrics
from sneakeraug.api.openapi import (
    HAS_BATCH,
    HAS_INVOCATION,
    HAS_PICTURE,
    HAS_SEARCH,
    describe_answer,
)
from sneakeraug.api.problems import describe, unexpected
from sneakeraug.api.reading import (
    GivenPicture,
    read_batch,
    read_invocation,
    read_recommendation,
    read_search,
)
from sneakeraug.api.work import Workers
from sneakeraug.errors import ModelNotFoundError, RequestError, SneakeraugError
from sneakeraug.recommend import Campaign, Recommender
from sneakeraug.records import Recommendation

JSON = "application/json"

logger = logging.getLogger(__name__)

router = APIRouter()
open_router = APIRouter()


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    engine: Engine
    workers: Workers
    keys: KeyRing
    metrics: Metrics
    light: anyio.CapacityLimiter

    @classmethod
    def of(cls, request: Request) -> Parts:
        """Those of the request's service."""
        return cast(Parts, request.app.state.parts)


@open_router.get(
    "/healthz", tags=["state"], summary="Whether the process lives", **describe_answer(Health)
)
async def healthz() -> Response:
    """Answer, as long as the event loop turns."""
    return JSONResponse(Health().model_dump())


@open_router.get(
    "/readyz", tags=["state"], summary="Whether a model serves", **describe_answer(Readiness, 503)
)
async def readyz(request: Request) -> Response:
    """Answer 200 once a model serves, 503 with the reason where it does not."""
    engine = Parts.of(request).engine
    if engine.model_id is None:
        raise engine.error
    return JSONResponse(Readiness(model_id=engine.model_id).model_dump())


@open_router.get(
    "/ping",
    tags=["sagemaker"],
    summary="SageMaker: whether a model serves",
    **describe_answer(Readiness, 503),
)
async def ping(request: Request) -> Response:
    """Answer as `/readyz` does."""
    return await readyz(request)


@router.get(
    "/metrics",
    tags=["state"],
    summary="Counters for Prometheus",
    responses={200: {"content": {"text/plain": {}}}},
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Return requests, latencies, what is under way and what was refused, as text."""
    return Response(Parts.of(request).metrics.render(), media_type=METRICS_TYPE)


@router.post(
    "/v1/recommendations",
    tags=["recommendations"],
    summary="Score a picture, its five edits and alternates for one campaign",
    openapi_extra=HAS_PICTURE,
    **describe_answer(Recommendation, 400, 408, 413, 415, 422, 503),
)
async def recommend(request: Request) -> Response:
    """Take a picture as a form's file or in base64, with the fields of the campaign."""
    return await _recommend(
        request, partial(read_recommendation, _content_type(request), request.state.body)
    )


@router.post(
    "/v1/recommendations:batch",
    tags=["recommendations"],
    summary="The same for several pictures of one campaign",
    openapi_extra=HAS_BATCH,
    **describe_answer(BatchAnswer, 400, 408, 413, 415, 422, 503),
)
async def recommend_batch(request: Request) -> Response:
    """Take several pictures; what is wrong with one is said at its place, and the others go on."""
    parts = Parts.of(request)
    deadline = parts.workers.deadline()
    read = partial(read_batch, _content_type(request), request.state.body)
    pictures, fields = await parts.workers.run(read, deadline)
    _count(request, len(pictures))
    engine, campaign = await parts.workers.run(
        lambda: _prepare(parts.engine, fields.campaign()), deadline, is_admitted=True
    )
    turns = asyncio.Semaphore(parts.workers.n_threads)

    async def one(index: int, picture: GivenPicture) -> bytes:
        job = partial(_item, engine, index, picture, campaign)
        request_id = request.state.request_id
        try:
            async with turns:
                return await parts.workers.run(job, deadline, is_admitted=True)
        except SneakeraugError as exc:
            error = describe(exc, request_id)
        except Exception:
            logger.exception("unexpected", extra={"fields": {"request_id": request_id}})
            error = unexpected(request_id)
        return _json(BatchItem(index=index, name=picture.name, error=error))

    items = await asyncio.gather(*(one(index, given) for index, given in enumerate(pictures)))
    schema = BatchAnswer(items=()).schema_
    document = b'{"schema":"%s","items":[%s]}' % (schema.encode(), b",".join(items))
    return Response(document, media_type=JSON)


@router.get(
    "/v1/models",
    tags=["models"],
    summary="The model that serves, and those there are",
    **describe_answer(ModelsAnswer, 503),
)
async def list_models(request: Request) -> Response:
    """List the model folders in short."""
    parts = Parts.of(request)
    answer = await anyio.to_thread.run_sync(_models, parts.engine, limiter=parts.light)
    return Response(answer, media_type=JSON)


@router.get(
    "/v1/models/{model_id}",
    tags=["models"],
    summary="A model's card: what it was trained on, every figure measured of it",
    **describe_answer(registry.ModelCard, 404, 503),
)
async def model_card(request: Request, model_id: str) -> Response:
    """Return the card as the model's folder holds it."""
    parts = Parts.of(request)
    card = await anyio.to_thread.run_sync(_card, parts.engine, model_id, limiter=parts.light)
    return Response(card, media_type=JSON)


@router.get(
    "/v1/catalog/search",
    tags=["catalog"],
    summary="Products like one of the catalog",
    **describe_answer(SearchAnswer, 404, 422, 503),
)
async def search_by_product(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Find the products most like a product's picture, itself among them."""
    parts = Parts.of(request)
    _count(request, 1)
    answer = await parts.workers.run(lambda: _search_product(parts.engine, query))
    return Response(answer, media_type=JSON)


@router.post(
    "/v1/catalog/search",
    tags=["catalog"],
    summary="Products like a picture",
    openapi_extra=HAS_SEARCH,
    **describe_answer(SearchAnswer, 400, 408, 413, 415, 422, 503),
)
async def search_by_picture(request: Request) -> Response:
    """Find the products most like a picture."""
    parts = Parts.of(request)
    content_type, body = _content_type(request), request.state.body
    _count(request, 1)
    answer = await parts.workers.run(lambda: _search_picture(parts.engine, content_type, body))
    return Response(answer, media_type=JSON)


@router.post(
    "/invocations",
    tags=["sagemaker"],
    summary="SageMaker: a recommendation for a picture alone, or for JSON",
    openapi_extra=HAS_INVOCATION,
    **describe_answer(Recommendation, 400, 408, 413, 415, 422, 503),
)
async def invoke(request: Request) -> Response:
    """Take a picture's file or a JSON request.

    The campaign of a picture's file stands in `X-Amzn-SageMaker-Custom-Attributes`: a JSON object,
    or `target=open_rate;industry=retail`. Beside a JSON request the header is not read.
    """
    attributes = request.headers.get("x-amzn-sagemaker-custom-attributes", "")
    return await _recommend(
        request, partial(read_invocation, _content_type(request), request.state.body, attributes)
    )


async def _recommend(request: Request, read: Any) -> Response:
    parts = Parts.of(request)
    _count(request, 1)

    def job() -> bytes:
        picture, fields = read()
        recommender, campaign = _prepare(parts.engine, fields.campaign())
        return _json(recommender.recommend(picture.read(), picture.name, **campaign))

    return Response(await parts.workers.run(job), media_type=JSON)


def _prepare(engine: Engine, campaign: Campaign) -> tuple[Recommender, Campaign]:
    """The recommender, after a look whether it was trained for what is asked."""
    recommender = engine.get()
    recommender.model.direction(campaign["target"])
    recommender.model.check_guard(campaign["guard"])
    return recommender, campaign


def _item(engine: Recommender, index: int, picture: GivenPicture, campaign: Campaign) -> bytes:
    result = engine.recommend(picture.read(), picture.name, **campaign)
    return _json(BatchItem(index=index, name=picture.name, recommendation=result))


def _search_picture(engine: Engine, content_type: str, body: bytes) -> bytes:
    picture, fields = read_search(content_type, body)
    return _search(engine.get(), picture.read(), fields)


def _search_product(engine: Engine, query: SearchQuery) -> bytes:
    recommender = engine.get()
    catalog = recommender.catalog
    if not catalog.has(query.product_id):
        raise RequestError(
            f"There is no product {query.product_id[:60]!r} in the catalog. POST a picture to "
            "search for what is not in it.",
            reason="not_found",
        )
    return _search(recommender, catalog.image_bytes(query.product_id), query)


def _search(engine: Recommender, data: bytes, fields: SearchFields) -> bytes:
    found, note = engine.search(
        data,
        sneaker_type=fields.sneaker_type,
        gender=fields.gender,
        n=fields.n,
        among=fields.among(),
    )
    products = [product.model_dump() | {"similarity": like} for product, like in found]
    return json.dumps({"products": products, "note": note}).encode()


def _models(engine: Engine) -> bytes:
    models_dir = engine.settings.models_dir
    try:
        active = registry.active_models(models_dir)
    except ModelNotFoundError:
        active = {}
    cards = [
        registry.read_card(registry.model_folder(models_dir, model_id))
        for model_id in registry.list_models(models_dir)
    ]
    summaries = [
        ModelSummary(
            model_id=card.model_id,
            category=card.category,
            is_active=active.get(card.category) == card.model_id,
            is_demo=card.is_demo,
            created_utc=card.created_utc,
            targets=card.vocabulary.get("target", ()),
        )
        for card in cards
    ]
    return _json(ModelsAnswer(serving=engine.model_id, active=active, models=tuple(summaries)))


def _card(engine: Engine, model_id: str) -> bytes:
    known = registry.list_models(engine.settings.models_dir)
    if model_id not in known:
        raise RequestError(
            f"There is no model {model_id[:64]!r}; there is: {', '.join(known) or 'none'}. "
            "Choose one of them.",
            reason="not_found",
        )
    folder = registry.model_folder(engine.settings.models_dir, model_id)
    return registry.read_card(folder).to_json().encode()


def _json(record: Any) -> bytes:
    return cast(bytes, record.model_dump_json(by_alias=True).encode())


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _count(request: Request, n_pictures: int) -> None:
    """Pictures into the log and the metrics, and against their caller's limit."""
    parts = Parts.of(request)
    request.state.notes["n_pictures"] = n_pictures
    parts.metrics.pictures.inc(n_pictures)
    caller = getattr(request.state, "caller", None)
    if caller is not None and n_pictures > 1:
        parts.keys.take_more(caller, n_pictures - 1)


def all_routes() -> Sequence[APIRouter]:
    """Return the routers, those open without a key first."""
    return open_router, router
