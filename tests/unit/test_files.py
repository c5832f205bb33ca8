from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sneakeraug.files import safe_cell, write_table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert safe_cell("plain") == "plain"
    assert safe_cell(-1) == -1


def test_a_line_break_in_a_cell_makes_no_row_of_its_own(tmp_path: Path) -> None:
    texts = ["a\r=1+1", "a\r\nb", "a\nb", "\r=1", "a,b"]
    write_table(tmp_path / "t.csv", ("text",), ({"text": text} for text in texts))
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        read = [row["text"] for row in csv.DictReader(file)]
    assert read == ["a\n=1+1", "a\nb", "a\nb", "'\n=1", "a,b"]
