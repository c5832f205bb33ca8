"""Files of campaign history: shapes they come in, and files that cannot be read."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from events_data import COUNTS, SEND, read, without, write

from sneakeraug.dataset import event_tables
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import TARGETS


def test_lines_of_another_length_are_left_out_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = write(tmp_path / "e.csv", *[SEND] * 40).read_text("utf-8").splitlines()
    lines[7] += ",more"
    lines[20] = "few,fields"
    lines[30] = lines[30].replace("retail", "mining")
    lines[35] = lines[35].replace("a/one.jpg", '"a\nb"')
    (tmp_path / "e.csv").write_text("\n".join(lines), "utf-8")
    for size in (300, 1000, 1_000_000):
        monkeypatch.setattr(event_tables, "BLOCK_BYTES", size)
        found = read(tmp_path / "e.csv", rejects=tmp_path / "r.csv")
        assert found.n_rows == 40
        with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
            rows = [(line["row"], line["reason"][:10]) for line in csv.DictReader(file)]
        assert rows == [
            ("8", "has too fe"),
            ("21", "has too fe"),
            ("31", "is unknown"),
            ("36", "is no rela"),
        ]


def test_a_quotation_mark_inside_a_name_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = write(tmp_path / "e.csv", *[SEND] * 40).read_text("utf-8").splitlines()
    lines[9] = lines[9].replace("a/one.jpg", 'a/5".jpg').replace("p1", "p5")
    (tmp_path / "e.csv").write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(event_tables, "BLOCK_BYTES", 500)
    found = read(tmp_path / "e.csv")
    assert (len(found.history), len(found.rejects)) == (40, 0)
    assert found.history.images == ['a/5".jpg', "a/one.jpg"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_and_a_byte_order_mark_are_read(separator: str, tmp_path: Path) -> None:
    table = pd.DataFrame([SEND])
    table.to_csv(tmp_path / "e.csv", sep=separator, index=False, encoding="utf-8-sig")
    assert len(read(tmp_path / "e.csv").history) == 1


BROKEN = [
    ("no sent_at", without(SEND, "sent_at"), "has no column sent_at; it has: event_id, image"),
    ("no picture", without(SEND, "image", "product_id"), "has no column image (or product_id)"),
    ("no outcome", without(SEND, *TARGETS), "has no outcome (open_rate, "),
    ("both forms", COUNTS | {"open_rate": 1}, "has both sends and open_rate"),
    ("every row bad", SEND | {"industry": "mining"}, "None of the 1 rows of 'e.csv' can be used; "
     "most often (1 rows) industry: is unknown"),
    ("twice", SEND | {"Sent at": "2025-01-01"}, "has both 'sent_at' and 'Sent at'"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "message"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_file_that_cannot_be_used_says_why(
    row: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "e.csv", row))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sends_need_an_id(tmp_path: Path) -> None:
    pd.DataFrame([without(SEND, "event_id")]).to_csv(tmp_path / "e.csv", index=False)
    with pytest.raises(InputError, match="has no column event_id"):
        read(tmp_path / "e.csv")
    pd.DataFrame([without(COUNTS, "event_id")]).to_csv(tmp_path / "c.csv", index=False)
    assert len(read(tmp_path / "c.csv").history) == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04\0\0", "is no text"),
        (b"PAR1 nonsense", "is a damaged Parquet file"),
        ("event_id;größe\n".encode("latin-1"), "is not UTF-8 text"),
        (",".join(SEND).encode(), "has a header but no row"),
        (",".join(SEND).encode() + b"\n" + b"\xe9," * 12 + b"\n", "is not UTF-8 text (near row 2)"),
        (b"a,a\n1,2\n", "has two columns 'a'"),
        (b"x" * 9_000_000, "has a first line of more than"),
        (",".join(SEND).encode() + b"\n" + b"x" * 9_000_000, "has a line of more than"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_bytes(data)
    with pytest.raises(InputError) as caught:
        read(tmp_path / "e.csv")
    assert message in str(caught.value)


def test_more_rows_than_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "e.csv", *[SEND] * 5)
    monkeypatch.setattr(event_tables, "MOST_ROWS", 4)
    with pytest.raises(InputError, match="more than 4 rows"):
        read(path)
    monkeypatch.setattr(event_tables, "MOST_BYTES", 4)
    with pytest.raises(InputError, match="at most 4 are read"):
        read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.csv")
