"""What goes wrong around the product: files altered under it, a full disk, a clock that jumps."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.disk import disk_of
from hostile.pictures import drawn, encode, good
from sneakeraug import registry
from sneakeraug.api import engine as engine_module
from sneakeraug.api.engine import Engine
from sneakeraug.api.keys import KeyRing, hash_key
from sneakeraug.card import read_card
from sneakeraug.errors import ModelError, ModelNotFoundError, RequestError, StoreError
from sneakeraug.files import file_sha256, write_bytes, write_table
from sneakeraug.serving import load
from sneakeraug.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

SERVE = f"""
import shutil, sys
from pathlib import Path
sys.path[:0] = [{str(ROOT / "tests")!r}]
from hostile.pictures import good
from sneakeraug.serving import load

def say():
    said = engine.recommend(good()).to_dict()
    said.pop("timing_ms")
    return said

models, engine = Path(sys.argv[1]), load()
before = say()
files = [path for path in models.rglob("*") if path.is_file()]
for path in files:
    with path.open("r+b") as file:
        file.truncate(0)
assert say() == before, "cut to nothing"
for path in files:
    path.write_bytes(b"\\xff" * 1_000_000)
assert say() == before, "written over"
shutil.rmtree(models)
assert say() == before, "removed"
print("the same")
"""


def test_a_model_altered_while_it_serves_goes_on_as_it_was_verified(
    small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own: a file mapped into memory and cut would end it."""
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(models))
    monkeypatch.setenv("SNEAKERAUG_DEVICE", "cpu")
    command = [sys.executable, "-c", SERVE, str(models)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.strip() == "the same", done.stderr


def test_a_service_whose_model_was_altered_starts_with_a_reason_and_serves_once_it_is_restored(
    small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_S", 0.0)
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    weights = models / "small" / "embedder.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + b"\0\0")
    served = Engine(Settings(home=tmp_path / "home", models_dir=models, device="cpu"))
    with pytest.raises(ModelError, match="was changed or damaged"):
        served.get()
    weights.unlink()
    with pytest.raises(ModelNotFoundError, match="is missing"):
        served.get()
    weights.write_bytes(whole)
    assert served.get().model_id == "small"


def test_a_model_package_of_rubbish_with_a_fitting_card_is_one_error(
    small_models: Path, tmp_path: Path
) -> None:
    """Hashes say that a file is the one that was published, not that it is a good one."""
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    folder = models / "small"
    card = read_card(folder)
    settings = Settings(home=tmp_path / "home", models_dir=models, device="cpu")
    for name in card.files:
        whole = (folder / name).read_bytes()
        for rubbish in (b"", b"\xff" * 5_000, b'{"a":' * 3_000, whole[: len(whole) // 2]):
            (folder / name).write_bytes(rubbish)
            files = card.files | {name: file_sha256(folder / name)}
            changed = card.model_copy(update={"files": files})
            (folder / "card.json").write_text(changed.to_json(), "utf-8")
            with pytest.raises(ModelError):
                load(settings=settings)
        (folder / name).write_bytes(whole)


WRITERS: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: write_bytes(path, bytes(10_000)),
    "a table": lambda path: write_table(path, ["a"], [{"a": "x" * 100}] * 100),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=list(WRITERS))
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    with disk_of(1_000), pytest.raises(StoreError, match="Make room"):
        write(path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_publishes_no_half_model_and_leaves_the_active_one(
    small_models: Path, tmp_path: Path
) -> None:
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    staged = tmp_path / "staged"
    shutil.copytree(models / "small", staged, ignore=shutil.ignore_patterns("card.json"))
    card = read_card(models / "small").model_copy(update={"model_id": "new"})
    with disk_of(20_000), pytest.raises(StoreError, match="Make room"):
        registry.publish(staged, models, card)
    assert registry.list_models(models) == ["small"]
    assert sorted(p.name for p in models.iterdir()) == ["active.json", "small"]
    registry.publish(staged, models, card)
    with disk_of(10), pytest.raises(StoreError, match="Make room"):
        registry.activate(models, "new")
    assert registry.active_model(models) == "small"
    registry.activate(models, "new")


@pytest.mark.parametrize("command", ["recommend", "export", "import"])
def test_a_command_on_a_full_disk_says_so_in_one_line(
    small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from sneakeraug.cli import main

    monkeypatch.setenv("SNEAKERAUG_MODELS_DIR", str(small_models))
    monkeypatch.setenv("SNEAKERAUG_DEVICE", "cpu")
    picture, out = tmp_path / "a.png", tmp_path / "out"
    picture.write_bytes(encode(drawn().resize((640, 480)), "PNG"))
    arguments = {
        "recommend": ["recommend", str(picture), "--save", str(out)],
        "export": ["export", str(picture), "--out", str(out)],
        "import": ["import", "products", str(tmp_path)],
    }[command]
    monkeypatch.setattr(sys, "argv", ["sneakeraug", *arguments])
    with disk_of(500), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "ake room" in error or "database cannot be opened" in error


def modules() -> list[Path]:
    return sorted((ROOT / "sneakeraug").rglob("*.py"))


def test_no_interval_is_measured_on_a_clock_that_can_be_set() -> None:
    """`time.time` is nowhere; dates are only written down, compared with dates, or shown."""
    known = {
        "bundle.py", "collect/fetch.py", "dataset/events.py", "decisions.py", "ui/take_away.py",
    }  # fmt: skip
    dated = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = ast.unparse(node.func)
            assert called not in ("time.time", "time.time_ns", "datetime.utcnow"), path
            if called.endswith("datetime.now"):
                dated.add(str(path.relative_to(ROOT / "sneakeraug")))
    assert dated == known


@pytest.mark.parametrize("years", [-30, 30], ids=["back", "forward"])
def test_a_clock_that_jumps_gives_nobody_more_requests_and_nobody_fewer(
    monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    ring = KeyRing([hash_key("a")], per_minute=3)
    caller = ring.find("Bearer a")
    ring.take(caller)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + years * 365 * 86_400)
    ring.take(caller)
    ring.take(caller)
    with pytest.raises(RequestError) as refused:
        ring.take(caller)
    assert refused.value.retry_after_s is not None
    assert 1 <= refused.value.retry_after_s <= 20


def test_a_clock_that_jumps_leaves_an_answer_as_it_was(
    small_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home", models_dir=small_models, device="cpu")
    engine = load(settings=settings)
    answers = []
    for year in (1971, 2026, 2100):
        monkeypatch.setattr(time, "time", lambda y=year: (y - 1970) * 31_556_952.0)
        said = engine.recommend(good()).to_dict()
        assert all(ms >= 0 for ms in said.pop("timing_ms").values())
        answers.append(json.dumps(said))
    assert len(set(answers)) == 1
