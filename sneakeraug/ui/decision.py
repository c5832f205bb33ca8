"""Who chose what, into the log of decisions: by a click of its own, and with every sign-off."""

from __future__ import annotations

import hashlib

import streamlit as st

from sneakeraug.decisions import choose_alternate, choose_variant, decide, open_log
from sneakeraug.delivery import Delivery
from sneakeraug.errors import SneakeraugError
from sneakeraug.records import Recommendation
from sneakeraug.settings import get_settings
from sneakeraug.store.decisions import Chosen, Decision, new_id
from sneakeraug.ui import access, words

SESSION, RECORDED = "decision_session", "decision_recorded"


def of_delivery(recommendation: Recommendation, made: Delivery, by: str, note: str) -> Decision:
    """Return the decision that a sign-off of an exported picture is.

    Raises
    ------
    InputError
        If the name or the note is not plain text.
    """
    chosen = choose_variant(recommendation, made.manifest.edit.augmentation)
    return _decide(recommendation, chosen, by, note, made.manifest.result.sha256)


def keep(decision: Decision) -> Decision:
    """Keep a decision; the same one of the same visit is kept once.

    Raises
    ------
    StoreError
        If the database is away, busy or full.
    """
    return open_log(get_settings()).append(decision)


def show(recommendation: Recommendation, made: Delivery, by: str, note: str) -> None:
    """Ask what goes out, and keep it when told to.

    Parameters
    ----------
    recommendation
        What was read.
    made
        The version that is open for export; what goes out unless another is chosen.
    by, note
        From the sign-off beside it.
    """
    st.markdown("**Record the decision**")
    st.caption("Who chose what goes into a log, with the figures it rests on.")
    variants = [v.augmentation for v in sorted(recommendation.variants, key=lambda v: v.rank)]
    products = {alternate.product_id: alternate for alternate in recommendation.alternates}
    exported = made.manifest.edit.augmentation
    options = [*((name, "") for name in variants), *(("", product_id) for product_id in products)]

    def named(option: tuple[str, str]) -> str:
        variant, product_id = option
        if variant:
            return words.VARIANTS[variant]
        return f"{products[product_id].name} by {products[product_id].brand}"

    variant, product_id = st.selectbox(
        "What goes out",
        options,
        index=variants.index(exported),
        format_func=named,
        key=f"decision_{recommendation.request.image_sha256[:12]}_{exported}",
    )
    is_signed = bool(by.strip())
    if not is_signed:
        st.caption(":material/info: Fill in who signs off, in the sign-off report, first.")
    outcome = st.container()  # above the button, which stays where it is
    st.space("stretch")
    chosen = (variant, product_id)
    asked = (recommendation.request, made.manifest.result.sha256, chosen, by, note)
    if st.button(
        "Record the decision",
        icon=":material/history_edu:",
        key="decision_keep",
        disabled=not is_signed,
        width="stretch",
    ):
        try:
            kept = keep(_of_choice(recommendation, made, chosen, by, note))
        except SneakeraugError as exc:
            outcome.error(words.plain(str(exc)), icon=":material/error:")
            return
        when = f"{kept.decided_utc[:16].replace('T', ' ')} UTC"
        said = f"Recorded as number {kept.number}: {named(chosen)}, {kept.by}, {when}"
        st.session_state[RECORDED] = asked, said
    recorded, said = st.session_state.get(RECORDED, (None, ""))
    if recorded == asked:
        outcome.success(words.plain(said), icon=":material/check:")


def _of_choice(
    recommendation: Recommendation, made: Delivery, option: tuple[str, str], by: str, note: str
) -> Decision:
    """The decision for a variant or, by its id, for an alternate."""
    variant, product_id = option
    if variant == made.manifest.edit.augmentation:
        return of_delivery(recommendation, made, by, note)
    chosen = (
        choose_variant(recommendation, variant)
        if variant
        else choose_alternate(recommendation, product_id)
    )
    assert chosen is not None  # noqa: S101 - the options are the recommendation's
    return _decide(recommendation, chosen, by, note, None)


def _decide(
    recommendation: Recommendation,
    chosen: Chosen,
    by: str,
    note: str,
    export_sha256: str | None,
) -> Decision:
    """A decision whose id follows from the visit and from what it says."""
    visit = st.session_state.setdefault(SESSION, new_id())
    decision = decide(
        recommendation,
        chosen,
        by,
        "page",
        account=access.visitor().name or None,
        note=note,
        export_sha256=export_sha256,
    )
    said = decision.model_copy(update={"decision_id": visit, "decided_utc": ""}).model_dump_json()
    return decision.model_copy(
        update={"decision_id": hashlib.sha256(said.encode()).hexdigest()[:32]}
    )
