"""What came of each send or count, with what machines did left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow.compute as pc

from sneakeraug.arrays import BoolArray
from sneakeraug.dataset.event_columns import (
    EMPTY,
    read_counts,
    read_flags,
    read_numbers,
    read_times,
)
from sneakeraug.dataset.history import HAPPENED, TRIALS
from sneakeraug.dataset.rejects import Sieve
from sneakeraug.vocabulary import TARGETS

FAST_CLICK_S: Final = 5.0
"""A click so soon after the send is a mail scanner's: nobody reads that fast."""

MANY_LINKS: Final = 3
"""Who clicks every link of a mail with at least so many is a scanner that checks them."""

MACHINE_OPENS: Final = "machine_opens"
BOT_RULES: Final = ("flagged", "within 5 s of the send", "every link of the mail")
"""Why a click counts as a machine's; a click is counted under the first that holds."""

COUNTED: Final = {
    "open_rate": ("opens", "sends"),
    "click_through": ("clicks", "sends"),
    "abandoned_cart": ("abandoned", "carts"),
    "unsubscribed": ("unsubscribes", "sends"),
}
"""By target, the count of its events and of its trials."""

SEND_COLUMNS: Final = (
    *TARGETS,
    "is_machine_open",
    "is_bot_click",
    "clicked_at",
    "seconds_to_click",
    "links_clicked",
    "links_in_mail",
)
COUNT_COLUMNS: Final = (
    "sends",
    "opens",
    "clicks",
    "carts",
    "abandoned",
    "unsubscribes",
    "machine_opens",
    "bot_clicks",
)
OWN_COLUMNS: Final = tuple(n.format(target) for target in TARGETS for n in (TRIALS, HAPPENED))

Columns = dict[str, np.ndarray]
"""Columns of rows by name, all of one length."""


def choose_form(names: Sequence[str]) -> str:
    """Return which form a file has: ``counts``, ``sends``, ``own``, or nothing."""
    if all(name in names for name in OWN_COLUMNS):
        return "own"
    if "sends" in names:
        return "counts"
    return "sends" if any(target in names for target in TARGETS) else ""


def read_outcomes(sieve: Sieve, form: str, sent_at: np.ndarray, now: np.datetime64) -> Columns:
    """Return trials, events and what machines did, of rows of a form.

    Parameters
    ----------
    sieve
        The rows; those whose outcomes cannot be fail.
    form
        From `choose_form`.
    sent_at
        UTC, datetime64[s], shape ``(n,)``.
    now
        UTC; a later click fails.

    Returns
    -------
    columns
        By target its trials and events, and the events of machines that are not among them:
        `MACHINE_OPENS`, and clicks by each of `BOT_RULES`. Shape ``(n,)``, int8 of sends, else
        int32.
    """
    if form == "own":
        return _read_own(sieve)
    return _read_counts(sieve) if form == "counts" else _read_sends(sieve, sent_at, now)


def _read_sends(sieve: Sieve, sent_at: np.ndarray, now: np.datetime64) -> Columns:
    flags = {target: read_flags(sieve, target) for target in TARGETS}
    nothing = np.all([codes == EMPTY for codes in flags.values()], axis=0)
    sieve.refuse(
        nothing, "", f"tells no outcome; 0 or 1 is expected in any of {', '.join(TARGETS)}"
    )
    columns: Columns = {}
    for target, codes in flags.items():
        columns[TRIALS.format(target)] = (codes != EMPTY).astype(np.int8)
        columns[HAPPENED.format(target)] = (codes == 1).astype(np.int8)
    by_machine = read_flags(sieve, "is_machine_open") == 1
    columns[MACHINE_OPENS] = (by_machine & (flags["open_rate"] == 1)).astype(np.int8)
    _leave_out(columns, "open_rate", by_machine)
    clicked = flags["click_through"] == 1
    by_bot = np.zeros(len(sieve), dtype=bool)
    for name, found in zip(BOT_RULES, _bot_clicks(sieve, clicked, sent_at, now), strict=True):
        columns[name] = (clicked & found & ~by_bot).astype(np.int8)
        by_bot |= clicked & found
    _leave_out(columns, "click_through", by_bot)
    return columns


def _bot_clicks(
    sieve: Sieve, clicked: BoolArray, sent_at: np.ndarray, now: np.datetime64
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Clicks that each of `BOT_RULES` takes for a machine's."""
    flagged = read_flags(sieve, "is_bot_click") == 1
    seconds = read_numbers(sieve, "seconds_to_click")
    after = (read_times(sieve, "clicked_at", now) - sent_at) / np.timedelta64(1, "s")
    sieve.refuse(clicked & (seconds < 0), "seconds_to_click", "is below 0: a click before the send")
    sieve.refuse(clicked & (after < 0), "clicked_at", "is before sent_at")
    fast = np.fmin(seconds, after) <= FAST_CLICK_S
    n_clicked, n_links = read_counts(sieve, "links_clicked"), read_counts(sieve, "links_in_mail")
    more = (n_links != EMPTY) & (n_clicked > n_links)
    sieve.refuse(more, "links_clicked", "is more than links_in_mail")
    return flagged, fast, (n_clicked == n_links) & (n_links >= MANY_LINKS)


def _leave_out(columns: Columns, target: str, which: BoolArray) -> None:
    """Count an outcome as neither happened nor not."""
    for name in (TRIALS, HAPPENED):
        columns[name.format(target)][which] = 0


def _read_counts(sieve: Sieve) -> Columns:
    counts = {name: read_counts(sieve, name) for name in COUNT_COLUMNS}
    sieve.refuse(counts["sends"] < 1, "sends", "is no number of sends; at least 1 is expected")
    events = [part for part, _ in COUNTED.values()]
    nothing = np.all([counts[name] == EMPTY for name in events], axis=0)
    sieve.refuse(
        nothing, "", f"tells no outcome; a count is expected in any of {', '.join(events)}"
    )
    bounds = (*COUNTED.values(), ("carts", "sends"), ("machine_opens", "opens"),
              ("bot_clicks", "clicks"))  # fmt: skip
    for part, whole in bounds:
        said = pc.binary_join_element_wise(
            sieve.text(part).fill_null("0"), sieve.text(whole).fill_null("0"), " of "
        )
        more = counts[part] > np.maximum(counts[whole], 0)
        sieve.refuse(more, part, f"is more than {whole}; at most as many are possible", said)
    machine = {
        "open_rate": np.maximum(counts["machine_opens"], 0),
        "click_through": np.maximum(counts["bot_clicks"], 0),
    }
    columns: Columns = {name: np.zeros(len(sieve), np.int32) for name in BOT_RULES}
    columns[MACHINE_OPENS] = machine["open_rate"]
    columns[BOT_RULES[0]] = machine["click_through"]
    for target, (part, whole) in COUNTED.items():
        told = counts[part] != EMPTY
        left_out = machine.get(target, 0)
        columns[TRIALS.format(target)] = np.where(told, counts[whole] - left_out, 0)
        columns[HAPPENED.format(target)] = np.where(told, counts[part] - left_out, 0)
    return columns


def _read_own(sieve: Sieve) -> Columns:
    columns: Columns = {n: np.zeros(len(sieve), np.int32) for n in (MACHINE_OPENS, *BOT_RULES)}
    for target in TARGETS:
        trials, happened = TRIALS.format(target), HAPPENED.format(target)
        for name in (trials, happened):
            columns[name] = np.maximum(read_counts(sieve, name), 0)
        sieve.refuse(columns[happened] > columns[trials], happened, f"is more than {trials}")
    return columns
