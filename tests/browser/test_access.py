"""Who gets what: each visitor their own pictures, and each role what it may."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, providing
from playwright.sync_api import Page, expect

from sneakeraug.ui import samples

from .conftest import WAIT_MS, NewPage, serving, settle, take_sample, upload, wait_for_cards

PEOPLE = {
    "Vera": {"email": "vera@shop.example"},
    "Enid": {"email": "enid@shop.example", "groups": ["campaigns", "all"]},
    "Nobody": {"email": "nobody@elsewhere.example", "email_verified": False},
}
ROLES = """
[emails]
"*@shop.example" = "viewer"
"nobody@elsewhere.example" = "admin"

[claims.groups]
campaigns = "engineer"
"""


def asked(page: Page, start: str) -> list[str]:
    """Addresses a page asked for whose path starts so."""
    return [url for url in page.asked if urlsplit(url).path.startswith(start)]  # type: ignore[attr-defined]


def test_pictures_and_uploads_are_their_own_visitor_s_alone(
    new_page: NewPage, server: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.jpg"
    path.write_bytes(samples.load_samples()[0].read())
    first, second = new_page(server), new_page(server)
    upload(first, path)
    wait_for_cards(first)
    shared = {*asked(second, "/media/")}  # icon, wordmark, samples
    pictures = {*asked(first, "/media/")} - shared
    assert len(pictures) > 6
    for url in pictures:
        answer = first.request.get(url)
        assert answer.status == 200
        assert answer.headers["cache-control"].startswith("private")
        assert second.request.get(url).status == 404
        assert requests.get(url, timeout=10).status_code == 404
    (place,) = {*asked(first, "/_stcore/upload_file/")}
    for method in ("get", "put", "delete"):
        assert getattr(second.request, method)(place).status == 404
        assert requests.request(method, place, timeout=10).status_code == 404
    assert first.request.get(place).text().startswith("<!--")  # Streamlit's start page
    forged = first.request.put(place, multipart={"file": path.as_posix()})
    assert forged.status == 403  # the cookie alone is not enough


def test_another_name_is_refused_for_pages_and_websockets(server: str) -> None:
    answer = requests.get(server, headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 421
    assert "SNEAKERAUG_ALLOWED_HOSTS" in answer.text
    where = urlsplit(server)
    for host, status in (("evil.example", b"403"), (where.netloc, b"101")):
        lines = (
            "GET /_stcore/stream HTTP/1.1",
            f"Host: {host}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: c25lYWtlcmF1Zy10ZXN0cw==",
            f"Origin: http://{host}",
        )
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall("\r\n".join((*lines, "", "")).encode())
            assert connection.recv(4096).split(b" ")[1] == status


@pytest.mark.parametrize(
    "path", ["/static/", "/static/js/", "/media/", "/component/", "/..%2f..%2fapp.py", "/app.py"]
)
def test_no_folder_and_no_source_is_shown(server: str, path: str) -> None:
    answer = requests.get(server + path, timeout=10)
    assert answer.status_code in (200, 400, 404)
    if answer.status_code == 200:  # Streamlit's start page, whatever is asked for
        assert "<title>Streamlit</title>" in answer.text
        assert not re.search(r"Index of|server\.lifespan", answer.text)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing(PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks people to sign in."""
    roles = tmp_path_factory.mktemp("access") / "roles.toml"
    roles.write_text(ROLES, encoding="utf-8")
    with serving(
        SNEAKERAUG_OIDC_METADATA_URL=provider.metadata_url,
        SNEAKERAUG_OIDC_CLIENT_ID=CLIENT_ID,
        SNEAKERAUG_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        SNEAKERAUG_PUBLIC_URL="http://127.0.0.1:{port}",
        SNEAKERAUG_ROLES_FILE=str(roles),
        STREAMLIT_SERVER_COOKIE_SECRET="of the tests, and long enough to sign",  # noqa: S106  # pragma: allowlist secret
    ) as address:
        yield address


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Sign out").wait_for(timeout=WAIT_MS)
    page.wait_for_selector("h1")
    settle(page)


def test_nothing_is_shown_before_somebody_signed_in(new_page: NewPage, guarded: str) -> None:
    for path in ("/products", "/many"):
        page = new_page(guarded + path)
        assert page.get_by_role("heading", level=1).inner_text() == "Sign in"
        assert page.get_by_test_id("stFileUploader").count() == 0
        assert page.get_by_test_id("stMain").locator("img").count() == 0


def test_a_viewer_sees_results_and_takes_nothing_away(new_page: NewPage, guarded: str) -> None:
    page = new_page(guarded)
    sign_in(page, "Vera")
    expect(page.get_by_text("vera@shop.example · viewer")).to_be_visible()
    take_sample(page)
    assert page.get_by_role("button", name="Download").count() == 0
    assert page.get_by_text("Export for an e-mail").count() == 0
    page.get_by_role("link", name="Batch").click()
    expect(page.get_by_text("Your role may not run a batch")).to_be_visible(timeout=WAIT_MS)
    assert page.get_by_test_id("stFileUploader").count() == 0
    page.get_by_role("link", name="Catalog").click()
    page.get_by_role("button", name="Score it").first.wait_for(timeout=WAIT_MS)
    assert page.get_by_role("button", name="Import products").count() == 0

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for(timeout=WAIT_MS)


def test_an_engineer_by_a_claim_may_import_and_run_batches(new_page: NewPage, guarded: str) -> None:
    page = new_page(guarded)
    sign_in(page, "Enid")
    expect(page.get_by_text("enid@shop.example · engineer")).to_be_visible()
    page.get_by_role("link", name="Catalog").click()
    page.get_by_role("button", name="Import products").wait_for(timeout=WAIT_MS)
    page.get_by_role("link", name="Batch").click()
    page.get_by_role("button", name="Score the pictures").wait_for(timeout=WAIT_MS)


def test_who_has_no_role_is_turned_away_though_signed_in(new_page: NewPage, guarded: str) -> None:
    page = new_page(guarded)
    sign_in(page, "Nobody")  # an address that is not verified gives no role
    assert page.get_by_role("heading", level=1).inner_text() == "Not for you yet"
    assert page.get_by_test_id("stFileUploader").count() == 0
