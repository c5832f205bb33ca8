"""The whole corpus through the readers themselves: a result or one clear error, and soon."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from hostile import corpus, pictures
from hostile.kinds import MOST_MEGABYTES
from sneakeraug import registry
from sneakeraug.api import reading
from sneakeraug.batch.inputs import Inputs
from sneakeraug.collect.importer import ImportedProduct, Source
from sneakeraug.dataset.events import read_history
from sneakeraug.errors import InputError, PhotoError, SneakeraugError
from sneakeraug.export.manifest import read_manifest
from sneakeraug.intake.decode import decode_photo
from sneakeraug.limits import Limits

GENEROUS_S = 20
"""Of a processor; what is measured on a quiet machine is in docs/security.md."""

ROOT = Path(__file__).resolve().parents[2]


def holds(name: str, read: Callable[[], object]) -> object:
    """What reading gives; a failure where it is neither a result nor one clear error in time."""
    started = time.process_time()
    found: object
    try:
        found = read()
    except SneakeraugError as exc:
        found = exc
    except Exception as exc:
        raise AssertionError(f"{name}: {exc!r}") from exc
    assert time.process_time() - started < GENEROUS_S, name
    if isinstance(found, SneakeraugError):
        assert 0 < len(str(found)) < 1000, name
        assert str(found).isprintable(), name
    return found


def test_every_picture_is_decoded_or_refused_with_its_reason() -> None:
    refused: dict[str, str] = {}
    for one in corpus.hostile_pictures():
        data = one.data
        found = holds(one.name, lambda d=data, n=one.name: decode_photo(d, name=n))
        if isinstance(found, PhotoError):
            refused[one.name] = found.reason
        assert not (one.is_picture and one.name in refused), one.name
    parts = {name for name, reason in refused.items() if reason == "parts"}
    assert {"many-exif-pieces.jpg", "many-tiles.tif", "many-comments.gif"} <= parts
    claimed = {one.name for one in pictures.claimed()}
    assert claimed <= refused.keys()


def test_a_picture_that_is_something_else_too_leaves_only_its_pixels() -> None:
    for one in pictures.two_at_once():
        if one.is_picture:
            photo = decode_photo(one.data)
            assert photo.pixels.shape == (80, 96, 3)
            assert photo.pixels.dtype == np.uint8


def test_a_jpeg_of_thousands_of_scans_is_refused_and_one_of_ten_is_not() -> None:
    with pytest.raises(PhotoError, match="far more parts"):
        decode_photo(pictures.scans((640, 640), 300_000))
    assert decode_photo(pictures.whole()["progressive.jpg"]).size == pictures.SIDE


LARGE = f"""
import sys
sys.path[:0] = [{str(ROOT / "tests")!r}]
from hostile.pictures import LARGE, png
from sneakeraug.intake.decode import decode_photo

def memory(name):
    lines = open("/proc/self/status").readlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1000

decode_photo(png())
data, before = png(LARGE, 4), memory("VmRSS")
pixels = decode_photo(data).pixels
print(memory("VmHWM") - before, pixels.shape)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_forty_megapixels_with_transparency_stay_below_the_memory_of_a_request() -> None:
    command = [sys.executable, "-c", LARGE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    megabytes, shape = done.stdout.split(maxsplit=1)
    assert shape.strip() == "(6320, 6320, 3)"
    assert float(megabytes) < MOST_MEGABYTES


def read_products(path: Path) -> None:
    source = Source(path)
    for row in source.rows():
        if isinstance(row, ImportedProduct) and "://" not in row.image:
            assert "passwd" not in row.name
            with suppress(InputError):
                source.files.read_picture(row.image, Limits().max_bytes)


def read_batch(path: Path) -> None:
    inputs = Inputs(path)
    inputs.measure()
    for item in inputs.items():
        item.name.encode("utf-8")
        with suppress(InputError):
            inputs.read(item.name, Limits())


@pytest.mark.parametrize("read", [read_products, read_batch])
def test_no_table_feed_or_zip_leads_out_of_itself(
    tmp_path: Path, read: Callable[[Path], None]
) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    for one in [*corpus.tables(), *corpus.archives()]:
        path = inside / one.name
        path.write_bytes(one.data)
        holds(one.name, lambda p=path: read(p))
        path.unlink()
        assert [p.name for p in tmp_path.rglob("*")] == ["a", "b"], one.name


def test_no_history_is_more_than_one_error(tmp_path: Path) -> None:
    for one in corpus.events():
        path = tmp_path / one.name
        path.write_bytes(one.data)
        holds(one.name, lambda p=path: read_history(p))


def test_no_manifest_and_no_card_is_more_than_one_error(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    for one in corpus.documents():
        data = one.data
        (folder / "card.json").write_bytes(data)
        (folder.parent / "active.json").write_bytes(data)
        for read in (
            lambda d=data: read_manifest(d),
            lambda: registry.verify(folder),
            lambda: registry.active_models(folder.parent),
        ):
            assert isinstance(holds(one.name, read), SneakeraugError), one.name


def test_no_request_is_more_than_one_error() -> None:
    for name, kind, body in corpus.requests():
        text = body[:5000].decode("latin-1")
        for read in (
            lambda k=kind, b=body: reading.read_recommendation(k, b)[0].read(),
            lambda k=kind, b=body: reading.read_batch(k, b),
            lambda k=kind, b=body: reading.read_search(k, b),
            lambda k=kind, b=body, t=text: reading.read_invocation(k, b, t),
        ):
            holds(name, read)
