"""Laws of campaign history: counts are the sends they count, and nothing is lost."""

from __future__ import annotations

import csv
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sneakeraug.dataset.events import read_history
from sneakeraug.dataset.history import History, to_parquet, weighted_rows
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import AUGMENTATIONS, CONTEXT_FIELDS, TARGETS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, object]


@st.composite
def counted(draw: st.DrawFn) -> Row:
    """One row of counts, few enough keys that some agree."""
    sends = draw(st.integers(1, 6))
    opens, clicks = draw(st.integers(0, sends)), draw(st.integers(0, sends))
    carts = draw(st.integers(0, sends))
    return {
        "sent_at": "2025-03-01T10:00:00Z",
        "image": draw(st.sampled_from(["b.jpg", "a.jpg", "c/a.jpg"])),
        "augmentation": draw(st.sampled_from(["", *AUGMENTATIONS[:2]])),
        "campaign_type": draw(st.sampled_from(["welcome", "promotional"])),
        "industry": "retail",
        "gender": draw(st.sampled_from(["", "men"])),
        "propensity": draw(st.sampled_from(["", 0.5, 1 / 3])),
        "sends": sends,
        "opens": opens,
        "clicks": clicks,
        "carts": carts,
        "abandoned": draw(st.integers(0, carts)),
        "unsubscribes": draw(st.integers(0, sends)),
        "machine_opens": draw(st.integers(0, opens)),
        "bot_clicks": draw(st.integers(0, clicks)),
    }


def expand(rows: list[Row]) -> list[Row]:
    """The sends that rows of counts count."""
    sends: list[Row] = []
    for row in rows:
        counts = {name: int(row[name]) for name in list(row)[7:]}  # type: ignore[call-overload]
        for i in range(counts["sends"]):
            cart = i < counts["carts"]
            outcomes = {
                "event_id": f"e{len(sends)}",
                "open_rate": int(i < counts["opens"]),
                "click_through": int(i < counts["clicks"]),
                "abandoned_cart": int(i < counts["abandoned"]) if cart else "",
                "unsubscribed": int(i < counts["unsubscribes"]),
                "is_machine_open": int(i < counts["machine_opens"]),
                "is_bot_click": int(i < counts["bot_clicks"]),
            }
            sends.append({name: row[name] for name in list(row)[:7]} | outcomes)
    return sends


def write(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def training_rows(history: History, target: str) -> list[tuple[object, ...]]:
    """What a model sees: picture, augmentation, context, propensity, outcome, weight."""
    rows, y, weight = weighted_rows(history, target)
    contexts = [history.contexts[name][rows].tolist() for name in CONTEXT_FIELDS]
    pictures = [history.images[i] for i in history.pictures[rows]]
    known = np.nan_to_num(history.propensity[rows], nan=-1).tolist()
    labels = history.augmentations[rows].tolist()
    return list(zip(pictures, labels, *contexts, known, y.tolist(), weight.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(counted(), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_counts_train_exactly_as_the_sends_they_count(rows: list[Row], order: object) -> None:
    sends = expand(rows)
    order.shuffle(sends)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as scratch:
        counts = read_history(write(Path(scratch) / "c.csv", rows), now=NOW).history
        single = read_history(write(Path(scratch) / "s.csv", sends), now=NOW).history
        to_parquet(counts, Path(scratch) / "own.parquet")
        own = read_history(Path(scratch) / "own.parquet", now=NOW).history
    for target in TARGETS:
        expected = training_rows(counts, target)
        assert training_rows(single, target) == expected
        assert training_rows(own, target) == expected
        keys = [row[:-1] for row in expected]
        assert len(keys) == len(set(keys))
        assert sum(row[-1] for row in expected) == counts.trials[target].sum()
        assert sum(r[-1] for r in expected if r[-2]) == counts.happened[target].sum()


CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["0", "1", "2", "-1", "0.5", "1e9", "2025-01-01", "9999-12-31", "a.jpg"]),
    st.sampled_from(["retail", "welcome", "men", "../x", "=1+1", '"', "\n", "\x00", "NaN", "inf"]),
)
COLUMNS = [
    "event_id", "sent_at", "image", "product_id", "augmentation", *CONTEXT_FIELDS, *TARGETS,
    "propensity", "is_machine_open", "seconds_to_click", "clicked_at", "links_clicked",
    "links_in_mail",
]  # fmt: skip
GOOD = {
    "event_id": "1", "sent_at": "2025-01-01", "image": "a.jpg", "campaign_type": "welcome",
    "industry": "retail", "open_rate": "1",
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELL, max_size=3), min_size=1, max_size=8)
)
@example([{}, {"sent_at": "0\r0"}])
def test_every_row_is_kept_said_again_or_left_out(changes: list[dict[str, str]]) -> None:
    rows: list[Row] = [
        dict.fromkeys(COLUMNS, "") | GOOD | {"event_id": str(i)} | change
        for i, change in enumerate(changes)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        path = write(Path(scratch) / "e.csv", rows)
        rejects = Path(scratch) / "r.csv"
        try:
            found = read_history(path, rejects=rejects, now=NOW)
        except InputError as exc:
            assert "\n" not in str(exc)  # noqa: PT017
            return
        with rejects.open(newline="", encoding="utf-8") as file:
            n_listed = len(list(csv.DictReader(file)))
    assert n_listed == len(found.rejects) == found.n_rows - len(found.history) - found.n_repeated
    for target in TARGETS:
        assert (found.history.happened[target] <= found.history.trials[target]).all()
        assert (found.history.happened[target] >= 0).all()


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_history_or_our_own_error(data: bytes) -> None:
    header = ",".join(COLUMNS).encode() + b"\n"
    with tempfile.TemporaryDirectory() as scratch:
        for start in (b"", header, b"PAR1"):
            path = Path(scratch) / "e.csv"
            path.write_bytes(start + data)
            try:
                read_history(path, now=NOW)
            except InputError as exc:
                assert str(exc)  # noqa: PT017
