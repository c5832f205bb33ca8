"""From a recommendation and what was chosen of it to a line in the log of decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from sneakeraug.errors import InputError
from sneakeraug.files import write_lines, write_table
from sneakeraug.records import AlternateScore, Recommendation, VariantScore
from sneakeraug.settings import Settings
from sneakeraug.store.db import open_database
from sneakeraug.store.decisions import (
    LONGEST_ACCOUNT,
    LONGEST_BY,
    LONGEST_NOTE,
    Advice,
    Chosen,
    Decision,
    DecisionLog,
    Door,
    flatten,
    new_id,
)
from sneakeraug.store.tables import DecisionRow

BLANK: Final = " \t\r\n"
"""What is taken off both ends of what was typed."""

COLUMNS: Final = tuple(column.name for column in DecisionRow.__table__.columns)
"""Of an export, in their order."""


def open_log(settings: Settings) -> DecisionLog:
    """Return the log; the database is made where there is none.

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """
    return DecisionLog(open_database(settings.database))


def read_log(settings: Settings) -> DecisionLog | None:
    """Return the log to be read; None where nothing was ever kept: looking makes no database."""
    return open_log(settings) if settings.has_database else None


def choose_variant(recommendation: Recommendation, augmentation: str) -> Chosen:
    """Return one of the six variants as what goes out.

    Raises
    ------
    InputError
        If there is no such variant.
    """
    kind = "original" if augmentation == "original" else "variant"
    return _chosen(kind, augmentation, recommendation.variant(augmentation))


def choose_alternate(recommendation: Recommendation, product_id: str) -> Chosen | None:
    """Return an alternate as what goes out; None where it was not among those offered."""
    for alternate in recommendation.alternates:
        if alternate.product_id == product_id:
            return _chosen("alternate", product_id, alternate)
    return None


def decide(
    recommendation: Recommendation,
    chosen: Chosen,
    by: str,
    door: Door,
    *,
    account: str | None = None,
    note: str = "",
    export_sha256: str | None = None,
    decision_id: str | None = None,
) -> Decision:
    """Gather a decision with its evidence, ready for the log.

    Parameters
    ----------
    recommendation
        What was read before it was decided.
    chosen
        From `choose_variant` or `choose_alternate`.
    by, note
        As given.
    door
        Where it was decided.
    account
        Whom that door knows them as: who signed in, a key's name; None where it asks nobody.
    export_sha256
        Of the picture made for the e-mail, where one was.
    decision_id
        Lets the same decision, sent again, be kept once; a new one where None.

    Raises
    ------
    InputError
        If the name or the note is too long, or not plain text.
    """
    best, offered = recommendation.best_augmentation, recommendation.best_alternate
    request = recommendation.request
    try:
        return Decision(
            decision_id=decision_id or new_id(),
            decided_utc=datetime.now(UTC).isoformat(timespec="microseconds"),
            by=by.strip(BLANK),
            account=_plain(account) if account else None,
            note=note.strip(BLANK).replace("\r\n", "\n"),
            door=door,
            model_id=recommendation.model_id,
            image_sha256=request.image_sha256,
            target=request.target,
            direction=request.direction,
            context=request.context,
            guard=request.guard,
            chosen=chosen,
            original=recommendation.original,
            advice=Advice(
                verdict=best.verdict,
                augmentation=best.augmentation,
                sentence=best.sentence,
                alternate_verdict=offered.verdict,
                product_id=offered.product_id,
                alternate_sentence=offered.sentence,
            ),
            export_sha256=export_sha256,
        )
    except ValidationError as exc:
        raise InputError(
            f"The decision cannot be kept: a name of 1 to {LONGEST_BY} characters and a note of at "
            f"most {LONGEST_NOTE:,}, without control characters, are expected. Shorten or mend "
            "what was typed and try again."
        ) from exc


def write_decisions(path: Path, decisions: Iterable[Decision]) -> int:
    """Write decisions to a file, whole or not at all; read while they are written.

    Parameters
    ----------
    path
        ``.jsonl`` gets a document a line; anything else is CSV, in which no text is taken for a
        formula.
    decisions
        In their order.

    Returns
    -------
    n_written

    Raises
    ------
    StoreError
        If they cannot be read or written.
    """
    n = 0

    def counted() -> Iterator[Decision]:
        nonlocal n
        for decision in decisions:
            n += 1
            yield decision

    if path.suffix.lower() == ".jsonl":
        write_lines(path, (decision.model_dump_json(by_alias=True) for decision in counted()))
    else:
        write_table(path, COLUMNS, (flatten(decision) for decision in counted()))
    return n


def _plain(account: str) -> str:
    """What a provider says somebody is called, as any database and terminal can take it."""
    return "".join(c if c.isprintable() else "?" for c in account)[:LONGEST_ACCOUNT]


def _chosen(kind: str, name: str, scored: VariantScore | AlternateScore) -> Chosen:
    return Chosen(
        kind=kind,
        name=name,
        p=scored.p,
        interval=scored.interval,
        predicted_difference=scored.predicted_difference,
        difference_interval=scored.difference_interval,
        is_barred=scored.is_barred,
    )
