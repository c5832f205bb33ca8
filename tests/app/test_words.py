"""What the pages say, without a page."""

from __future__ import annotations

import pytest

from sneakeraug.files import safe_stem
from sneakeraug.records import DetectedAugmentation, Driver
from sneakeraug.ui import pictures, words
from sneakeraug.vocabulary import CONTEXT_FIELDS, TARGETS


def test_every_term_has_a_label_without_underscores() -> None:
    terms = [*TARGETS, *(term for known in CONTEXT_FIELDS.values() for term in known)]
    assert all("_" not in words.label(term) and words.label(term) for term in terms)


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.134, "13.4"),
        (0.034, "3.40"),
        (0.0083, "0.83"),
        (0.8, "80.0"),
        (0.0, "0.0"),
        (1.0, "100.0"),
    ],
)
def test_a_probability_is_said_as_a_percentage(p: float, said: str) -> None:
    assert words.percent(p) == f"{said}{words.NBSP}%"


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.015, "+1.5"),
        (0.005, "+0.50"),
        (-0.0326, "−3.3"),
        (0.0, "±0"),
        (0.0004, "+0.04"),
        (-0.00001, "±0"),
    ],
)
def test_a_difference_is_said_in_points(difference: float, said: str) -> None:
    assert words.points(difference) == said


@pytest.mark.parametrize(
    ("interval", "direction", "said"),
    [
        ((0.1, 0.2), "raise", "better"),
        ((0.1, 0.2), "lower", "worse"),
        ((-0.2, -0.1), "raise", "worse"),
        ((-0.2, -0.1), "lower", "better"),
        ((-0.1, 0.1), "raise", "unclear"),
        ((-0.01, 0.1), "raise", "better"),
        ((-0.05, 0.1), "raise", "unclear"),
        ((0.0, 0.0), "lower", "unclear"),
    ],
)
def test_a_difference_is_judged_by_the_chance_that_it_is_good(
    interval: tuple[float, float], direction: str, said: str
) -> None:
    assert words.judge(interval, direction) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("judgement", "target", "said"),
    [
        ("better", "click_through", "more clicks, better"),
        ("worse", "click_through", "fewer clicks, worse"),
        ("better", "unsubscribed", "fewer unsubscribes, better"),
        ("worse", "abandoned_cart", "more abandoned carts, worse"),
        ("unclear", "open_rate", "no clear change"),
    ],
)
def test_a_judgement_says_what_it_counts(judgement: str, target: str, said: str) -> None:
    assert words.change(judgement, target) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sentence", "head", "rest"),
    [
        (
            "Use the brighter picture: about 34 of 1,000 would click.",
            "Use the brighter picture.",
            "About 34 of 1,000 would click.",
        ),
        (
            "Keep the original. The closest rival is no better: about 3.",
            "Keep the original.",
            "The closest rival is no better: about 3.",
        ),
        ("Nothing to say", "Nothing to say", ""),
    ],
)
def test_a_verdict_is_split_into_advice_and_numbers(sentence: str, head: str, rest: str) -> None:
    assert words.headline(sentence) == (head, rest)


def test_text_from_outside_keeps_no_markup_and_no_line_break() -> None:
    assert words.plain("a*b_c\n# d :smile: `e`") == r"a\*b\_c \# d \:smile\: \`e\`"


def test_an_unsure_detection_is_said_to_be_unsure() -> None:
    assert words.detection(DetectedAugmentation(label="brighter", probability=0.6)) == (
        f"May be a picture that was already brightened (60{words.NBSP}% sure)"
    )
    certain = DetectedAugmentation(label="original", probability=0.9999)
    assert f"(>99{words.NBSP}% sure)" in words.detection(certain)


def test_percentages_of_our_sentences_stay_on_one_line_and_quoted_names_as_they_are() -> None:
    said = words.figures("Use “50% Off” by X: 98 % good (40% sure).")
    assert said == f"Use “50% Off” by X: 98{words.NBSP}% good (40{words.NBSP}% sure)."


def test_a_measure_that_is_a_share_is_said_in_percent() -> None:
    what = Driver(name="saturation, before the edit", value="0.11", contribution=0.1)
    assert words.driver(what, "click_through")[1] == f"11{words.NBSP}%"


def test_a_driver_s_signed_number_is_said_in_words() -> None:
    what = Driver(name="shape of the frame", value="-0.29", contribution=0.02)
    assert words.driver(what, "click_through") == (
        "Shape of the frame",
        "taller than wide",
        "hardly raises clicks",
    )


def test_a_measure_before_the_edit_is_named_like_the_measure() -> None:
    what = Driver(name="warmth, before the edit", value="-0.07", contribution=0.1)
    assert words.driver(what, "click_through")[:2] == (
        "Warmth of the colours, before the edit",
        "cool",
    )


def test_a_driver_says_what_it_does_to_the_target() -> None:
    what = Driver(name="edit", value="rotate", contribution=-0.9)
    assert words.driver(what, "unsubscribed") == (
        "The edit",
        "Rotated 90°",
        "lowers unsubscribes a lot",
    )


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("run.jpg", "run"),
        ("my shoe.PNG", "my-shoe"),
        ("../../etc/passwd", "passwd"),
        ("c:\\x\\run.v2.jpg", "run-v2"),
        ("Ärger 1.png", "rger-1"),
        ("…", "sneaker"),
    ],
)
def test_a_download_s_name_is_safe(name: str, stem: str) -> None:
    assert safe_stem(name) == stem


def test_a_bar_stays_inside_its_axis() -> None:
    axis = pictures.common_axis([(0.1, 0.3), (0.2, 0.4)])
    assert axis[0] <= 0.1
    assert axis[1] >= 0.4
    drawn = pictures.range_bar(0.9, (0.0, 1.0), 0.5, axis)
    assert 'x1="8.0"' in drawn
    assert 'x2="232.0"' in drawn
