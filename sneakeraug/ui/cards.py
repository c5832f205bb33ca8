"""Ranked cards: a picture with its probability, its range on the common axis, and a download."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

import streamlit as st

from sneakeraug.analysis import Analysis
from sneakeraug.catalog.products import Catalog
from sneakeraug.files import safe_stem
from sneakeraug.rank.guards import why_barred
from sneakeraug.rank.variants import tied_with_best
from sneakeraug.records import AlternateScore, Recommendation, VariantScore
from sneakeraug.ui import access, engine, pictures, words
from sneakeraug.ui.state import Picture

PICK: Final = ":blue-badge[:material/check: pick]"
CLOSE_CALL: Final = ":blue-badge[:material/balance: close call]"
BARRED: Final = ":orange-badge[:material/shield: barred]"
COLUMNS: Final = 6
MIN_CARD_PX: Final = 152
"""Two abreast on a phone, six on a desktop."""

Axis = tuple[float, float]

Colour = Literal["blue", "orange", "gray"]
COLOURS: Final[dict[words.Judgement, Colour]] = {
    "better": "blue",
    "worse": "orange",
    "unclear": "gray",
}


@dataclass(frozen=True)
class Download:
    """A file that is made when it is asked for."""

    data: Callable[[], bytes]
    file_name: str
    mime: str


@dataclass(frozen=True)
class Card:
    """What one card shows; every text is safe to show as Markdown but `alt`, which is plain."""

    key: str
    rank: int
    badge: str
    image: bytes
    alt: str
    name: str
    note: str
    score: VariantScore | AlternateScore
    is_original: bool
    download: Download


def show_groups(cards: list[Card], recommendation: Recommendation, axis: Axis) -> None:
    """Show variants, those that cannot be told apart side by side under a title of their own.

    Where others stand between them, or a barred one would make cards of two heights, the cards'
    badges alone say which they are.

    Parameters
    ----------
    cards
        Best first.
    recommendation
        Whose target and original the cards are read against.
    axis
        Ends of the axis that all bars of the page share.
    """
    ranks = [variant.rank for variant in tied_with_best(recommendation.variants)]
    n_tied = len(ranks)
    is_first = ranks == list(range(1, n_tied + 1))
    is_barred = any(card.score.is_barred for card in cards)
    if not is_first or is_barred or n_tied in (0, len(cards)):
        show_cards(cards, recommendation, axis)
        return
    left, right = st.columns([_width(n_tied), _width(len(cards) - n_tied)], gap="large")
    plain = [replace(card, badge="") if card.badge == CLOSE_CALL else card for card in cards]
    for where, said, members in (
        (
            left,
            ":blue-badge[:material/balance: Too close to call: each may be the best]",
            plain[:n_tied],
        ),
        (right, ":gray-badge[Less likely to be the best]", plain[n_tied:]),
    ):
        with where:
            st.markdown(said)
            show_cards(members, recommendation, axis)


def _width(n_cards: int) -> int:
    """Weight of a column of cards: twelve for each, one for each gap, two for half the middle."""
    return 13 * n_cards + 1


def show_cards(cards: list[Card], recommendation: Recommendation, axis: Axis) -> None:
    """Show cards side by side, all of one height.

    Parameters
    ----------
    cards
        Best first.
    recommendation, axis
        As for `show_groups`.
    """
    columns = min(COLUMNS, max(2, len(cards)))  # a lone one is as wide as others on a phone
    grid = st.grid(columns, min_column_width=MIN_CARD_PX, gap="small")
    for card in cards:
        with grid.container(border=True, height="stretch", gap="xsmall", key=card.key):
            _show_card(card, recommendation, axis)


def _show_card(card: Card, recommendation: Recommendation, axis: Axis) -> None:
    """One card, from rank to button."""
    request, score = recommendation.request, card.score
    judgement = words.judge(score.difference_interval, request.direction)
    note = f":small[{card.note}]" if card.note else ""
    st.markdown(f":gray-badge[{card.rank}] {card.badge} {note}")
    st.image(card.image, width="stretch", alt=card.alt)
    st.metric(
        f"**{card.name}**",
        words.percent(score.p),
        delta="as it is"
        if card.is_original
        else f"{words.points(score.predicted_difference)} points",
        delta_color="gray" if card.is_original else COLOURS[judgement],
        delta_arrow=_arrow(card, judgement),
    )
    st.image(
        pictures.range_bar(score.p, score.interval, recommendation.original.p, axis),
        width="stretch",
        alt=f"{words.likely(score.interval)}, on an axis from {words.percent(axis[0])} "
        f"to {words.percent(axis[1])}.",
    )
    said = "the one to beat" if card.is_original else words.change(judgement, request.target)
    lines = [words.likely(score.interval), f"{said[:1].upper()}{said[1:]}"]
    if isinstance(score, VariantScore):
        lines.append(f"Best: {words.chance(score.p_best)} chance")
    st.caption("  \n".join(lines))
    barred = why_barred(score)
    if barred is not None:
        st.markdown(f":orange[:small[:material/shield: {words.plain(words.as_sentence(barred))}]]")
    st.space("stretch")
    if not access.can("export"):
        return
    st.download_button(
        "Download",
        data=card.download.data,
        file_name=card.download.file_name,
        mime=card.download.mime,
        key=f"{card.key}_download",
        on_click="ignore",
        icon=":material/download:",
        help=f"{card.name} at full size",
        width="stretch",
    )


def _arrow(card: Card, judgement: words.Judgement) -> Literal["up", "down", "off"]:
    """Where the difference points; off where its range does not tell."""
    if card.is_original or judgement == "unclear":
        return "off"
    return "up" if card.score.predicted_difference > 0 else "down"


def variant_cards(
    picture: Picture, analysis: Analysis, recommendation: Recommendation
) -> list[Card]:
    """Return the cards of the original and its five edits, best first."""
    tied = {variant.augmentation for variant in tied_with_best(recommendation.variants)}
    advised = recommendation.best_augmentation.augmentation
    cards = []
    for score in sorted(recommendation.variants, key=lambda variant: variant.rank):
        kind = score.augmentation
        name = words.VARIANTS[kind]
        cards.append(
            Card(
                key=f"variant_{kind}",
                rank=score.rank,
                badge=_variant_badge(score, advised, tied),
                image=pictures.variant_picture(analysis, kind),
                alt=f"{picture.name}, {name.lower()}",
                name=name,
                note="",
                score=score,
                is_original=kind == "original",
                download=Download(
                    data=partial(engine.full_size, picture, score),
                    file_name=f"{safe_stem(picture.name)}-{kind}.png",
                    mime="image/png",
                ),
            )
        )
    return cards


def alternate_cards(recommendation: Recommendation, catalog: Catalog) -> list[Card]:
    """Return the cards of the catalog pictures offered instead, best first."""
    advised = recommendation.best_alternate.product_id
    return [
        Card(
            key=f"alternate_{score.rank}",
            rank=score.rank,
            badge=PICK if score.product_id == advised else BARRED if score.is_barred else "",
            image=pictures.file_picture(catalog.image_bytes(score.product_id)),
            alt=f"{score.name} by {score.brand}, {words.label(score.sneaker_type)}, "
            f"worn by {score.gender}",
            name=words.plain(score.name),
            note=words.plain(score.brand),
            score=score,
            is_original=False,
            download=Download(
                data=partial(catalog.image_bytes, score.product_id),
                file_name=f"{safe_stem(score.name)}.jpg",
                mime="image/jpeg",
            ),
        )
        for score in sorted(recommendation.alternates, key=lambda alternate: alternate.rank)
    ]


def _variant_badge(score: VariantScore, advised: str | None, tied: set[str]) -> str:
    """The word beside a card's rank."""
    if score.augmentation == advised:
        return PICK
    if score.augmentation == "original":
        return ":gray-badge[yours]"
    if score.is_barred:
        return BARRED
    return CLOSE_CALL if score.augmentation in tied else ""
