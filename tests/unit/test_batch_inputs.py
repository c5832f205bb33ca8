from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from sneakeraug.batch.inputs import Inputs
from sneakeraug.errors import InputError
from sneakeraug.limits import Limits


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def names(inputs: Inputs) -> list[str]:
    return [item.name for item in inputs.items()]


def test_a_folder_is_read_in_one_order_without_what_is_hidden_or_leads_out(tmp_path: Path) -> None:
    folder, other = tmp_path / "photos", tmp_path / "secret.jpg"
    (folder / "b").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    other.write_bytes(b"x")
    for name in ("c.JPG", "b/z.png", "a.gif", ".x.jpg", ".hidden/y.jpg", "notes.txt"):
        (folder / name).write_bytes(b"x")
    (folder / "link.jpg").symlink_to(other)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    inputs = Inputs(folder)
    assert names(inputs) == ["a.gif", "b/z.png", "c.JPG"]
    with pytest.raises(InputError, match="leads out"):
        inputs.read("link.jpg", Limits())


def test_a_zip_is_read_without_unpacking_it(tmp_path: Path) -> None:
    files = {"b.jpg": b"two", "a/x.png": b"one", "__MACOSX/._b.jpg": b"x", "list.csv": b"image\n"}
    inputs = Inputs(packed(tmp_path / "photos.zip", files))
    assert names(inputs) == ["a/x.png", "b.jpg"]
    assert inputs.read("b.jpg", Limits()) == b"two"
    with pytest.raises(InputError, match="over 0 MB"):
        inputs.read("b.jpg", Limits(max_bytes=2))


def test_a_tables_pictures_may_be_in_a_zip(tmp_path: Path) -> None:
    archive = packed(tmp_path / "photos.zip", {"a.jpg": b"one"})
    table = tmp_path / "list.csv"
    table.write_text("path;gender\na.jpg;women\n/etc/hostname;men\n", encoding="utf-8")
    inputs = Inputs(table, archive)
    first, second = inputs.items()
    assert (first.name, first.terms) == ("a.jpg", {"gender": "women"})
    assert inputs.read(first.name, Limits()) == b"one"
    with pytest.raises(InputError, match="carries no picture '/etc/hostname'"):
        inputs.read(second.name, Limits())


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", b"0" * 30_000_000)
    return buffer.getvalue()


def out_of_it() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../a.jpg", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        pytest.param("a.zip", bomb(), "expands too far", id="bomb"),
        pytest.param("a.zip", out_of_it(), "leads out of it", id="path out of the zip"),
        pytest.param("a.zip", b"PK broken", "is no zip", id="damaged zip"),
        pytest.param("a.jpg", b"x", "is no zip; a folder, a zip", id="one picture"),
        pytest.param("a.csv", b"name,size\nx,1\n", "has no column 'image'", id="no image column"),
    ],
)
def test_what_is_no_batch_is_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=says):
        names(Inputs(path))


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file or folder"):
        Inputs(tmp_path / "none")
    with pytest.raises(InputError, match="--images says where a table's pictures are"):
        Inputs(tmp_path, tmp_path)


def test_a_batch_is_another_when_a_picture_or_a_term_changes(tmp_path: Path) -> None:
    table, picture = tmp_path / "list.csv", tmp_path / "a.jpg"
    table.write_text("image,gender\na.jpg,women\n", encoding="utf-8")
    picture.write_bytes(b"x")
    before = Inputs(table).measure()
    assert before == Inputs(table).measure()
    os.utime(picture, (1, 1))
    touched = Inputs(table).measure()
    table.write_text("image,gender\na.jpg,men\n", encoding="utf-8")
    assert len({before, touched, Inputs(table).measure()}) == 3


def test_chunks_go_on_where_others_ended(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
    inputs = Inputs(tmp_path)
    found = [[item.name for item in chunk] for chunk in inputs.chunks(2, skip=1)]
    assert found == [["2.jpg", "3.jpg"], ["4.jpg"]]
