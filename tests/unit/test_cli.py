from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sneakeraug.arrays import UInt8Array
from sneakeraug.cli import app, main
from sneakeraug.errors import InputError, StoreError

HEAVY = ("torch", "openvino", "xgboost", "cv2", "pandas", "streamlit")


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sneakeraug", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | (env or {}),
    )


@pytest.mark.parametrize("code", ["import sneakeraug", "import sneakeraug.cli"])
def test_import_loads_nothing_heavy(code: str) -> None:
    script = f"import sys; {code}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['sneakeraug', '--help']\n"
        "from sneakeraug.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


def test_json_is_one_document_in_order_of_fewest(demo_paths: list[Path]) -> None:
    done = run("recommend", str(demo_paths[0]), "--target", "unsubscribed", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    p = [variant["p"] for variant in document["variants"]]
    assert p == sorted(p)
    assert document["request"]["direction"] == "lower"


def test_the_table_names_every_variant_and_the_verdict(
    demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = CliRunner().invoke(
        app, ["recommend", str(demo_paths[0]), "--save", str(tmp_path / "out")]
    )
    assert result.exit_code == 0
    for word in ("brighter", "darker", "original", "rotate", "sketch", "swivel", "Looks like"):
        assert word in result.output
    assert len(list((tmp_path / "out").glob("*.png"))) == 6


def bad_file(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        pytest.param("empty.jpg", b"", "is empty", id="empty"),
        pytest.param("notes.jpg", b"hello there", "is text", id="text"),
        pytest.param("logo.svg", b"<svg></svg>", "is SVG", id="svg"),
    ],
)
def test_bad_picture_is_one_line_and_exit_code_2(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    done = run("recommend", str(bad_file(tmp_path, name, data)))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_term_is_one_line_and_exit_code_2(demo_paths: list[Path]) -> None:
    done = run("recommend", str(demo_paths[0]), "--campaign-type", "spam")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown campaign_type 'spam'; expected one of: promo")


def test_missing_model_is_exit_code_3(demo_paths: list[Path], tmp_path: Path) -> None:
    env = {"SNEAKERAUG_MODELS_DIR": str(tmp_path)}
    done = run("recommend", str(demo_paths[0]), "--json", env=env)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "No active model" in done.stderr


def test_changed_model_is_exit_code_3(
    demo_paths: list[Path], small_models: Path, tmp_path: Path
) -> None:
    import shutil

    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    with (models / "small" / "calibration.json").open("a") as file:
        file.write(" ")
    env = {"SNEAKERAUG_MODELS_DIR": str(models)}
    done = run("models", "verify", env=env)
    assert done.returncode == 3
    assert "was changed or damaged" in done.stderr


def test_a_wrong_setting_says_where_it_came_from(demo_paths: list[Path]) -> None:
    done = run("models", "list", env={"SNEAKERAUG_DEVICE": "abacus"})
    assert done.returncode == 1
    assert "SNEAKERAUG_DEVICE is 'abacus' (from the environment)" in done.stderr


def test_the_flag_limits_apply_before_decoding(
    shoe: UInt8Array, encode: Callable[..., bytes], tmp_path: Path
) -> None:
    path = bad_file(tmp_path, "shoe.png", encode(shoe))
    done = run("recommend", str(path), env={"SNEAKERAUG_MIN_SIDE_PX": "500"})
    assert done.returncode == 2
    assert "needs at least 500 px" in done.stderr


def test_train_evaluate_and_read_the_card(
    small_models: Path, demo_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    runner = CliRunner()
    images = str(demo_paths[0].parent)
    card = json.loads(runner.invoke(app, ["models", "card", "--json"]).stdout)
    published = {figure["name"]: figure["value"] for figure in card["figures"]}
    for what in ("embedder", "conversion"):
        options = ["--world", "paper", "--sends", "375"] if what == "conversion" else []
        done = runner.invoke(app, ["evaluate", what, "--images", images, "--json", *options])
        assert done.exit_code == 0, done.output
        for figure in json.loads(done.stdout)["figures"]:
            assert figure["value"] == pytest.approx(published[figure["name"]], abs=1e-4)
    assert runner.invoke(app, ["models", "list"]).stdout == "* small  sneakers\n"
    assert "files match" in runner.invoke(app, ["models", "verify"]).stdout
    assert "limit:" in runner.invoke(app, ["models", "card"]).stdout


def test_training_goes_on_after_a_stop_and_ends_the_same(
    demo_paths: list[Path], tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file

    from sneakeraug.embed import fit
    from sneakeraug.training.embedder import EmbedderOptions, train_embedder

    options = EmbedderOptions(
        "resnet18", 32, 2, photos_per_batch=4, workers=0, split_seed=3, device="cpu"
    )
    images = [demo_paths[0].parent]
    whole = train_embedder(images, tmp_path / "whole", options, lambda _: None)

    class StoppedError(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("epoch 2"):
            raise StoppedError

    with pytest.raises(StoppedError):
        train_embedder(images, tmp_path / "halves", options, stop)
    with pytest.raises(InputError, match="Go on with --resume"):
        train_embedder(images, tmp_path / "halves", options, lambda _: None)
    said: list[str] = []
    options = replace(options, resume=True)
    halves = train_embedder(images, tmp_path / "halves", options, said.append)
    assert not any(line.startswith("epoch 1/") for line in said)
    a, b = (load_file(folder / "embedder.safetensors") for folder in (whole, halves))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert fit.Checkpoint(tmp_path / "halves", fit.FitPlan((1,), 1)).path.is_file()


def test_a_training_without_room_says_so_and_leaves_nothing_half_written(
    demo_paths: list[Path], tmp_path: Path
) -> None:
    from sneakeraug.training.embedder import EmbedderOptions, train_embedder

    options = EmbedderOptions(
        "resnet18", 32, 1, photos_per_batch=4, workers=0, split_seed=3, device="cpu"
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(StoreError, match=r"checkpoint.* cannot be written"):
            train_embedder([demo_paths[0].parent], tmp_path / "run", options, lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "run").iterdir()) == []


def test_photos_of_one_product_alone_cannot_be_trained_on(
    demo_paths: list[Path], tmp_path: Path
) -> None:
    from sneakeraug.training.embedder import EmbedderOptions, train_embedder

    lines = ["path,product_id", *(f"{path.resolve()},one" for path in demo_paths)]
    table = tmp_path / "images.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="photos are too few"):
        train_embedder([table], tmp_path / "run", EmbedderOptions(device="cpu"), lambda _: None)
    assert not (tmp_path / "run").exists()


def test_main_turns_our_errors_into_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sneakeraug", "recommend", "none.jpg"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "There is no picture file" in capsys.readouterr().err


WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "torchvision"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from sneakeraug.cli import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("compare-depths", "--images", "nowhere", "--out", "runs"),
            1,
            "error: The package torch is not installed, which serving does without and this "
            "command needs. Install requirements.txt and run again.",
        ),
        (
            ("recommend", "PHOTO", "--backend", "torch"),
            3,
            "error: The package torch is not installed, which runs a model's weights. Install "
            "requirements.txt, or serve a model that has a CPU graph by --backend openvino.",
        ),
    ],
    ids=["a command that trains", "weights served"],
)
def test_without_torch_it_is_said_what_to_install(
    arguments: tuple[str, ...], code: int, message: str, demo_paths: list[Path]
) -> None:
    given = [str(demo_paths[0]) if each == "PHOTO" else each for each in arguments]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *given],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr.strip()) == (code, message)
