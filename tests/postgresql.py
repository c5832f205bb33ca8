"""Debian's PostgreSQL, started for the tests in a folder of its own, on a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

USERS = ("postgres", "nobody")
"""Who may run the server where the tests run as root: it refuses to."""

FAST = {
    "fsync": "off",  # the server is stopped here, the machine is not
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "listen_addresses": "",
    "max_connections": "60",
    "timezone": "Asia/Tokyo",  # nothing may rest on the server's clock being UTC
}

_numbers = count(1)


class Server:
    """A server that may be stopped and started again.

    Attributes
    ----------
    programs
        Where ``initdb`` and ``pg_ctl`` are.
    folder
        Its files, and its socket.
    is_running
        Whether it was started and not stopped.
    """

    is_running = False

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:
            user = next(pwd.getpwnam(name) for name in USERS if _is_user(name))
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        settings = FAST | {"unix_socket_directories": str(self.folder)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self.is_running = True

    def stop(self) -> None:
        """End it at once, whoever is connected."""
        self.is_running = False
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def make_database(self) -> str:
        """A new, empty database; its address."""
        name = f"test{next(_numbers)}"
        with psycopg.connect(self.address("postgres", "postgresql"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def address(self, name: str, kind: str = "postgresql+psycopg") -> str:
        return f"{kind}://tests:not%40told@/{name}?host={self.folder}"  # pragma: allowlist secret

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
            timeout=120,
            **self._as,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, f"{program} failed, see {self.folder / 'log'}"


def _is_user(name: str) -> bool:
    try:
        return pwd.getpwnam(name).pw_uid != 0
    except KeyError:
        return False


def find_programs() -> Path | None:
    """The newest server's programs, where Debian puts them; None where it is not installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    return max(
        (path.parent for path in found), key=lambda path: int(path.parent.name), default=None
    )


@contextmanager
def running_server() -> Iterator[Server]:
    """A server until the block ends; where there is none tests are skipped, and say so."""
    programs = find_programs()
    if programs is None:
        why = "PostgreSQL is not installed; Debian's package postgresql is expected"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="sneakeraug-pg-"))  # a socket's path has to be short
    server = Server(programs, folder)
    try:
        yield server
    finally:
        if server.is_running:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
