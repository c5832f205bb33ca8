"""Two pages and the service behind Debian's nginx with the configuration that ships."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from nginx_front import API, PAGE, in_front, require_nginx, write_certificate, write_conf
from playwright.sync_api import Browser, expect

from sneakeraug.api.keys import hash_key, make_key
from sneakeraug.ui import samples

from .conftest import ROOT, WAIT_MS, free_port, serving, settle, upload, wait_for_cards

KEY = make_key()


@dataclass
class Front:
    """A running nginx: how to ask it under a name, and where."""

    https: int
    http: int
    certificate: Path

    def ask(self, name: str, path: str, method: str = "GET", **more: object) -> httpx.Response:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        with httpx.Client(verify=trusted, timeout=60) as client:
            return client.request(
                method,
                f"https://127.0.0.1:{self.https}{path}",
                headers={"Host": f"{name}:{self.https}", **dict(more.pop("headers", {}))},  # type: ignore[call-overload]
                extensions={"sni_hostname": name},
                **more,  # type: ignore[arg-type]
            )


def serve_api(port: int, names: str) -> subprocess.Popen[bytes]:
    """The service in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "sneakeraug", "serve", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "SNEAKERAUG_ALLOWED_HOSTS": names,
            "SNEAKERAUG_API_KEYS": f"tests:{hash_key(KEY)}:viewer",
        },
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    require_nginx()
    folder, names = tmp_path_factory.mktemp("nginx"), f"{PAGE},{API}"
    api_port = free_port()
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        api = serve_api(api_port, names)
        stack.callback(api.wait, timeout=30)
        stack.callback(api.terminate)
        started = [
            pool.submit(stack.enter_context, serving(SNEAKERAUG_ALLOWED_HOSTS=names))
            for _ in range(2)
        ]
        pages = [address.result().removeprefix("http://") for address in started]
        made = Front(free_port(), free_port(), write_certificate(folder))
        service = f"127.0.0.1:{api_port}"
        stack.enter_context(in_front(write_conf(folder, pages, service, made.http, made.https)))
        deadline = time.monotonic() + WAIT_MS / 1000
        while made.ask(API, "/readyz").status_code != 200:
            assert time.monotonic() < deadline, "the service did not get ready"
            time.sleep(0.5)
        yield made


def test_each_browser_stays_with_the_page_it_began_with(
    browser: Browser, front: Front, tmp_path: Path
) -> None:
    path = tmp_path / "mine.jpg"
    path.write_bytes(samples.load_samples()[0].read())
    for _ in range(2):
        context = browser.new_context(ignore_https_errors=True, locale="en-US")
        try:
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)
            missing: list[str] = []
            page.on(
                "response",
                lambda answer, seen=missing: (
                    seen.append(answer.url) if answer.status >= 400 else None
                ),
            )
            page.goto(f"https://{PAGE}:{front.https}/")
            page.wait_for_selector("h1")
            settle(page)
            expect(page.get_by_text("This page asks nobody to sign in")).to_have_count(0)
            upload(page, path)
            wait_for_cards(page)
            assert not missing
            (visit,) = [c for c in context.cookies() if c["name"] == "sneakeraug_visit"]
            assert visit["secure"]
            assert visit["httpOnly"]
            assert all(cookie["secure"] for cookie in context.cookies())
        finally:
            context.close()


def test_the_page_s_answers_are_sealed(front: Front) -> None:
    answer = front.ask(PAGE, "/")
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["server"] == "nginx"  # no version, and not ours


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (PAGE, "/_stcore/metrics"),
        (PAGE, "/_stcore/agent/openapi.json"),
        (API, "/metrics"),
        (API, "/_stcore/health"),
    ],
)
def test_what_is_for_whoever_runs_the_server_is_not_shown(
    front: Front, name: str, path: str
) -> None:
    key = {"Authorization": f"Bearer {KEY}"}
    assert front.ask(name, path, headers=key).status_code == 404


def test_a_name_that_was_not_given_is_not_answered(front: Front) -> None:
    with pytest.raises(httpx.ConnectError):
        front.ask("evil.example", "/")
    with pytest.raises(httpx.RemoteProtocolError):
        front.ask(PAGE, "/", headers={"Host": "evil.example"})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{front.http}/", headers={"Host": "evil.example"})


def test_without_tls_there_is_only_the_way_to_it(front: Front) -> None:
    asked = httpx.get(
        f"http://127.0.0.1:{front.http}/many?target=open_rate", headers={"Host": PAGE}
    )
    assert asked.status_code == 308
    assert asked.headers["location"] == f"https://{PAGE}/many?target=open_rate"


@pytest.fixture
def recommend(front: Front) -> Callable[..., httpx.Response]:
    def ask(path: str, field: str, data: bytes) -> httpx.Response:
        return front.ask(
            API,
            path,
            "POST",
            headers={"Authorization": f"Bearer {KEY}"},
            files={field: ("shoe.jpg", data, "image/jpeg")},
        )

    return ask


def test_programs_reach_the_service_with_their_key_and_their_role(
    front: Front, recommend: Callable[..., httpx.Response]
) -> None:
    picture = samples.load_samples()[0].read()
    assert front.ask(API, "/v1/models").status_code == 401
    answer = recommend("/v1/recommendations", "image", picture)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["variants"]) == 6
    refused = recommend("/v1/recommendations:batch", "images", picture)
    assert refused.status_code == 403
    assert refused.json()["reason"] == "role"


def test_more_than_a_page_takes_is_refused_before_it_is_read(front: Front) -> None:
    assert front.ask(PAGE, "/", "POST", content=bytes(200_000)).status_code == 413


def test_nobody_is_named_in_the_log(front: Front) -> None:
    front.ask(PAGE, "/many?secret=value")
    logged = (front.certificate.parent / "access.log").read_text(encoding="utf-8")
    assert PAGE in logged
    assert "127.0.0.1" not in logged
    assert "secret" not in logged
