"""Campaign history in: both forms, machines, rows left out."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from events_data import COUNTS, SEND, read, write

from sneakeraug.dataset.history import History, to_parquet
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import CONTEXT_FIELDS, TARGETS


def same(one: History, other: History) -> bool:
    equal = [
        one.images == other.images,
        one.products == other.products,
        (one.is_path == other.is_path).all(),
        (one.pictures == other.pictures).all(),
        (one.augmentations == other.augmentations).all(),
        (one.sent_at == other.sent_at).all(),
        np.array_equal(one.propensity, other.propensity, equal_nan=True),
        *((one.contexts[name] == other.contexts[name]).all() for name in CONTEXT_FIELDS),
        *((one.trials[name] == other.trials[name]).all() for name in TARGETS),
        *((one.happened[name] == other.happened[name]).all() for name in TARGETS),
    ]
    return all(equal)


def test_sends_are_read(tmp_path: Path) -> None:
    other = SEND | {"image": "b.jpg", "product_id": "", "augmentation": "", "gender": ""}
    found = read(write(tmp_path / "e.csv", SEND, other | {"propensity": 0.25}))
    history = found.history
    assert (found.form, found.n_rows, len(history), len(found.rejects)) == ("sends", 2, 2, 0)
    assert history.images == ["a/one.jpg", "b.jpg"]
    assert history.products == ["p1", "b.jpg"]
    assert history.augmentations.tolist() == [0, -1]
    assert history.contexts["gender"].tolist() == [0, -1]
    assert history.sent_at[0] == np.datetime64("2025-03-01T10:00:00")
    assert [history.trials[t].tolist() for t in TARGETS] == [[1, 1], [1, 1], [0, 0], [1, 1]]
    assert [history.happened[t].tolist() for t in TARGETS] == [[1, 1], [0, 0], [0, 0], [0, 0]]
    assert np.isnan(history.propensity[0])
    assert history.propensity[1] == 0.25
    assert len(history.take(np.array([1]))) == 1


def test_counts_are_read(tmp_path: Path) -> None:
    uncounted = COUNTS | {"carts": "", "abandoned": "", "opens": ""}
    history = read(write(tmp_path / "c.csv", COUNTS, uncounted)).history
    assert [history.trials[t].tolist() for t in TARGETS] == [
        [100, 0],
        [100, 100],
        [5, 0],
        [100, 100],
    ]
    assert [history.happened[t].tolist() for t in TARGETS] == [[40, 0], [9, 9], [2, 0], [1, 1]]


def test_parquet_with_its_own_types_is_read_as_csv_is(tmp_path: Path) -> None:
    plain = read(write(tmp_path / "e.csv", SEND, SEND | {"open_rate": 0, "unsubscribed": ""}))
    table = pd.read_csv(tmp_path / "e.csv")
    table["sent_at"] = pd.to_datetime(table["sent_at"])
    table["open_rate"] = table["open_rate"].astype(bool)
    table["gender"] = table["gender"].astype("category")
    table.to_parquet(tmp_path / "e.parquet")
    typed = read(tmp_path / "e.parquet")
    assert same(plain.history, typed.history)


def test_our_own_file_gives_the_same_history(tmp_path: Path) -> None:
    rows = [
        SEND | {"is_machine_open": 1, "propensity": 1 / 3},
        SEND | {"image": "", "product_id": "a/one.jpg", "sneaker_type": ""},
        SEND | {"image": "ünï/x.jpg", "product_id": ""},
    ]
    first = read(write(tmp_path / "e.csv", *rows)).history
    assert first.is_path.tolist() == [False, True, True]
    to_parquet(first, tmp_path / "own.parquet")
    again = read(tmp_path / "own.parquet")
    assert again.form == "own"
    assert same(first, again.history)


def test_terms_are_understood_in_any_spelling(tmp_path: Path) -> None:
    row = SEND | {
        "campaign_type": " Product-Launch",
        "industry": "Sports & Fitness",
        "sneaker_type": "High top",
        "gender": "WOMEN",
        "augmentation": "Rotate",
    }
    history = read(write(tmp_path / "e.csv", row)).history
    terms = [CONTEXT_FIELDS[f][codes[0]] for f, codes in history.contexts.items()]
    assert terms == ["product_launch", "sports_fitness", "high_top", "women"]
    assert history.augmentations.tolist() == [3]


def test_columns_are_mapped_and_set(tmp_path: Path) -> None:
    row = {
        "event_id": "x",
        "When sent": "2025-03-01",
        "Image": "a.jpg",
        "a=b": 1,
        "Campaign Type": "welcome",
        "mood": "good",
    }
    path = write(tmp_path / "e.csv", row)
    mapping = {"When sent": "sent_at", "a=b": "open_rate"}
    found = read(path, columns=mapping, constants={"industry": "Retail"})
    assert len(found.history) == 1
    assert found.unused == ["mood"]
    assert found.history.augmentations.tolist() == [-1]


BAD = [
    ("no event_id", {"event_id": None}, "event_id", "is empty"),
    ("no date", {"sent_at": ""}, "sent_at", "is empty"),
    ("a date of another order", {"sent_at": "03/04/2025"}, "sent_at", "is no ISO 8601 date"),
    ("a number for a date", {"sent_at": "45717"}, "sent_at", "is no ISO 8601 date"),
    ("a word for a date", {"sent_at": "now"}, "sent_at", "is no ISO 8601 date"),
    ("a date that is none", {"sent_at": "2025-02-30"}, "sent_at", "is no ISO 8601 date"),
    ("the future", {"sent_at": "2026-01-01T00:00:01Z"}, "sent_at", "lies in the future"),
    ("a century too early", {"sent_at": "1925-01-01"}, "sent_at", "is before 1995-01-01"),
    ("an unknown industry", {"industry": "mining"}, "industry", "is unknown; expected one of"),
    ("no campaign type", {"campaign_type": ""}, "campaign_type", "is empty"),
    ("an unknown type", {"sneaker_type": "clogs"}, "sneaker_type", "is unknown"),
    ("an unknown edit", {"augmentation": "sepia"}, "augmentation", "is unknown"),
    ("an open of 2", {"open_rate": 2}, "open_rate", "is no flag"),
    ("no outcome", dict.fromkeys(TARGETS, ""), "", "tells no outcome"),
    ("a propensity of 0", {"propensity": 0}, "propensity", "is no probability of a choice"),
    ("a propensity above 1", {"propensity": 1.01}, "propensity", "is no probability"),
    ("a propensity in words", {"propensity": "low"}, "propensity", "is no number"),
    ("no picture", {"image": "", "product_id": ""}, "image", "names neither"),
    ("a path that climbs", {"image": "../../etc/passwd"}, "image", "is no relative path"),
    ("an absolute path", {"image": "/etc/passwd"}, "image", "is no relative path"),
    ("an address", {"image": "https://x.example/a.jpg"}, "image", "is no relative path"),
    ("a drive", {"image": "C:a.jpg"}, "image", "is no relative path"),
    ("a very long path", {"image": "a" * 2000}, "image", "is too long"),
    ("a very long product", {"product_id": "a" * 2000}, "product_id", "is too long"),
    ("another product", {"product_id": "p2"}, "product_id", "is not the product"),
    ("more links than there are", {"links_clicked": 4, "links_in_mail": 3}, "links_clicked",
     "is more"),
    ("a click before the send", {"click_through": 1, "seconds_to_click": -9}, "seconds_to_click",
     "is below 0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "column", "reason"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_a_bad_send_is_left_out_with_its_reason(
    change: dict[str, object], column: str, reason: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "e.csv", SEND, SEND | change, SEND)
    if "event_id" in change:
        path.write_text(path.read_text("utf-8").replace("None-1", ""), "utf-8")
    found = read(path, rejects=tmp_path / "r.csv")
    assert (found.n_rows, len(found.history), len(found.rejects)) == (3, 2, 1)
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        (line,) = csv.DictReader(file)
    assert (line["row"], line["column"]) == ("3", column)
    assert line["reason"].startswith(reason)
    if column in change:
        assert (
            line["value"].lstrip("'") == str("" if change[column] is None else change[column])[:100]
        )


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ({"clicks": 101}, "clicks", "101 of 100"),
        ({"opens": 101}, "opens", "101 of 100"),
        ({"carts": 101}, "carts", "101 of 100"),
        ({"abandoned": 6}, "abandoned", "6 of 5"),
        ({"carts": ""}, "abandoned", "2 of 0"),
        ({"unsubscribes": 200}, "unsubscribes", "200 of 100"),
        ({"machine_opens": 41}, "machine_opens", "41 of 40"),
        ({"bot_clicks": 10}, "bot_clicks", "10 of 9"),
        ({"sends": 0}, "sends", "0"),
        ({"sends": -1}, "sends", "'-1"),
        ({"clicks": 1.5}, "clicks", "1.5"),
        ({"clicks": "1,000"}, "clicks", "1,000"),
        ({"clicks": "99999999999999999999"}, "clicks", "99999999999999999999"),
    ],
)
def test_an_impossible_count_is_left_out(
    change: dict[str, object], column: str, value: str, tmp_path: Path
) -> None:
    read(write(tmp_path / "c.csv", COUNTS, COUNTS | change), rejects=tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        (line,) = csv.DictReader(file)
    assert (line["row"], line["column"], line["value"]) == ("3", column, value)


def test_an_offending_value_is_no_formula_in_the_table_of_rejects(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", SEND, SEND | {"industry": '=HYPERLINK("http://x")'})
    read(path, rejects=tmp_path / "r.csv")
    assert "'=HYPERLINK" in (tmp_path / "r.csv").read_text("utf-8")


def test_a_local_time_may_be_ahead_of_utc(tmp_path: Path) -> None:
    rows = [SEND | {"sent_at": at} for at in ("2026-01-01T09:00:00", "2026-01-01T09:00:00+10:00")]
    assert len(read(write(tmp_path / "e.csv", *rows)).history) == 2
    late = SEND | {"sent_at": "2026-01-01T09:00:00Z"}
    assert len(read(write(tmp_path / "e.csv", SEND, late)).rejects) == 1


def test_an_event_said_again_counts_once_and_one_said_otherwise_is_left_out(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "e.csv", SEND, SEND, SEND | {"open_rate": 0}, SEND)
    text = path.read_text("utf-8").replace("e1-1", "e1-0").replace("e1-2", "e1-0")
    path.write_text(text, "utf-8")
    found = read(path, rejects=tmp_path / "r.csv")
    assert (len(found.history), found.n_repeated, len(found.rejects)) == (2, 1, 1)
    assert "4,event_id,e1-0,stands in an earlier row" in (tmp_path / "r.csv").read_text("utf-8")


def test_machines_are_counted_and_left_out(tmp_path: Path) -> None:
    click = SEND | {"click_through": 1}
    rows = [
        SEND | {"is_machine_open": 1},
        SEND | {"is_machine_open": 0},
        click | {"is_bot_click": "true"},
        click | {"seconds_to_click": 5},
        click | {"seconds_to_click": 6},
        click | {"clicked_at": "2025-03-01T10:00:03Z"},
        click | {"clicked_at": "2025-03-01T12:30:00+02:00"},
        click | {"links_clicked": 3, "links_in_mail": 3},
        click | {"links_clicked": 2, "links_in_mail": 2},
        click | {"links_clicked": 3, "links_in_mail": 4},
        SEND | {"seconds_to_click": "", "links_clicked": 0, "links_in_mail": 9},
    ]
    found = read(write(tmp_path / "e.csv", *rows))
    said = found.to_dict()
    assert said["opens"] == {"before": 11, "after": 10}
    assert said["clicks"] == {"before": 8, "after": 4}
    assert list(said["bot_clicks_by_rule"].values()) == [1, 2, 1]
    assert found.history.trials["open_rate"].tolist() == [0] + [1] * 10
    assert found.history.trials["click_through"].tolist() == [1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1]
    assert (found.history.happened["click_through"] <= found.history.trials["click_through"]).all()


def test_machines_of_a_count_are_left_out(tmp_path: Path) -> None:
    found = read(write(tmp_path / "c.csv", COUNTS | {"machine_opens": 15, "bot_clicks": 2}))
    assert found.to_dict()["opens"] == {"before": 40, "after": 25}
    assert found.to_dict()["clicks"] == {"before": 9, "after": 7}
    assert found.history.trials["open_rate"].tolist() == [85]
    assert found.history.trials["click_through"].tolist() == [98]


def test_pictures_must_be_in_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "one.jpg").write_bytes(b"x")
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    names = ("a/./one.jpg", "a/two.jpg", "link.jpg", "a", "")
    rows = [SEND | {"image": name, "product_id": f"p{name}"[:3]} for name in names]
    found = read(write(tmp_path / "e.csv", *rows), images=folder)
    assert found.history.images == ["a/one.jpg", "p"]
    assert found.rejects.by_reason() == {
        "image: is not found in the folder of pictures": 2,
        "image: leads out of the folder of pictures": 1,
    }
    with pytest.raises(InputError, match="is no folder"):
        read(tmp_path / "e.csv", images=tmp_path / "none")


@pytest.mark.parametrize(
    ("columns", "constants", "message"),
    [
        ({"image": "photo"}, {}, "Unknown column 'photo'"),
        ({"photo": "image"}, {}, "has no column 'photo' to read image from"),
        ({"image": "gender", "product_id": "gender"}, {}, "gender is mapped twice"),
        ({"gender": "industry"}, {"industry": "retail"}, "mapped and set for all rows"),
        ({}, {"open_rate": "1"}, "'open_rate' cannot be set for all rows"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(
    columns: dict[str, str], constants: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "e.csv", SEND), columns=columns, constants=constants)
    assert message in str(caught.value)
