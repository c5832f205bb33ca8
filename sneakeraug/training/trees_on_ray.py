"""Trees that grow on a cluster from rows on disk: in no process are all of them in memory.

The driver writes feature rows in pieces; each worker streams its share of them into XGBoost's
external memory, which keeps a byte a feature on the worker's own disk. Several workers add their
histograms up by XGBoost's own collective. A worker that is lost costs the trees of one target.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import xgboost as xgb
from safetensors.numpy import load_file, save
from xgboost.collective import CommunicatorContext
from xgboost.tracker import RabitTracker

from sneakeraug.cluster import CPUS_AN_ACTOR, check_cluster, connected, failed_on_ray
from sneakeraug.errors import InputError, StoreError
from sneakeraug.files import only_run, take_turns, write_bytes, writing
from sneakeraug.progress import Report
from sneakeraug.score.conversion import Boost, Margins, Rows, grow_trees
from sneakeraug.score.design import ROWS_AT_ONCE

ATTEMPTS: Final = 3
"""How often the trees of one target are begun, where workers are lost."""

LOSS_IS_KNOWN_WITHIN_S: Final = 10.0

TRAIN, HELD_OUT = "train", "held-out"

ROWS: Final = ".rows-"
"""Begins the name of a folder of rows; no model has such a name."""

Raw = tuple[bytes, list[float]]
"""Trees in XGBoost's binary JSON, and the held-out loss after each."""


@contextmanager
def trees_on_ray(
    address: str | None, n_workers: int, threads: int, folder: Path, report: Report
) -> Iterator[Boost]:
    """Give what grows trees on a cluster; its workers live as long as the context.

    Parameters
    ----------
    address
        See `cluster.connected`.
    n_workers
        Processes that grow trees together; one where 0.
    threads
        Processors each takes; two where 0.
    folder
        Receives a target's rows while its trees grow; all machines see it under this path.
    report
        Called when a worker was lost.

    Raises
    ------
    InputError
        If Ray is not installed, or the cluster does not answer, or has too few processors.
    """
    check_cluster(address)
    n_workers, n_cpus = max(1, n_workers), threads or CPUS_AN_ACTOR
    with connected(address, n_cpus * n_workers, 0) as ray:
        there = int(ray.cluster_resources().get("CPU", 0))
        if there < n_cpus * n_workers:
            raise InputError(
                f"{n_workers} workers of {n_cpus} processors each were asked for, and the cluster "
                f"has {there}. Ask for fewer with --workers, or add machines."
            )
        actor = ray.remote(num_cpus=n_cpus, scheduling_strategy="SPREAD")(TreeWorker)
        yield _TreesOnRay(ray, lambda: actor.remote(n_cpus), n_workers, folder, report)


class _TreesOnRay:
    """A `Boost` over actors, which are begun anew where one is lost."""

    def __init__(
        self, ray: Any, start: Callable[[], Any], n_workers: int, folder: Path, report: Report
    ) -> None:
        self._ray, self._start, self._n_workers = ray, start, n_workers
        self._folder, self._report = folder, report
        self._workers: list[Any] = []

    def __call__(
        self, parameters: Mapping[str, Any], train: Rows, held_out: Rows, margins: Margins
    ) -> tuple[xgb.Booster, list[float]]:
        """Grow trees; returns them with the held-out loss after each."""
        n_workers = min(self._n_workers, len(train), len(held_out))
        with _room(self._folder) as folder:
            for name, rows in ((TRAIN, train), (HELD_OUT, held_out)):
                _write(folder, name, rows, margins, n_workers)
            raw, losses = self._grow(parameters, folder, n_workers)
        return xgb.Booster(model_file=bytearray(raw)), losses

    def _grow(self, parameters: Mapping[str, Any], folder: Path, n_workers: int) -> Raw:
        for attempt in range(1, ATTEMPTS + 1):
            while len(self._workers) < n_workers:
                self._workers.append(self._start())
            with _tracker(self._ray, n_workers) as reach:
                growing = [
                    worker.grow.remote(str(folder), rank, n_workers, dict(parameters), reach)
                    for rank, worker in enumerate(self._workers[:n_workers])
                ]
                try:
                    return self._first(growing)
                except self._ray.exceptions.RayError as exc:
                    is_lost = self._is_one_lost(growing)
                    self._stop()
                    if not is_lost or attempt == ATTEMPTS:
                        raise failed_on_ray(exc, is_kept=False) from exc
            self._report("a worker was lost: its trees are grown again")
        raise AssertionError("unreachable")

    def _first(self, growing: Sequence[Any]) -> Raw:
        """What the first worker gives when all are done; an error as soon as one has it."""
        rest = list(growing)
        while rest:
            ended, rest = self._ray.wait(rest)
            self._ray.get(ended)
        found: Raw = self._ray.get(growing[0])
        return found

    def _is_one_lost(self, growing: Sequence[Any]) -> bool:
        """Whether a worker died, which the others tell of as errors of their own."""
        ended, _ = self._ray.wait(
            list(growing), num_returns=len(growing), timeout=LOSS_IS_KNOWN_WITHIN_S
        )
        for result in ended:
            try:
                self._ray.get(result)
            except self._ray.exceptions.RayActorError:
                return True
            except self._ray.exceptions.RayError:
                continue
        return False

    def _stop(self) -> None:
        """End the workers; others take their place when they are needed."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._workers.clear()


class TreeWorker:
    """Grows trees of its share of the rows; an actor of Ray.

    Parameters
    ----------
    threads
        Processors it takes.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def grow(
        self,
        folder: str,
        rank: int,
        n_workers: int,
        parameters: Mapping[str, Any],
        reach: Mapping[str, Any],
    ) -> Raw:
        """Grow trees together with the other workers; each returns the same.

        Parameters
        ----------
        folder
            Has the pieces that `_write` left there.
        rank, n_workers
            Which worker of how many this is.
        parameters
            XGBoost's.
        reach
            How the workers find each other; empty where there is one.
        """
        known = {**reach, "dmlc_task_id": f"{rank:08}"}
        together = CommunicatorContext(**known) if n_workers > 1 else nullcontext()
        threads = {"nthread": self._threads}
        with tempfile.TemporaryDirectory() as cache, together:
            train, held_out = (
                _Pieces(sorted(Path(folder).glob(f"{name}-*"))[rank::n_workers], Path(cache) / name)
                for name in (TRAIN, HELD_OUT)
            )
            data = xgb.ExtMemQuantileDMatrix(train, **threads)
            check = xgb.ExtMemQuantileDMatrix(held_out, ref=data, **threads)
            booster, losses = grow_trees({**parameters, **threads}, data, check)
            raw = bytes(booster.save_raw("ubj"))
            del data, check, booster  # what they keep on disk goes before its folder does
            return raw, losses


class _Pieces(xgb.DataIter):
    """Rows on disk, one piece in memory at a time."""

    def __init__(self, files: Sequence[Path], cache: Path) -> None:
        self._files, self._next = files, 0
        super().__init__(cache_prefix=str(cache))

    def next(self, input_data: Callable[..., None]) -> bool:
        """Hand over the next piece, if there is one."""
        if self._next == len(self._files):
            return False
        input_data(**load_file(self._files[self._next]))
        self._next += 1
        return True

    def reset(self) -> None:
        """Begin anew."""
        self._next = 0


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder for the rows of one target, which goes with it, or with the next if it is killed."""
    with ExitStack() as held:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with take_turns(folder):
                for left in folder.glob(f"{ROWS}*"):
                    with suppress(StoreError), only_run(left):  # nobody's any more
                        shutil.rmtree(left, ignore_errors=True)
                room = tempfile.TemporaryDirectory(dir=folder, prefix=ROWS)
                path = Path(held.enter_context(room)).resolve()
                held.enter_context(only_run(path))
        yield path


def _write(folder: Path, name: str, rows: Rows, margins: Margins, n_workers: int) -> None:
    """Write rows in pieces, at least one for each worker."""
    n_pieces = max(n_workers, -(-len(rows) // ROWS_AT_ONCE))
    bounds = np.linspace(0, len(rows), n_pieces + 1).astype(int).tolist()
    for number, (start, end) in enumerate(pairwise(bounds)):
        some = slice(start, end)
        x = rows.x[some]
        piece = {
            "data": x,
            "label": rows.y_true[some],
            "weight": rows.weight[some],
            "base_margin": margins(x),
        }
        tensors = {key: np.ascontiguousarray(part, np.float32) for key, part in piece.items()}
        write_bytes(folder / f"{name}-{number:06}.safetensors", save(tensors))


@contextmanager
def _tracker(ray: Any, n_workers: int) -> Iterator[dict[str, Any]]:
    """What XGBoost's workers find each other by; nothing where one is alone."""
    if n_workers == 1:
        yield {}
        return
    tracker = RabitTracker(n_workers, ray.util.get_node_ip_address(), sortby="task")
    tracker.start()
    # its address is known only while somebody waits for it
    threading.Thread(target=_wait_quietly, args=(tracker,), daemon=True).start()
    try:
        yield dict(tracker.worker_args())
    finally:
        with suppress(xgb.core.XGBoostError):  # it complains of workers that were lost
            tracker.free()


def _wait_quietly(tracker: RabitTracker) -> None:
    """Wait for the workers' end; that one was lost is said by Ray."""
    try:
        tracker.wait_for()
    except xgb.core.XGBoostError:
        return
