"""What the corpus and the fuzzer found once: each stays mended."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hostile.archives import renamed
from hostile.pictures import DEEP, LARGE, after_start, drawn, encode, good, png, segment, whole
from hostile.profiles import with_pipeline, with_table
from sneakeraug.api import reading
from sneakeraug.batch.inputs import Inputs
from sneakeraug.collect.importer import Source
from sneakeraug.dataset.events import read_history
from sneakeraug.errors import InputError, PhotoError, RequestError, SneakeraugError
from sneakeraug.intake.decode import decode_photo
from sneakeraug.limits import Limits


@pytest.mark.parametrize("box", [b"iloc", b"pitm", b"av1C"])
def test_an_avif_without_one_of_its_parts_is_damaged(box: bytes) -> None:
    """The decoder raises RuntimeError."""
    with pytest.raises(PhotoError, match=r"damaged or cut short|is no picture format"):
        decode_photo(whole()["plain.avif"].replace(box, b"free"))


def test_exif_in_a_hundred_thousand_pieces_is_not_put_together() -> None:
    """It took minutes: each piece copied all of those before."""
    piece = segment(0xE1, b"Exif\0\0xx")
    with pytest.raises(PhotoError, match="far more parts"):
        decode_photo(after_start(good(), piece * 100_000))


def test_a_profile_of_thousands_of_steps_is_read_by_its_table() -> None:
    """Little CMS worked each step out for 36,000 colours: 2 s for a thousand."""
    started = time.process_time()
    long = decode_photo(encode(drawn(), "PNG", icc_profile=with_pipeline(60_000)))
    assert time.process_time() - started < 5
    short = decode_photo(encode(drawn(), "PNG", icc_profile=with_table(3, 9)))
    assert not long.warnings
    assert (long.pixels == short.pixels).all()


def test_several_channels_of_16_bits_may_have_half_the_pixels() -> None:
    """Forty megapixels of them unpack to 320 MB, in 3 s."""
    with pytest.raises(PhotoError, match="40 megapixels; at most 20 are expected"):
        decode_photo(png(LARGE, 6, 16, pixels=b""))
    with pytest.raises(PhotoError, match="damaged or cut short"):
        decode_photo(png(DEEP, 6, 16, pixels=b""))


def test_a_picture_with_usual_metadata_is_not_made_of_too_many_parts() -> None:
    pieces = [segment(0xE2, b"ICC_PROFILE\0" + bytes((n + 1, 255)) + b"x") for n in range(255)]
    assert decode_photo(after_start(good(), *pieces)).size == (96, 80)
    assert decode_photo(png(), name="a").size == (96, 80)


def test_an_error_is_one_line_whatever_it_quotes() -> None:
    """A field's name came into the message with its line ends and terminal codes."""
    body = b'{"image":"QUJD","a\\n\\u001b[31m\\u202eb":1}'
    with pytest.raises(InputError) as caught:
        reading.read_recommendation(reading.JSON, body)
    assert str(caught.value).isprintable()
    assert str(SneakeraugError("a\r\nb\x9b\u2028c\ud800")) == "a?b?c?"


def test_a_document_of_a_million_fields_is_refused_unread() -> None:
    """Each was a fault of its own, in seconds and hundreds of megabytes."""
    body = b"{" + b",".join(b'"%d":1' % number for number in range(5_000)) + b"}"
    with pytest.raises(RequestError, match="more than 1,000 values"):
        reading.read_recommendation(reading.JSON, body)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_whose_pieces_unpack_without_bounds_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.jpg", good())
    for read in (Source, Inputs):
        with pytest.raises(InputError, match="packed in an unusual way"):
            read(path)


def test_a_zip_whose_member_has_a_strange_flag_is_said(tmp_path: Path) -> None:
    """Python's reader raises NotImplementedError."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jpg", good())
    data = bytearray(buffer.getvalue())
    data[data.index(b"PK\x03\x04") + 6] |= 0x20  # "compressed patched data"
    data[data.index(b"PK\x01\x02") + 8] |= 0x20
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        Source(path).files.read_picture("a.jpg", 10_000)


def test_a_zip_with_a_file_of_no_name_is_refused(tmp_path: Path) -> None:
    """Python's reader looked at the last letter of an empty name."""
    path = tmp_path / "a.zip"
    data = renamed("a.jpg", b"a.jpg")
    place = data.index(b"PK\x01\x02")
    path.write_bytes(data[: place + 28] + b"\0\0\0\0\x05\0" + data[place + 34 :])
    for read in (Source, Inputs):
        with pytest.raises(InputError, match="leads out of it"):
            read(path)


def test_a_name_longer_than_a_disk_takes_is_an_error_of_its_row(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text(f"image\n{'9' * 400}.jpg\nloop.jpg\n", "utf-8")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    inputs = Inputs(table)
    inputs.measure()
    for item in inputs.items():
        with pytest.raises(InputError, match=r"There is no picture file|leads out"):
            inputs.read(item.name, Limits())


def test_a_parquet_file_whose_headers_are_no_text_is_damaged(tmp_path: Path) -> None:
    whole = io.BytesIO()
    pq.write_table(pa.table({"campaign_idxyz": ["a"]}), whole, store_schema=False)
    path = tmp_path / "a.parquet"
    path.write_bytes(whole.getvalue().replace(b"idxyz", b"id\x89\xff\xfe"))
    with pytest.raises(InputError, match=r"damaged Parquet|cannot be read|has no column"):
        read_history(path)


def test_a_history_whose_first_line_breaks_off_inside_is_no_csv(tmp_path: Path) -> None:
    """A carriage return alone: Python's reader raises csv.Error."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"event_id,sent_at\r\rcampaign,opens\n1,2\n")
    with pytest.raises(InputError, match="a carriage return inside its first line"):
        read_history(path)


def test_half_a_character_in_a_tables_name_is_an_error_of_its_row(tmp_path: Path) -> None:
    table = tmp_path / "a.jsonl"
    table.write_bytes(b'{"image":"a\\ud83d.jpg"}')
    inputs = Inputs(table)
    inputs.measure()
    (item,) = inputs.items()
    assert item.name == "a?.jpg"
    table.write_bytes(b'{"id":"1","name":"A","image":"a\\ud83d.jpg"}')
    (row,) = Source(table).rows()
    assert "neither a path in here nor an address" in getattr(row, "reason", "")


def test_a_file_whose_name_is_no_text_is_an_error_of_its_own(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.jpg")).write_bytes(good())
    except OSError:
        pytest.skip("this disk takes only names that are text")
    (tmp_path / "b.jpg").write_bytes(good())
    first, second = Inputs(tmp_path).items()
    assert "is no UTF-8" in first.error
    assert (first.name, second.name, second.error) == ("a?.jpg", "b.jpg", "")
