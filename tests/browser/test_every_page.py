"""What holds for every page: accessible, narrow screens, no other host, security headers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .conftest import NewPage, settle, take_sample

WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}

PAGES = {
    "start": "/",
    "result": "/",
    "guarded": "/?guard_unsubscribed=0",
    "export": "/",
    "batch": "/many",
    "batch result": "/many",
    "catalog": "/products",
    "model": "/about-the-model",
}


def open_(new_page: NewPage, server: str, name: str, **look: object) -> Page:
    page = new_page(f"{server}{PAGES[name]}", **look)
    if name in ("result", "guarded", "export"):
        take_sample(page)
        page.wait_for_selector(".js-plotly-plot .point")
        settle(page)
    if name == "export":
        page.get_by_text("Export for an e-mail").click()
        page.get_by_role("tab", name="Images off").click()
        page.get_by_text("Pictures off, as many work inboxes begin").wait_for()
        settle(page)
    if name == "batch result":
        page.get_by_role("button", name="Try it with our six samples").click()
        page.get_by_role("button", name="Score other pictures").wait_for()
        settle(page)
    if name == "guarded":
        page.get_by_text("Which parts of the picture matter").click()
        page.get_by_text("Each patch was covered").wait_for()
        page.get_by_role("button", name="Guardrails: 1").click()
        settle(page)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_against_wcag_a_and_aa(
    new_page: NewPage, server: str, name: str, scheme: str
) -> None:
    page = open_(new_page, server, name, scheme=scheme)
    page.add_style_tag(content="*{transition:none!important;animation:none!important}")
    found = Axe().run(page, options=WCAG)
    said = [
        (v["id"], [node["target"] for node in v["nodes"]], v["nodes"][0]["failureSummary"])
        for v in found.response["violations"]
    ]
    assert not said


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_does_not_scroll_sideways(new_page: NewPage, server: str, name: str) -> None:
    page = open_(new_page, server, name, width=390, height=844)
    widths = page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .map(e => [e.scrollWidth, e.clientWidth])"""
    )
    assert all(scroll <= client for scroll, client in widths), widths


def test_cards_of_a_row_are_of_one_height(new_page: NewPage, server: str) -> None:
    page = open_(new_page, server, "result")
    for row in ("variant_", "alternate_"):
        heights = page.evaluate(
            f"""() => [...document.querySelectorAll('[class*="st-key-{row}"]')]
                .filter(e => !e.className.includes('_download'))
                .map(e => Math.round(e.getBoundingClientRect().height))"""
        )
        assert len(heights) == 6
        assert max(heights) - min(heights) <= 1, heights  # halves of pixels


@pytest.mark.parametrize("name", PAGES)
def test_the_browser_asks_this_server_alone(new_page: NewPage, server: str, name: str) -> None:
    page = open_(new_page, server, name)
    asked = page.asked  # type: ignore[attr-defined]
    assert asked
    elsewhere = [
        url
        for url in asked
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1"
    ]
    assert not elsewhere


def test_every_picture_has_a_text(new_page: NewPage, server: str) -> None:
    page = open_(new_page, server, "result")
    without = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid="stMain"] img')]
            .filter(e => !e.alt).map(e => e.src.slice(0, 60))"""
    )
    assert not without


def test_answers_carry_security_headers(new_page: NewPage, server: str) -> None:
    page = new_page(server)
    answer = page.request.get(server)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
