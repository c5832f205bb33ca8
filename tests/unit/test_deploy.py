"""What ships is well formed: the image's recipe, the compose file, nginx, the systemd units."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from nginx_front import require_nginx, write_certificate, write_conf

from sneakeraug.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
UNITS = ("sneakeraug-page.service", "sneakeraug-service.service")


def stages() -> dict[str, list[tuple[str, str]]]:
    """Instructions of each stage, by its name."""
    found: dict[str, list[tuple[str, str]]] = {}
    lines = re.sub(r"\\\n", "", re.sub(r"(?m)^\s*#.*\n", "", CONTAINERFILE)).splitlines()
    here: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, lines)):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            here = found[rest.split(" AS ")[1]] = []
        here.append((name, rest))
    return found


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_hadolint_finds_nothing() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [linter, "--no-color", DEPLOY / "Containerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    base = dict(stages()["base"])
    assert base["USER"] == "10001:10001"
    assert "HEALTHCHECK" in base
    assert base["CMD"].startswith('["sneakeraug", "app"')
    for name in ("cpu", "gpu"):
        said = stages()[name]
        assert said[0] == ("FROM", f"base AS {name}")
        assert {what for what, _ in said} <= {"FROM", "COPY", "ENV"}  # still the user of the base


def test_the_cpu_image_is_the_default_and_holds_no_torch() -> None:
    assert list(stages())[-1] == "cpu"
    assert "requirements-serve.txt" in dict(stages()["build-cpu"])["COPY"] + str(
        stages()["build-cpu"]
    )
    assert "torch" not in (ROOT / "requirements-serve.txt").read_text(encoding="utf-8")
    assert "torch==" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_what_the_image_copies_is_there_and_no_secret_is_among_it() -> None:
    ignore = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    for instructions in stages().values():
        for what, rest in instructions:
            if what == "COPY" and "--from" not in rest:
                *sources, _ = rest.split()
                for source in sources:
                    assert (ROOT / source).exists(), source
                    assert f"!{source}" in ignore, source
                    assert source != ".streamlit"  # secrets.toml may lie there


def test_every_container_is_read_only_without_rights_and_bounded(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"page-1", "page-2", "service", "db", "nginx"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert "privileged" not in service, name
        assert re.search(r":\d", service["image"]) or service["build"], name  # a version is named


def test_only_nginx_is_reached_and_it_waits_for_all_it_leads_to(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert services["db"]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    assert set(services["nginx"]["depends_on"]) == {"page-1", "page-2", "service"}
    assert "pg_isready" in services["db"]["healthcheck"]["test"][1]
    conf = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^\s+server (\S+):\d+;", conf)) == {"page-1", "page-2", "service"}


def test_pages_and_service_share_database_home_and_cookie_secret(compose: dict[str, Any]) -> None:
    for name in ("page-1", "page-2", "service"):
        service = compose["services"][name]
        assert service["volumes"] == ["home:/var/lib/sneakeraug"]
        assert service["environment"]["SNEAKERAUG_DATABASE_URL"].startswith("postgresql+psycopg://")
        assert ":?" in service["environment"]["STREAMLIT_SERVER_COOKIE_SECRET"]  # never empty
        assert service["env_file"] == ["env"]
        assert service["user"] == "10001:10001"
    serve = compose["services"]["service"]
    assert serve["command"][:2] == ["sneakeraug", "serve"]
    assert serve["environment"]["READY_URL"].endswith(":8080/readyz")


def test_no_secret_has_a_value_in_what_ships() -> None:
    for path in DEPLOY.iterdir():
        text = path.read_text(encoding="utf-8")
        for name, value in re.findall(r"(?m)^#?\s*([A-Z_]*(?:PASSWORD|SECRET|KEYS))=(.*)$", text):
            assert not value, (path.name, name)


def test_every_variable_that_ships_is_known() -> None:
    known = {f"SNEAKERAUG_{name.upper()}" for name in Settings.model_fields}
    for path in DEPLOY.iterdir():
        assert set(re.findall(r"SNEAKERAUG_[A-Z_]+", path.read_text(encoding="utf-8"))) <= known


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    nginx = require_nginx()
    write_certificate(tmp_path)
    conf = write_conf(tmp_path, ["127.0.0.1:1", "127.0.0.1:2"], "127.0.0.1:3", 18000, 18443)
    done = subprocess.run(
        [nginx, "-t", "-c", conf, "-e", tmp_path / "start.log"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit_and_finds_it_hardened(tmp_path: Path, name: str) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (DEPLOY / name).read_text(encoding="utf-8")
    command = "app" if "page" in name else "serve"
    assert f"/sneakeraug {command} --address 127.0.0.1\n" in unit
    path = tmp_path / name
    changes = {
        "/srv/sneakeraug/.venv/bin/sneakeraug": "/bin/true",  # it has to be there
        "WorkingDirectory=/srv/sneakeraug": "WorkingDirectory=/",
    }
    for old, new in changes.items():
        unit = unit.replace(old, new)
    path.write_text(unit, encoding="utf-8")
    for arguments in (["verify"], ["security", "--offline=true", "--threshold=25"]):
        done = subprocess.run(
            [analyze, *arguments, path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-500:] + done.stderr
