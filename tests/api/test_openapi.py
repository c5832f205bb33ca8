"""The OpenAPI document is true: its examples were answered so, and the service keeps to it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from sneakeraug.api.app import create_app
from sneakeraug.api.openapi import EXAMPLES
from sneakeraug.api.reading import PICTURES
from sneakeraug.catalog.products import load_catalog
from sneakeraug.settings import Settings

from .conftest import Service, serve
from .examples import PATHS, requests_of_examples

MEASURED = (
    *("timing_ms", "device", "backend", "request_id", "result", "versions"),
    *("number", "decision_id", "decided_utc"),
)
"""What another machine or another moment says otherwise."""


def small_picture(number: int) -> bytes:
    """A product of the demo catalog, small enough to be sent often."""
    catalog = load_catalog()
    with Image.open(io.BytesIO(catalog.image_bytes(catalog.products[number].product_id))) as image:
        buffer = io.BytesIO()
        image.resize((96, 72), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


SENT = [small_picture(number) for number in range(3)]
schemathesis.openapi.format("byte", st.sampled_from([base64.b64encode(d).decode() for d in SENT]))
schemathesis.openapi.format("binary", st.sampled_from(SENT))
for kind in PICTURES:
    schemathesis.openapi.media_type(kind, st.sampled_from(SENT))
document = schemathesis.openapi.from_dict(create_app(Settings()).openapi())


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Leave out what JSON Schema has no way to forbid: fields that do not fit each other."""
    return not any(
        isinstance(given, dict) and is_contradictory(given) for given in (case.query, case.body)
    )


def is_contradictory(given: dict[str, Any]) -> bool:
    """A least price above the most; a part alone, a report or a tool without what it needs."""
    least, most = given.get("min_price"), given.get("max_price")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        return True
    needed = {"klaviyo": ("link", "picture_url"), "braze": ("picture_url",)}
    missing = [name for name in needed.get(str(given.get("tool")), ()) if not given.get(name)]
    unsigned = given.get("report") and not given.get("by")
    unnamed = given.get("only") in ("results", "report") and not given.get(given["only"])
    return bool(missing or unsigned or unnamed)


@document.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_service_keeps_to_its_document(case: schemathesis.Case, service: Service) -> None:
    unfit = []
    if case.path.endswith(":rebuild"):  # no schema says that a manifest and a picture are a pair
        unfit = [negative_data_rejection, positive_data_acceptance]
        if case.meta.generation.mode.is_positive:
            belong_together(case, service)
    case.call_and_validate(base_url=service.url, excluded_checks=unfit)


def belong_together(case: schemathesis.Case, service: Service) -> None:
    """Give a valid request a manifest and its picture."""
    is_json = case.media_type == "application/json"
    if case.body.get("product_id"):
        source: dict[str, Any] = {"product_id": "demo-running-01"}
    else:
        source = {"image": base64.b64encode(SENT[0]).decode()}
    made = service.post("/v1/exports", json={"only": "manifest", **source})
    case.body["manifest"] = made.json() if is_json else made.content
    if "image" in source and not is_json:
        source["image"] = SENT[0]
    case.body |= source


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the model that ships."""
    home = tmp_path_factory.mktemp("shipped-home")
    with serve(Settings(home=home, device="cpu", backend="torch")) as running:
        yield running


def assert_alike(actual: Any, expected: Any, where: str = "") -> None:
    """Equal, but for what is measured and the last digits of numbers."""
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys(), where
        for name in expected.keys() - set(MEASURED):
            assert_alike(actual[name], expected[name], f"{where}.{name}")
    elif isinstance(expected, list):
        assert len(actual) == len(expected), where
        for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
            assert_alike(one, other, f"{where}[{index}]")
    elif isinstance(expected, float):
        assert actual == pytest.approx(expected, abs=2e-3), where
    elif not where.endswith("sentence"):  # another processor may round a number in it otherwise
        assert actual == expected, where


def test_the_examples_are_what_the_shipped_model_answers(shipped: Service) -> None:
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    for name, asked in requests_of_examples().items():
        example = examples[name]
        assert {**example["request"], "image": "", "images": ""} == {
            **asked,
            "image": "",
            "images": "",
        }
        answer = shipped.post(PATHS[name], json=example["request"]).json()
        assert_alike(answer, example["answer"], name)
    assert Path(EXAMPLES).stat().st_size < 50_000


def test_the_document_asks_for_a_key_where_the_service_does() -> None:
    keys = Settings(api_keys="0" * 64)
    document = create_app(keys).openapi()
    assert document["paths"]["/v1/recommendations"]["post"]["security"] == [{"key": []}]
    assert "security" not in document["paths"]["/readyz"]["get"]
    assert "securitySchemes" not in create_app(Settings()).openapi()["components"]


def test_every_check_of_schemathesis_runs() -> None:
    assert {"not_a_server_error", "response_schema_conformance", "negative_data_rejection"} <= set(
        CHECKS.get_all_names()
    )
