"""What the service answers, asked as another program would."""

from __future__ import annotations

import json
import logging
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sneakeraug.api.journal import JsonLines
from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import ContextError, InputError, PhotoError
from sneakeraug.intake.decode import decode_photo
from sneakeraug.rank.guards import check_guard
from sneakeraug.records import Recommendation
from sneakeraug.scoring import MAX_ALTERNATES
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.vocabulary import TARGETS, check_term

from .conftest import Service, logged_request

ONE, MANY, SEARCH = "/v1/recommendations", "/v1/recommendations:batch", "/v1/catalog/search"


def without_timing(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "timing_ms"}


def test_form_json_and_sagemaker_say_what_python_says(
    service: Service, small_settings: Settings, jpeg: bytes, in_base64: str
) -> None:
    campaign = {"target": "open_rate", "gender": "women", "n_alternates": 3}
    expected = load(settings=small_settings).recommend(
        jpeg, **campaign, guard={"unsubscribed": 5.0}
    )
    fields = {**campaign, "guard": "unsubscribed=5"}
    document = {**campaign, "guard": {"unsubscribed": 5}, "image": in_base64}
    attributes = "target=open_rate;gender=women; n_alternates=3, guard=unsubscribed=5"
    as_json = json.dumps({**campaign, "guard": {"unsubscribed": 5}})
    name = "X-Amzn-SageMaker-Custom-Attributes"
    picture = {"Content-Type": "image/jpeg"}
    answers = [
        service.post(ONE, files={"image": ("shoe.jpg", jpeg)}, data=fields),
        service.post(ONE, json=document),
        service.post("/invocations", json=document),
        service.post("/invocations", data=jpeg, headers=picture | {name: attributes}),
        service.post("/invocations", data=jpeg, headers=picture | {name: as_json}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert without_timing(answer.json()) == without_timing(expected.to_dict())
        Recommendation.model_validate(answer.json())


@pytest.mark.parametrize("as_form", [True, False], ids=["form", "json"])
def test_a_batch_answers_each_picture_as_alone_and_says_what_is_wrong_at_its_place(
    service: Service, jpeg: bytes, in_base64: str, as_form: bool
) -> None:
    if as_form:
        files = [("images", ("a.jpg", jpeg)), ("images", ("b.jpg", b"text")), ("images", jpeg)]
        answer = service.post(MANY, files=files, data={"target": "open_rate"})
    else:
        images = [{"image": in_base64, "name": "a.jpg"}, {"image": "???"}, {"image": in_base64}]
        answer = service.post(MANY, json={"images": images, "target": "open_rate"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["schema"] == "sneakeraug.recommendations/1"
    first, wrong, last = document["items"]
    alone = service.post(ONE, json={"image": in_base64, "target": "open_rate"}).json()
    assert without_timing(first["recommendation"]) == without_timing(alone)
    assert without_timing(last["recommendation"]) == without_timing(alone)
    assert [item["index"] for item in document["items"]] == [0, 1, 2]
    assert first["error"] is None
    assert first["name"] == "a.jpg"
    assert wrong["recommendation"] is None
    assert wrong["error"]["status"] == (415 if as_form else 422)
    assert wrong["error"]["detail"]


def test_the_models_are_listed_and_a_card_is_told(service: Service, small_models: Path) -> None:
    listed = service.get("/v1/models").json()
    assert listed["serving"] == "small"
    assert listed["active"] == {"sneakers": "small"}
    assert listed["models"][0]["is_active"] is True
    assert listed["models"][0]["targets"] == list(TARGETS)
    card = service.get("/v1/models/small")
    assert card.content == (small_models / "small" / "card.json").read_bytes()
    assert service.get("/v1/models/..%2F..%2Fetc%2Fpasswd").status_code == 404


def test_a_search_finds_the_same_by_picture_and_by_product(service: Service) -> None:
    from sneakeraug.catalog.products import load_catalog

    catalog = load_catalog()
    product = catalog.products[3]
    data = catalog.image_bytes(product.product_id)
    options: dict[str, Any] = {"n": 4, "in_stock": "false"}
    by_picture = service.post(SEARCH, files={"image": data}, data=options)
    by_product = service.get(SEARCH, params={"product_id": product.product_id, **options})
    assert by_picture.json() == by_product.json()
    assert by_product.json()["products"][0]["product_id"] == product.product_id
    assert by_product.json()["products"][0]["similarity"] == pytest.approx(1.0, abs=1e-4)
    options["brand"] = [product.brand, "nobody"]
    options["max_price"] = "999.50"
    found = service.get(SEARCH, params={"product_id": product.product_id, **options}).json()
    assert {one["brand"] for one in found["products"]} == {product.brand}


def test_every_answer_has_security_headers_and_a_request_id(service: Service) -> None:
    for path in ("/healthz", "/nothing", "/v1/models"):
        answer = service.get(path, headers={"X-Request-ID": "abc-1.2_3"})
        assert answer.headers["X-Request-ID"] == "abc-1.2_3"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "server" not in answer.headers
    made = service.get("/healthz", headers={"X-Request-ID": "no spaces {}"})
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-ID"])


def said_by(check: Callable[[], object]) -> str:
    """What Python, and so the command line, says."""
    with pytest.raises(InputError) as caught:
        check()
    return str(caught.value)


BAD_FIELDS: list[Any] = [
    pytest.param(
        {"target": "sales"}, "context", lambda: check_term("target", "sales"), id="target"
    ),
    pytest.param({"gender": "x"}, "context", lambda: check_term("gender", "x"), id="gender"),
    pytest.param({"guard": {"sales": 1}}, "context", lambda: check_guard({"sales": 1}), id="guard"),
    pytest.param({"n_alternates": MAX_ALTERNATES + 1}, "input", None, id="too many alternates"),
    pytest.param({"n_alternates": "5"}, "input", None, id="number as text"),
    pytest.param({"n_alternates": True}, "input", None, id="truth as number"),
    pytest.param(
        {"guard": {"open_rate": -1.0}},
        "input",
        lambda: check_guard({"open_rate": -1.0}),
        id="guard below zero",
    ),
    pytest.param({"sneekers": 1}, "input", None, id="unknown field"),
    pytest.param({"image": None}, "input", None, id="no picture"),
    pytest.param({"image": "a b!"}, "input", None, id="no base64"),
    pytest.param({"image": "data:image/png;base64,AAAA"}, "input", None, id="data address"),
]


@pytest.mark.parametrize(("fields", "reason", "check"), BAD_FIELDS)
def test_a_bad_field_is_a_problem_in_the_words_of_the_command_line(
    service: Service,
    in_base64: str,
    fields: dict[str, Any],
    reason: str,
    check: Callable[[], object] | None,
) -> None:
    answer = service.post(ONE, json={"image": in_base64} | fields)
    assert_problem(answer, 422, reason)
    if check is not None:
        assert answer.json()["detail"] == said_by(check)
    assert next(iter(fields)) in answer.json()["detail"]


def assert_problem(answer: Any, status: int, reason: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["reason"] == reason
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.text
    assert answer.elapsed.total_seconds() < 2


def flat_png(side: int) -> bytes:
    """A PNG whose head says that it is large; its pixels are a kilobyte of nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))


def hostile_pictures() -> list[Any]:
    return [
        pytest.param(lambda _: b"", 422, "empty", id="empty"),
        pytest.param(lambda jpeg: jpeg[: len(jpeg) // 2], 422, "truncated", id="cut in half"),
        pytest.param(lambda jpeg: jpeg[:20], 415, "format", id="cut to its head"),
        pytest.param(lambda _: b"hello", 415, "format", id="text named jpg"),
        pytest.param(lambda _: b"PK\x03\x04" + bytes(999), 415, "format", id="zip named jpg"),
        pytest.param(lambda _: flat_png(50_000), None, None, id="bomb of 2,500 megapixels"),
        pytest.param(lambda _: flat_png(11_000), 422, "pixels", id="121 megapixels"),
        pytest.param(lambda _: bytes(10_000_001), 413, "too_large", id="more than 10 MB"),
    ]


@pytest.mark.parametrize(("make", "status", "reason"), hostile_pictures())
@pytest.mark.parametrize("path", [ONE, SEARCH, "/invocations"])
def test_a_hostile_picture_is_one_problem(
    service: Service,
    jpeg: bytes,
    path: str,
    make: Callable[[bytes], bytes],
    status: int | None,
    reason: str | None,
) -> None:
    data = make(jpeg)
    if path == "/invocations":
        answer = service.post(path, data=data, headers={"Content-Type": "image/jpeg"})
        name = "picture"
    else:
        answer = service.post(path, files={"image": ("shoe.jpg", data)})
        name = "the picture" if path == SEARCH else "shoe.jpg"
    expected = said_by(lambda: decode_photo(data, name=name))
    assert_problem(answer, status or answer.status_code, reason or answer.json()["reason"])
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"] == expected


def form(*parts: bytes, end: bytes = b"--x--\r\n") -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nabc'
FIELD = b'Content-Disposition: form-data; name="target"\r\n\r\nopen_rate'
MULTIPART = "multipart/form-data; boundary=x"

HOSTILE_BODIES: list[Any] = [
    pytest.param("application/json", b"", 400, id="no json at all"),
    pytest.param("application/json", b"{", 400, id="json that ends early"),
    pytest.param("application/json", b"[" * 1_000_000, 400, id="a million brackets"),
    pytest.param("application/json", b'{"a":' * 100_000 + b"1", 400, id="deep json"),
    pytest.param("application/json", b'{"image":"\xff\xfe"}', 400, id="json that is not utf-8"),
    pytest.param("application/json", b"[1]", 422, id="json that is no object"),
    pytest.param("application/json", b'{"image":"QUJD","n_alternates":1e999}', 422, id="endless"),
    pytest.param(
        "application/json",
        b'{"image":"QUJD","n_alternates":' + b"9" * 100_000 + b"}",
        400,
        id="a number of 100,000 digits",
    ),
    pytest.param(MULTIPART, b"", 400, id="an empty form"),
    pytest.param(MULTIPART, form(FILE, end=b""), 400, id="a form that ends early"),
    pytest.param(MULTIPART, form(FIELD), 422, id="a form without a file"),
    pytest.param(MULTIPART, form(FILE, FILE), 422, id="two files where one is expected"),
    pytest.param(MULTIPART, form(FILE, FIELD, FIELD), 422, id="a field twice"),
    pytest.param(MULTIPART, form(*[FIELD] * 500), 400, id="500 fields"),
    pytest.param(MULTIPART, form(FILE, FIELD + b"x" * 5000), 400, id="a field of 5,000 letters"),
    pytest.param(MULTIPART, form(b"Content-Type: a/b\r\n\r\nabc"), 400, id="a part without name"),
    pytest.param("multipart/form-data", form(FILE), 400, id="no boundary"),
    pytest.param(f"{MULTIPART}{'y' * 9000}", form(FILE), 400, id="a long boundary"),
    pytest.param("text/plain", b"hello", 415, id="text"),
    pytest.param("application/x-www-form-urlencoded", b"a=b", 415, id="a form without files"),
]


@pytest.mark.parametrize(("kind", "body", "status"), HOSTILE_BODIES)
def test_a_hostile_body_is_one_problem(
    service: Service, kind: str, body: bytes, status: int
) -> None:
    answer = service.post(ONE, data=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    reason = {400: "malformed", 415: "media_type", 422: "input"}[status]
    assert_problem(answer, status, reason)


def test_custom_attributes_that_are_none_are_told(service: Service, jpeg: bytes) -> None:
    for given, says in (("nonsense", "name=value is expected"), ("{", "is no JSON")):
        headers = {"Content-Type": "image/jpeg", "X-Amzn-SageMaker-Custom-Attributes": given}
        answer = service.post("/invocations", data=jpeg, headers=headers)
        assert says in answer.json()["detail"]
        assert answer.status_code in (400, 422)


def test_a_batch_of_none_or_too_many_is_refused_whole(service: Service, in_base64: str) -> None:
    for n in (0, 17):
        answer = service.post(MANY, json={"images": [{"image": in_base64}] * n})
        assert_problem(answer, 422, "input")


def test_a_wrong_query_says_which_field(service: Service) -> None:
    answer = service.get(SEARCH, params={"product_id": "demo-running-01", "n": "ten"})
    assert_problem(answer, 422, "input")
    assert "n 'ten'" in answer.json()["detail"]
    assert_problem(service.get(SEARCH, params={"product_id": "none"}), 404, "not_found")


def test_what_is_not_served_is_a_problem_and_says_what_is(service: Service) -> None:
    assert_problem(service.get("/admin"), 404, "not_found")
    answer = service.request("PUT", SEARCH)
    assert_problem(answer, 405, "method")
    assert answer.headers["Allow"] == "GET, POST"
    assert service.request("DELETE", "/v1/models/small").headers["Allow"] == "GET"


def test_an_exception_nobody_foresaw_tells_the_log_alone(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async def boom() -> None:
        raise ZeroDivisionError("a secret in the words")

    service.app.add_api_route("/boom", boom)
    with caplog.at_level(logging.INFO, "sneakeraug.api"):
        answer = service.get("/boom")
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    record = next(record for record in caplog.records if record.exc_info)
    line = json.loads(JsonLines().format(record))
    assert line["exception"] == "ZeroDivisionError"
    assert line["request_id"] == answer.json()["request_id"]
    assert any("boom" in place for place in line["raised_at"])
    assert "secret" not in json.dumps(line)


def test_the_log_has_one_line_a_request_and_nothing_of_its_picture_or_query(
    service: Service, jpeg: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "sneakeraug.api"):
        service.post(
            ONE + "?private=1", files={"image": ("anna-secret.jpg", jpeg)}, data={"target": "x"}
        )
        record = logged_request(caplog)
    line = json.loads(JsonLines().format(record))
    assert line["route"] == ONE
    assert line["status"] == 422
    assert line["reason"] == "context"
    assert line["n_pictures"] == 1
    assert {"time", "level", "request_id", "method", "ms", "n_bytes"} <= line.keys()
    for private in ("anna", "private", "127.0.0.1"):
        assert private not in json.dumps(line)


def test_metrics_count_by_route_and_never_by_what_was_asked(service: Service, jpeg: bytes) -> None:
    service.post(ONE, files={"image": jpeg})
    service.get("/v1/models/some-name")
    service.request("BREW", "/tea/with/milk")
    text = service.get("/metrics").text
    assert re.search(
        r'sneakeraug_requests_total{method="POST",route="/v1/recommendations",status="200"} \d',
        text,
    )
    assert 'route="/v1/models/{model_id}",status="404"' in text
    assert 'method="other",route="other"' in text
    assert re.search(r'sneakeraug_request_seconds_bucket{le="0.1",route="/v1/rec', text)
    assert "sneakeraug_ready 1.0" in text
    assert "sneakeraug_in_flight 1.0" in text
    assert "some-name" not in text
    assert "milk" not in text


def test_ping_and_readyz_say_which_model_serves(service: Service) -> None:
    for path in ("/ping", "/readyz"):
        assert service.get(path).json() == {"ready": True, "model_id": "small"}
    assert service.get("/healthz").json() == {"status": "ok"}


def test_a_picture_below_the_sides_limit_is_unprocessable(
    service: Service, shoe: UInt8Array, encode: Callable[..., bytes]
) -> None:
    data = encode(shoe[:40, :40])
    answer = service.post(ONE, files={"image": ("tiny.png", data)})
    with pytest.raises(PhotoError) as caught:
        decode_photo(data, name="tiny.png")
    assert_problem(answer, 422, "side")
    assert answer.json()["detail"] == str(caught.value)
    with pytest.raises(ContextError):
        check_term("target", "tiny")
