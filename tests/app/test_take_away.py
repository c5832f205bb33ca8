"""The campaign page's export: closed it costs nothing; open it makes what was asked for."""

from __future__ import annotations

import pytest
from postgresql import Server
from streamlit.testing.v1 import AppTest

from sneakeraug.decisions import choose_variant, decide, open_log, read_log
from sneakeraug.delivery import Delivery
from sneakeraug.errors import DecisionError
from sneakeraug.export.preview import VIEWS
from sneakeraug.settings import get_settings
from sneakeraug.ui import engine, take_away
from sneakeraug.ui.state import Campaign, Picture

from .conftest import Open
from .test_campaign_page import page_text, take_sample


@pytest.fixture(autouse=True)
def clear_deliveries() -> None:
    engine._deliver.clear()


def opened(open_page: Open, number: int = 0, **query: str) -> AppTest:
    at = take_sample(open_page(**query), number)
    at.session_state["export"] = True
    at.run()
    assert not at.exception
    assert not at.error
    return at


def keys(at: AppTest) -> list[str]:
    return [button.proto.id.rsplit("-", 1)[-1] for button in at.get("download_button")]


def html(at: AppTest) -> str:
    return "".join(element.proto.body for element in at.get("html"))


def test_a_closed_export_makes_nothing(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    make = engine.deliver

    def count(*arguments: object) -> Delivery | str:
        asked.append("")
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "deliver", count)
    at = take_sample(open_page())
    assert not asked
    assert "export_picture" not in keys(at)
    at.session_state["export"] = True
    at.run()
    assert len(asked) == 1


def test_an_open_export_offers_picture_html_manifest_figures_report_and_files(
    open_page: Open,
) -> None:
    at = opened(open_page, target="open_rate")
    offered = {key for key in keys(at) if key.startswith("export_")}
    assert offered == {
        "export_picture",
        "export_html",
        "export_manifest",
        "export_figures",
        "export_report_html",
        "export_report_pdf",
        "export_tool",
    }
    text = page_text(at)
    assert "600 × 450 px" in text
    assert "likeness 0.99" in text
    assert VIEWS["wide"].says in text
    assert 'alt="Running shoe on white' in html(at)


def test_the_proposed_text_follows_the_version_and_can_be_changed(open_page: Open) -> None:
    at = opened(open_page)
    version = next(box for box in at.selectbox if box.label == "Version")
    version.select("sketch").run()
    field = next(box for box in at.text_input if box.label == "Alternative text")
    assert field.value == "Running shoe on white, as a pencil sketch"
    field.set_value('<b>"Ours"</b>').run()
    assert not at.exception
    assert 'alt="&lt;b&gt;&quot;Ours&quot;&lt;/b&gt;"' in html(at)


def test_each_preview_is_made_when_its_tab_is_opened(open_page: Open) -> None:
    at = opened(open_page)
    said = {view.name: view.says for view in VIEWS.values()}
    for name in ("Narrow", "Dark", "Inverted", "Images off", "Colour vision"):
        at.session_state["export_preview"] = name
        at.run()
        assert not at.exception
        assert said.get(name, "1 man in 12") in page_text(at)
        assert ("data:image" in html(at)) == (name in ("Narrow", "Dark", "Inverted"))


def test_what_does_not_fit_is_said_with_what_would(open_page: Open) -> None:
    at = opened(open_page, 3)
    next(box for box in at.selectbox if box.label == "Version").select("sketch").run()
    at.segmented_control(key="export_width").set_value(1200).run()
    at.segmented_control(key="export_format").set_value("png").run()
    assert not at.exception
    warned = "\n".join(warning.value for warning in at.warning).replace("\\", "")
    assert "Choose JPEG or 600 px" in warned
    assert "export_picture" not in keys(at)
    at.segmented_control(key="export_format").set_value("jpeg").run()
    assert "export_picture" in keys(at)


def test_a_report_waits_for_a_name_and_a_tool_for_its_addresses(open_page: Open) -> None:
    at = opened(open_page)

    def is_off(key: str) -> bool:
        buttons = dict(zip(keys(at), at.get("download_button"), strict=True))
        return bool(buttons[key].proto.disabled)

    assert is_off("export_report_pdf")
    at.text_input(key="export_by").set_value("Ada").run()
    assert not is_off("export_report_pdf")
    at.selectbox(key="export_for").select("braze").run()
    assert is_off("export_tool")
    at.text_input(key="export_picture_url").set_value("javascript:alert(1)").run()
    assert is_off("export_tool")
    assert any("no web address" in warning.value for warning in at.warning)
    at.text_input(key="export_picture_url").set_value("https://img.example.com/a.jpg").run()
    assert not is_off("export_tool")
    assert not at.exception


def test_a_decision_is_kept_once_and_an_alternate_may_be_chosen(open_page: Open) -> None:
    at = opened(open_page, target="open_rate")
    assert at.button(key="decision_keep").disabled
    at.text_input(key="export_by").set_value("Ada *Müller*").run()
    assert read_log(get_settings()) is None
    for _ in range(2):
        at.button(key="decision_keep").click().run()
        assert not at.exception
        assert "Recorded as number 1" in at.success[0].value
    assert at.run().success  # and stays said, until something else is chosen
    box = next(box for box in at.selectbox if box.label == "What goes out")
    box.select_index(7).run()
    assert not at.success
    at.button(key="decision_keep").click().run()
    assert not at.exception
    second, first = open_log(get_settings()).read(10)
    assert (first.by, first.door, first.target) == ("Ada *Müller*", "page", "open_rate")
    assert len(first.export_sha256 or "") == 64
    assert (second.chosen.kind, second.export_sha256) == ("alternate", None)


def test_a_report_is_only_given_out_with_its_decision_in_the_log(sample: bytes) -> None:
    picture = Picture.of("run.jpg", sample)
    campaign = Campaign("sneakers", "open_rate", "promotional", "retail", None, None)
    analysis = engine.analyse(picture)
    result = engine.score(analysis, campaign)
    made = engine.deliver(picture, result, "swivel", "A shoe", 600, "jpeg")
    assert isinstance(made, Delivery)
    said = decide(result, choose_variant(result, "swivel"), "Ada", "page")
    signed = ("Ada", "today", "")
    for kind, begins in (("html", b"<!doctype"), ("pdf", b"%pdf-")):
        report = take_away._report(picture, result, made, signed, kind, "sneakers", said)
        assert report.lower().startswith(begins)
    log = open_log(get_settings())
    assert [kept.decision_id for kept in log.read(10)] == [said.decision_id]
    another = said.model_copy(update={"by": "Eve"})
    with pytest.raises(DecisionError):
        take_away._report(picture, result, made, signed, "html", "sneakers", another)


def test_a_lost_database_is_one_message_and_the_page_comes_back_with_it(
    open_page: Open, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_DATABASE_URL", postgresql_server.make_database())
    get_settings.cache_clear()
    at = opened(open_page)
    at.text_input(key="export_by").set_value("Ada").run()
    postgresql_server.stop()
    try:
        at.button(key="decision_keep").click().run()
        assert not at.exception
        (message,) = at.error
        assert "The database does not answer" in message.value
    finally:
        postgresql_server.start()
    at = opened(open_page)
    assert not at.error
    at.text_input(key="export_by").set_value("Ada").run()
    at.button(key="decision_keep").click().run()
    assert not at.exception
    assert [kept.by for kept in open_log(get_settings()).read(10)] == ["Ada"]
    with engine._refreshing:  # the page follows the new database beside the visit
        pass
