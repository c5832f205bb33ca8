"""Hostile files and bodies over HTTP: each is one problem, and the next good request is served."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hostile import corpus
from hostile.pictures import good

from .conftest import Service

ONE, MANY, SEARCH = "/v1/recommendations", "/v1/recommendations:batch", "/v1/catalog/search"

FINE = {"nul-name", "guard--1e-999", "alternates--1e-999"}
"""Bodies that only look like harm."""


def is_one_problem(answer: Any) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].isprintable()
    assert "Traceback" not in answer.text


def serves_on(service: Service) -> None:
    assert service.post(ONE, files={"image": ("good.jpg", good())}).status_code == 200


@pytest.mark.parametrize("path", [ONE, SEARCH, "/invocations"])
def test_each_picture_is_one_problem(service: Service, path: str) -> None:
    for name, data in corpus.chosen().items():
        if path == "/invocations":
            answers = [service.post(path, data=data, headers={"Content-Type": "image/jpeg"})]
        else:
            answers = [service.post(path, files={"image": (name, data)})]
        encoded = base64.b64encode(data).decode()
        answers.append(service.post(path, json={"image": encoded, "name": name}))
        if path == SEARCH:
            answers.pop()
        for answer in answers:
            is_one_problem(answer)
    serves_on(service)


def test_each_picture_of_a_batch_is_a_problem_at_its_place(service: Service) -> None:
    files = [("images", (name, data)) for name, data in corpus.chosen().items() if len(data) < 3e6]
    answer = service.post(MANY, files=[*files, ("images", ("good.jpg", good()))])
    assert answer.status_code == 200
    *bad, last = answer.json()["items"]
    assert len(bad) == len(files)
    assert all(item["error"]["detail"].isprintable() for item in bad)
    assert last["recommendation"]["variants"]


def test_each_body_is_one_problem_or_an_answer(service: Service) -> None:
    for name, kind, body in corpus.requests():
        for path in (ONE, MANY, SEARCH, "/invocations"):
            answer = service.post(path, data=body, headers={"Content-Type": kind})
            if answer.status_code != 200:
                is_one_problem(answer)
            else:
                assert name in FINE
    serves_on(service)


def test_a_header_of_attributes_is_one_problem(service: Service) -> None:
    for text in ('{"target":' * 2_000, "a=b;" * 5_000, "=" * 9_000, '{"guard":{"open_rate":NaN}}'):
        headers = {
            "Content-Type": "image/jpeg",
            "X-Amzn-SageMaker-Custom-Attributes": text,
        }
        is_one_problem(service.post("/invocations", data=good(), headers=headers))
    serves_on(service)
