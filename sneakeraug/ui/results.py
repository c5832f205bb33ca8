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
        head, rest = words.headline(words.figures(best.sentence))
        st.header(f":primary[{ICONS[best.verdict]}] {words.plain(head)}", anchor=False)
        st.markdown(words.plain(rest))
        tie = words.tie(recommendation)
        if tie is not None and best.verdict != "recommend":
            st.markdown(words.plain(tie))
        offered = words.figures(recommendation.best_alternate.sentence)
        st.markdown(f"**From the catalog:** {words.plain(offered)}")
        show_seen(picture, analysis, recommendation)
        show_downloads(picture, recommendation)


def show_seen(picture: Picture, analysis: Analysis, recommendation: Recommendation) -> None:
    """Show what was detected on the picture, its quality, and every warning."""
    detected = recommendation.detected_augmentation
    is_plain_photo = detected.label == "original"
    facts = [
        words.plain(picture.name),
        f"{analysis.width:,} × {analysis.height:,}{words.NBSP}px "
        f"{words.plain(analysis.photo.format)}",
    ]
    if is_plain_photo:  # anything else is said by a warning
        facts.append(words.plain(words.detection(detected)))
    st.caption(" · ".join(facts))
    notes = [*recommendation.quality.reasons]
    notes += [w for w in recommendation.warnings if w != words.DEMO and w not in notes]
    for note in notes:
        st.markdown(f":orange[:material/info:] {words.plain(words.figures(note))}")
    if not notes and is_plain_photo:
        st.caption(":material/check: Sharp, well lit, large enough: nothing stands in the way.")


def show_downloads(picture: Picture, recommendation: Recommendation) -> None:
    """Show the download of what to send, or of both to test, at full size."""
    if not access.can("export"):
        return
    best = recommendation.best_augmentation
    kinds = [best.augmentation or "original"]
    if best.verdict == "cannot_tell":
        kinds.insert(0, best_free_edit(recommendation))
    stem = safe_stem(picture.name)
    with st.container(horizontal=True, gap="small"):
        for kind in kinds:
            st.download_button(
                f"Download {words.VARIANTS[kind].lower()}",
                data=partial(engine.full_size, picture, recommendation.variant(kind)),
                file_name=f"{stem}-{kind}.png",
                mime="image/png",
                icon=":material/download:",
                on_click="ignore",
                key="download_best" if kind == kinds[-1] else "download_other",
            )


def best_free_edit(recommendation: Recommendation) -> str:
    """Return the best edit that no guardrail bars: the one a verdict is about."""
    ranked = sorted(recommendation.variants, key=lambda variant: variant.rank)
    return next(v.augmentation for v in ranked if v.augmentation != "original" and not v.is_barred)


def show_ranking(
    picture: Picture, analysis: Analysis, recommendation: Recommendation, recommender: Recommender
) -> None:
    """Show the variants and the alternates as cards on one common axis."""
    event = words.EVENTS[recommendation.request.target]
    held = how_often_ranges_hold(recommendation, recommender.card)
    axis = pictures.common_axis(
        [row.interval for row in (*recommendation.variants, *recommendation.alternates)]
    )
    first = "Fewer is better: the lowest" if event_is_bad(recommendation) else "The highest"
    st.subheader("Your picture and its five edits", anchor=False)
    st.caption(
        f"Predicted {event}. {first} comes first. {held} "
        f"All bars share one axis, {words.percent(axis[0])} to {words.percent(axis[1])}; "
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
                "Ranges should hold the truth 90 times in 100; "
                f"measured, they did {100 * figure.value:.0f} times."
            )
    return "Ranges should hold the truth 90 times in 100."


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
        "For which version",
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
    st.caption(
        "Compared with an average picture and campaign. What moves a prediction need not be its "
        "cause."
    )
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
        is_any_sure = bool(found.is_sure.any())
        right.markdown(
            f":blue-badge[+ raises {event}] :orange-badge[− lowers {event}]"
            + " :gray-badge[framed: more than chance]" * is_any_sure
        )
        right.caption(
            "Each patch was covered with what is around it, and the picture scored again. The "
            "stronger the colour, the larger the effect; the strongest changes the odds by "
            f"{strongest}." + " Of the framed ones one in ten may be chance." * is_any_sure
        )
