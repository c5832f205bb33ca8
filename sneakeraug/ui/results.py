"""What came back for a picture and a campaign, from the verdict down to what drove it."""

from __future__ import annotations

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from sneakeraug.analysis import Analysis
from sneakeraug.card import ModelCard
from sneakeraug.files import safe_stem
from sneakeraug.recommend import Recommender
from sneakeraug.records import Recommendation
from sneakeraug.ui import access, cards, charts, controls, engine, heat, pictures, words
from sneakeraug.ui.state import Campaign, Picture

SHOWN_DRIVERS: Final = 6
COVERAGE: Final = "ranges that hold the true probability"
"""In the name of a card's figure on how often ranges hold."""
NOTEWORTHY: Final = 0.01
"""Contributions on the log-odds scale smaller than this are not listed."""

ICONS: Final = {
    "recommend": ":material/check_circle:",
    "keep_original": ":material/bookmark:",
    "cannot_tell": ":material/balance:",
}


def show_verdict(picture: Picture, analysis: Analysis, recommendation: Recommendation) -> None:
    """Show the picture beside the verdict, what was seen on it, and the downloads."""
    left, right = st.columns([1, 4], gap="medium")
    with left:
        controls.show_picture(picture, pictures.variant_picture(analysis, "original"))
    with right, st.container(gap="small"):
        best = recommendation.best_augmentation
        head, rest = words.headline(best.sentence)
        st.header(f":primary[{ICONS[best.verdict]}] {words.plain(head)}", anchor=False)
        st.markdown(words.plain(rest))
        tie = words.tie(recommendation)
        if tie is not None and best.verdict != "recommend":
            st.markdown(words.plain(tie))
        st.markdown(f"**From the catalog:** {words.plain(recommendation.best_alternate.sentence)}")
        show_seen(picture, analysis, recommendation)
        show_downloads(picture, analysis, recommendation)


def show_seen(picture: Picture, analysis: Analysis, recommendation: Recommendation) -> None:
    """Show what was detected on the picture, its quality, and every warning."""
    detected = recommendation.detected_augmentation
    is_plain_photo = detected.label == "original"
    facts = (
        f"{words.plain(picture.name)} · {analysis.width:,} × {analysis.height:,} px "
        f"{words.plain(analysis.photo.format)} · {words.plain(words.detection(detected))}"
    )
    st.caption(facts)
    notes = [*recommendation.quality.reasons]
    notes += [w for w in recommendation.warnings if w != words.DEMO and w not in notes]
    for note in notes:
        st.markdown(f":orange[:material/info:] {words.plain(note)}")
    if not notes and is_plain_photo:
        st.caption(":material/check: Sharp, well lit, large enough: nothing stands in the way.")


def show_downloads(picture: Picture, analysis: Analysis, recommendation: Recommendation) -> None:
    """Show the download of the recommended picture at full size; the rest is in `take_away`."""
    if not access.can("export"):
        return
    kind = recommendation.best_augmentation.augmentation or "original"
    stem = safe_stem(picture.name)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            f"Download {words.VARIANTS[kind].lower()}",
            data=partial(engine.full_size, picture, kind, analysis),
            file_name=f"{stem}-{kind}.png",
            mime="image/png",
            icon=":material/download:",
            on_click="ignore",
            key="download_best",
        )


def show_ranking(
    picture: Picture, analysis: Analysis, recommendation: Recommendation, recommender: Recommender
) -> None:
    """Show the variants and the alternates as cards on one common axis."""
    event = words.EVENTS[recommendation.request.target]
    held = how_often_ranges_hold(recommendation, recommender.card)
    axis = pictures.common_axis(
        [row.interval for row in (*recommendation.variants, *recommendation.alternates)]
    )
    fewer = "Fewer is better, so the lowest" if event_is_bad(recommendation) else "The highest"
    st.subheader("Your picture and its five edits", anchor=False)
    st.caption(
        f"Predicted {event}. {fewer} stands first. {held} "
        f"Every bar runs from {words.percent(axis[0])} to {words.percent(axis[1])}, "
        "the dashed tick is your picture."
    )
    cards.show_groups(cards.variant_cards(picture, analysis, recommendation), recommendation, axis)
    if recommendation.alternates:
        st.subheader("Or another picture from the catalog", anchor=False)
        offered = cards.alternate_cards(recommendation, recommender.catalog)
        cards.show_cards(offered, recommendation, axis)


def how_often_ranges_hold(recommendation: Recommendation, card: ModelCard) -> str:
    """Say how often the ranges are meant to hold, and how often they were measured to."""
    target = recommendation.request.target
    for figure in card.figures:
        if figure.name.startswith(f"{target}: ") and COVERAGE in figure.name:
            return (
                "Ranges are meant to hold 90 times in 100; "
                f"measured, they held {100 * figure.value:.0f} times."
            )
    return "Ranges are meant to hold 90 times in 100."


def event_is_bad(recommendation: Recommendation) -> bool:
    """Whether the target is one to lower."""
    return recommendation.request.direction == "lower"


def show_reasons(analysis: Analysis, recommendation: Recommendation, campaign: Campaign) -> None:
    """Show all pictures on one axis, what drove the best one's score, and where on the picture."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("All of them on one axis", anchor=False)
        st.plotly_chart(
            charts.interval_plot(recommendation),
            width="stretch",
            config={"displayModeBar": False},
            key="interval_plot",
            alt=charts.describe_plot(recommendation),
        )
    with right:
        kind = show_drivers(analysis, recommendation, campaign)
    show_regions(analysis, kind, campaign)


def show_drivers(analysis: Analysis, recommendation: Recommendation, campaign: Campaign) -> str:
    """Say what moved one variant's score; the reader chooses which variant, which is returned."""
    ranked = sorted(recommendation.variants, key=lambda variant: variant.rank)
    st.subheader("What drove the score", anchor=False)
    kind = st.selectbox(
        "Of which version",
        [variant.augmentation for variant in ranked],
        format_func=words.VARIANTS.__getitem__,
        key="explained",
    )
    drivers = engine.explain(analysis, kind, campaign)
    shown = [what for what in drivers if abs(what.contribution) >= NOTEWORTHY][:SHOWN_DRIVERS]
    if not shown:
        st.caption("Nothing in particular: this score is about average.")
    for what in shown:
        name, value, effect = words.driver(what, campaign.target)
        arrow = "north_east" if what.contribution > 0 else "south_east"
        st.markdown(
            f":material/{arrow}: **{words.plain(name)}** · {words.plain(value)}  \n"
            f":gray[{words.plain(effect[:1].upper() + effect[1:])}]"
        )
    st.caption("Beside an average picture and campaign. What moves a prediction need not cause it.")
    return kind


def show_past(analysis: Analysis, campaign: Campaign) -> None:
    """Show what past campaigns with pictures like this one came to, where the model has any."""
    found = engine.past(analysis, campaign)
    if not found:
        return
    st.subheader("Past campaigns like this", anchor=False)
    st.caption(
        "What came of pictures like yours in the model's own history, the nearest picture and "
        "campaign first. Ranges hold 95 times in 100."
    )
    rows = [words.past_campaign(evidence, campaign.target) for evidence in found]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")


def show_regions(analysis: Analysis, kind: str, campaign: Campaign) -> None:
    """Show which parts of the picture move one variant's score, once that is asked for."""
    about = st.expander(
        "Which parts of the picture matter",
        key="regions",
        on_change="rerun",
        icon=":material/grid_on:",
    )
    if not about.open:
        return
    with about:
        left, right = st.columns([2, 3], gap="large", vertical_alignment="center")
        found = engine.regions(analysis, kind, campaign)
        event = words.EVENTS[campaign.target]
        left.image(
            heat.region_picture(analysis.photo.pixels, found),
            width="stretch",
            alt=f"Your picture in {found.effects.size} patches. {found.sentence}",
        )
        strongest = words.odds(float(abs(found.effects).max()))
        right.markdown(f"**{words.VARIANTS[kind]}.** {words.plain(found.sentence)}")
        right.markdown(
            f":blue-badge[+ raises {event}] :orange-badge[− lowers {event}] "
            ":gray-badge[framed: more than chance]"
        )
        right.caption(
            "Each patch was covered with what is around it, and the score taken again. The "
            f"stronger the colour, the larger the effect; the strongest changes the odds by "
            f"{strongest}. Of the framed ones one in ten may be chance."
        )
