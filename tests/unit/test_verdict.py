from __future__ import annotations

import numpy as np
import pytest

from sneakeraug.rank.alternates import Shelf, choose_alternates
from sneakeraug.rank.verdict import chance_of_good, decide, sentence
from sneakeraug.records import Context, Product, ProductFilter


@pytest.mark.parametrize(
    ("difference", "interval", "direction", "verdict"),
    [
        pytest.param(0.05, (0.02, 0.08), "raise", "recommend", id="clearly more, wanted"),
        pytest.param(0.05, (0.02, 0.08), "lower", "keep_original", id="clearly more, unwanted"),
        pytest.param(-0.05, (-0.08, -0.02), "lower", "recommend", id="clearly fewer, wanted"),
        pytest.param(0.02, (-0.03, 0.07), "raise", "cannot_tell", id="range over nothing"),
        pytest.param(0.001, (0.0005, 0.0015), "raise", "keep_original", id="too small to matter"),
        pytest.param(-0.02, (-0.07, 0.03), "raise", "keep_original", id="probably worse"),
    ],
)
def test_verdict(
    difference: float, interval: tuple[float, float], direction: str, verdict: str
) -> None:
    assert decide(difference, interval, 0.1, direction) == verdict  # type: ignore[arg-type]


def test_what_is_worth_while_is_a_share_of_the_originals_probability() -> None:
    assert decide(-0.003, (-0.004, -0.002), 0.011, "lower") == "recommend"
    assert decide(-0.003, (-0.004, -0.002), 0.24, "lower") == "keep_original"


def test_the_chance_of_any_good_follows_from_the_range() -> None:
    assert chance_of_good(0.0, (-0.1, 0.1), "raise") == pytest.approx(0.5)
    assert chance_of_good(0.1, (0.0, 0.2), "raise") == pytest.approx(0.95)
    assert chance_of_good(0.1, (0.0, 0.2), "lower") == pytest.approx(0.05)
    assert chance_of_good(0.1, (0.1, 0.1), "raise") == 1.0
    assert decide(0.01, (-0.010, 0.030), 0.1, "raise") == "recommend"  # 79 %
    assert decide(0.01, (-0.016, 0.036), 0.1, "raise") == "cannot_tell"  # 74 %


def test_rare_events_and_carts_are_counted_as_they_are() -> None:
    says = sentence("cannot_tell", "it", "unsubscribed", 0.0015, 0.0014, 0.0001, (-0.0002, 0.0004))
    assert "about 15 would unsubscribe" in says
    assert "That is +1.0, likely −2.0 to +4.0. About 1.0 in 10,000 are at stake" in says
    assert "of 10,000 carts" in sentence(
        "keep_original", "it", "abandoned_cart", 0.7, 0.69, 0.01, (0.0, 0.02)
    )


@pytest.mark.parametrize(
    ("verdict", "starts"),
    [
        (
            "recommend",
            "Use the pencil sketch: of 10,000 sends about 340 would click, 290 with",
        ),
        ("keep_original", "Keep the original."),
        ("cannot_tell", "Cannot tell whether the pencil sketch would do better"),
    ],
)
def test_sentence_says_counts_and_range(verdict: str, starts: str) -> None:
    says = sentence(
        verdict, "the pencil sketch", "click_through", 0.034, 0.029, 0.005, (0.002, 0.008)
    )  # type: ignore[arg-type]
    assert says.startswith(starts)
    assert "That is +50, likely +20 to +80" in says
    assert "will convert" not in says


def test_alternates_widen_the_filter_only_as_far_as_needed() -> None:
    products = [
        Product(product_id=str(i), name=f"n{i}", gender=gender, sneaker_type=kind, image="x.jpg")
        for i, (gender, kind) in enumerate(
            [("women", "running"), ("men", "running"), ("women", "skate"), ("unisex", "running")]
        )
    ]

    def search(k: int, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return allowed[:k], np.linspace(1, 0.5, len(allowed), dtype=np.float32)[:k]

    context = Context(sneaker_type="running", gender="women")
    chosen, note = choose_alternates(Shelf(products), context, 2, search, ProductFilter())
    assert [row for row, _ in chosen] == [0, 3]
    assert note is None
    chosen, note = choose_alternates(Shelf(products), context, 4, search, ProductFilter())
    assert [row for row, _ in chosen] == [0, 3, 1, 2]
    assert note is not None
    assert note.startswith("The catalog has 2 matching products (running for women); 2 others")


def test_colourways_of_one_shoe_are_not_offered_side_by_side_unless_nothing_else_is_left() -> None:
    products = [
        Product(product_id=str(i), name=name, brand="B", in_stock=i != 4, image="x.jpg")
        for i, name in enumerate(["Drift", "drift", "Drift", "Cove", "Loft"])
    ]

    def search(k: int, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return allowed[:k], np.linspace(1, 0.5, len(allowed), dtype=np.float32)[:k]

    shelf, context = Shelf(products), Context()
    chosen, _ = choose_alternates(shelf, context, 2, search, ProductFilter())
    assert [row for row, _ in chosen] == [0, 3]
    chosen, note = choose_alternates(shelf, context, 9, search, ProductFilter())
    assert [row for row, _ in chosen] == [0, 3, 1, 2]  # what is sold out is never offered
    assert note is None
    assert choose_alternates(Shelf([]), context, 3, search, ProductFilter()) == ([], None)
