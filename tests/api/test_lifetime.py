"""How the service starts, follows what other processes change, and ends."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sneakeraug import ingest, registry
from sneakeraug.api import engine
from sneakeraug.card import read_card
from sneakeraug.settings import Settings, get_settings

from .conftest import ONE, Service, head, read_all, serve, status_of


def test_without_a_model_it_says_so_and_serves_once_there_is_one(
    small_settings: Settings,
    small_models: Path,
    jpeg: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "RETRY_S", 0.0)
    models = tmp_path / "models"
    settings = small_settings.model_copy(update={"models_dir": models})
    with serve(settings, is_ready=False) as service:
        answer = service.post(ONE, files={"image": jpeg})
        assert answer.status_code == 503
        assert answer.json()["reason"] == "model"
        assert str(tmp_path) not in answer.text  # a folder of ours is nobody's business
        assert "Retry-After" in answer.headers
        assert service.get("/ping").status_code == 503
        shutil.copytree(small_models, models)
        assert service.post(ONE, files={"image": jpeg}).status_code == 200
        assert service.get("/readyz").json()["model_id"] == "small"
        shutil.rmtree(models)  # what serves is in memory
        assert service.post(ONE, files={"image": jpeg}).status_code == 200
        assert service.get("/v1/models").json()["models"] == []


def test_products_imported_meanwhile_are_found(
    small_settings: Settings, demo_paths: list[Path], jpeg: bytes, tmp_path: Path
) -> None:
    home = get_settings().home
    with serve(small_settings.model_copy(update={"home": home})) as service:
        ingest.import_products(demo_paths[0].parent, {}, None, lambda _: None)
        service.app.state.parts.engine.follow()
        found = service.post("/v1/catalog/search", files={"image": jpeg}).json()["products"]
    assert found
    assert service.app.state.parts.engine.get().catalog.is_named_by_hash


@pytest.fixture
def two_models(small_models: Path, tmp_path: Path) -> Path:
    """A folder with the small model, which serves, and the same under another name."""
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    shutil.copytree(models / "small", models / "next")
    card = read_card(models / "next").model_copy(update={"model_id": "next"})
    (models / "next" / "card.json").write_text(card.to_json(), encoding="utf-8")
    return models


def test_a_model_that_another_process_activates_serves_without_a_restart(
    small_settings: Settings, two_models: Path
) -> None:
    following = engine.Engine(small_settings.model_copy(update={"models_dir": two_models}))
    named = {"models_dir": two_models, "model_id": "small"}
    staying = engine.Engine(small_settings.model_copy(update=named))
    for one in (following, staying):
        one.try_load()
    before = following.get()
    following.follow()
    assert following.get() is before  # nothing changed
    registry.activate(two_models, "next")
    for one in (following, staying):
        one.follow()
    assert (following.model_id, staying.model_id) == ("next", "small")


def test_where_the_activated_model_is_damaged_the_one_before_goes_on(
    small_settings: Settings, two_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    following = engine.Engine(small_settings.model_copy(update={"models_dir": two_models}))
    following.try_load()
    registry.activate(two_models, "next")
    (two_models / "next" / next(iter(read_card(two_models / "next").files))).write_bytes(b"")
    with caplog.at_level(logging.ERROR):
        following.follow()
        following.follow()
    assert following.model_id == "small"
    assert caplog.text.count("Model small goes on, next cannot: ") == 1


Process = tuple[subprocess.Popen[bytes], Service]


@pytest.fixture
def process(small_models: Path, tmp_path: Path) -> Iterator[Process]:
    """The command itself, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"SNEAKERAUG_MODELS_DIR": str(small_models), "SNEAKERAUG_DEVICE": "cpu"}
    with (tmp_path / "log").open("wb") as log:
        arguments = [sys.executable, "-m", "sneakeraug", "serve", "--port", str(port)]
        running = subprocess.Popen(arguments, stderr=log, stdout=subprocess.DEVNULL, env=env)
    service = Service(f"http://127.0.0.1:{port}", app=None)  # type: ignore[arg-type]
    try:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline:
            try:
                if requests.get(service.url + "/readyz", timeout=5).status_code == 200:
                    break
            except requests.RequestException:  # not listening yet, or too busy to say
                time.sleep(0.1)
        yield running, service
    finally:
        running.kill()
        running.wait()


def test_told_to_end_it_finishes_what_is_under_way_and_takes_nothing_new(
    process: Process, jpeg: bytes, tmp_path: Path
) -> None:
    running, service = process
    with socket.create_connection(service.address, timeout=30) as connection:
        request = head(service, f"Content-Length: {len(jpeg)}", path="/invocations") + jpeg
        connection.sendall(request[:-100])
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(OSError):
            socket.create_connection(service.address, timeout=5)
        connection.sendall(request[-100:])
        answer = read_all(connection)
    assert status_of(answer) == 200
    assert running.wait(timeout=20) in (0, -signal.SIGTERM)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    (asked,) = [line for line in lines if line.get("route") == "/invocations"]
    assert asked["status"] == 200


def test_a_model_that_is_not_there_ends_the_command_with_one_line(small_models: Path) -> None:
    env = os.environ | {"SNEAKERAUG_MODELS_DIR": str(small_models)}
    arguments = [sys.executable, "-m", "sneakeraug", "serve", "--model", "nope"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 3
    assert done.stderr.startswith("error: There is no model 'nope'")
    assert done.stderr.count("\n") == 1
