"""A sign-off report as HTML and as PDF."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

import pypdfium2
import pytest
from export_data import SAMPLE, recommendation, recommender

from sneakeraug.delivery import deliver
from sneakeraug.errors import InputError
from sneakeraug.export.report import Report, SignOff
from sneakeraug.limits import Limits
from sneakeraug.signoff import compose_report, write_report

EVIL = "<script>alert(1)</script> & \"Zoë\" 'Łukasz' Жук"


@lru_cache
def report(augmentation: str, name: str = EVIL) -> Report:
    source = SAMPLE.read_bytes()
    found = recommendation()
    made = deliver(source, "shoe.jpg", found, augmentation, EVIL, Limits())
    analysis = recommender().analyse(source)
    return compose_report(
        found,
        made,
        {variant.augmentation: variant.photo for variant in analysis.variants},
        recommender().catalog,
        recommender().card,
        Limits(),
        SignOff(EVIL, "2026-11-23", f"First line\n{EVIL}"),
        name,
    )


def test_the_figures_of_one_model_are_not_signed_under_another_s_card() -> None:
    found, card = recommendation(), recommender().card.model_copy(update={"model_id": "next"})
    made = deliver(SAMPLE.read_bytes(), "shoe.jpg", found, "sketch", "A shoe", Limits())
    signed = SignOff("Ada", "2026-11-23", "")
    with pytest.raises(InputError, match=f"are of model '{found.model_id}', and 'next' serves"):
        compose_report(found, made, {}, recommender().catalog, card, Limits(), signed, "shoe.jpg")


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")
        ]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def pdf_text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_the_html_is_one_file_that_asks_nobody_and_runs_nothing() -> None:
    text = write_report(report("sketch"), "html").decode()
    page = Page(text)
    assert page.addresses
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert not {"script", "iframe", "link", "object", "form", "base"} & set(page.tags)
    assert "default-src 'none'" in text.replace("&#x27;", "'")
    assert not re.search(r"url\(|@import", text)
    assert EVIL in page.text


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_a_report_says_what_is_signed_on_what_grounds_and_by_whom(kind: str) -> None:
    made = report("sketch", "Ridge Runner")
    data = write_report(made, kind)
    text = Page(data.decode()).text if kind == "html" else pdf_text(data)
    said = " ".join(text.split())
    for part in (
        made.head,
        "Demo model",
        "not what was advised: pencil sketch",
        "Ridge Runner",
        "First line",
        "2026-11-23",
        "sneakers-",
        "SSIM",
        "ost by following the verdict",
        "Unsubscribes may rise by at most 5",
    ):
        assert part in said, part
    for line in (*made.variants, *made.alternates):
        assert line.name in said
    assert len(data) < 1_000_000


def test_the_same_report_gives_the_same_bytes() -> None:
    assert write_report(report("sketch"), "pdf") == write_report(report("sketch"), "pdf")


def test_letters_the_pdf_s_font_has_not_are_shown_by_their_nearest() -> None:
    said = pdf_text(write_report(report("sketch"), "pdf"))
    assert "Zoë" in said
    assert "Łukasz" in said
    assert "???" in said
    assert "<script>" in said


def test_who_follows_the_advice_is_not_said_to_depart_from_it() -> None:
    best = recommendation().best_augmentation.augmentation or "original"
    assert report(best).departure is None


@pytest.mark.parametrize(
    ("by", "on", "note", "said"),
    [
        ("", "2026-11-23", "", "name of who signs"),
        ("A", " ", "", "date"),
        ("A", "b", "n" * 3000, "note"),
    ],
)
def test_a_sign_off_needs_a_name_and_a_date(by: str, on: str, note: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        SignOff(by, on, note)


def test_another_kind_of_report_is_refused() -> None:
    with pytest.raises(InputError, match="html or pdf"):
        write_report(report("sketch"), "docx")
