"""`sneakeraug export` and `sneakeraug rebuild`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from export_data import SAMPLE
from typer.testing import CliRunner

from sneakeraug.cli import app
from sneakeraug.errors import SneakeraugError
from sneakeraug.files import file_sha256


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_everything_is_written_and_the_manifest_rebuilds_the_picture(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = run(
        "export", SAMPLE, "--out", out, "--variant", "sketch", "--results", "xlsx",
        "--report", "html", "--by", "Ada", "--for", "mailchimp", "--json", "--target", "open_rate",
    )  # fmt: skip
    document = json.loads(said)
    assert sorted(document["files"]) == sorted(path.name for path in out.iterdir())
    assert len(document["files"]) == 6
    picture = out / "running-cobalt-sketch-600.jpg"
    assert "Running cobalt, as a pencil sketch" in (out / f"{picture.stem}.html").read_text()
    again = tmp_path / "again.jpg"
    run("rebuild", out / f"{picture.stem}.manifest.json", SAMPLE, "--out", again)
    assert again.read_bytes() == picture.read_bytes()
    (decision,) = json.loads(run("decisions", "list", "--json"))["decisions"]
    assert (decision["by"], decision["door"], decision["chosen"]["name"]) == (
        "Ada",
        "cli",
        "sketch",
    )
    assert decision["export_sha256"] == file_sha256(picture)
    assert decision["image_sha256"] == file_sha256(SAMPLE)


def test_the_advised_version_is_taken_where_none_is_named(tmp_path: Path) -> None:
    said = run("export", SAMPLE, "--out", tmp_path, "--target", "open_rate", "--alt", "My shoe")
    assert "running-cobalt-swivel-600.jpg" in said
    assert "alt text: My shoe" in said
    assert "KB, quality" in said


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--variant", "upside_down"], "no variant 'upside_down'"),
        (["--report", "pdf"], "--by NAME is expected"),
        (["--target", "fame"], "Unknown target"),
        (["--width", "700"], "600 or 1,200 px"),
        (["--for", "klaviyo"], "web address and the product page's address"),
        (["--link", "javascript:x"], "no web address"),
        (["--alt", ""], "1 to 250"),
    ],
)
def test_what_cannot_be_exported_writes_nothing(
    tmp_path: Path, flags: list[str], said: str
) -> None:
    with pytest.raises(SneakeraugError, match=said) as caught:
        run("export", SAMPLE, "--out", tmp_path / "out", *flags)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_missing_manifest_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SneakeraugError, match="cannot be read"):
        run("rebuild", tmp_path / "no.json", SAMPLE, "--out", tmp_path / "x.jpg")
