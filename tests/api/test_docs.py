"""docs/service.md is true: its lines run, its tables are the code's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sneakeraug.api.journal import PATHS
from sneakeraug.api.problems import STATUS_BY_REASON
from sneakeraug.settings import Settings

from .conftest import Service

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder to write into, with the samples where the examples look for them."""
    (tmp_path / "sneakeraug").symlink_to(ROOT / "sneakeraug")
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("block", blocks("bash"))
def test_the_curl_lines_are_answered(block: str, service: Service, here: Path) -> None:
    script = "set -e -o pipefail\n" + block.replace("curl -sS", "curl -sS --fail-with-body")
    done = subprocess.run(
        ["bash", "-c", script.replace(ADDRESS, service.url)],
        capture_output=True,
        text=True,
        cwd=here,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in re.findall(r"-o (\S+)", block):
        assert (here / name).stat().st_size > 500
    answers = re.sub(r"}\s*{\"products\"", '}\n{"products"', done.stdout).splitlines()
    for answer in answers:
        assert json.loads(answer).keys() & {"variants", "items", "products", "decision_id"}


def test_the_python_client_prints_a_verdict_and_says_what_is_wrong(service: Service) -> None:
    code = blocks("python")[0].replace(ADDRESS, service.url)
    run = [sys.executable, "-c"]
    done = subprocess.run([*run, code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert len(done.stdout.splitlines()) == 7
    wrong = code.replace("open_rate", "sales")
    done = subprocess.run([*run, wrong], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Unknown target 'sales'; expected one of")
    assert "request " in done.stderr


def test_the_python_client_writes_a_zip(service: Service, here: Path) -> None:
    code = blocks("python")[1].replace(ADDRESS, service.url)
    subprocess.run([sys.executable, "-c", code], cwd=here, check=True)
    with zipfile.ZipFile(here / "running-cobalt.zip") as archive:
        assert len(archive.namelist()) == 3


def test_the_example_of_an_error_is_what_comes_back(service: Service, in_base64: str) -> None:
    (block,) = blocks("json")
    answer = service.post(
        "/v1/recommendations",
        json={"image": in_base64, "target": "sales"},
        headers={"X-Request-ID": "an-example"},
    )
    assert answer.json() == json.loads(block)


def test_every_path_reason_and_setting_is_named(service: Service) -> None:
    assert set(PATHS) | {"/v1/models/{model_id}"} == {
        *service.app.openapi()["paths"],
        "/openapi.json",
    }
    for word in (*PATHS, *STATUS_BY_REASON):
        assert f"`{word}`" in GUIDE or f" {word}`" in GUIDE, word
    fields = list(Settings.model_fields)
    for name in fields[fields.index("service_address") :]:
        default = Settings.model_fields[name].default
        assert f"`SNEAKERAUG_{name.upper()}`" in GUIDE + DEPLOYING
        assert not isinstance(default, int | float) or f"`{default:g}`" in GUIDE, name
