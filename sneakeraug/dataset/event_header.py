"""Which column of a history's file is which of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sneakeraug.dataset.event_columns import fold
from sneakeraug.dataset.event_tables import EventTable
from sneakeraug.dataset.outcomes import COUNT_COLUMNS, OWN_COLUMNS, SEND_COLUMNS
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import CONTEXT_FIELDS, OPTIONAL_FIELDS, TARGETS

NEEDED: Final = ("sent_at", *(name for name in CONTEXT_FIELDS if name not in OPTIONAL_FIELDS))
"""Columns that every form has, and that no row may leave empty."""

KNOWN: Final = (
    "event_id",
    "sent_at",
    "image",
    "product_id",
    "augmentation",
    *CONTEXT_FIELDS,
    "propensity",
    *SEND_COLUMNS,
    *COUNT_COLUMNS,
    *OWN_COLUMNS,
)
"""Every column that is read."""

CONSTANT: Final = (*CONTEXT_FIELDS, "augmentation")
"""Columns that may be set for all rows."""


def match_columns(
    table: EventTable, columns: Mapping[str, str], constants: Mapping[str, str]
) -> dict[str, str]:
    """Return the file's header of each of our columns that it has.

    Parameters
    ----------
    table
        The file.
    columns
        Our name by the file's, as the caller maps them; others are found by their name, whatever
        its case and spaces.
    constants
        Value of all rows by our name; such a column is not looked for.

    Raises
    ------
    InputError
        If a name is unknown or stands for two columns.
    """
    header: dict[str, str] = {}
    for theirs, ours in columns.items():
        if ours not in KNOWN:
            raise InputError(f"Unknown column {ours[:60]!r}; expected any of: {', '.join(KNOWN)}.")
        if theirs not in table.names:
            raise InputError(
                f"{table.path.name!r} has no column {theirs[:60]!r} to read {ours} from; it has: "
                f"{', '.join(table.names)[:400]}."
            )
        if ours in header or ours in constants:
            raise InputError(
                f"{ours} is mapped twice, or mapped and set for all rows; one is expected."
            )
        header[ours] = theirs
    mapped = {*header, *constants}
    for name in table.names:
        ours = fold(name)
        if ours not in KNOWN or ours in mapped or name in columns:
            continue
        if ours in header:
            raise InputError(
                f"{table.path.name!r} has both {header[ours]!r} and {name!r}; name the one that is "
                f"{ours}, as in --map {name}={ours}."
            )
        header[ours] = name
    for ours in constants:
        if ours not in CONSTANT:
            raise InputError(
                f"{ours[:60]!r} cannot be set for all rows; only {', '.join(CONSTANT)} can."
            )
    return header


def check_columns(table: EventTable, form: str, names: set[str]) -> None:
    """Refuse a file without the columns of its form.

    Parameters
    ----------
    table
        The file.
    form
        From `outcomes.choose_form`.
    names
        Our columns that it has, or that are set for all rows.

    Raises
    ------
    InputError
        Naming what is missing, or that it has two forms at once.
    """
    missing = [f"column {name}" for name in NEEDED if name not in names]
    if not names & {"image", "product_id"}:
        missing.append("column image (or product_id)")
    if not form:
        missing.append(f"outcome ({', '.join(TARGETS)} a send, or sends with counts)")
    elif form == "sends" and "event_id" not in names:
        missing.append("column event_id")
    if form == "counts" and names & set(TARGETS):
        both = sorted(names & set(TARGETS))[0]
        raise InputError(
            f"{table.path.name!r} has both sends and {both}; either counts, or one row a send with "
            "0 or 1, is expected. Drop one of the two."
        )
    if missing:
        raise InputError(
            f"{table.path.name!r} has no {missing[0]}; it has: "
            f"{', '.join(table.names)[:400]}. Name the one meant by --map theirs=ours, or a "
            "campaign field of all rows by --set field=value."
        )
