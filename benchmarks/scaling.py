"""One batch by the local engine and on Ray, by more and more workers: rate, start, memory, steps.

Every run is a process of its own (Ray's are a small cluster of processes beside it), and scores the
same JPEGs with the shipped model. *Start* is what passes until the first rows, less what these
rows take; *rate* is of the pictures after them. Memory is the most that the run's processes had of
their own together (what they share with others is counted to nobody: libraries, and Ray's object
store of at most 512 MB). Steps are timed alone by the processor's clock, one thread, in this
process: their shares say where a processor's time goes.

    python benchmarks/scaling.py [--n 200] [--actors 1 2 4] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from batch import SIDE_PX, write_photos
from timing import machine, write_json

from sneakeraug import load
from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.local import score_locally
from sneakeraug.batch.look import look
from sneakeraug.batch.on_ray import RayEngine
from sneakeraug.batch.outputs import write_rows
from sneakeraug.batch.packing import pack, unpack
from sneakeraug.batch.run import PICTURES_A_CHUNK
from sneakeraug.batch.scorer import Scorer, Wanted
from sneakeraug.settings import read_settings

LOOK_EVERY_S = 0.25


def run_once(folder: Path, engine: str, n_workers: int, threads: int, chunk: int) -> dict[str, Any]:
    """Score the pictures once; called in a process of its own."""
    began = time.perf_counter()
    scorer = Scorer(load(settings=read_settings(device="cpu", threads=threads)), Wanted())
    loaded_s = time.perf_counter() - began
    inputs = Inputs(folder)
    chunks = inputs.chunks(chunk)
    started = time.perf_counter()
    found = _scored(engine, n_workers, inputs, chunks, scorer)
    times, counts, rows = [], [], []
    for scored in found:
        times.append(time.perf_counter() - started)
        counts.append(len(scored))
        rows += [row for some in scored.rows for row in some]
    before = time.perf_counter()
    write_rows(folder / "rows.parquet", ".parquet", rows)
    wrote_s = time.perf_counter() - before
    rate = sum(counts[1:]) / max(times[-1] - times[0], 1e-9)
    return {
        "pictures": sum(counts),
        "failed": sum(row["kind"] == "error" for row in rows),
        "load_s": loaded_s,
        "start_s": max(0.0, times[0] - counts[0] / rate),
        "seconds": times[-1],
        "per_second": rate,
        "per_second_with_start": sum(counts) / times[-1],
        "write_s": wrote_s,
    }


def _scored(
    engine: str, n_workers: int, inputs: Inputs, chunks: Iterator[list[Item]], scorer: Scorer
) -> Any:
    if engine == "local":
        return score_locally(inputs, chunks, scorer, n_workers)
    return RayEngine(n_workers=n_workers)(inputs, chunks, scorer)


class Memory(threading.Thread):
    """Watches what a process and all below it have of their own."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most_bytes, self.is_over = pid, 0, threading.Event()

    def run(self) -> None:
        """Look now and then until it is over."""
        while not self.is_over.wait(LOOK_EVERY_S):
            self.most_bytes = max(self.most_bytes, sum(map(_own_bytes, _below(self.pid))))


def _below(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int(
                (entry / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
    ours = {pid}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return ours


def _own_bytes(pid: int) -> int:
    """Private pages of a process; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = (line.split()[1] for line in lines if line.startswith("Private_"))
    return 1024 * sum(map(int, kilobytes))


def run_apart(
    folder: Path, engine: str, n_workers: int, threads: int, chunk: int
) -> dict[str, Any]:
    """Run in a process of its own, and watch its memory."""
    given = ("--once", folder, engine, n_workers, threads, chunk)
    command = [sys.executable, __file__, *map(str, given)]
    with subprocess.Popen(  # noqa: S603 - this file, and what it was given
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        memory = Memory(process.pid)
        memory.start()
        said, _ = process.communicate()
        memory.is_over.set()
        memory.join()
    if process.returncode:
        raise SystemExit(f"{engine} with {n_workers} workers failed")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    about = {"engine": engine, "workers": n_workers, "threads_a_worker": threads}
    return about | found | {"most_bytes": memory.most_bytes}


def time_steps(folder: Path, n: int) -> dict[str, float]:
    """Processor milliseconds a picture of each step, alone; other programs hardly change them."""
    scorer = Scorer(load(settings=read_settings(device="cpu", threads=1)), Wanted())
    inputs = Inputs(folder)
    items = [item for _, item in zip(range(n), inputs.items(), strict=False)]
    bounds, size_px = scorer.limits, scorer.size_px
    first = [look(inputs, items[0], bounds, size_px)]
    scorer.score(first, scorer.encode(first))
    marks = [time.process_time()]
    for item in items:
        inputs.read(item.name, bounds)
    marks.append(time.process_time())
    looked = [look(inputs, item, bounds, size_px) for item in items]
    marks.append(time.process_time())
    unpack(pack(looked))
    marks.append(time.process_time())
    encoded = scorer.encode(looked)
    marks.append(time.process_time())
    if scorer.score(looked, encoded).n_failed:
        raise SystemExit("a picture of the benchmark cannot be scored")
    marks.append(time.process_time())
    read, look_and_read, move, network, scores = (1e3 * s / n for s in np.diff(marks).tolist())
    return {
        "read": read,
        "decode, judge and edit": look_and_read - read,
        "pack for another machine": move,
        "network": network,
        "scores and rows": scores,
    }


def main() -> None:
    """Print one table; write it as JSON where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200, help="Pictures of a run.")
    parser.add_argument(
        "--workers", type=int, nargs="*", default=[1, 2], help="Of the local engine."
    )
    parser.add_argument("--actors", type=int, nargs="*", default=[1, 2, 4], help="Of Ray.")
    parser.add_argument("--chunk", type=int, default=8, help="Pictures that travel together.")
    parser.add_argument("--steps-n", type=int, default=16, help="Pictures that steps are timed on.")
    parser.add_argument("--json", type=Path, help="Write the figures here.")
    parser.add_argument("--once", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        folder, engine, *numbers = args.once
        print(json.dumps(run_once(Path(folder), engine, *map(int, numbers))))
        return
    at_once = min(args.chunk, PICTURES_A_CHUNK["cpu"])
    report: dict[str, Any] = {
        "machine": machine(),
        "pictures": args.n,
        "side_px": SIDE_PX,
        "pictures_a_chunk": at_once,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = write_photos(Path(name), args.n)
        sizes = [path.stat().st_size for path in folder.glob("*.jpg")]
        report["bytes_a_picture"] = sum(sizes) / len(sizes)
        report["steps_ms"] = time_steps(folder, min(args.n, args.steps_n))
        report["runs"] = [
            run_apart(folder, engine, n_workers, threads, at_once)
            for engine, every, threads in (("local", args.workers, 0), ("ray", args.actors, 1))
            for n_workers in every
        ]
    report["load_at_the_end"] = os.getloadavg()[0]
    print(
        f"{args.n} JPEGs of {SIDE_PX} px ({report['bytes_a_picture'] / 1e3:.0f} kB each), "
        f"{report['machine']}, {report['load_at_the_end']:.1f} at the end"
    )
    print(f"{'engine':<8}{'workers':>8}{'photos/s':>10}{'with start':>12}{'start s':>9}{'GB':>7}")
    for run in report["runs"]:
        print(
            f"{run['engine']:<8}{run['workers']:>8}{run['per_second']:>10.1f}"
            f"{run['per_second_with_start']:>12.1f}{run['start_s']:>9.1f}"
            f"{run['most_bytes'] / 1e9:>7.2f}"
        )
    steps = report["steps_ms"]
    total = sum(steps.values())
    for step, ms in steps.items():
        print(f"{step:<28}{ms:>8.1f} ms of a processor{100 * ms / total:>7.0f} %")
    print(f"{'all':<28}{total:>8.1f} ms of a processor a picture")
    write_json(args.json, report)


if __name__ == "__main__":
    main()
