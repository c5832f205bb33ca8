"""A dozen hostile files through each command: one line, an exit code, and the next one works."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile import corpus
from hostile.pictures import good
from sneakeraug.catalog.own import open_own_catalog
from sneakeraug.cli import main
from sneakeraug.settings import get_settings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    small_models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Run a command as a shell does; its exit code and what it wrote."""
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    monkeypatch.setenv("SNEAKERAUG_DEVICE", "cpu")

    def call(*arguments: object) -> tuple[int, str, str]:
        get_settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["sneakeraug", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as exc:
            code = int(exc.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def refused(answer: tuple[int, str, str], code: int = 2) -> str:
    """The one line of an error; libraries may have written some of their own before."""
    actual, out, err = answer
    assert actual == code, err
    assert "Traceback" not in err + out
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err
    assert err.splitlines()[-1] == lines[0]
    return lines[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The dozen, and a good picture."""
    inside = tmp_path / "photos"
    inside.mkdir()
    for name, data in corpus.chosen().items():
        (inside / name).write_bytes(data)
    (inside / "z.jpg").write_bytes(good())
    return inside


def test_recommend_refuses_each_in_one_line_and_takes_the_good_one(run: Run, folder: Path) -> None:
    for name in corpus.CHOSEN:
        assert name[:60] in refused(run("recommend", folder / name))
    code, out, _ = run("recommend", folder / "z.jpg", "--alternates", "1")
    assert code == 0
    assert "original" in out


def test_search_refuses_each_and_takes_the_good_one(run: Run, folder: Path) -> None:
    for name in ("60000x60000.png", "many-exif-pieces.jpg"):
        refused(run("catalog", "search", folder / name))
    assert run("catalog", "search", folder / "z.jpg", "--n", "1")[0] == 0


def test_a_batch_says_each_at_its_row_and_scores_the_good_one(run: Run, folder: Path) -> None:
    out = folder.parent / "out.csv"
    code, _, err = run("batch", folder, "--out", out)
    assert code == 0, err
    rows = out.read_text("utf-8").splitlines()
    assert len(rows) == 1 + len(corpus.CHOSEN) + 6
    assert sum(row.startswith("z.jpg,") for row in rows) == 6


@pytest.mark.parametrize("command", ["batch", "products"])
def test_no_zip_or_table_is_more_than_one_error(run: Run, tmp_path: Path, command: str) -> None:
    names = {
        "parent.zip", "windows.zip", "link.zip", "bomb.zip", "overlapping.zip", "small-lie.zip",
        "method.zip", "no.zip", "laughs.xml", "file-entity.xml", "no-end.csv", "paths.jsonl",
    }  # fmt: skip
    for one in [*corpus.archives(), *corpus.tables()]:
        path = tmp_path / one.name
        if one.name not in names or (command == "batch" and path.suffix in (".xml",)):
            continue
        path.write_bytes(one.data)
        if command == "batch":
            answer = run("batch", path, "--out", tmp_path / "out.jsonl", "--overwrite")
        else:
            answer = run("import", "products", path)
        if answer[0]:
            refused(answer)
        assert "root:" not in answer[1] + answer[2]
    assert not (tmp_path.parent / "evil.jpg").exists()


def test_an_import_leaves_each_out_with_its_reason_and_keeps_the_good_one(
    run: Run, folder: Path
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    packed = folder.parent / "photos.zip"
    packed.write_bytes(buffer.getvalue())
    code, out, err = run("import", "products", packed)
    assert code == 0, err
    assert out.startswith("1 products added, 0 changed, 0 as before; ")
    assert open_own_catalog(get_settings()).stats().n_pictures == 1


def test_no_history_is_more_than_one_error(run: Run, tmp_path: Path) -> None:
    for one in corpus.events():
        path = tmp_path / one.name
        path.write_bytes(one.data)
        answer = run("import", "events", path, "--out", tmp_path / "history.parquet")
        if answer[0]:
            refused(answer)
        assert "Traceback" not in answer[2]


def test_no_model_package_is_more_than_one_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_models: Path
) -> None:
    models = tmp_path / "models"
    (models / "bad").mkdir(parents=True)
    for one in corpus.documents():
        (models / "bad" / "card.json").write_bytes(one.data)
        for command in (("verify", "bad"), ("card", "bad"), ("activate", "bad"), ("list",)):
            monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(models))
            refused(run("models", *command), 3)
    card = (small_models / "small" / "card.json").read_text("utf-8")
    for name in ("../../etc/passwd", "/etc/passwd"):
        changed = card.replace('"files": {', f'"files": {{\n    "{name}": "{"0" * 64}",', 1)
        (models / "bad" / "card.json").write_text(changed, "utf-8")
        assert "passwd" in refused(run("models", "verify", "bad"), 3)


def test_no_manifest_is_more_than_one_error(run: Run, tmp_path: Path, folder: Path) -> None:
    for one in corpus.documents():
        path = tmp_path / one.name
        path.write_bytes(one.data)
        refused(run("rebuild", path, folder / "z.jpg", "--out", tmp_path / "out.png"))
    assert not (tmp_path / "out.png").exists()
