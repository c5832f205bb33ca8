"""The OpenAPI document: bodies, answers, problems, and examples that the shipped model gave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic.json_schema import models_json_schema

from sneakeraug import __version__
from sneakeraug.api.documents import (
    MAX_PICTURES,
    BatchRequest,
    CampaignFields,
    DecisionRequest,
    RecommendationRequest,
    SearchFields,
    SearchRequest,
)
from sneakeraug.api.door import ACTIONS, OPEN_PATHS
from sneakeraug.api.export_documents import (
    ExportFields,
    ExportRequest,
    RebuildFields,
    RebuildRequest,
)
from sneakeraug.api.problems import MEDIA_TYPE, Problem
from sneakeraug.api.reading import FORM, JSON, PICTURES
from sneakeraug.records import Record
from sneakeraug.vocabulary import TARGETS

EXAMPLES: Final = Path(__file__).resolve().parent / "examples.json"
"""Requests, and what the shipped model answered; `tests/api/examples.py` renews it."""

BINARY: Final = {"type": "string", "format": "binary"}

SCHEMAS: Final = "#/components/schemas/{model}"

DESCRIPTIONS: Final = {
    400: "The body cannot be read as what it says it is.",
    401: "No known API key was shown.",
    403: "The key's role may not do this.",
    404: "There is no such thing.",
    408: "The body took too long to arrive.",
    409: "Another model answers now, or another decision has that id.",
    413: "The request, or the picture in it, is too large.",
    415: "Neither the request nor the picture in it is of a kind that is read.",
    421: "The service is not asked for under this name.",
    422: "A field or the picture cannot be used.",
    429: "The key's limit is reached; Retry-After says for how long.",
    503: "No model serves, the store is away, or too much is under way: see Retry-After.",
}

TEXT: Final = """Which version of a sneaker picture converts best, with honest uncertainty.

Every error is `application/problem+json`: what was wrong, what was expected, what to do. Send
`X-Request-ID` to find a request in the log again. Probabilities are in [0, 1]; an `interval` is
`[low, high]` at 90 %."""


def _ref(model: type[Record]) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(model=model.__name__)}


def _form(
    fields: type[Record], part: str, n_most: int, instead: str | None = None
) -> dict[str, Any]:
    """A form's schema: a document's fields as text, and one or several files, or one `instead`."""
    properties = {
        name: _without_null(schema)
        for name, schema in fields.model_json_schema(ref_template=SCHEMAS)["properties"].items()
    }
    if "guard" in properties:
        about = "TARGET=N, for instance unsubscribed=5; may be repeated, for another target."
        text = {"type": "string", "pattern": rf"^({'|'.join(TARGETS)})=[0-9]{{1,3}}$"}
        properties["guard"] = {
            "type": "array",
            "items": text,
            "maxItems": 1,
            "description": about,
        }
    picture = {"type": "string", "format": "binary", "description": "A picture's file."}
    several = {"type": "array", "items": picture, "minItems": 1, "maxItems": n_most}
    properties[part] = picture if n_most == 1 else several
    either = {"oneOf": [{"required": [name]} for name in (part, instead)]}
    needed = either if instead else {"required": [part]}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **needed,
    }


def _with_manifest(form: dict[str, Any]) -> dict[str, Any]:
    file = {"type": "string", "format": "binary", "description": "A .manifest.json of an export."}
    return form | {
        "properties": {**form["properties"], "manifest": file},
        "required": ["manifest"],
    }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of what is left out instead of null, as forms and queries do."""
    schema = dict(schema)
    kinds = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
    for kind in kinds:
        schema |= kind
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    if schema.get("default", "") is None:
        del schema["default"]
    return schema


def _body(document: type[Record], form: dict[str, Any], part: str) -> dict[str, Any]:
    content = {
        JSON: {"schema": _ref(document)},
        FORM: {"schema": form, "encoding": {part: {"contentType": ", ".join(PICTURES)}}},
    }
    return {"requestBody": {"required": True, "content": content}}


HAS_PICTURE: Final = _body(RecommendationRequest, _form(CampaignFields, "image", 1), "image")
HAS_BATCH: Final = _body(BatchRequest, _form(CampaignFields, "images", MAX_PICTURES), "images")
HAS_SEARCH: Final = _body(SearchRequest, _form(SearchFields, "image", 1), "image")
HAS_EXPORT: Final = _body(ExportRequest, _form(ExportFields, "image", 1, "product_id"), "image")
HAS_REBUILD: Final = _body(
    RebuildRequest, _with_manifest(_form(RebuildFields, "image", 1, "product_id")), "image"
)
HAS_INVOCATION: Final = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": _ref(RecommendationRequest)},
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in PICTURES},
        },
    },
}


HAS_DECISION: Final = {
    "requestBody": {"required": True, "content": {JSON: {"schema": _ref(DecisionRequest)}}},
}


def describe_answer(answer: type[Any], *problems: int, also: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a route says about its answers, for its decorator.

    Parameters
    ----------
    answer
        What a good answer holds.
    problems
        Statuses it may have else; 401, 403, 421 and 429 are added where keys and hosts are checked.
    also
        Other media types a good answer may have.
    """
    good = {"model": answer, "content": {kind: {"schema": BINARY} for kind in also}}
    return _describe(good, problems)


def describe_files(kinds: Sequence[str], *problems: int) -> dict[str, Any]:
    """Return what a route that answers files says about them, for its decorator.

    Parameters
    ----------
    kinds
        Media types of the files.
    problems
        As for `describe_answer`.
    """
    content = {kind: {"schema": {} if kind == JSON else BINARY} for kind in kinds}
    disposition = {"schema": {"type": "string"}, "required": True}
    headers = {"Content-Disposition": disposition}
    good = {"description": "The file.", "content": content, "headers": headers}
    return _describe(good, problems) | {"response_class": Response}


def _describe(good: dict[str, Any], problems: Sequence[int]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model=Problem.__name__)}}}
    others = {
        status: {"description": DESCRIPTIONS[status], "content": content} for status in problems
    }
    return {"response_model": None, "responses": {200: good, **others}}


@lru_cache(maxsize=1)
def read_examples() -> dict[str, Any]:
    """Return the examples by name."""
    found: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def add_openapi(app: FastAPI, *, asks_for_keys: bool) -> None:
    """Let a service tell its own document, made once."""
    app.openapi = lambda: app.openapi_schema or _document(app, asks_for_keys)  # type: ignore[method-assign]


def _document(app: FastAPI, asks_for_keys: bool) -> dict[str, Any]:
    document = get_openapi(
        title="sneakeraug", version=__version__, description=TEXT, routes=app.routes
    )
    models = (
        Problem,
        RecommendationRequest,
        BatchRequest,
        SearchRequest,
        DecisionRequest,
        ExportRequest,
        RebuildRequest,
    )
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template=SCHEMAS
    )
    parts = document.setdefault("components", {})
    parts["schemas"] = {**parts.get("schemas", {}), **schemas["$defs"]}
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    if asks_for_keys:
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _finish(operation, asks_for_keys and path not in OPEN_PATHS, path in ACTIONS)
    _add_examples(document)
    app.openapi_schema = document
    return document


def _finish(operation: dict[str, Any], asks_for_key: bool, asks_for_role: bool) -> None:
    """Problems every route may answer with, and what their heads hold."""
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    if asks_for_key:
        operation["security"] = [{"key": []}]
        for status in (401, 403, 429) if asks_for_role else (401, 429):
            operation["responses"].setdefault(str(status), {"description": DESCRIPTIONS[status]})
    operation["responses"].setdefault("421", {"description": DESCRIPTIONS[421]})
    for status, answer in operation["responses"].items():
        headers = answer.setdefault("headers", {})
        headers["X-Request-ID"] = {"schema": {"type": "string"}, "required": True}
        if status in ("429", "503"):
            headers["Retry-After"] = {"schema": {"type": "string", "pattern": "^[0-9]+$"}}
        if status != "200":
            schema = {"$ref": SCHEMAS.format(model=Problem.__name__)}
            answer["content"] = {MEDIA_TYPE: {"schema": schema}}


def _add_examples(document: dict[str, Any]) -> None:
    """Requests and answers, each of which the shipped model gave."""
    examples = read_examples()
    for path, name in (
        ("/v1/recommendations", "recommendation"),
        ("/v1/recommendations:batch", "batch"),
        ("/v1/catalog/search", "search"),
        ("/v1/decisions", "decision"),
        ("/v1/exports", "export"),
        ("/invocations", "recommendation"),
    ):
        operation = document["paths"][path]["post"]
        operation["requestBody"]["content"][JSON]["example"] = examples[name]["request"]
        operation["responses"]["200"]["content"][JSON]["example"] = examples[name]["answer"]
        problem = operation["responses"]["422"]["content"][MEDIA_TYPE]
        problem["example"] = examples["problem"]["answer"]
    exported = examples["export"]
    rebuilt = {"image": exported["request"]["image"], "manifest": exported["answer"]}
    body = document["paths"]["/v1/exports:rebuild"]["post"]["requestBody"]
    body["content"][JSON]["example"] = rebuilt
