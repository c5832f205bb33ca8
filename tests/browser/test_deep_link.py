"""A link into the app, opened as the very first request a fresh server gets."""

from __future__ import annotations

from .conftest import NewPage, serving

SHOWN = "e => e.innerText + [...e.querySelectorAll('input')].map(i => i.value).join()"
"""What a drop-down shows, as text or in its field."""


def test_a_page_opened_first_in_a_fresh_server_has_its_frame(new_page: NewPage) -> None:
    with serving() as address:
        page = new_page(f"{address}/about-the-model")
        assert page.get_by_role("heading", level=1).inner_text() == "The model behind the figures"
        assert page.title() == "sneakeraug"
        assert page.get_by_role("link", name="Campaign").is_visible()


def test_a_campaign_s_link_opened_first_in_a_fresh_server_is_set(new_page: NewPage) -> None:
    with serving() as address:
        page = new_page(f"{address}/?target=unsubscribed&campaign_type=newsletter")
        assert page.get_by_role("radio", name="Fewer unsubscribes").is_checked()
        chosen = page.get_by_test_id("stSelectbox").filter(has_text="Campaign type")
        assert "Newsletter" in chosen.evaluate(SHOWN)
