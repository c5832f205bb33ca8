"""What timed benchmarks share: the machine in words, sides in turn, a file of what was found."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

Job = Callable[[], object]


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


class Side:
    """Jobs in a process of their own, each run twice at its turn: the second run counts.

    The first finds caches as the other sides left them. A process of their own, because the threads
    of one library wait busily for a while after its work (OpenMP's do for milliseconds), so that
    whatever runs next in the same process is slowed by its predecessor.

    Parameters
    ----------
    make_jobs
        A function at the top of a module; called in the new process, it returns jobs by name.
    data
        What it is called with.
    """

    def __init__(self, make_jobs: Callable[[bytes], dict[str, Job]], data: bytes) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_answer, args=(theirs, make_jobs, data), daemon=True)
        self._process.start()
        theirs.close()
        self.names: list[str] = self._pipe.recv()

    def run(self, name: str) -> float:
        """Run a job twice, and return the seconds of the second time."""
        self._pipe.send(name)
        seconds: float = self._pipe.recv()
        return seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._process.join(30)


def _answer(pipe: Connection, make_jobs: Callable[[bytes], dict[str, Job]], data: bytes) -> None:
    """Run jobs as they are asked for, until nobody asks any more."""
    jobs = make_jobs(data)
    pipe.send(list(jobs))
    while True:
        try:
            name = pipe.recv()
        except EOFError:
            return
        jobs[name]()
        started = time.perf_counter()
        jobs[name]()
        pipe.send(time.perf_counter() - started)


def time_sides(sides: Iterable[Side], n: int, n_warm: int = 3) -> dict[str, np.ndarray]:
    """Run all jobs of all sides in turn, `n` times after `n_warm` that do not count; ms by name."""
    asked = [(side, name) for side in sides for name in side.names]
    found: dict[str, list[float]] = {name: [] for _, name in asked}
    for turn in range(n_warm + n):
        for side, name in asked:
            seconds = side.run(name)
            if turn >= n_warm:
                found[name].append(1e3 * seconds)
    return {name: np.array(some) for name, some in found.items()}
