"""Kill -9 at random moments: what was confirmed is there afterwards, and nothing half done.

A process writes decisions, products with their pictures, networks' numbers, and publishes and
activates models, and says after each that it was done. It is killed at a random moment, also while
it starts; the next one starts by itself, checks that everything that was ever confirmed is there
and that nothing is half there, and goes on. With `--steps` publishing, adding files, activating and
rolling back are also killed before each single thing they do to the file system.

    python benchmarks/kills.py [--kills 200] [--seed 0] [--database URL] [--steps]

The run ends with an error where something is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from killed_writer import Known, Writer, publish_small

from sneakeraug import registry
from sneakeraug.card import ModelCard, read_card
from sneakeraug.errors import SneakeraugError
from sneakeraug.settings import REPOSITORY_MODELS

LONGEST_S = 0.4
"""A process that starts is killed within this time, if it is not left to work."""

MOST_DONE, NEXT_S = 15, 0.03
"""One that works is killed after it confirmed up to so many things, and within this time of it."""

STARTING = 0.25
"""Share of kills that are timed from a process's start, not from when it was ready."""

FILE_EVENTS = ("open", "os.", "shutil.", "tempfile.")
"""Beginnings of the audit events that change, or look at, the file system."""


def in_child(job: Callable[[Callable[..., None]], None]) -> tuple[int, int]:
    """Run a job in a process of its own; its id, and where its lines are read."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    code = 1
    try:
        os.close(read)
        job(lambda *said: os.write(write, (json.dumps(said) + "\n").encode()) and None)
        code = 0
    except BaseException as exc:  # noqa: BLE001 - a child never returns
        os.write(write, (json.dumps(["failed", f"{type(exc).__name__}: {exc}"]) + "\n").encode())
    finally:
        os._exit(code)


class Lines:
    """Lines of a pipe as they come."""

    def __init__(self, read: int) -> None:
        self._read, self._rest = read, b""

    def until(
        self, deadline: float | None = None, stop: str = "", n_most: int | None = None
    ) -> list[str]:
        """Whole lines until one begins with `stop`, so many, a moment, or the pipe's end."""
        lines: list[str] = []
        while n_most is None or len(lines) < n_most:
            if b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                lines.append(line.decode())
                if stop and lines[-1].startswith(stop):
                    break
                continue
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._read], [], [], left)[0]:
                break
            chunk = os.read(self._read, 65_536)
            if not chunk:
                break
            self._rest += chunk
        return lines


def kill_often(home: Path, database: str, n_kills: int, seed: int) -> dict[str, int]:
    """Kill writers, and check before each next one goes on; what was confirmed in all."""
    rng, known = random.Random(seed), Known()  # noqa: S311
    n_starting = 0
    for turn in range(n_kills + 1):
        work_seed = rng.getrandbits(60)

        def job(say: Callable[..., None], work_seed: int = work_seed) -> None:
            writer = Writer(home, database, random.Random(work_seed), say)  # noqa: S311
            say("checked", *writer.check(known))
            writer.work()

        is_starting = 0 < turn < n_kills and rng.random() < STARTING
        pid, read = in_child(job)
        lines = Lines(read)
        said = lines.until(time.monotonic() + rng.random() * LONGEST_S) if is_starting else []
        if not is_starting:
            said = lines.until(stop='["checked"')
            said += lines.until(n_most=rng.randrange(MOST_DONE))
            said += lines.until(time.monotonic() + rng.random() * NEXT_S)
        os.kill(pid, signal.SIGKILL)
        said += lines.until()
        os.waitpid(pid, 0)
        os.close(read)
        n_starting += not any(line.startswith('["checked"') for line in said)
        for line in said:
            kind, *values = json.loads(line)
            if kind == "failed" or (kind == "checked" and values):
                raise SystemExit(f"after {turn} kills (seed {seed}): {'; '.join(values)}")
            known.learn(line)
    return {
        "kills": n_kills,
        "kills_while_starting": n_starting,
        "decisions": len(known.decisions),
        "products": len(known.products),
        "pictures_numbers": len(known.encoded),
        "models": len(known.models),
    }


def kill_at_each_step(home: Path) -> dict[str, int]:
    """Kill what publishing consists of before each thing it does to files; how many there were."""
    card = read_card(registry.chosen_folder(REPOSITORY_MODELS))
    jobs: dict[str, Callable[[Path], object]] = {
        "publish": lambda models: publish_small(models, card, "third", random.Random(3)),  # noqa: S311
        "add_files": lambda models: registry.add_files(models / "second", {"graph": b"g" * 9000}),
        "activate": lambda models: registry.activate(models, "second"),
        "roll_back": registry.roll_back,
    }
    return {name: _kill_steps(home / name, card, job) for name, job in jobs.items()}


def _kill_steps(folder: Path, card: ModelCard, job: Callable[[Path], object]) -> int:
    """Kill a job before its first, second, … step, until one ends; how many steps it has."""
    for step in range(1, 10_000):
        models = folder / str(step)
        for model_id in ("zeroth", "first", "second"):
            publish_small(models, card, model_id, random.Random(1))  # noqa: S311
        for model_id in ("zeroth", "first"):
            registry.activate(models, model_id)
        before = set(registry.list_models(models))

        def killed(_say: object, models: Path = models, step: int = step) -> None:
            kill_before(step)
            job(models)

        pid, read = in_child(killed)
        _, status = os.waitpid(pid, 0)
        said = Lines(read).until()
        os.close(read)
        if said:
            raise SystemExit(f"step {step}: {said[0]}")
        where = f"{folder.name}, killed at step {step}"
        _assert_whole(models, before, where)
        with suppress(SneakeraugError):  # that it was done already
            job(models)
        registry.activate(models, "second")
        _assert_whole(models, before, f"{where}, and done again")
        if litter := [path.name for path in models.glob(".*")]:
            raise SystemExit(f"{where}: {litter} were left behind")
        shutil.rmtree(models)
        if not os.WIFSIGNALED(status):
            return step - 1
    raise SystemExit(f"{folder.name} does not end")


def kill_before(step: int) -> None:
    """Let this process kill itself before a step of its work with files."""
    left = step

    def watch(event: str, _arguments: object) -> None:
        nonlocal left
        if event.startswith(FILE_EVENTS):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _assert_whole(models: Path, before: set[str], where: str) -> None:
    there = registry.list_models(models)
    if missing := before - set(there):
        raise SystemExit(f"{where}: {sorted(missing)} are gone")
    for model_id in there:
        registry.verify(models / model_id)
    if registry.active_model(models) not in ("zeroth", "first", "second"):
        raise SystemExit(f"{where}: {registry.active_model(models)} serves")
    if any(path.name not in (*there, registry.ACTIVE) for path in models.glob("[!.]*")):
        raise SystemExit(f"{where}: something half published can be seen")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database", help="its address; an SQLite file of its own where left out")
    parser.add_argument("--steps", action="store_true", help="also kill at each step of publishing")
    asked = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sneakeraug-kills-") as folder:
        home = Path(folder)
        address = asked.database or f"sqlite:///{home / 'sneakeraug.db'}"
        found = kill_often(home, address, asked.kills, asked.seed)
        steps = kill_at_each_step(home / "steps") if asked.steps else {}
    found |= {f"steps_of_{name}": n for name, n in steps.items()}
    print(json.dumps(found | {"seed": asked.seed, "took_s": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main()
