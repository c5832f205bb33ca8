"""Campaign history in: sends or counts from CSV or Parquet, every row kept or left out by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sneakeraug.arrays import BoolArray
from sneakeraug.dataset.event_columns import EMPTY, read_numbers, read_terms, read_times
from sneakeraug.dataset.event_header import NEEDED, check_columns, match_columns
from sneakeraug.dataset.event_pictures import Pictures
from sneakeraug.dataset.event_tables import EventTable, Piece
from sneakeraug.dataset.history import HAPPENED, TRIALS, History
from sneakeraug.dataset.outcomes import (
    BOT_RULES,
    MACHINE_OPENS,
    Columns,
    choose_form,
    read_outcomes,
)
from sneakeraug.dataset.rejects import Rejects, Sieve
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

NO_VALUE: Final = ("", "NULL", "null", "NaN", "nan", "\\N")
"""What exports write where there is nothing."""

ROW: Final = "row"


@dataclass(frozen=True)
class Reading:
    """A history, and what became of each row of its file.

    Attributes
    ----------
    history
        The rows that were kept.
    form
        ``sends``, ``counts``, or ``own`` for a file that `history.to_parquet` wrote.
    n_rows
        Rows of the file.
    n_repeated
        Rows left out because they say again, with the same event_id, what an earlier row says.
    rejects
        Rows left out because something is wrong with them.
    n_machine_opens
        Opens left out, of rows kept.
    n_bot_clicks
        Clicks left out, of rows kept, by rule.
    unused
        Columns of the file that mean nothing to us.
    """

    history: History
    form: str
    n_rows: int
    n_repeated: int
    rejects: Rejects
    n_machine_opens: int
    n_bot_clicks: dict[str, int]
    unused: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """What became of the rows, as JSON."""
        opens, clicks = (
            int(self.history.happened[t].sum()) for t in ("open_rate", "click_through")
        )
        return {
            "form": self.form,
            "n_rows": self.n_rows,
            "n_kept": len(self.history),
            "n_rejected": len(self.rejects),
            "n_repeated": self.n_repeated,
            "rejected_by_reason": self.rejects.by_reason(),
            "opens": {"before": opens + self.n_machine_opens, "after": opens},
            "clicks": {"before": clicks + sum(self.n_bot_clicks.values()), "after": clicks},
            "bot_clicks_by_rule": self.n_bot_clicks,
            "n_pictures": len(self.history.images),
            "n_products": len(set(self.history.products)),
            "unused_columns": self.unused,
        }


def read_history(
    path: Path,
    columns: Mapping[str, str] | None = None,
    *,
    constants: Mapping[str, str] | None = None,
    images: Path | None = None,
    rejects: Path | None = None,
    now: datetime | None = None,
    report: Callable[[str], None] | None = None,
) -> Reading:
    """Read a history: one row a send, one row a campaign's picture with counts, or our own file.

    Parameters
    ----------
    path
        CSV (UTF-8, with a header) or Parquet.
    columns
        Our name of a column by the file's, where they differ by more than case and spaces.
    constants
        Value of a column for all rows, where the file does not have it.
    images
        Folder the pictures must be in; it is not looked for them where None.
    rejects
        Receives the rows left out, as CSV; also where none is kept.
    now
        Later dates are refused; the present where None.
    report
        Called with a line of progress now and then.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, or no row can be used.
    StoreError
        If `rejects` cannot be written.
    """
    if images is not None and not images.is_dir():
        raise InputError(f"{str(images)!r} is no folder; the folder of pictures is expected.")
    table = EventTable(path)
    header = match_columns(table, columns or {}, constants or {})
    names = {*header, *(constants or {})}
    form = choose_form(list(names))
    check_columns(table, form, names)
    until = np.datetime64((now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None), "s")
    left_out, pictures = Rejects(), Pictures(images)
    parts: list[Columns] = []
    ids: list[pa.Array] = []
    n_rows = 0
    for piece in table.pieces(list(header.values())):
        sieve = _open_piece(piece, header, constants or {}, left_out)
        part = _read_piece(sieve, form, pictures, until)
        parts.append({name: values[sieve.ok] for name, values in part.items()})
        ids.append(sieve.text("event_id").filter(pa.array(sieve.ok)))
        before, n_rows = n_rows, n_rows + len(piece.rows) + len(piece.malformed)
        if report and before // 500_000 != n_rows // 500_000:
            report(f"{n_rows:,} rows, {len(left_out):,} left out")
    n_kept = sum(len(part[ROW]) for part in parts)
    read = {name: _join(parts, name) for name in list(parts[0])} if n_kept else {}
    n_repeated = 0
    if n_kept:
        read, n_repeated = _drop_repeats(read, pa.chunked_array(ids, pa.string()), left_out)
    if rejects is not None:
        left_out.write(rejects)
    if not n_kept:
        raise _nothing_kept(path, n_rows, left_out)
    return Reading(
        history=_finish(read, pictures),
        form=form,
        n_rows=n_rows,
        n_repeated=n_repeated,
        rejects=left_out,
        n_machine_opens=int(read[MACHINE_OPENS].sum(dtype=np.int64)),
        n_bot_clicks={rule: int(read[rule].sum(dtype=np.int64)) for rule in BOT_RULES},
        unused=[name for name in table.names if name not in header.values()],
    )


def _open_piece(
    piece: Piece, header: Mapping[str, str], constants: Mapping[str, str], rejects: Rejects
) -> Sieve:
    """A piece's columns by our names, trimmed; lines that are no rows are left out."""
    if piece.malformed:
        numbers = np.array([number for number, _ in piece.malformed])
        reason = "has too few or too many fields; as many as the header has are expected"
        rejects.add(numbers, "", reason, pa.array([text for _, text in piece.malformed]))
    texts = {}
    for ours, theirs in header.items():
        text = pc.utf8_trim_whitespace(piece.columns[theirs])
        empty = pc.is_in(text, pa.array(NO_VALUE))
        texts[ours] = pc.if_else(empty, None, text)
    for ours, value in constants.items():
        texts[ours] = pa.repeat(value, len(piece.rows))
    return Sieve(piece.rows, texts, rejects)


def _read_piece(sieve: Sieve, form: str, pictures: Pictures, now: np.datetime64) -> Columns:
    """Numbers of a piece; rows that fail are out of `sieve.ok`. Pictures come last: only good
    rows name them.
    """
    if form == "sends":
        sieve.refuse(_is_empty(sieve, "event_id"), "event_id", "is empty; an id is expected")
    for name in NEEDED:
        sieve.refuse(_is_empty(sieve, name), name, "is empty; a value is expected")
    sent_at = read_times(sieve, "sent_at", now)
    read: Columns = {ROW: sieve.rows, "sent_at": sent_at}
    for name, terms in CONTEXT_FIELDS.items():
        read[name] = read_terms(sieve, name, terms)
    read["augmentation"] = read_terms(sieve, "augmentation", AUGMENTATIONS)
    propensity = read_numbers(sieve, "propensity")
    outside = (propensity <= 0) | (propensity > 1)
    sieve.refuse(
        outside, "propensity", "is no probability of a choice; above 0, at most 1 is expected"
    )
    read["propensity"] = propensity
    read |= read_outcomes(sieve, form, sent_at, now)
    read["picture"] = pictures.read(sieve)
    return read


def _is_empty(sieve: Sieve, column: str) -> BoolArray:
    return np.asarray(sieve.text(column).is_null().to_numpy(zero_copy_only=False), dtype=bool)


def _join(parts: list[Columns], name: str) -> np.ndarray:
    """One column of all parts, which let go of it."""
    return np.concatenate([part.pop(name) for part in parts])


def _drop_repeats(read: Columns, ids: pa.ChunkedArray, rejects: Rejects) -> tuple[Columns, int]:
    """Leave out rows whose event_id stood there before; those that say otherwise are rejects."""
    codes = ids.combine_chunks().dictionary_encode().indices.fill_null(EMPTY).to_numpy()
    _, first, event = np.unique(codes, return_index=True, return_inverse=True)
    earlier = first[event]
    later = np.flatnonzero((earlier != np.arange(len(codes))) & (codes != EMPTY))
    if len(later) == 0:
        return read, 0
    same = np.ones(len(later), dtype=bool)
    for name, values in read.items():
        if name != ROW:
            one, other = values[later], values[earlier[later]]
            same &= (one == other) | ((one != one) & (other != other))  # or NaN both
    conflicting = later[~same]
    if len(conflicting):
        reason = "stands in an earlier row with other values; one row an event is expected"
        rejects.add(read[ROW][conflicting], "event_id", reason, ids.take(pa.array(conflicting)))
    keep = np.ones(len(codes), dtype=bool)
    keep[later] = False
    return {name: values[keep] for name, values in read.items()}, int(same.sum())


def _finish(read: Columns, pictures: Pictures) -> History:
    """The history of all good rows, its pictures in alphabetical order."""
    names, is_path, products = pictures.listed()
    used = np.unique(read["picture"])
    order = sorted(used.tolist(), key=lambda i: (names[i], is_path[i]))
    rank = np.zeros(len(names), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return History(
        images=[names[i] for i in order],
        is_path=is_path[order],
        products=[products[i] for i in order],
        pictures=rank[read["picture"]],
        augmentations=read["augmentation"].astype(np.int64),
        contexts={name: read[name].astype(np.int64) for name in CONTEXT_FIELDS},
        sent_at=read["sent_at"],
        trials={target: read[TRIALS.format(target)].astype(np.int64) for target in TARGETS},
        happened={target: read[HAPPENED.format(target)].astype(np.int64) for target in TARGETS},
        propensity=read["propensity"],
    )


def _nothing_kept(path: Path, n_rows: int, rejects: Rejects) -> InputError:
    if not n_rows:
        return InputError(f"{path.name!r} has a header but no row; campaign events are expected.")
    reason, n = next(iter(rejects.by_reason().items()))
    return InputError(
        f"None of the {n_rows:,} rows of {path.name!r} can be used; most often ({n:,} rows) "
        f"{reason}. Correct the export, or map its columns."
    )
