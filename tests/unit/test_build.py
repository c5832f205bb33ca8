from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.background import shrink_photo
from sneakeraug.catalog.products import DEMO
from sneakeraug.cli import app
from sneakeraug.dataset.manifest import MANIFEST, SCHEMA, read_manifest
from sneakeraug.dataset.photos import KINDS
from sneakeraug.errors import InputError, StoreError
from sneakeraug.files import only_run
from sneakeraug.intake.decode import decode_photo
from sneakeraug.training import build
from sneakeraug.training.build import BuildOptions, Built, build_dataset
from sneakeraug.training.simulate import simulate_events
from sneakeraug.vocabulary import AUGMENTATIONS

ONE = BuildOptions(side_px=96, workers=1)


@pytest.fixture
def photos(demo_paths: list[Path], tmp_path: Path) -> Path:
    """Six demo pictures as a collected folder, and a file that is no picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = ["image,shoe_brand,shoe_gender,shoe_name,product_id"]
    for i, path in enumerate(demo_paths[:6]):
        with Image.open(path) as image:
            image.resize((240, 180)).save(folder / f"{i}.png")
        lines.append(f"{i}.png,Acme,women,=Run {i},p{i // 2}")
    (folder / "bad.jpg").write_bytes(b"no picture")
    lines += ["bad.jpg,Acme,women,Bad,p9", "gone.jpg,Acme,women,Gone,p8"]
    (folder / "products.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def run(photos: Path, out: Path, options: BuildOptions = ONE) -> Built:
    return build_dataset([photos], out, options, lambda _line: None, KINDS)


def manifest(out: Path) -> pd.DataFrame:
    return pd.read_parquet(out / MANIFEST)


def test_every_photo_gives_six_files_that_the_manifest_describes(
    photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run(photos, out) == Built(n_photos=6, n_pictures=36, n_rejects=2)
    table = manifest(out)
    assert list(table.columns) == SCHEMA.names
    assert sorted(table["augment_label"]) == sorted(list(range(6)) * 6)
    assert set(table["shoe_name"]) == {f"=Run {i}" for i in range(6)}
    assert table["relative_im_path"].is_unique
    for row in table.itertuples():
        data = (out / row.relative_im_path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row.sha256
    assert not (out / build.PARTS).exists()
    rejects = pd.read_csv(out / "rejects.csv")
    assert [Path(path).name for path in rejects["path"]] == ["bad.jpg", "gone.jpg"]


def test_a_file_is_made_again_from_its_recorded_parameters(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(photos, out, BuildOptions("png", 96, 1))
    first = manifest(out).iloc[:6]
    original = decode_photo((photos / "0.png").read_bytes()).pixels
    small = shrink_photo(original, 96)
    for row in first.itertuples():
        made = apply_augmentation(
            small, AUGMENTATIONS[row.augment_label], json.loads(row.parameters)
        ).photo
        with Image.open(out / row.relative_im_path) as image:
            assert np.array_equal(np.asarray(image), made)


def test_no_product_is_on_two_sides_of_the_split(photos: Path, tmp_path: Path) -> None:
    run(photos, tmp_path / "out")
    table = manifest(tmp_path / "out")
    assert (table.groupby("product_id")["split"].nunique() == 1).all()
    assert set(table["split"]) <= {"train", "validation", "test"}


def test_processes_write_what_one_process_writes(photos: Path, tmp_path: Path) -> None:
    run(photos, tmp_path / "one")
    run(photos, tmp_path / "two", BuildOptions(side_px=96, workers=2))
    pd.testing.assert_frame_equal(manifest(tmp_path / "one"), manifest(tmp_path / "two"))


def test_a_stop_costs_only_what_was_under_way(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(photos, whole)
    monkeypatch.setattr(build, "PHOTOS_A_PART", 2)
    made: list[int] = []
    make = build._make

    def stop_at_third(job: build._Job) -> build.Part:
        if job.number == 2 and len(made) == 2:
            made.append(-1)
            raise KeyboardInterrupt
        made.append(job.number)
        return make(job)

    monkeypatch.setattr(build, "_make", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        run(photos, out)
    assert not (out / MANIFEST).exists()
    run(photos, out)
    assert made == [0, 1, -1, 2, 3]
    pd.testing.assert_frame_equal(manifest(whole), manifest(out))


def test_other_options_make_everything_anew(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(build, "join_parts", _fail)
    with pytest.raises(StoreError):
        run(photos, out)  # the parts stay
    monkeypatch.undo()
    run(photos, out, BuildOptions(side_px=128, workers=1))
    with Image.open(out / manifest(out)["relative_im_path"][0]) as image:
        assert max(image.size) == 128


def _fail(*_: object) -> int:
    raise StoreError("the disk is full")


def test_two_builds_of_one_folder_do_not_mix(photos: Path, tmp_path: Path) -> None:
    with only_run(tmp_path / "out"), pytest.raises(StoreError, match="Another run"):
        run(photos, tmp_path / "out")


def test_a_disk_that_cannot_be_written_is_said(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "images").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="run again"):
        run(photos, tmp_path / "out")


@pytest.mark.parametrize(
    "options", [BuildOptions("gif"), BuildOptions(side_px=10), BuildOptions(side_px=9999)]
)
def test_an_unusable_option_is_refused(photos: Path, tmp_path: Path, options: BuildOptions) -> None:
    with pytest.raises(InputError, match="expected"):
        run(photos, tmp_path / "out", options)


def test_a_folder_of_no_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="None of 1 photos"):
        run(tmp_path, tmp_path / "out")


def test_simulated_sends_follow_the_world_and_name_pictures_of_the_dataset(
    photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(photos, out)
    events = pd.read_parquet(simulate_events(out, "paper", 4000, 1, lambda _line: None))
    assert len(events) == 4000
    assert events["event_id"].is_unique
    weeks = pd.to_datetime(events["sent_at"]).dt.isocalendar()["week"]
    assert weeks.iloc[:3900].is_monotonic_increasing
    assert set(events["image"]) == set(manifest(out)["relative_im_path"])
    works = events["augmentation"].isin(["brighter", "rotate"])
    assert events["click_through"][works].mean() == pytest.approx(0.8, abs=0.05)
    assert events["click_through"][~works].mean() == pytest.approx(0.2, abs=0.05)
    assert events["unsubscribed"][works].mean() == pytest.approx(0.2, abs=0.05)
    assert np.allclose(events["propensity"], 1 / 12)  # two photos a product, six variants each
    again = pd.read_parquet(simulate_events(out, "paper", 4000, 1, lambda _line: None))
    pd.testing.assert_frame_equal(events, again)


@pytest.mark.parametrize(("world", "n"), [("mars", 10), ("paper", 0)])
def test_an_unknown_world_and_no_sends_are_refused(
    photos: Path, tmp_path: Path, world: str, n: int
) -> None:
    run(photos, tmp_path / "out")
    with pytest.raises(InputError, match="expected"):
        simulate_events(tmp_path / "out", world, n, 0, lambda _line: None)


def test_a_folder_without_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dataset build"):
        list(read_manifest(tmp_path))
    (tmp_path / MANIFEST).write_bytes(b"PAR1")
    with pytest.raises(InputError, match="dataset build"):
        list(read_manifest(tmp_path))


def test_the_command_builds_the_demo_catalog_and_simulates(tmp_path: Path) -> None:
    runner: Callable[..., object] = CliRunner().invoke
    out = str(tmp_path / "set")
    done = runner(
        app, ["dataset", "build", "--catalog", "--out", out, "--side", "160", "--workers", "1"]
    )
    n = len(list(DEMO.glob("*.jpg")))
    assert f"{6 * n:,} pictures of {n} photos" in done.stdout  # type: ignore[attr-defined]
    done = runner(app, ["dataset", "simulate", "--dataset", out, "--n", "100"])
    assert "events.parquet" in done.stdout  # type: ignore[attr-defined]
    nothing = CliRunner().invoke(app, ["dataset", "build", "--out", out])
    assert "--images" in str(nothing.exception)
