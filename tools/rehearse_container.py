"""Run what the Containerfile runs, without a container engine: `make rehearse`.

The stages that the CPU image is made of are followed in a folder of their own: COPY copies, RUN
runs in a shell, with /opt/sneakeraug, /srv/sneakeraug and /var/lib/sneakeraug below that folder.
Then the image's command starts as its user (where this is run as root) with the code read-only, and
its health check is asked. What an engine alone does stays unproven: namespaces, volumes, limits.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("/opt/sneakeraug", "/srv/sneakeraug", "/var/lib/sneakeraug")
STAGES = ("source", "build-cpu", "base", "cpu")
NOT_HERE = "install -d -o 10001"  # makes the home; done below, for this folder
TRIES = 180


def main() -> None:
    """Follow the recipe, start what it made, ask for its health, and say how large it is."""
    with tempfile.TemporaryDirectory(prefix="sneakeraug-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        stages = read_stages((ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8"))
        variables: dict[str, str] = {}
        for stage in STAGES:
            for what, rest in stages[stage]:
                follow(what, rest, folder, variables)
        last = dict(stages["base"])
        for place in PLACES[:2]:
            seal(folder / place[1:])
        serve(json.loads(last["CMD"]), last["HEALTHCHECK"], folder, variables)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"the image's own layers: {size / 1e6:,.0f} MB before compression")


def read_stages(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of each stage, by its name."""
    text = re.sub(r"\\\n", "", re.sub(r"(?m)^\s*#.*\n", "", text))
    stages: dict[str, list[tuple[str, str]]] = {}
    here: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        what, _, rest = line.partition(" ")
        if what == "FROM":
            here = stages[rest.split(" AS ")[1]] = []
        else:
            here.append((what, rest))
    return stages


def moved(text: str, folder: Path) -> str:
    """Put the image's places below a folder, and this Python in place of the image's."""
    for place in (*PLACES, "/tmp/requirements"):  # noqa: S108 - what the recipe says
        text = text.replace(place, f"{folder}{place}")
    return text.replace("python -m venv", f"{sys.base_exec_prefix}/bin/python3 -m venv")


def follow(what: str, rest: str, folder: Path, variables: dict[str, str]) -> None:
    """Do what an instruction says."""
    if what == "COPY" and "--from" not in rest:
        *sources, target = rest.split()
        into = Path(moved(target, folder))
        if not into.is_absolute():
            into = folder / "srv/sneakeraug" / target
        for source in sources:
            path = into / source if target.endswith("/") else into
            path.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, path)
            else:
                shutil.copy(ROOT / source, path)
    elif what == "ENV":
        variables |= dict(pair.split("=", 1) for pair in shlex.split(moved(rest, folder)))
    elif what == "RUN" and NOT_HERE not in rest:
        print(f"RUN {rest}", flush=True)
        started = time.monotonic()
        subprocess.run(["/bin/sh", "-euc", moved(rest, folder)], check=True, cwd=folder)
        print(f"    {time.monotonic() - started:.0f} s", flush=True)


def seal(folder: Path) -> None:
    """Nobody may write into a folder."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def its_user(folder: Path) -> dict[str, Any]:
    """The image's user, where this may become it and it may run the interpreter."""
    user: dict[str, Any] = {"user": 10001, "group": 10001, "extra_groups": []}
    try:
        subprocess.run([folder / "opt/sneakeraug/bin/python", "-c", ""], check=True, **user)
    except (PermissionError, subprocess.CalledProcessError):
        print("USER stays who runs this: another may not run this machine's Python")
        return {}
    return user


def serve(command: list[str], check: str, folder: Path, variables: dict[str, str]) -> None:
    """Start the command, ask for its health until it is well, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    home = folder / "var/lib/sneakeraug"
    home.mkdir(parents=True)
    command = [part.replace("0.0.0.0", "127.0.0.1") for part in command]  # noqa: S104
    environment = {
        **variables,
        "PATH": f"{folder}/opt/sneakeraug/bin:/usr/local/bin:/usr/bin:/bin",
        "READY_URL": variables["READY_URL"].replace("8501", port),
        "TMPDIR": str(home),
    }
    user = its_user(folder)
    if user:
        os.chown(home, 10001, 10001)
    where = folder / "srv/sneakeraug"
    print(f"CMD {command} --port {port}", flush=True)
    process = subprocess.Popen([*command, "--port", port], cwd=where, env=environment, **user)
    question = json.loads(check.partition(" CMD ")[2])
    try:
        started = time.monotonic()
        for _ in range(TRIES):
            if not subprocess.run(
                question, env=environment, capture_output=True, **user
            ).returncode:
                break
            if process.poll() is not None:
                sys.exit("the command ended")
            time.sleep(1)
        else:
            sys.exit("the command did not get well")
        print(f"HEALTHCHECK well after {time.monotonic() - started:.0f} s")
        found = subprocess.run(
            [
                folder / "opt/sneakeraug/bin/python",
                "-c",
                "import importlib.util as u; print(u.find_spec('torch'))",
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            **user,
        )
        if found.stdout.strip() != "None":
            sys.exit("torch is in the CPU image")
    finally:
        process.terminate()
        print(f"ended with {process.wait(timeout=45)}")


if __name__ == "__main__":
    main()
