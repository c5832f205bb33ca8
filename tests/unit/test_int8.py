"""A network's int8 graph: made, added to folders, served without torch, and not far from torch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sneakeraug import registry
from sneakeraug.card import GRAPH, GRAPH_FILES, WEIGHTS, read_card
from sneakeraug.embed import backends
from sneakeraug.embed.openvino_encoder import TELEMETRY, open_graph
from sneakeraug.errors import (
    InputError,
    ModelCorruptError,
    ModelError,
    ModelNotFoundError,
    StoreError,
)
from sneakeraug.recommend import Recommender
from sneakeraug.score.conversion import load_conversions
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.embedder_card import INT8
from sneakeraug.training.int8 import Int8Options, report_int8, train_int8
from sneakeraug.training.int8_figures import FLOAT_GRAPH, SAME_EDIT
from sneakeraug.training.publish import Facts, Fitted, publish_model

ROOT = Path(__file__).resolve().parents[2]

FEWEST = Int8Options(n_photos=2, n_tries=1)


def silent(_line: str) -> None:
    pass


@pytest.fixture(scope="module")
def with_graph(
    small_models: Path, demo_paths: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A models folder whose one model, ``small``, has an int8 graph."""
    models = Path(shutil.copytree(small_models, tmp_path_factory.mktemp("int8") / "models"))
    network = open_backbone(models / "small", "cpu")
    train_int8([demo_paths[0].parent], network, None, Int8Options(n_photos=4, n_tries=2), silent)
    return models


def serve(models: Path, **settings: Any) -> Recommender:
    return load(settings=Settings(models_dir=models, **settings))


def run(code: str, models: Path, **env: str) -> str:
    """Run code in a process of its own, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env=os.environ | {"SNEAKERAUG_MODELS_DIR": str(models)} | env,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_published_model_gets_the_graph_with_hashes_and_figures(with_graph: Path) -> None:
    card = registry.verify(with_graph / "small")
    assert set(GRAPH_FILES) <= card.files.keys()
    assert card.embedder[INT8]["weights_sha256"] == card.files[WEIGHTS]
    figures = [figure for figure in card.figures if figure.name.startswith("int8 on a CPU: ")]
    assert figures[0].name == SAME_EDIT
    for figure in figures:
        assert figure.command.startswith("sneakeraug evaluate int8 --model small --images ")
        assert figure.n > 0
        assert figure.interval is not None
        assert figure.interval[0] <= figure.value <= figure.interval[1]
        assert figure.baselines
    assert card.tables[INT8][FLOAT_GRAPH]["largest_change_of_probability"] < 1e-4


def test_the_figures_are_had_again(with_graph: Path, demo_paths: list[Path]) -> None:
    network = open_backbone(with_graph / "small", "cpu")
    again = report_int8([demo_paths[0].parent], network, 0, silent)["figures"]
    card = read_card(with_graph / "small")
    published = {figure.name: figure.value for figure in card.figures}
    for figure in again:
        if not figure["name"].endswith("ms (lower is better)"):
            assert figure["value"] == pytest.approx(published[figure["name"]], abs=1e-4)


def test_a_published_model_gets_one_graph_only(with_graph: Path, demo_paths: list[Path]) -> None:
    network = open_backbone(with_graph / "small", "cpu")
    with pytest.raises(InputError, match="has an int8 graph already; published models do not"):
        train_int8([demo_paths[0].parent], network, None, Int8Options(), silent)


def test_a_file_that_a_model_has_is_not_added_again(with_graph: Path) -> None:
    with pytest.raises(InputError, match=f"has a file '{WEIGHTS}' already"):
        registry.add_files(with_graph / "small", {WEIGHTS: b""})


def test_an_addition_that_is_cut_short_leaves_the_model_as_it_was(
    small_models: Path, tmp_path: Path
) -> None:
    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    before = registry.verify(models / "small")
    (models / "small" / GRAPH_FILES[1]).mkdir()
    with pytest.raises(StoreError):
        registry.add_files(models / "small", dict.fromkeys(GRAPH_FILES, b"<net/>"))
    assert registry.verify(models / "small") == before
    assert serve(models, device="cpu").backend == "torch"


def test_serving_takes_the_graph_where_it_is_left_open(
    with_graph: Path, demo_paths: list[Path]
) -> None:
    found = {
        backend: serve(with_graph, device="cpu", backend=backend).recommend(demo_paths[0])
        for backend in ("auto", "openvino", "torch")
    }
    assert {name: result.backend for name, result in found.items()} == {
        "auto": "openvino",
        "openvino": "openvino",
        "torch": "torch",
    }
    assert {result.device for result in found.values()} == {"cpu"}
    p = {name: [v.p for v in result.variants] for name, result in found.items()}
    np.testing.assert_allclose(sorted(p["openvino"]), sorted(p["torch"]), atol=0.05)


def test_a_graph_encodes_a_batch_as_it_does_one_by_one_and_nothing_as_nothing(
    with_graph: Path, demo_paths: list[Path]
) -> None:
    recommender = serve(with_graph, backend="openvino")
    photos = [variant.photo for variant in recommender.analyse(demo_paths[2]).variants]
    encoder = recommender.model.encoder
    together, parts = encoder.encode(photos), encoder.encode(photos, batch_size=1)
    np.testing.assert_allclose(together.outputs, parts.outputs, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(together.embeddings, axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(together.outputs.sum(axis=1), 1, atol=1e-4)
    assert encoder.encode([]).embeddings.shape == (0, together.embeddings.shape[1])


def test_threads_share_a_graph(with_graph: Path, demo_paths: list[Path]) -> None:
    recommender = serve(with_graph, backend="openvino", threads=1)
    photos = [variant.photo for variant in recommender.analyse(demo_paths[1]).variants]
    encoder = recommender.model.encoder
    alone = [encoder.encode([photo]).outputs for photo in photos]
    with ThreadPoolExecutor(6) as pool:
        at_once = list(pool.map(lambda photo: encoder.encode([photo]).outputs, photos * 5))
    for i, outputs in enumerate(at_once):
        np.testing.assert_array_equal(outputs, alone[i % len(photos)])


def test_a_cpu_server_imports_no_torch_and_opens_no_connection(
    with_graph: Path, demo_paths: list[Path]
) -> None:
    code = f"""
import socket, sys
def refuse(*_):
    raise AssertionError("a connection was opened")
socket.socket.connect = socket.getaddrinfo = refuse
sys.argv = ["sneakeraug", "recommend", {str(demo_paths[0])!r}, "--backend", "openvino", "--json"]
from sneakeraug.cli import main
try:
    main()
finally:
    heavy = {{"torch", "torchvision", "nncf"}}
    print(sorted(heavy & sys.modules.keys()), sys.modules[{TELEMETRY!r}])
"""
    printed = run(code, with_graph)
    document, end = printed.rstrip().rsplit("\n", 1)
    assert (json.loads(document)["device"], json.loads(document)["backend"]) == ("cpu", "openvino")
    assert end == "[] None"


def test_the_page_of_a_cpu_server_imports_no_torch(with_graph: Path) -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("app.py", default_timeout=100).run()
at.button(key="start_sample_0").click().run()
assert not at.exception, at.exception
print("torch" in sys.modules, "openvino" in sys.modules)
"""
    assert run(code, with_graph, SNEAKERAUG_DEVICE="cpu").strip() == "False True"


def test_what_was_compiled_is_kept_at_home(with_graph: Path, tmp_path: Path) -> None:
    serve(with_graph, backend="openvino", home=tmp_path / "here")
    assert list((tmp_path / "here" / "openvino").glob("*/*.blob"))


def test_a_home_that_cannot_be_written_stops_no_server(
    with_graph: Path, demo_paths: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    recommender = serve(with_graph, backend="openvino", home=tmp_path / "file" / "home")
    assert recommender.recommend(demo_paths[0]).backend == "openvino"


def test_a_changed_graph_is_refused(with_graph: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(with_graph, tmp_path / "models"))
    with (models / "small" / GRAPH_FILES[1]).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelCorruptError):
        serve(models)


@pytest.mark.parametrize("text", ["", "<net/>"], ids=["empty", "no network"])
def test_what_is_no_graph_of_this_network_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelNotFoundError, match=r"'embedder-int8\.xml' is missing"):
        open_graph(tmp_path / GRAPH)
    for name in GRAPH_FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="is not a graph of this network"):
        open_graph(tmp_path / GRAPH)


@pytest.mark.parametrize(
    ("device", "backend", "has_graph", "expected"),
    [
        ("auto", "auto", True, "openvino"),
        ("auto", "auto", False, "torch"),
        ("cpu", "auto", True, "openvino"),
        ("cuda", "auto", True, "torch"),
        ("cpu", "torch", True, "torch"),
        ("auto", "openvino", True, "openvino"),
    ],
)
def test_the_backend_fits_what_is_there(
    device: str, backend: str, has_graph: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert backends.choose_backend(device, backend, has_graph) == expected


@pytest.mark.parametrize(
    ("device", "backend", "has_graph", "error", "message"),
    [
        (
            "auto",
            "openvino",
            False,
            ModelError,
            "no CPU graph.*Add one with `sneakeraug train int8",
        ),
        ("cuda", "openvino", True, InputError, "on the CPU; --device cuda was given"),
        ("auto", "onnx", True, InputError, "Unknown backend 'onnx'; expected one of: auto, torch"),
    ],
)
def test_a_backend_that_cannot_run_is_said_in_one_line(
    device: str, backend: str, has_graph: bool, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        backends.choose_backend(device, backend, has_graph)
    assert "\n" not in str(caught.value)


def test_an_embedders_graph_goes_with_it_until_it_is_trained_anew(
    small_models: Path, demo_paths: list[Path], tmp_path: Path
) -> None:
    images = [demo_paths[0].parent]
    card = read_card(small_models / "small")
    folder = tmp_path / "embedder"
    folder.mkdir()
    shutil.copy(small_models / "small" / WEIGHTS, folder)
    (folder / "embedder.json").write_text(json.dumps(card.embedder), encoding="utf-8")
    with pytest.raises(ModelError, match=r"has no int8 graph of its weights\. Add one with"):
        report_int8(images, open_backbone(folder, "cpu"), 0, silent)
    train_int8(images, open_backbone(folder, "cpu"), None, FEWEST, silent)
    network = open_backbone(folder, "cpu")
    fitted = Fitted(*load_conversions(small_models / "small", card.conversion))
    facts = Facts("first", "watches", True, "", "", card.figures, {}, (), ())
    published = publish_model(network, fitted, facts, tmp_path / "models", silent)
    assert set(GRAPH_FILES) <= registry.verify(published).files.keys()
    assert open_backbone(published, "cpu").graph == published / GRAPH
    weights = folder / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert open_backbone(folder, "cpu").graph is None


def test_another_model_of_the_network_keeps_the_figures_of_its_graph(with_graph: Path) -> None:
    network = open_backbone(with_graph / "small", "cpu")
    assert network.card is not None
    figures, tables = network.figures("second")
    commands = [f.command for f in figures if f.name.startswith("int8 on a CPU: ")]
    assert commands
    assert all("evaluate int8 --model second --images" in command for command in commands)
    assert tables[INT8] == network.card.tables[INT8]


def test_a_graph_can_be_written_elsewhere(
    small_models: Path, demo_paths: list[Path], tmp_path: Path
) -> None:
    network = open_backbone(small_models / "small", "cpu")
    out = tmp_path / "out"
    document = train_int8([demo_paths[0].parent], network, out, FEWEST, silent)
    assert sorted(p.name for p in out.iterdir()) == [
        "embedder-int8.bin",
        "embedder-int8.json",
        GRAPH,
    ]
    assert json.loads((out / "embedder-int8.json").read_text()) == {
        key: value for key, value in document.items() if key != "folder"
    }
    assert GRAPH not in registry.verify(small_models / "small").files
