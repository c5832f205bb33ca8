"""What a card says of the history that a model was trained on, and of what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from sneakeraug.dataset.events import Reading
from sneakeraug.evidence import PastCampaigns, gather_past
from sneakeraug.training.history_rows import (
    MOST_WEIGHT,
    Learnt,
    Split,
    is_randomised,
    sends_of_rows,
)
from sneakeraug.training.sent_pictures import Sends
from sneakeraug.vocabulary import TARGETS

CONFOUNDED: Final = (
    "The history does not tell with which probability each picture was chosen. Whoever chose may "
    "have known what the model does not, so that a difference between pictures may be one between "
    "the campaigns they were sent in: send some pictures at random, and write down the "
    "probability as propensity."
)


def describe_history(events: Path, reading: Reading, sends: Sends, split: Split) -> str:
    """Return what a model was trained on, in sentences."""
    history = sends.history
    first, last = (str(day.astype("datetime64[D]")) for day in _ends(history.sent_at))
    learnt = split.rows(sends, "train")
    said = reading.to_dict()
    n_opens = said["opens"]["before"] - said["opens"]["after"]
    n_clicks = said["clicks"]["before"] - said["clicks"]["after"]
    machines = (
        "machines had been left out when it was imported"
        if reading.form == "own"
        else f"{n_opens:,} opens and {n_clicks:,} clicks of machines were left out"
    )
    return (
        f"Campaign history {events.name!r}: {int(sends_of_rows(history).sum()):,} sends from "
        f"{first} to {last}, {len(np.unique(sends.of_row)):,} pictures of {len(sends.groups):,} "
        f"products; {machines}. The effects were learnt from "
        f"{int(sends_of_rows(history.take(learnt)).sum()):,} sends of "
        f"{len(np.unique(sends.groups_of_rows[learnt])):,} products."
    )


def _ends(times: np.ndarray) -> tuple[np.datetime64, np.datetime64]:
    return times.min(), times.max()


def history_table(
    reading: Reading,
    sends: Sends,
    split: Split,
    learnt: Learnt,
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    """Return a history in numbers, and why targets were left out."""
    history = sends.history
    first, last = (str(time) for time in _ends(history.sent_at))
    return {
        "form": reading.form,
        "n_rows": len(history),
        "n_rows_rejected": len(reading.rejects),
        "n_sends": int(sends_of_rows(history).sum()),
        "sent_from_utc": first,
        "sent_to_utc": last,
        "n_products": {
            side: len(np.unique(sends.groups_of_rows[split.rows(sends, side)]))
            for side in ("train", "validation", "test")
        },
        "trials": {target: int(history.trials[target].sum()) for target in TARGETS},
        "events": {target: int(history.happened[target].sum()) for target in TARGETS},
        "is_weighted": is_randomised(history),
        "weights_clipped_at": MOST_WEIGHT if is_randomised(history) else None,
        "n_effective": {name: round(n, 1) for name, n in learnt.n_effective.items()},
        "left_out": dict(left_out),
    }


def past_of(sends: Sends) -> PastCampaigns:
    """Return a history's past campaigns: sums by picture, campaign, edit and month, nothing else.

    Edits of one photo are the same picture.
    """
    history = sends.history
    identities, originals = np.unique(sends.pictures.identities, axis=0, return_inverse=True)
    months = history.sent_at.astype("datetime64[M]").astype(np.int64)
    return gather_past(
        PastCampaigns(
            identities,
            originals.ravel()[sends.of_row],
            history.contexts,
            history.augmentations,
            months,
            history.trials,
            history.happened,
        )
    )


def history_limits(
    sends: Sends,
    n_effective: Mapping[str, float],
    left_out: Mapping[str, str],
    notes: Sequence[str],
) -> tuple[str, ...]:
    """Return what a model cannot do, as far as its history decides it.

    Parameters
    ----------
    sends
        The history.
    n_effective
        Effective number of trials of each target the model knows.
    left_out
        Why it does not know the others.
    notes
        Of `Support`.
    """
    limits = [
        "It knows the campaigns of one history, and no others; what changed since it does not."
    ]
    known = np.isfinite(sends.history.propensity)
    if is_randomised(sends.history):
        sizes = ", ".join(f"{name} {n:,.0f}" for name, n in n_effective.items())
        limits.append(
            "Sends count by the inverse of their recorded propensity, at most "
            f"{MOST_WEIGHT:g} times the average of their augmentation; what was learnt from is "
            f"worth so many trials: {sizes}."
        )
    else:
        limits.append(CONFOUNDED)
        if known.all():
            limits.append("Every recorded propensity is 1: chance chose nothing.")
        elif known.any():
            limits.append(
                f"{int(known.sum()):,} of {len(known):,} rows tell a propensity; unless all do, "
                "none is used."
            )
    limits += [f"It was not trained for {name}: {why}" for name, why in left_out.items()]
    return (*limits, *notes)
