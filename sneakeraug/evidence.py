"""What past campaigns with pictures like this one came to: kept with a model, found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from sneakeraug.arrays import FloatArray, IntArray
from sneakeraug.errors import InputError, ModelError, ShapeError
from sneakeraug.evaluate.metrics import wilson_interval
from sneakeraug.records import Context
from sneakeraug.score.features import encode_contexts
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

HISTORY: Final = "history.safetensors"
"""Name of the file in a model folder; absent where a model has no history."""

MOST_ROWS: Final = 50_000
"""Past campaigns kept at most, those of most sends: some 20 MB."""

LEAST_SIMILARITY: Final = 0.5
"""Pictures less alike than this, in cosine, are no evidence."""

ALIKE_STEP: Final = 0.05
"""Pictures whose cosines differ by less are as alike as each other; the campaign decides."""

ENOUGH_SENDS: Final = 20
"""Campaigns of fewer sends come after all others: of two sends nothing can be learnt."""

COLUMNS: Final = ("pictures", *CONTEXT_FIELDS, "edits", "months")


@dataclass(frozen=True)
class PastCampaigns:
    """Sends of one picture to one kind of campaign in one month, a row each.

    Attributes
    ----------
    identities
        Identity embedding of each picture's original, shape ``(m, d)``, float32, L2 norm 1.
    pictures
        Which picture a row sent, shape ``(n,)``, from 0.
    contexts
        By field the position of the term, -1 where it was left open; shape ``(n,)`` each.
    edits
        Label of the edit it carried, -1 where that is not known; shape ``(n,)``.
    months
        Months since January 1970, UTC; -1 where the date is not known; shape ``(n,)``.
    tries, events
        By target how many could, and how many did; 0 of 0 where it was not recorded. Shape
        ``(n,)`` each. Of abandoned carts the tries are carts, else sends.
    """

    identities: FloatArray = field(repr=False)
    pictures: IntArray = field(repr=False)
    contexts: Mapping[str, IntArray] = field(repr=False)
    edits: IntArray = field(repr=False)
    months: IntArray = field(repr=False)
    tries: Mapping[str, IntArray] = field(repr=False)
    events: Mapping[str, IntArray] = field(repr=False)

    def __len__(self) -> int:
        """Rows."""
        return len(self.pictures)

    def columns(self) -> dict[str, IntArray]:
        """Return what tells rows apart, by name."""
        of_context = {name: self.contexts[name] for name in CONTEXT_FIELDS}
        return {
            "pictures": self.pictures,
            **of_context,
            "edits": self.edits,
            "months": self.months,
        }


@dataclass(frozen=True)
class Evidence:
    """One past campaign.

    Attributes
    ----------
    similarity
        Cosine of its picture to the one asked about.
    context
        Its campaign.
    n_shared
        Fields of the context that are the same, 0 to 4.
    edit
        What its picture carried; None where that is not known.
    month
        For instance ``2025-11``; None where it is not known.
    tries, events
        How many could, and how many did.
    rate, interval
        Their share, and its 95 % interval (Wilson 1927).
    """

    similarity: float
    context: Context
    n_shared: int
    edit: str | None
    month: str | None
    tries: int
    events: int
    rate: float
    interval: tuple[float, float]


def gather_past(rows: PastCampaigns) -> PastCampaigns:
    """Add up rows of the same picture, campaign, edit and month, and keep those of most sends.

    Parameters
    ----------
    rows
        One a send, or any sums of them.

    Returns
    -------
    past
        At most `MOST_ROWS`; pictures that no row shows any more are left out.

    Raises
    ------
    ShapeError, InputError
        If the columns are of different lengths, or hold impossible counts or unknown terms.
    """
    _check(rows)
    keys = np.stack(list(rows.columns().values()), axis=1)
    kept, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.ravel()

    def add(counts: Mapping[str, IntArray]) -> dict[str, IntArray]:
        return {
            target: np.bincount(group, counts[target], len(kept)).astype(np.int64)
            for target in TARGETS
        }

    tries, events = add(rows.tries), add(rows.events)
    size = np.sum(list(tries.values()), axis=0)
    most = np.sort(np.argsort(-size, kind="stable")[:MOST_ROWS])
    shown, pictures = np.unique(kept[most, 0], return_inverse=True)
    column = {name: kept[most, i] for i, name in enumerate(COLUMNS)}
    return PastCampaigns(
        rows.identities[shown],
        pictures.astype(np.int64).ravel(),
        {name: column[name] for name in CONTEXT_FIELDS},
        column["edits"],
        column["months"],
        {target: tries[target][most] for target in TARGETS},
        {target: events[target][most] for target in TARGETS},
    )


def write_past(folder: Path, past: PastCampaigns) -> None:
    """Write past campaigns into a model folder that is about to be published.

    `registry.publish` lists the file in the card, and `registry.verify` checks it from then on.

    Raises
    ------
    ShapeError, InputError
        If the columns are of different lengths, or hold impossible counts or unknown terms.
    """
    _check(past)
    tensors: dict[str, np.ndarray] = {"identities": past.identities.astype(np.float16)}
    tensors |= {name: values.astype(np.int32) for name, values in past.columns().items()}
    for target in TARGETS:
        tensors[f"{target}.tries"] = past.tries[target].astype(np.int64)
        tensors[f"{target}.events"] = past.events[target].astype(np.int64)
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / HISTORY)


def read_past(folder: Path) -> PastCampaigns | None:
    """Read the past campaigns of a verified model folder; None where it has none.

    Raises
    ------
    ModelError
        If the file does not hold what `write_past` writes.
    """
    path = folder / HISTORY
    if not path.is_file():
        return None
    try:
        tensors = load_file(path)
        rows = {name: tensors[name].astype(np.int64) for name in COLUMNS}
        past = PastCampaigns(
            tensors["identities"].astype(np.float32),
            rows["pictures"],
            {name: rows[name] for name in CONTEXT_FIELDS},
            rows["edits"],
            rows["months"],
            {target: tensors[f"{target}.tries"] for target in TARGETS},
            {target: tensors[f"{target}.events"] for target in TARGETS},
        )
        _check(past)
    except (SafetensorError, KeyError, InputError) as exc:
        raise ModelError(
            f"{HISTORY} of model {folder.name!r} does not hold past campaigns as this version of "
            "sneakeraug knows them. Train the model anew."
        ) from exc
    return past


def _check(past: PastCampaigns) -> None:
    """Refuse columns that do not belong together, and impossible counts and terms."""
    n = len(past)
    columns = [*past.columns().values(), *past.tries.values(), *past.events.values()]
    for column in columns:
        if column.shape != (n,):
            raise ShapeError("A column of past campaigns", column.shape, f"({n},)")
    if n and int(past.pictures.max()) >= len(past.identities):
        raise ShapeError(
            "Identities of past pictures",
            past.identities.shape,
            f"({int(past.pictures.max()) + 1}, d) or more",
        )
    if any((past.events[target] > past.tries[target]).any() for target in TARGETS):
        raise InputError(
            "Past campaigns have more events than tries; at most as many are expected."
        )
    known = {name: len(terms) for name, terms in CONTEXT_FIELDS.items()}
    for name, n_known in (known | {"edits": len(AUGMENTATIONS)}).items():
        if n and int(past.columns()[name].max()) >= n_known:
            raise InputError(
                f"Past campaigns have an unknown {name}; 0 to {n_known - 1} is expected."
            )


def find_evidence(
    past: PastCampaigns, identity: FloatArray, context: Context, target: str, k: int = 5
) -> list[Evidence]:
    """Return the past campaigns nearest to a picture and a campaign.

    Parameters
    ----------
    past
        Of the model.
    identity
        Of the picture, shape ``(d,)``, float32, L2 norm 1.
    context
        Its campaign.
    target
        Only campaigns in which it was recorded.
    k
        Campaigns wanted.

    Returns
    -------
    evidence
        At most `k`, of pictures at least `LEAST_SIMILARITY` alike: those of `ENOUGH_SENDS`
        first, by picture in steps of `ALIKE_STEP`, then by how much of the context is the same,
        then by sends.
    """
    similarity = (past.identities @ identity)[past.pictures] if len(past) else np.empty(0)
    codes = encode_contexts([context])
    given = [name for name in CONTEXT_FIELDS if codes[name][0] >= 0]
    n_shared = np.sum([past.contexts[name] == codes[name][0] for name in given], axis=0)
    tries = past.tries[target]
    fits = np.flatnonzero((tries > 0) & (similarity >= LEAST_SIMILARITY))
    is_small = tries[fits] < ENOUGH_SENDS
    order = np.lexsort((-tries[fits], -n_shared[fits], -(similarity[fits] // ALIKE_STEP), is_small))
    return [
        _evidence(past, row, float(similarity[row]), int(n_shared[row]), target)
        for row in fits[order][:k].tolist()
    ]


def _evidence(
    past: PastCampaigns, row: int, similarity: float, n_shared: int, target: str
) -> Evidence:
    """One row in words."""
    tries, events = int(past.tries[target][row]), int(past.events[target][row])
    terms = {
        name: known[code] if (code := int(past.contexts[name][row])) >= 0 else None
        for name, known in CONTEXT_FIELDS.items()
    }
    edit, month = int(past.edits[row]), int(past.months[row])
    return Evidence(
        similarity=min(1.0, similarity),
        context=Context(**terms),
        n_shared=n_shared,
        edit=AUGMENTATIONS[edit] if edit >= 0 else None,
        month=str(np.datetime64(month, "M")) if month >= 0 else None,
        tries=tries,
        events=events,
        rate=events / tries,
        interval=wilson_interval(events / tries, tries),
    )
