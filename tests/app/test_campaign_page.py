"""The main job on the page: a picture and a campaign in, one recommendation out."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from sneakeraug.analysis import Analysis
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.card import read_card
from sneakeraug.intake.decode import decode_photo
from sneakeraug.rank.variants import tied_with_best
from sneakeraug.regions import Regions
from sneakeraug.registry import activate
from sneakeraug.ui import engine, results, samples, state, words
from sneakeraug.ui.state import Campaign, Picture
from sneakeraug.ui.turns import turns
from sneakeraug.vocabulary import TARGETS

from .conftest import Open

MIME = "image/jpeg"


def take_sample(at: AppTest, number: int = 0) -> AppTest:
    at.button(key=f"start_sample_{number}").click().run()
    assert not at.exception
    return at


def upload(at: AppTest, name: str, data: bytes) -> AppTest:
    at.file_uploader[0].set_value((name, data, MIME)).run()
    assert not at.exception
    return at


def page_text(at: AppTest) -> str:
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.error, at.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def percent(text: str) -> float:
    return float(text.split(words.NBSP)[0])


def encode(data: bytes, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").resize((400, 300)).save(buffer, kind)
    return buffer.getvalue()


def test_first_visit_offers_samples_and_an_upload_and_shows_no_score(open_page: Open) -> None:
    at = open_page()
    assert at.title[0].value == "Which sneaker picture should you send?"
    assert len([b for b in at.button if b.label == "Try this one"]) == 6
    assert len(at.file_uploader) == 1
    assert not at.metric


def test_a_sample_gives_verdict_six_variants_and_six_alternates(open_page: Open) -> None:
    at = take_sample(open_page())
    assert len(at.header) == 1
    names = [metric.label.strip("*") for metric in at.metric]
    assert sorted(names[:6]) == sorted(words.VARIANTS.values())
    assert len(names) == 12
    assert len(at.get("plotly_chart")) == 1
    labels = [button.proto.label for button in at.get("download_button")]
    assert labels.count("Download") == 12
    assert len(labels) in (13, 14)  # the picture to send, or the two to test
    assert words.DEMO in page_text(at)


def test_a_sample_sets_what_is_known_about_its_shoe(open_page: Open) -> None:
    at = take_sample(open_page())
    assert at.selectbox(key="campaign_sneaker_type").value == "running"
    assert at.selectbox(key="campaign_gender").value == "men"


@pytest.mark.parametrize("target", TARGETS)
def test_cards_stand_in_the_order_of_the_target(open_page: Open, target: str) -> None:
    at = take_sample(open_page(target=target))
    scores = [percent(metric.value) for metric in at.metric]
    for row in (scores[:6], scores[6:]):
        assert row == sorted(row, reverse=TARGETS[target] == "raise")


@pytest.mark.parametrize("target", ["unsubscribed", "abandoned_cart"])
def test_of_what_is_to_be_lowered_fewer_is_called_better_in_words(
    open_page: Open, target: str
) -> None:
    at = take_sample(open_page(target=target))
    text = page_text(at)
    assert "Fewer is better" in text
    assert f"more {words.EVENTS[target]}, better" not in text.lower()
    assert f"fewer {words.EVENTS[target]}, worse" not in text.lower()


def test_ranges_are_said_to_hold_as_often_as_was_measured(open_page: Open) -> None:
    at = take_sample(open_page(target="unsubscribed"))
    measured = next(
        figure.value
        for figure in engine.recommender().card.figures
        if figure.name.startswith("unsubscribed: ") and results.COVERAGE in figure.name
    )
    assert f"measured, they did {100 * measured:.0f} times" in page_text(at)
    assert "9 times in 10" not in page_text(at)


def test_the_page_promises_nothing(open_page: Open) -> None:
    assert "will convert" not in page_text(take_sample(open_page())).lower()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF"])
def test_an_upload_of_each_format_is_scored(open_page: Open, sample: bytes, kind: str) -> None:
    decode_photo(sample)  # teaches Pillow HEIC
    at = upload(open_page(), f"shoe.{kind.lower()}", encode(sample, kind))
    assert not at.error
    assert len(at.metric) == 12


BAD = {
    "empty": (b"", "is empty"),
    "text named jpg": (b"not a picture", "is text"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is SVG"),
}


@pytest.mark.parametrize(("data", "said"), BAD.values(), ids=list(BAD))
def test_a_file_that_is_no_picture_gets_a_message_and_no_score(
    open_page: Open, data: bytes, said: str
) -> None:
    at = upload(open_page(), "shoe.jpg", data)
    assert said in at.error[0].value
    assert not at.metric


def test_a_damaged_picture_gets_a_message_and_the_page_stays_usable(
    open_page: Open, sample: bytes
) -> None:
    at = upload(open_page(), "cut.jpg", sample[: len(sample) // 3])
    assert "damaged or cut short" in at.error[0].value
    at = upload(at, "whole.jpg", sample)
    assert not at.error
    assert len(at.metric) == 12


@pytest.mark.parametrize(
    ("size", "said"), [((10, 10), "at least 64 px"), ((30_000, 100), "12,000 px")]
)
def test_a_picture_over_a_limit_gets_a_message(
    open_page: Open, size: tuple[int, int], said: str
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, "PNG")
    at = upload(open_page(), "shoe.png", buffer.getvalue())
    assert said in at.error[0].value.replace("\\", "")
    assert not at.metric


def test_a_picture_of_nothing_is_refused_with_its_reason(open_page: Open) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(buffer, "PNG")
    at = upload(open_page(), "white.png", buffer.getvalue())
    assert at.error
    assert not at.metric


def test_a_brightened_upload_is_said_to_be_edited(open_page: Open, sample: bytes) -> None:
    edited = apply_augmentation(decode_photo(sample).pixels, "brighter").photo
    buffer = io.BytesIO()
    Image.fromarray(edited).save(buffer, "PNG")
    text = page_text(upload(open_page(), "bright.png", buffer.getvalue()))
    assert "The picture looks already edited (brighter, " in text.replace("\\", "")


def test_a_file_name_is_text_and_never_markup(open_page: Open, sample: bytes) -> None:
    at = upload(open_page(), "**bold** <b>x</b> :red[hot] $a$.jpg", sample)
    name = r"\*\*bold\*\* \<b\>x\<\/b\> \:red\[hot\] \$a\$\.jpg"
    assert any(caption.value.startswith(name) for caption in at.caption)


def test_a_link_sets_the_campaign(open_page: Open) -> None:
    at = open_page(target="unsubscribed", campaign_type="newsletter", gender="girls")
    assert at.segmented_control[0].value == "unsubscribed"
    assert at.selectbox(key="campaign_campaign_type").value == "newsletter"
    assert at.selectbox(key="campaign_gender").value == "girls"
    assert not at.warning


def test_an_unknown_value_in_a_link_is_named_and_the_page_works(open_page: Open) -> None:
    at = open_page(target="world_peace")
    assert "world\\_peace" in at.warning[0].value
    assert "unsubscribed" in at.warning[0].value
    assert at.segmented_control[0].value == "click_through"
    assert len(take_sample(at).metric) == 12


def test_a_link_chooses_the_category_where_several_have_a_model(
    open_page: Open, second_model: Callable[[str, str], Path]
) -> None:
    activate(second_model("watch-1", "watches"), "watch-1")
    at = open_page(category="watches")
    assert at.title[0].value == "Which watch picture should you send?"
    assert at.selectbox(key="campaign_sneaker_type").disabled
    assert not [button for button in at.button if button.label == "Try this one"]
    at = open_page(category="hats")
    assert "watches" in at.warning[0].value
    assert at.title[0].value == "Which sneaker picture should you send?"


def test_the_campaign_is_the_page_s_link(open_page: Open) -> None:
    at = open_page()
    at.selectbox(key="campaign_industry").select("healthcare").run()
    at.segmented_control[0].set_value("abandoned_cart").run()
    assert at.query_params["industry"] == "healthcare"
    assert at.query_params["target"] == "abandoned_cart"
    assert "campaign_type" not in at.query_params


def test_among_too_many_uploads_at_once_one_is_told_to_try_again_and_keeps_its_picture(
    open_page: Open, sample: bytes
) -> None:
    crowd, others = engine._crowd(), 500
    for _ in range(others):
        crowd.enter()
    try:
        at = upload(open_page(), "shoe.jpg", sample)
    finally:
        for _ in range(others):
            crowd.leave()
    assert not at.metric
    assert "busy with other pictures" in at.warning[0].value
    at.button(key="try_again").click().run()
    assert len(at.metric) == 12


def test_while_too_many_pages_are_made_a_visit_is_told_to_try_again(open_page: Open) -> None:
    with ExitStack() as others:
        for _ in range(turns.n):
            others.enter_context(turns.take())
        at = open_page()
    assert "busy with other pictures" in at.warning[0].value
    assert not at.title
    at.button(key="try_again").click().run()
    assert at.title[0].value == "Which sneaker picture should you send?"


def test_a_drop_down_scores_again_without_embedding_again(open_page: Open, sample: bytes) -> None:
    at = take_sample(open_page())
    picture = Picture.of("another name", sample)
    kept = engine.analyse(picture)
    at.segmented_control[0].set_value("unsubscribed").run()
    assert at.metric
    assert engine.analyse(picture) is kept
    campaign = Campaign("sneakers", "open_rate", "loyalty", "finance_banking", "running", None)
    started = time.perf_counter()
    engine.score(kept, campaign)
    assert time.perf_counter() - started < 0.3


def test_removing_the_picture_leads_back_to_the_start(open_page: Open) -> None:
    at = take_sample(open_page())
    at.button(key="remove_picture").click().run()
    assert not at.exception
    assert not at.metric
    assert len(at.file_uploader) == 1


def test_two_visitors_do_not_see_each_other_s_picture(open_page: Open) -> None:
    first, second = take_sample(open_page(), 0), open_page()
    assert not second.run().metric
    take_sample(second, 1)
    first.run()
    assert "Running shoe on white" in page_text(first).replace("\\", "")
    assert "Running shoe on white" not in page_text(second).replace("\\", "")


def test_picture_and_campaign_survive_a_visit_to_another_page(open_page: Open) -> None:
    at = take_sample(open_page(target="open_rate"))
    at.switch_page("pages/models.py")
    at.run()
    at.switch_page("pages/campaign.py")
    at.run()
    assert not at.exception
    assert len(at.metric) == 12
    assert at.segmented_control[0].value == "open_rate"


def test_a_guardrail_bars_and_says_why_and_is_part_of_the_link(open_page: Open) -> None:
    at = take_sample(open_page(guard_unsubscribed="0"))
    text = page_text(at).replace("\\", "")
    assert "Unsubscribes may rise by more than 0 in 10,000" in text
    assert at.selectbox(key="campaign_guard_unsubscribed").value == "0"
    assert "campaign_guard_click_through" not in [box.key for box in at.selectbox]
    at.segmented_control[0].set_value("unsubscribed").run()
    assert "may rise by more than" not in page_text(at)
    at.segmented_control[0].set_value("click_through").run()
    assert at.selectbox(key="campaign_guard_unsubscribed").value == "0"
    at.selectbox(key="campaign_guard_unsubscribed").set_value("any").run()
    assert "may rise by more than" not in page_text(at)
    assert "guard_unsubscribed" not in at.query_params
    at = open_page(guard_unsubscribed="many")
    assert "many" in at.warning[0].value


def test_the_parts_of_the_picture_are_shown_when_they_are_asked_for(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page()
    asked: list[str] = []
    explain = engine.regions

    def count(analysis: Analysis, kind: str, campaign: Campaign) -> Regions:
        asked.append(kind)
        return explain(analysis, kind, campaign)

    monkeypatch.setattr(engine, "regions", count)
    take_sample(at)
    assert not asked
    at.session_state["regions"] = True
    at.run()
    assert not at.exception
    assert len(asked) == 1
    assert "Each patch was covered" in page_text(at)


def test_what_is_too_close_to_call_stands_together(open_page: Open) -> None:
    at = take_sample(open_page(), 1)
    variants = engine.score(
        engine.analyse(state.Picture.of("x", samples.load_samples()[1].read())),
        Campaign("sneakers", "click_through", "promotional", "retail", "high_top", "unisex"),
    ).variants
    ranks = [variant.rank for variant in tied_with_best(variants)]
    are_first = ranks == list(range(1, len(ranks) + 1))  # others may stand between them
    assert ("Too close to call: each may be the best" in page_text(at)) == (
        are_first and 0 < len(ranks) < 6
    )


def test_both_pictures_of_a_test_are_offered_and_none_is_called_advised(open_page: Open) -> None:
    def verdict(number: int, target: str) -> str:
        sample = samples.load_samples()[number]
        campaign = Campaign(
            "sneakers", target, "promotional", "retail", sample.sneaker_type, sample.gender
        )
        analysis = engine.analyse(state.Picture.of("x", sample.read()))
        return engine.score(analysis, campaign).best_augmentation.verdict

    number, target = next(
        (number, target)
        for number in range(len(samples.load_samples()))
        for target in TARGETS
        if verdict(number, target) == "cannot_tell"
    )
    at = take_sample(open_page(target=target), number)
    offered = [button.proto.label for button in at.get("download_button")]
    both = [label for label in offered if label != "Download"]
    assert len(both) == 2
    assert both[1] == "Download original"
    at.session_state["export"] = True
    at.run()
    version = next(box for box in at.selectbox if box.label == "Version")
    assert not any("advised" in option for option in version.options)


@pytest.fixture
def of_two_targets(
    small_models: Path, tmp_path: Path, other_models: Callable[[Path], None]
) -> None:
    """Serve a small model whose history did not support two of the targets."""
    models = tmp_path / "models"
    shutil.copytree(small_models, models)
    card = read_card(models / "small")
    known = ("open_rate", "click_through")
    why = {"abandoned_cart": "No row tells it.", "unsubscribed": "3 of 9 trials; 100 are expected."}
    card = card.model_copy(
        update={
            "vocabulary": card.vocabulary | {"target": known},
            "conversion": {target: card.conversion[target] for target in known},
            "tables": card.tables | {"history": {"left_out": why}},
        }
    )
    (models / "small" / "card.json").write_text(card.to_json(), encoding="utf-8")
    other_models(models)


@pytest.mark.usefixtures("of_two_targets")
def test_only_what_the_model_was_trained_for_is_offered(open_page: Open) -> None:
    at = open_page()
    targets = at.segmented_control(key="campaign_target")
    assert targets.options == ["More clicks", "More opens"]
    guards = [box.key for box in at.selectbox if "guard" in str(box.key)]
    assert guards == ["campaign_guard_open_rate"]
    said = page_text(at).replace("\\", "")
    assert "not trained for abandoned carts (no row tells it) or unsubscribes (3 of 9" in said
    at = open_page(target="unsubscribed", guard_abandoned_cart="5")
    assert at.segmented_control(key="campaign_target").value == "click_through"
    said = "\n".join(warning.value for warning in at.warning).replace("\\", "")
    assert "not trained for unsubscribes: clicks are shown instead" in said
    assert "the guardrail on them holds no longer" in said
    assert "guard_abandoned_cart" not in at.query_params
    at = take_sample(at)
    assert at.header
