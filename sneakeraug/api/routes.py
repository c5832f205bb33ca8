"""What is answered under which path; every job on a picture goes through the bounded workers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, cast

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from sneakeraug.api import exports, jobs
from sneakeraug.api.documents import (
    BatchAnswer,
    BatchItem,
    Health,
    ModelsAnswer,
    Readiness,
    SearchAnswer,
    SearchQuery,
)
from sneakeraug.api.engine import Engine
from sneakeraug.api.keys import KeyRing
from sneakeraug.api.metrics import MEDIA_TYPE as METRICS_TYPE
from sneakeraug.api.metrics import Metrics
from sneakeraug.api.openapi import (
    HAS_BATCH,
    HAS_EXPORT,
    HAS_INVOCATION,
    HAS_PICTURE,
    HAS_REBUILD,
    HAS_SEARCH,
    describe_answer,
    describe_files,
)
from sneakeraug.api.problems import describe, unexpected
from sneakeraug.api.reading import (
    GivenFile,
    read_accept,
    read_batch,
    read_invocation,
    read_recommendation,
)
from sneakeraug.api.work import Workers
from sneakeraug.card import ModelCard
from sneakeraug.errors import SneakeraugError
from sneakeraug.export import picture, tables
from sneakeraug.records import Recommendation

JSON = "application/json"
FIGURES = tuple(mime for kind, mime in tables.MIME.items() if kind != "json")
PICTURE_KINDS = tuple(picture.MIME.values())
EXPORTED = (exports.ZIP, *PICTURE_KINDS, "text/html", JSON, *FIGURES, "application/pdf")

logger = logging.getLogger(__name__)

router = APIRouter()


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    engine: Engine
    workers: Workers
    keys: KeyRing
    metrics: Metrics
    light: anyio.CapacityLimiter
    store: anyio.CapacityLimiter

    @classmethod
    def of(cls, request: Request) -> Parts:
        """Those of the request's service."""
        return cast(Parts, request.app.state.parts)


@router.get(
    "/healthz", tags=["state"], summary="Whether the process lives", **describe_answer(Health)
)
async def healthz() -> Response:
    """Answer, as long as the event loop turns."""
    return JSONResponse(Health().model_dump())


@router.get(
    "/readyz", tags=["state"], summary="Whether a model serves", **describe_answer(Readiness, 503)
)
async def readyz(request: Request) -> Response:
    """Answer 200 once a model serves, 503 with the reason where it does not."""
    engine = Parts.of(request).engine
    if engine.model_id is None:
        raise engine.error
    return JSONResponse(Readiness(model_id=engine.model_id).model_dump())


@router.get(
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
    **describe_answer(Recommendation, 400, 408, 413, 415, 422, 503, also=FIGURES),
)
async def recommend(request: Request) -> Response:
    """Take a picture as a form's file or in base64, with the fields of the campaign.

    Where the header `Accept` prefers one of the other formats, the figures come as that table.
    """
    read = partial(read_recommendation, _content_type(request), request.state.body)
    return await _recommend(request, read, read_accept(request.headers.get("accept", "")))


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
    count_pictures(request, len(pictures))
    engine, campaign = await parts.workers.run(
        lambda: jobs.prepare(parts.engine, fields.campaign()), deadline, is_admitted=True
    )
    turns = asyncio.Semaphore(parts.workers.n_threads)

    async def one(index: int, given: GivenFile) -> bytes:
        job = partial(jobs.recommend_item, engine, index, given, campaign)
        request_id = request.state.request_id
        try:
            async with turns:
                return await parts.workers.run(job, deadline, is_admitted=True)
        except SneakeraugError as exc:
            error = describe(exc, request_id)
        except Exception:
            logger.exception("unexpected", extra={"fields": {"request_id": request_id}})
            error = unexpected(request_id)
        return jobs.to_json(BatchItem(index=index, name=given.name, error=error))

    items = await asyncio.gather(*(one(*numbered) for numbered in enumerate(pictures)))
    schema = BatchAnswer(items=()).schema_
    document = b'{"schema":"%s","items":[%s]}' % (schema.encode(), b",".join(items))
    return Response(document, media_type=JSON)


@router.post(
    "/v1/exports",
    tags=["exports"],
    summary="A picture ready for e-mail, with its HTML, manifest, figures and reports",
    openapi_extra=HAS_EXPORT,
    **describe_files(EXPORTED, 400, 404, 408, 413, 415, 422, 503),
)
async def export(request: Request) -> Response:
    """Take a picture or name a product; answer a zip, or with `only` one file of it."""
    return await _download(request, exports.export)


@router.post(
    "/v1/exports:rebuild",
    tags=["exports"],
    summary="The picture of a manifest again, the same to the last bit",
    openapi_extra=HAS_REBUILD,
    **describe_files(PICTURE_KINDS, 400, 404, 408, 413, 415, 422, 503),
)
async def rebuild(request: Request) -> Response:
    """Take the manifest of an export with the picture, or the product, it was made from."""
    return await _download(request, exports.rebuild)


@router.get(
    "/v1/models",
    tags=["models"],
    summary="The model that serves, and those there are",
    **describe_answer(ModelsAnswer, 503),
)
async def list_models(request: Request) -> Response:
    """List the model folders in short."""
    parts = Parts.of(request)
    answer = await anyio.to_thread.run_sync(jobs.list_cards, parts.engine, limiter=parts.light)
    return Response(answer, media_type=JSON)


@router.get(
    "/v1/models/{model_id}",
    tags=["models"],
    summary="A model's card: what it was trained on, every figure measured of it",
    **describe_answer(ModelCard, 404, 503),
)
async def model_card(request: Request, model_id: str) -> Response:
    """Return the card as the model's folder holds it."""
    parts = Parts.of(request)
    card = await anyio.to_thread.run_sync(
        jobs.card_json, parts.engine, model_id, limiter=parts.light
    )
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
    count_pictures(request, 1)
    answer = await parts.workers.run(lambda: jobs.search_product(parts.engine, query))
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
    count_pictures(request, 1)
    answer = await parts.workers.run(lambda: jobs.search_picture(parts.engine, content_type, body))
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


async def _recommend(request: Request, read: Any, kind: tables.TableKind = "json") -> Response:
    parts = Parts.of(request)
    count_pictures(request, 1)

    def job() -> bytes:
        picture, fields = read()
        recommender, campaign = jobs.prepare(parts.engine, fields.campaign())
        found = recommender.recommend(picture.read(), picture.name, **campaign)
        return jobs.to_json(found) if kind == "json" else tables.write_results(found, kind)

    return Response(await parts.workers.run(job), media_type=tables.MIME[kind])


async def _download(request: Request, make: Any) -> Response:
    parts = Parts.of(request)
    count_pictures(request, 1)
    job = partial(make, parts.engine, _content_type(request), request.state.body)
    made: exports.Download = await parts.workers.run(job)
    return Response(made.data, media_type=made.media_type, headers=made.headers)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")


def count_pictures(request: Request, n_pictures: int) -> None:
    """Write a request's pictures into log and metrics, and against its caller's limit."""
    parts = Parts.of(request)
    request.state.notes["n_pictures"] = n_pictures
    parts.metrics.pictures.inc(n_pictures)
    caller = getattr(request.state, "caller", None)
    if caller is not None and n_pictures > 1:
        parts.keys.take_more(caller, n_pictures - 1)
