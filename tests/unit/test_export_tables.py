"""Figures as tables, and files for e-mail tools."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from export_data import recommendation
from openpyxl import load_workbook
from PIL import Image

from sneakeraug.errors import InputError
from sneakeraug.export.mail_tools import TOOLS, Item, write_tool_files
from sneakeraug.export.picture import fit_picture
from sneakeraug.export.tables import COLUMNS, KINDS, result_rows, write_results
from sneakeraug.records import Recommendation

FORMULA = '=HYPERLINK("http://x.org","free")'
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", FORMULA, "a\x00b\x1bc")


def named(name: str) -> Recommendation:
    """The recommendation with its first alternate under another name."""
    found = recommendation()
    first = found.alternates[0].model_copy(update={"name": name, "brand": name, "product_id": name})
    return found.model_copy(update={"alternates": (first, *found.alternates[1:])})


def test_every_picture_is_a_row_with_every_column() -> None:
    rows = result_rows(recommendation())
    assert [row["picture"] for row in rows] == ["variant"] * 6 + ["alternate"] * 5
    assert all(tuple(row) == COLUMNS for row in rows)
    best = recommendation().best_augmentation.augmentation
    assert [r["name"] for r in rows[:6] if r["is_recommended"]] == ([best] if best else [])


def test_all_formats_say_the_same() -> None:
    found = recommendation()
    rows = result_rows(found)
    read = list(csv.DictReader(io.StringIO(write_results(found, "csv").decode())))
    assert [float(row["p"]) for row in read] == [row["p"] for row in rows]
    assert pq.read_table(io.BytesIO(write_results(found, "parquet"))).to_pylist() == rows
    assert json.loads(write_results(found, "json")) == found.to_dict()
    sheet = load_workbook(io.BytesIO(write_results(found, "xlsx")))["Figures"]
    shown = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [row[5] for row in shown] == pytest.approx([row["p"] for row in rows])
    assert len(shown) == len(rows)


@pytest.mark.parametrize("name", EVIL)
def test_no_text_is_calculated_by_a_spreadsheet(name: str) -> None:
    found = named(name)
    for row in csv.reader(io.StringIO(write_results(found, "csv").decode(), newline="")):
        assert len(row) == len(COLUMNS)
        assert not any(cell[:1] in "=+@\t\r\n" or re.match(r"-\D", cell) for cell in row if cell)
    book = load_workbook(io.BytesIO(write_results(found, "xlsx")))
    assert {c.data_type for sheet in book for r in sheet.iter_rows() for c in r} <= {"s", "n", "b"}


def test_another_format_is_refused() -> None:
    with pytest.raises(InputError, match="csv, xlsx, parquet, json"):
        write_results(recommendation(), "xls")
    assert set(KINDS) == {"csv", "xlsx", "parquet", "json"}


def item(**changes: object) -> Item:
    photo = np.full((300, 400, 3), 200, np.uint8)
    made = Item(
        key="Ridge Runner/42 <b>",
        title="Ridge Runner <b>",
        alt='A "shoe" & <sole>',
        picture=fit_picture(photo, 600, "jpeg"),
        file_name="ridge-runner.jpg",
        attributes={"augmentation": "sketch", "campaign_type": "promotional"},
        picture_url="https://img.example.com/ridge.jpg",
        link="https://example.com/ridge?a=1&b=2",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_salesforce_gets_an_asset_whose_picture_needs_no_address() -> None:
    files = write_tool_files("salesforce", item(picture_url=None))
    asset = json.loads(files["salesforce-asset.json"])
    assert {"key", "type", "availability", "image_url"} <= set(asset)
    assert asset["key"] == "42-b"
    assert asset["image_url"].startswith("data:image/jpeg;base64,")
    assert asset["custom"]["augmentation"] == "sketch"
    row = next(csv.DictReader(io.StringIO(files["salesforce-assets.csv"].decode())))
    assert row["availability"] == "Y"
    assert row["image_url"] == ""


def test_klaviyo_gets_a_flat_feed() -> None:
    (entry,) = json.loads(write_tool_files("klaviyo", item())["klaviyo-feed.json"])
    assert {"id", "title", "link", "description", "image_link"} <= set(entry)
    assert all(isinstance(value, str) for value in entry.values())


def test_mailchimp_gets_a_zip_whose_page_finds_its_picture() -> None:
    data = write_tool_files("mailchimp", item())["mailchimp-template.zip"]
    assert data == write_tool_files("mailchimp", item())["mailchimp-template.zip"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["index.html", "ridge-runner.jpg"]
        page = archive.read("index.html").decode()
        Image.open(io.BytesIO(archive.read("ridge-runner.jpg"))).verify()
    assert 'src="ridge-runner.jpg"' in page
    assert "A &quot;shoe&quot; &amp; &lt;sole&gt;" in page
    assert "<b>" not in page
    assert "*|UNSUB|*" in page


def test_braze_gets_a_catalog_whose_first_column_is_its_id() -> None:
    table = write_tool_files("braze", item(title=FORMULA))["braze-catalog.csv"].decode()
    reader = csv.DictReader(io.StringIO(table))
    row = next(reader)
    assert reader.fieldnames is not None
    assert reader.fieldnames[0] == "id"
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,250}", name) for name in (*row, row["id"]))
    assert row["title"] == f"'{FORMULA}"


@pytest.mark.parametrize(
    ("tool", "changes", "said"),
    [
        ("klaviyo", {"link": None}, "the product page's address is expected"),
        ("braze", {"picture_url": None}, "the picture's web address is expected"),
        ("mailchimp", {"link": "javascript:alert(1)"}, "no web address"),
        ("salesforce", {"picture_url": "file:///etc/passwd"}, "no web address"),
        ("hubspot", {}, f"one of {', '.join(TOOLS)} is expected"),
    ],
)
def test_what_a_tool_needs_and_has_not_is_said(
    tool: str, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        write_tool_files(tool, item(**changes))
