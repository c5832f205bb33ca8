"""Pictures in an object store: the rows of the same pictures in a folder, and what is refused."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_data import BAD, read, run, write_photos
from bucket_server import KEYS, BucketServer

from sneakeraug.batch.bucket import Bucket, is_address
from sneakeraug.batch.inputs import Inputs
from sneakeraug.batch.on_ray import _inputs, _source
from sneakeraug.batch.scorer import Scorer, Wanted
from sneakeraug.errors import InputError, PhotoError
from sneakeraug.limits import Limits
from sneakeraug.recommend import Recommender
from sneakeraug.serving import load
from sneakeraug.settings import Settings

ADDRESS = "s3://photos-of-ours/spring"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, demo_paths: list[Path]) -> Path:
    return write_photos(tmp_path_factory.mktemp("bucket") / "photos", demo_paths[:3])


@pytest.fixture(scope="module")
def server(photos: Path) -> Iterator[BucketServer]:
    files = {f.relative_to(photos).as_posix(): f for f in photos.rglob("*") if f.is_file()}
    objects = {f"spring/{name}": path.read_bytes() for name, path in files.items()}
    found = BucketServer({"photos-of-ours": objects | {"autumn/other.jpg": b"another prefix"}})
    thread = threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def _keys(server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": server.endpoint}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def recommender(small_models: Path) -> Recommender:
    return load(settings=Settings(models_dir=small_models, device="cpu", threads=2))


@pytest.mark.usefixtures("_keys")
def test_a_bucket_gives_the_rows_of_the_same_pictures_in_a_folder(
    recommender: Recommender, photos: Path, tmp_path: Path
) -> None:
    done = run(recommender, ADDRESS, tmp_path / "bucket.jsonl")
    run(recommender, photos, tmp_path / "folder.jsonl")
    assert (done.n_pictures, done.n_failed) == (5, len(BAD))
    ours, theirs = read(tmp_path / "bucket.jsonl"), read(tmp_path / "folder.jsonl")
    assert sorted(ours, key=str) == sorted(theirs, key=str)


@pytest.mark.usefixtures("_keys")
def test_a_table_here_names_pictures_there(tmp_path: Path) -> None:
    table = tmp_path / "sends.csv"
    table.write_text("image\nmore/=photo 1.jpg\n../autumn/other.jpg\nnone.jpg\n")
    inputs = Inputs(table, ADDRESS)
    assert inputs.read("more/=photo 1.jpg", Limits()).startswith(b"\xff\xd8")
    with pytest.raises(InputError, match="leads out of 's3://photos-of-ours/spring'"):
        inputs.read("../autumn/other.jpg", Limits())
    with pytest.raises(InputError, match=r"no object 'none.jpg' below"):
        inputs.read("none.jpg", Limits())
    assert inputs.measure() == Inputs(str(table), ADDRESS).measure()


@pytest.mark.usefixtures("_keys")
def test_an_object_over_the_limit_is_refused_before_it_is_read(server: BucketServer) -> None:
    server.asked.clear()
    with pytest.raises(PhotoError, match="at most 0 MB is expected"):
        Bucket(ADDRESS).read("more/=photo 1.jpg", Limits(max_bytes=100))
    assert server.asked == ["HEAD /photos-of-ours/spring/more/=photo 1.jpg"]


@pytest.mark.usefixtures("_keys")
def test_a_worker_opens_the_same_bucket(recommender: Recommender) -> None:
    about = _source(Inputs(ADDRESS), Scorer(recommender, Wanted()))
    assert _inputs(about["path"], about["images"]).read("=photo 0.jpg", Limits())


@pytest.mark.usefixtures("_keys")
def test_a_bucket_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match=r"'s3://nobodys-bucket' cannot be listed: .*AWS_REGION"):
        Inputs("s3://nobodys-bucket").measure()


def test_a_store_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"'{ADDRESS}' cannot be listed"):
        Inputs(ADDRESS).measure()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("s3://key:secret@bucket/x", id="credentials"),  # pragma: allowlist secret
        pytest.param("s3://bucket:9000/x", id="a port"),
        pytest.param("s3://", id="no bucket"),
        pytest.param("s3://bucket/a/../../b", id="a way out"),
    ],
)
def test_an_address_that_holds_more_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InputError, match="s3://BUCKET/PREFIX is expected") as caught:
        Inputs(address)
    assert "secret" not in str(caught.value)


def test_a_path_is_never_an_address() -> None:
    assert not is_address(Path(ADDRESS))
    with pytest.raises(InputError, match="no file or folder"):
        Inputs(Path(ADDRESS))
