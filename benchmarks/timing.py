"""What timed benchmarks share: jobs in turn, the machine in words, and a file of what was found."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def time_in_turn(jobs: Mapping[str, Callable[[], object]], n: int) -> dict[str, np.ndarray]:
    """Wall milliseconds of jobs that take turns, `n` times each.

    Each runs twice in its turn and the second run counts: threads and caches are as its own first
    run left them, not as the job before did.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(n):
        for name, job in jobs.items():
            job()
            started = time.perf_counter()
            job()
            times[name].append(1e3 * (time.perf_counter() - started))
    return {name: np.array(some) for name, some in times.items()}


def machine() -> str:
    """The processor, how many of it, and the system."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, {platform.system()}, load {load:.1f} at the start"


def write_json(path: Path | None, document: dict[str, Any]) -> None:
    """Write what was found, where a file is named."""
    if path is not None:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
