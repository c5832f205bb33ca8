"""Ray as an engine: imported late and quietly, reached within seconds, or started for one run."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sneakeraug.errors import InputError, SneakeraugError

REACHED_WITHIN_S: Final = 5.0
"""A cluster that does not answer by then is taken for not there."""

STORE_BYTES: Final = 512 * 1024 * 1024
"""Memory that the processes of a cluster of this machine's own share, without a GPU."""

CPUS_AN_ACTOR: Final = 2
"""Processors an actor takes where the settings name no threads; Ray joins steps that take as many
each, and decoding would wait for the network."""


def import_ray(address: str | None) -> Any:
    """Import Ray without its usage statistics, which would be sent to its makers.

    Parameters
    ----------
    address
        Of a cluster; where None, one that is started listens on this machine's loopback alone.

    Raises
    ------
    InputError
        If it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address is None:  # whatever its name says, it decides the address on every system
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if importlib.util.find_spec("ray") is None:
        raise InputError(
            "--engine ray was given, and Ray is not installed. Install it with "
            "`pip install sneakeraug[ray]`, or leave out --engine."
        )
    import ray
    import ray.data

    return ray


@contextmanager
def connected(address: str | None, n_cpus: int, n_gpus: int) -> Iterator[Any]:
    """Connect to Ray for one run; a connection that is there already is used and left.

    Parameters
    ----------
    address
        ``HOST:PORT`` of a cluster; one of this machine's own, for this run, where None.
    n_cpus
        Processors that actors take; where the cluster is our own, tasks get as many as there are.
    n_gpus
        That an actor takes.
    """
    ray = import_ray(address)
    is_ours = not ray.is_initialized()
    if is_ours:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address is None:
            ray.init(
                "local",
                num_cpus=n_cpus + len(os.sched_getaffinity(0)),
                include_dashboard=False,
                object_store_memory=None if n_gpus else STORE_BYTES,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
        else:
            ray.init(address, **quiet)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    finally:
        if is_ours:
            ray.shutdown()


def check_cluster(address: str | None) -> None:
    """Refuse a cluster that cannot run anything, before any work is done.

    Raises
    ------
    InputError
        If Ray is not installed, or the cluster does not answer.
    """
    ray = import_ray(address)
    if address is not None and not ray.is_initialized():
        _reach(address)


def failed_on_ray(exc: Exception, *, is_kept: bool = True) -> SneakeraugError:
    """Return the error of a run that Ray gave up; `is_kept` says whether what was done is."""
    said = str(exc).strip().splitlines()[-1][:300]
    kept = "What was done is kept: run" if is_kept else "Nothing was published: run"
    goes_on = ", and it goes on" if is_kept else ""
    return SneakeraugError(
        f"The run failed on Ray: {said}. {kept} the same again once that is mended{goes_on}."
    )


def _reach(address: str) -> None:
    """Refuse a cluster that does not answer within seconds."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InputError(
            f"--ray-address {address[:60]!r} is no address; HOST:PORT is expected, as "
            "`ray start --head` prints it."
        )
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        socket.create_connection((host, int(port)), REACHED_WITHIN_S).close()
        subprocess.run(  # noqa: S603 - our own interpreter, and an address that was checked
            command, check=True, capture_output=True, timeout=4 * REACHED_WITHIN_S
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise InputError(
            f"No Ray cluster answers at {address!r}, or it refuses this machine. Check the address "
            "and, where the cluster asks for a token, RAY_AUTH_MODE; or leave out --ray-address to "
            "run on this machine alone."
        ) from exc
