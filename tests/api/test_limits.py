"""What the service refuses, cuts and outwaits, seen from the other end of a socket."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import requests

from sneakeraug.api import door, server
from sneakeraug.api.app import create_app
from sneakeraug.api.door import ACTIONS
from sneakeraug.api.keys import hash_key, make_key
from sneakeraug.api.work import Workers
from sneakeraug.crowd import Crowd
from sneakeraug.errors import BusyError
from sneakeraug.settings import Settings

from .conftest import ONE, Service, head, logged_request, serve, status_of

KEY = make_key()


@pytest.fixture(scope="module")
def strict(small_settings: Settings) -> Iterator[Service]:
    """A service with a key, two requests at once, small pictures, and little patience."""
    changes = {
        "api_keys": f"tests:{hash_key(KEY)}",
        "requests_per_minute": 0,
        "max_in_flight": 2,
        "max_bytes": 300_000,
        "body_timeout_s": 0.5,
    }
    with serve(small_settings.model_copy(update=changes)) as running:
        running.headers["Authorization"] = f"Bearer {KEY}"
        yield running


def read_answer(connection: socket.socket) -> bytes:
    """One answer, of a connection that may stay open."""
    answer = b""
    while b"}" not in answer:
        answer += connection.recv(65536)
    return answer


def problem_of(answer: bytes) -> dict[str, object]:
    assert b"application/problem+json" in answer
    found: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def test_a_body_over_the_limit_is_cut_while_it_comes(strict: Service) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with socket.create_connection(strict.address, timeout=10) as connection:
        connection.sendall(head(strict, "Transfer-Encoding: chunked"))
        for _ in range(8):  # 524,288 bytes of a body without end; 465,536 are the most
            connection.sendall(chunk)
        answer = read_answer(connection)
    assert status_of(answer) == 413
    assert problem_of(answer)["reason"] == "too_large"


@pytest.mark.parametrize("length", ["10000000", "9" * 40], ids=["10 MB", "endless"])
def test_a_body_that_is_announced_too_large_is_never_asked_for(
    strict: Service, length: str
) -> None:
    answer = strict.raw(head(strict, f"Content-Length: {length}", "Expect: 100-continue"))
    assert b"100 Continue" not in answer
    assert status_of(answer) in (400, 413)


def test_a_body_that_is_too_slow_is_outwaited_and_its_place_is_free_again(strict: Service) -> None:
    started = time.monotonic()
    answers = [strict.raw(head(strict, "Content-Length: 1000") + b"abc") for _ in range(3)]
    assert {status_of(answer) for answer in answers} == {408}
    assert 1.4 < time.monotonic() - started < 5
    assert strict.app.state.parts.workers.n_in_flight == 0


def test_a_head_that_never_ends_is_outwaited(
    strict: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_S", 0.3)
    for start in (b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nX-Slow: "):
        answer = strict.raw(start)
        assert status_of(answer) == 408
        assert problem_of(answer)["reason"] == "too_slow"


def test_whoever_sends_all_before_reading_reads_why_it_was_refused(strict: Service) -> None:
    with socket.create_connection(strict.address, timeout=10) as connection:
        connection.sendall(head(strict, "Content-Length: 5000000", "Connection: close"))
        for _ in range(50):
            connection.sendall(bytes(100_000))
            time.sleep(0.002)
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    assert status_of(answer) == 413
    assert problem_of(answer)["reason"] == "too_large"


@pytest.mark.parametrize("lines", [(), ("Connection: close",)], ids=["kept open", "closing"])
def test_the_rest_of_a_refused_body_is_not_read_for_ever(
    strict: Service, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
) -> None:
    monkeypatch.setattr(server, "HEAD_S", 0.3)
    monkeypatch.setattr(door, "REST_S", 0.3)
    with socket.create_connection(strict.address, timeout=10) as connection:
        connection.sendall(head(strict, "Content-Length: 10000000", *lines))
        assert status_of(connection.recv(65536)) == 413
        with pytest.raises(OSError):  # noqa: PT012 - whichever of them finds it closed
            for _ in range(100):
                connection.sendall(bytes(1000))
                time.sleep(0.05)


def test_more_connections_than_a_process_can_hold_are_told_so(
    strict: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 0)
    answer = strict.raw(b"")
    assert status_of(answer) == 503
    assert problem_of(answer)["reason"] == "busy"
    assert b"Retry-After: 1" in answer


def test_what_is_no_http_is_a_problem(strict: Service) -> None:
    for data in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n"):
        assert problem_of(strict.raw(data))["reason"] == "malformed"


@pytest.mark.parametrize(
    "shown",
    [None, "", "Bearer", f"Bearer {make_key()}", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer é"],
    ids=["none", "empty", "no key", "another", "basic", "longer", "no ascii"],
)
def test_a_request_without_a_known_key_is_refused_unread(strict: Service, shown: str) -> None:
    headers = {} if shown is None else {"Authorization": shown.encode("latin-1")}
    answer = requests.post(strict.url + ONE, data=b"x", headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["reason"] == "key"
    assert requests.get(strict.url + "/nothing", headers=headers, timeout=10).status_code == 401


def test_a_viewer_s_key_gets_results_and_nothing_beyond(
    small_settings: Settings, jpeg: bytes
) -> None:
    keys = f"desk:{hash_key(KEY)}:viewer"
    with serve(small_settings.model_copy(update={"api_keys": keys})) as running:
        running.headers["Authorization"] = f"Bearer {KEY}"
        assert running.get("/v1/models").status_code == 200
        assert running.post(ONE, files={"image": jpeg}).status_code == 200
        refused = running.post(f"{ONE}:batch", files={"images": jpeg})
        assert refused.status_code == 403
        assert refused.json()["reason"] == "role"
        assert "As viewer you may not run a batch" in refused.json()["detail"]
        beyond = [running.post(path, data=b"x") for path in ACTIONS]
        beyond.append(running.get("/v1/decisions"))
        assert {answer.status_code for answer in beyond} == {403}


def test_health_is_told_without_a_key_and_metrics_are_not(strict: Service) -> None:
    for path in ("/healthz", "/readyz", "/ping", "/openapi.json"):
        assert requests.get(strict.url + path, timeout=10).status_code == 200
    assert requests.get(strict.url + "/metrics", timeout=10).status_code == 401
    assert strict.get("/metrics").status_code == 200


def test_the_log_names_the_key_and_never_holds_it(
    strict: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "sneakeraug.api"):
        strict.get("/v1/models")
        record = logged_request(caplog)
    assert vars(record)["fields"]["key"] == "tests"
    assert KEY not in str(vars(record))


def test_more_than_fit_at_once_are_refused_and_told_when_to_come_again(
    strict: Service, jpeg: bytes
) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            slow = stack.enter_context(socket.create_connection(strict.address, timeout=10))
            slow.sendall(head(strict, "Content-Length: 1000") + b"abc")
        wait_for(strict, 2)
        answer = strict.post(ONE, files={"image": jpeg})
        assert answer.status_code == 503
        assert answer.json()["reason"] == "busy"
        assert int(answer.headers["Retry-After"]) >= 1
        assert strict.get("/healthz").status_code == 200
    assert 'sneakeraug_refused_total{reason="busy"} 1.0' in wait_and_get_metrics(strict)


def wait_for(service: Service, n_in_flight: int) -> None:
    while service.app.state.parts.workers.n_in_flight != n_in_flight:
        time.sleep(0.01)


def wait_and_get_metrics(service: Service) -> str:
    wait_for(service, 0)
    return service.get("/metrics").text


def test_a_client_that_leaves_frees_its_place(strict: Service) -> None:
    with socket.create_connection(strict.address, timeout=10) as connection:
        connection.sendall(head(strict, "Content-Length: 1000") + b"abc")
        wait_for(strict, 1)
    assert "sneakeraug_in_flight 1.0" in wait_and_get_metrics(strict)


def test_another_hosts_name_is_refused(strict: Service) -> None:
    answer = strict.get("/healthz", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.json()["reason"] == "host"
    for name in ("localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:8080"):
        assert strict.get("/healthz", headers={"Host": name}).status_code == 200


def test_listening_beyond_this_machine_without_keys_is_warned_of(
    small_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    beyond = {"service_address": "0.0.0.0"}  # noqa: S104 - no one listens
    create_app(small_settings.model_copy(update=beyond))
    assert "No API key is set" in caplog.text
    caplog.clear()
    create_app(small_settings.model_copy(update=beyond | {"api_keys": hash_key(KEY)}))
    create_app(small_settings)
    assert caplog.text == ""


def test_a_key_has_so_many_requests_and_the_pictures_of_a_batch_count(
    small_settings: Settings, in_base64: str
) -> None:
    changes = {"api_keys": hash_key(KEY), "requests_per_minute": 3}
    with serve(small_settings.model_copy(update=changes)) as service:
        service.headers["Authorization"] = f"Bearer {KEY}"
        images = [{"image": in_base64}] * 3
        batch = service.post("/v1/recommendations:batch", json={"images": images})
        assert batch.status_code == 200
        refused = service.get("/v1/models")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert "3 requests a minute" in refused.json()["detail"]
        assert service.get("/healthz").status_code == 200


def test_what_would_be_done_too_late_is_refused_before_and_what_waits_too_long_after() -> None:
    settings = Settings(service_threads=2, max_wait_s=0.55, request_timeout_s=0.3)

    async def crowd() -> None:
        workers, go_on = Workers(settings), threading.Event()
        try:
            jobs = [asyncio.create_task(workers.run(lambda: go_on.wait(10))) for _ in range(5)]
            await asyncio.sleep(0.1)  # 0.1 s each is the first guess: the sixth comes too late
            assert workers.n_waiting == 3
            with pytest.raises(BusyError) as refused:
                await workers.run(lambda: True)
            assert refused.value.retry_after_s == 1
            results = await asyncio.gather(*jobs, return_exceptions=True)
            assert all(isinstance(result, BusyError) for result in results)
            assert workers.n_waiting == 0  # those that never began are forgotten
            go_on.set()
        finally:
            go_on.set()
            workers.close()

    asyncio.run(crowd())


def test_what_no_thread_begins_in_time_is_refused_though_it_was_let_in() -> None:
    settings = Settings(service_threads=1, max_wait_s=0.25, request_timeout_s=30)

    async def stall() -> tuple[object, ...]:
        workers, go_on = Workers(settings), threading.Event()
        try:
            long = asyncio.create_task(workers.run(lambda: go_on.wait(10)))
            patient = asyncio.create_task(workers.run(lambda: "late", is_admitted=True))
            await asyncio.sleep(0.01)
            workers.crowd.n_jobs = 0  # as if those ahead had been expected to be quick
            with pytest.raises(BusyError):
                await workers.run(lambda: pytest.fail("it was begun after it was refused"))
            go_on.set()
            return await long, await patient
        finally:
            go_on.set()
            workers.close()

    assert asyncio.run(stall()) == (True, "late")


def test_while_a_processor_is_free_nothing_is_refused() -> None:
    crowd = Crowd(max_wait_s=0.01)  # a tenth of the first guess
    for _ in range(os.cpu_count() or 1):
        crowd.check()
        crowd.enter()
    with pytest.raises(BusyError), crowd.place():
        pytest.fail("nothing is free")
    crowd.leave()
    with pytest.raises(ZeroDivisionError), crowd.place():
        raise ZeroDivisionError
    crowd.check()


def test_how_long_it_takes_is_learned_from_what_it_took() -> None:
    async def work() -> list[float]:
        workers = Workers(Settings(service_threads=2))
        try:
            for _ in range(3):
                await workers.run(lambda: time.sleep(0.05))
            alone_s = workers.crowd.expected_s
            for _ in range(3):
                pair = [workers.run(lambda: time.sleep(0.05)) for _ in range(8)]
                await asyncio.gather(*pair)
            return [alone_s, workers.crowd.expected_s]
        finally:
            workers.close()

    alone_s, together_s = asyncio.run(work())
    assert 0.05 <= alone_s < 0.2
    assert 0.025 <= together_s < alone_s  # two threads finish twice as many
