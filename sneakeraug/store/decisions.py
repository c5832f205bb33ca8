"""The log of decisions: who chose what, on which evidence; only added to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from sqlalchemy import Engine, select

from sneakeraug.errors import DecisionError
from sneakeraug.records import Context, DifferenceInterval, Record, Scored, Verdict
from sneakeraug.store.db import reading, transaction
from sneakeraug.store.tables import DecisionRow
from sneakeraug.vocabulary import Direction

LONGEST_BY: Final = 120
LONGEST_NOTE: Final = 2000

LONGEST_ACCOUNT: Final = 254
"""Characters of an e-mail address (RFC 5321)."""

ROWS_AT_ONCE: Final = 1000

Door = Literal["page", "cli", "service"]

By = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_BY,
        pattern=r"^[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        description="Who decided, as they call themselves; nobody checks it.",
    ),
]
Note = Annotated[
    str,
    Field(
        max_length=LONGEST_NOTE,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$",
        description="What they add.",
    ),
]
DecisionId = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{32}$",
        description="The same one sent again is kept once.",
    ),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Chosen(Scored):
    """What goes out: the original, a variant by its augmentation, or a product by its id."""

    kind: Literal["original", "variant", "alternate"]
    name: Annotated[str, Field(max_length=200)]
    predicted_difference: float
    difference_interval: DifferenceInterval
    is_barred: bool = Field(description="Whether a guard forbade to recommend it.")


class Advice(Record):
    """What the model recommended, in the words that were read."""

    verdict: Verdict
    augmentation: str | None
    sentence: str
    alternate_verdict: Verdict
    product_id: str | None
    alternate_sentence: str


class Decision(Record):
    """One decision with its evidence; no picture is in it, and of people name and account.

    Attributes
    ----------
    number
        Place in the log; None of one that is not kept yet.
    decided_utc
        ISO 8601.
    account
        Whom the door knew them as, cut to what is kept.
    export_sha256
        Of the picture that was made ready for e-mail; None where none was.
    """

    schema_: Literal["sneakeraug.decision/1"] = Field("sneakeraug.decision/1", alias="schema")
    number: int | None = None
    decision_id: DecisionId
    decided_utc: str
    by: By
    account: Annotated[str, Field(max_length=LONGEST_ACCOUNT)] | None = Field(
        None,
        description="As whom they signed in, or the name of their key; null where nobody is asked.",
    )
    note: Note = ""
    door: Door
    model_id: str
    image_sha256: Sha256
    target: str
    direction: Direction
    context: Context
    guard: dict[str, float]
    chosen: Chosen
    original: Scored
    advice: Advice
    export_sha256: Sha256 | None = None


class DecisionLog:
    """Decisions in the database.

    Parameters
    ----------
    engine
        From `db.open_database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, decision: Decision) -> Decision:
        """Keep a decision; the same one again, by its id, is kept once.

        Returns
        -------
        Decision
            As it is kept, with its number: it is on the disk when this returns.

        Raises
        ------
        DecisionError
            If another decision has its id.
        StoreError
            If it cannot be kept.
        """
        row = DecisionRow(**_to_row(decision))
        with transaction(self._engine) as session:
            known = session.scalar(
                select(DecisionRow).where(DecisionRow.decision_id == decision.decision_id)
            )
            if known is None:
                session.add(row)
                session.flush()
            kept = _from_row(known or row)
        moment = {"number": None, "decided_utc": ""}
        if kept.model_copy(update=moment) != decision.model_copy(update=moment):
            raise DecisionError(
                f"Another decision has the id {decision.decision_id}: it is number {kept.number}, "
                "and what is in the log stays. Give this one an id of its own."
            )
        return kept

    def read(
        self,
        n: int,
        before: int | None = None,
        image_sha256: str | None = None,
        model_id: str | None = None,
    ) -> list[Decision]:
        """Return decisions, the latest first.

        Parameters
        ----------
        n
            At most so many.
        before
            Only those with a lower number; the latest where None.
        image_sha256, model_id
            Only those of this picture, of this model.
        """
        wanted = select(DecisionRow).order_by(DecisionRow.number.desc()).limit(n)
        if before is not None:
            wanted = wanted.where(DecisionRow.number < before)
        if image_sha256 is not None:
            wanted = wanted.where(DecisionRow.image_sha256 == image_sha256)
        if model_id is not None:
            wanted = wanted.where(DecisionRow.model_id == model_id)
        with reading(self._engine) as session:
            return [_from_row(row) for row in session.scalars(wanted)]

    def walk(self) -> Iterator[Decision]:
        """Give every decision, the first first, some at a time."""
        last = 0
        while True:
            wanted = select(DecisionRow).where(DecisionRow.number > last)
            with reading(self._engine) as session:
                some = [
                    _from_row(row)
                    for row in session.scalars(
                        wanted.order_by(DecisionRow.number).limit(ROWS_AT_ONCE)
                    )
                ]
            if not some:
                return
            yield from some
            last = some[-1].number or 0


def new_id() -> str:
    """Return an id that no other decision has."""
    return uuid.uuid4().hex


def flatten(decision: Decision) -> dict[str, Any]:
    """Return a decision as one row of plain values, for the database and for tables."""
    chosen, original, advice = decision.chosen, decision.original, decision.advice
    return {
        "number": decision.number,
        "decision_id": decision.decision_id,
        "decided_utc": decision.decided_utc,
        "decided_by": decision.by,
        "account": decision.account,
        "note": decision.note,
        "door": decision.door,
        "image_sha256": decision.image_sha256,
        "model_id": decision.model_id,
        "target": decision.target,
        "direction": decision.direction,
        **decision.context.model_dump(),
        "guard": json.dumps(decision.guard, sort_keys=True),
        "chosen_kind": chosen.kind,
        "chosen": chosen.name,
        "p_chosen": chosen.p,
        "chosen_low": chosen.interval[0],
        "chosen_high": chosen.interval[1],
        "predicted_difference": chosen.predicted_difference,
        "difference_low": chosen.difference_interval[0],
        "difference_high": chosen.difference_interval[1],
        "is_barred": chosen.is_barred,
        "p_original": original.p,
        "original_low": original.interval[0],
        "original_high": original.interval[1],
        "verdict": advice.verdict,
        "advised": advice.augmentation,
        "sentence": advice.sentence,
        "alternate_verdict": advice.alternate_verdict,
        "advised_alternate": advice.product_id,
        "alternate_sentence": advice.alternate_sentence,
        "export_sha256": decision.export_sha256,
    }


def _to_row(decision: Decision) -> dict[str, Any]:
    row = flatten(decision)
    moment = datetime.fromisoformat(decision.decided_utc).astimezone(UTC)
    return row | {"decided_utc": moment.replace(tzinfo=None)}


def _from_row(row: DecisionRow) -> Decision:
    def pick(names: Mapping[str, str]) -> dict[str, Any]:
        return {field: getattr(row, column) for field, column in names.items()}

    return Decision(
        number=row.number,
        decision_id=row.decision_id,
        decided_utc=row.decided_utc.replace(tzinfo=UTC).isoformat(timespec="microseconds"),
        by=row.decided_by,
        account=row.account,
        note=row.note,
        door=row.door,
        model_id=row.model_id,
        image_sha256=row.image_sha256,
        target=row.target,
        direction=row.direction,
        context=Context(**pick({name: name for name in Context.model_fields})),
        guard=json.loads(row.guard),
        chosen=Chosen(
            kind=row.chosen_kind,
            name=row.chosen,
            p=row.p_chosen,
            interval=(row.chosen_low, row.chosen_high),
            predicted_difference=row.predicted_difference,
            difference_interval=(row.difference_low, row.difference_high),
            is_barred=row.is_barred,
        ),
        original=Scored(p=row.p_original, interval=(row.original_low, row.original_high)),
        advice=Advice(
            verdict=row.verdict,
            augmentation=row.advised,
            sentence=row.sentence,
            alternate_verdict=row.alternate_verdict,
            product_id=row.advised_alternate,
            alternate_sentence=row.alternate_sentence,
        ),
        export_sha256=row.export_sha256,
    )
