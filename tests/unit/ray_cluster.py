"""A Ray cluster of two nodes on this machine's loopback, and what its processes are doing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sneakeraug.cluster import connected, import_ray

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1 and ::1, as the kernel writes them."""

LISTENS = "0A"

SECONDS_TO_MISS = {"health_check_period_ms": 1000, "health_check_failure_threshold": 3}
"""A node that is gone is noticed soon."""


@dataclass(frozen=True)
class TwoNodes:
    """A running cluster; its second node can be lost."""

    address: str
    cluster: Any
    second: Any

    def lose_second(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    """Start the nodes in processes of their own, and connect this one to them."""
    import_ray(None)
    from ray.cluster_utils import Cluster

    node = {
        "num_cpus": 4,
        "node_ip_address": "127.0.0.1",
        "include_dashboard": False,
        "object_store_memory": 100 * 2**20,
    }
    cluster = Cluster(
        initialize_head=True, head_node_args={**node, "_system_config": SECONDS_TO_MISS}
    )
    try:
        second = cluster.add_node(**node)
        with connected(cluster.address, 0, 0):
            yield TwoNodes(cluster.address, cluster, second)
    finally:
        cluster.shutdown()


def below(pid: int) -> dict[int, str]:
    """The processes that a process started, and those that these started, with their command."""
    found, parents = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        parents[int(entry.name)], found[int(entry.name)] = int(fields[1]), command
    ours = {pid}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {child: found[child] for child in ours - {pid}}


def listening_beyond_this_machine() -> list[str]:
    """Commands below this process that listen on another address than the loopback."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and fields[1].partition(":")[0] not in LOOPBACK:
                sockets.add(f"socket:[{fields[9]}]")
    found = []
    for pid, command in below(os.getpid()).items():
        for entry in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                if str(entry.readlink()) in sockets:
                    found.append(command)
            except OSError:
                continue
    return found
