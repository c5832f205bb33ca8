"""Killed without warning, at random moments and at each step of publishing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from sneakeraug import registry
from sneakeraug.card import read_card
from sneakeraug.errors import InputError, StoreError
from sneakeraug.settings import REPOSITORY_MODELS

ROOT = Path(__file__).resolve().parents[2]


def kills(*flags: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "kills.py"), *flags],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_ten_kills_lose_nothing_that_was_confirmed(database: str) -> None:
    found = kills("--kills", "10", "--seed", "1", "--database", database)
    assert found["kills"] == 10
    assert found["decisions"] > 0


def test_publishing_killed_at_each_of_its_steps_is_whole_or_not_there() -> None:
    found = kills("--kills", "0", "--steps")
    jobs = ("publish", "add_files", "activate", "roll_back")
    assert all(found[f"steps_of_{job}"] >= 5 for job in jobs)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def publish(models: Path, model_id: str, category: str = "sneakers") -> None:
    staged = Path(tempfile.mkdtemp(dir=models.parent, prefix="staged-"))
    (staged / "weights").write_bytes(b"w" * 1000)
    (staged / "card.json").write_text("left by a run that was killed")
    card = read_card(registry.chosen_folder(REPOSITORY_MODELS))
    changes = {"model_id": model_id, "category": category, "comparison": None}
    registry.publish(staged, models, card.model_copy(update=changes))


def in_threads(jobs: list[object]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_models_activated_at_once_all_serve(models: Path) -> None:
    names = [f"m{i}" for i in range(8)]
    for name in names:
        publish(models, name, category=name)
    in_threads([lambda name=name: registry.activate(models, name) for name in names])
    assert registry.active_models(models) == {name: name for name in names}


def test_of_two_that_publish_under_one_name_one_is_told_so(models: Path) -> None:
    said: list[str] = []

    def try_it() -> None:
        try:
            publish(models, "same")
        except InputError as exc:
            said.append(str(exc))

    in_threads([try_it, try_it, try_it])
    assert len(said) == 2
    assert all("There is a model 'same' already" in line for line in said)
    registry.verify(models / "same")


def test_what_a_killed_run_left_is_not_published_with_the_model_and_goes(models: Path) -> None:
    (models / ".publish-dead" / "model").mkdir(parents=True)
    (models / ".active.json.7.partial").write_text("{")
    publish(models, "new")
    assert sorted(path.name for path in models.iterdir()) == ["new"]
    assert set(registry.verify(models / "new").files) == {"weights"}


def test_a_models_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StoreError, match=r"models|new"):
        publish(tmp_path / "models", "new")
