"""Exports over the service: the same files as the command line writes, and the picture again."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook
from PIL import Image

from sneakeraug.api.reading import read_accept
from sneakeraug.bundle import Wish, make_bundle
from sneakeraug.catalog.products import load_catalog
from sneakeraug.errors import InputError
from sneakeraug.export.picture import MAX_BYTES
from sneakeraug.export.tables import COLUMNS, MIME
from sneakeraug.serving import load
from sneakeraug.settings import Settings

from .conftest import Service
from .test_service import assert_problem

ONE, EXPORTS, REBUILD = "/v1/recommendations", "/v1/exports", "/v1/exports:rebuild"


def unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("as_form", [True, False], ids=["form", "json"])
def test_an_export_is_what_python_makes_and_its_manifest_rebuilds_it(
    service: Service, small_settings: Settings, jpeg: bytes, in_base64: str, as_form: bool
) -> None:
    fields: dict[str, Any] = {
        "target": "open_rate", "variant": "sketch", "width": 600, "format": "png",
        "results": "csv", "report": "html", "by": "Ada", "on": "a day", "tool": "mailchimp",
    }  # fmt: skip
    if as_form:
        answer = service.post(EXPORTS, files={"image": ("My shoe.jpg", jpeg)}, data=fields)
    else:
        document = fields | {"image": in_base64, "name": "My shoe.jpg"}
        answer = service.post(EXPORTS, json=document)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    named = 'attachment; filename="My-shoe-sketch-600.zip"'
    assert answer.headers["Content-Disposition"] == named
    files = unzip(answer.content)
    recommender = load(settings=small_settings)
    analysis = recommender.analyse(jpeg, "My shoe.jpg")
    found = recommender.score(analysis, target="open_rate")
    wish = Wish(
        "sketch", kind="png", results="csv", report="html", by="Ada", on="a day", tool="mailchimp"
    )
    made = make_bundle(recommender, analysis, found, jpeg, "My shoe.jpg", wish)
    assert files == {file.name: file.data for file in made.files}
    assert len(files) == 6
    manifest = files["My-shoe-sketch-600.manifest.json"]
    if as_form:
        sent = {"image": jpeg, "manifest": ("a.manifest.json", manifest)}
        again = service.post(REBUILD, files=sent)
    else:
        again = service.post(REBUILD, json={"image": in_base64, "manifest": json.loads(manifest)})
    assert again.content == files["My-shoe-sketch-600.png"]
    assert again.headers["Content-Type"] == "image/png"


def test_an_alternate_is_exported_by_its_id_and_rebuilt_by_it(service: Service) -> None:
    product = load_catalog().products[3]
    asked = {"product_id": product.product_id, "only": "manifest"}
    manifest = service.post(EXPORTS, json=asked)
    assert manifest.json()["edit"]["augmentation"] == "original"
    assert manifest.json()["alt"].startswith(product.name)
    picture = service.post(EXPORTS, json=asked | {"only": "picture"})
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert len(picture.content) <= MAX_BYTES
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.width == 600
        assert not image.getexif()
    asked = {"product_id": product.product_id, "manifest": manifest.json()}
    assert service.post(REBUILD, json=asked).content == picture.content
    assert_problem(service.post(EXPORTS, json={"product_id": "none"}), 404, "not_found")


@pytest.mark.parametrize(
    ("only", "fields", "mime"),
    [
        ("picture", {"format": "png"}, "image/png"),
        ("html", {}, "text/html; charset=utf-8"),
        ("results", {"results": "parquet"}, MIME["parquet"]),
        ("report", {"report": "pdf", "by": "Ada"}, "application/pdf"),
    ],
    ids=["picture", "html", "results", "report"],
)
def test_one_part_comes_alone(
    service: Service, jpeg: bytes, only: str, fields: dict[str, str], mime: str
) -> None:
    answer = service.post(EXPORTS, files={"image": jpeg}, data={"only": only, **fields})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == mime
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert len(answer.content) > 100


BAD: list[Any] = [
    pytest.param({"variant": "upside_down"}, "no variant 'upside_down'", id="variant"),
    pytest.param({"width": 700}, "width 700", id="width"),
    pytest.param({"format": "gif"}, "format 'gif'", id="format"),
    pytest.param({"alt": " \t"}, "alt", id="empty text"),
    pytest.param({"alt": "\x00"}, "1 to 250", id="text of nothing that can be read"),
    pytest.param({"link": "javascript:alert(1)"}, "is no web address", id="link"),
    pytest.param({"picture_url": "https://a/\r\nX: 1"}, "is no web address", id="address"),
    pytest.param({"report": "pdf"}, "name of who signs", id="nobody signs"),
    pytest.param({"only": "results"}, "name it in `results`", id="results of no format"),
    pytest.param({"tool": "klaviyo"}, "web address and the product page", id="tool without link"),
    pytest.param({"product_id": "demo-running-01"}, "one of the two", id="picture and product"),
]


@pytest.mark.parametrize(("fields", "says"), BAD)
def test_what_cannot_be_exported_is_a_problem(
    service: Service, in_base64: str, fields: dict[str, Any], says: str
) -> None:
    answer = service.post(EXPORTS, json={"image": in_base64} | fields)
    assert_problem(answer, 422, "input")
    assert says in answer.json()["detail"]


def test_neither_picture_nor_product_is_a_problem_in_json_and_form(service: Service) -> None:
    for answer in (
        service.post(EXPORTS, json={}),
        service.post(EXPORTS, files={"width": (None, "600")}),
        service.post(REBUILD, files={"manifest": b"{}"}),
    ):
        assert_problem(answer, 422, "input")
        assert "product_id" in answer.json()["detail"]


def test_a_manifest_of_another_picture_or_none_rebuilds_nothing(
    service: Service, jpeg: bytes
) -> None:
    manifest = service.post(EXPORTS, files={"image": jpeg}, data={"only": "manifest"})
    other = load_catalog().image_bytes("demo-running-01")
    changed = manifest.content.replace(b'"quality"', b'"qualities"')
    for picture, said, says in (
        (other, manifest.content, "the very file that was exported from"),
        (jpeg, changed, "The manifest cannot be read"),
        (jpeg, b"{" * 100_001, "at most 100,000 are expected"),
    ):
        answer = service.post(REBUILD, files={"image": picture, "manifest": said})
        assert_problem(answer, 422, "input")
        assert says in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_figures_come_as_the_table_that_accept_prefers(
    service: Service, jpeg: bytes, tmp_path: Path, kind: Any
) -> None:
    accept = {"Accept": f"application/json;q=0.5, {MIME[kind]}"}
    files = {"image": ("=cmd()", jpeg)}
    answer = service.post(ONE, files=files, data={"n_alternates": "2"}, headers=accept)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith(MIME[kind])
    path = tmp_path / f"results.{kind}"
    path.write_bytes(answer.content)
    if kind == "xlsx":
        table = [row[1].value for row in load_workbook(path)["Figures"].iter_rows(min_row=2)]
    else:
        frame = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
        assert tuple(frame.columns) == COLUMNS
        table = list(frame["rank"])
    assert len(table) == 8
    assert service.post(ONE, files={"image": jpeg}, headers={"Accept": "*/*"}).json()["variants"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html, image/webp", "json"),
        ("TEXT/CSV", "csv"),
        ("text/csv;q=0.1, application/json", "json"),
        ("text/csv;q=0", "json"),
        ("text/csv;q=nan, text/csv;q=9;q=1", "json"),
        (f"application/*;q=0.2, {MIME['parquet']}; q=0.3", "parquet"),
    ],
)
def test_what_accept_likes_best_is_known(accept: str, kind: str) -> None:
    assert read_accept(accept) == kind


def test_a_wish_that_no_file_could_be_made_of_is_refused_before_anything_is_made() -> None:
    with pytest.raises(InputError, match="is no web address"):
        Wish(link="ftp://example.com")
    with pytest.raises(InputError, match="at most 2,000"):
        Wish(report="pdf", by="Ada", note="x" * 2001)
