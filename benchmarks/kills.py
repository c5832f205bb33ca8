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
import hashlib
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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sneakeraug import registry
from sneakeraug.card import ModelCard, read_card
from sneakeraug.catalog.own import OwnCatalog, Picture
from sneakeraug.errors import SneakeraugError
from sneakeraug.records import Context, Product, Scored
from sneakeraug.settings import REPOSITORY_MODELS
from sneakeraug.store.db import open_database
from sneakeraug.store.decisions import Advice, Chosen, Decision, DecisionLog, new_id
from sneakeraug.store.encoded import EncodedPictures

LONGEST_S = 0.4
"""A process that starts is killed within this time, if it is not left to work."""

MOST_DONE, NEXT_S = 15, 0.03
"""One that works is killed after it confirmed up to so many things, and within this time of it."""

STARTING = 0.25
"""Share of kills that are timed from a process's start, not from when it was ready."""

FILE_EVENTS = ("open", "os.", "shutil.", "tempfile.")
"""Beginnings of the audit events that change, or look at, the file system."""


@dataclass
class Known:
    """What processes confirmed by now.

    Attributes
    ----------
    decisions, encoded, models
        Ids; all of them have to be there.
    products
        Name by id. Of `pending` ones either state is right: their writer was killed.
    active
        The models one of which serves: the confirmed one, and one that was being activated.
    seen
        Pictures and models that were looked at whole; they are not looked at again.
    """

    decisions: set[str] = field(default_factory=set)
    encoded: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    products: dict[str, str] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    active: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def learn(self, line: str) -> None:
        """Take in what a process said."""
        kind, *values = json.loads(line)
        if kind == "decision":
            self.decisions.add(values[0])
        elif kind == "encoded":
            self.encoded |= set(values)
        elif kind == "published":
            self.models.add(values[0])
        elif kind == "changing":
            self.pending |= set(values)
        elif kind == "products":
            self.products |= dict(values)
            self.pending -= {product_id for product_id, _ in values}
        elif kind == "removed":
            for product_id in values:
                self.products.pop(product_id, None)
            self.pending -= set(values)
        elif kind == "activating":
            self.active.add(values[0])
        elif kind == "active":
            self.active = {values[0]}
        elif kind == "seen":
            self.seen |= set(values)


class Writer:
    """What a process does until it is killed.

    Parameters
    ----------
    home
        Of pictures and models.
    database
        Its address.
    rng
        Draws what is done next.
    say
        Takes what was confirmed.
    """

    def __init__(
        self, home: Path, database: str, rng: random.Random, say: Callable[..., None]
    ) -> None:
        self._rng, self._say = rng, say
        self.models_dir = home / "models"
        engine = open_database(database)
        self.log = DecisionLog(engine)
        self.own = OwnCatalog(engine, home / "catalog")
        self.encoded = EncodedPictures(engine, "w" * 64)
        self.card = read_card(registry.chosen_folder(REPOSITORY_MODELS))

    def check(self, known: Known) -> list[str]:
        """Say what is not as it has to be."""
        wrong: list[str] = []
        kept = [decision.decision_id for decision in self.log.walk()]
        if lost := known.decisions - set(kept):
            wrong.append(f"{len(lost)} decisions lost")
        if len(kept) != len(set(kept)):
            wrong.append("a decision is there twice")
        found = {product.product_id: product for product in self.own.catalog().products}
        for product_id, name in known.products.items():
            if product_id in known.pending:
                continue
            if product_id not in found or found[product_id].name != name:
                wrong.append(f"product {product_id} lost or older than confirmed")
        seen: list[str] = []
        for product in found.values():
            sha256 = Path(product.image).stem
            path = self.own.folder / product.image
            if not path.is_file():
                wrong.append(f"the picture of {product.product_id} is not there")
            elif product.image not in known.seen:
                if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                    wrong.append(f"the picture of {product.product_id} is half there")
                seen.append(product.image)
        numbers = self.encoded.read(sorted(known.encoded))
        if lost := {sha for sha in known.encoded if sha not in numbers}:
            wrong.append(f"{len(lost)} pictures' numbers lost")
        if any(row[0] != int(sha, 16) % 97 or len(row) != 64 for sha, row in numbers.items()):
            wrong.append("a picture's numbers are half there")
        return wrong + self._check_models(known, seen)

    def _check_models(self, known: Known, seen: list[str]) -> list[str]:
        models = registry.list_models(self.models_dir)
        wrong = [f"model {model_id} lost" for model_id in known.models - set(models)]
        for model_id in set(models) - known.seen:
            try:
                registry.verify(self.models_dir / model_id)
            except SneakeraugError as exc:
                wrong.append(f"model {model_id} is half published: {exc}")
            seen.append(model_id)
        serving = None
        with suppress(SneakeraugError):
            serving = registry.active_model(self.models_dir)
        if known.active and serving not in known.active:
            wrong.append(f"{serving} serves, one of {sorted(known.active)} was activated")
        if serving is not None:
            self._say("active", serving)
        self._say("seen", *seen)
        return wrong

    def work(self) -> None:
        """Do one thing after the other, without end."""
        todo = [self._decide] * 6 + [self._put] * 4 + [self._encode] * 2
        todo += [self._remove, self._publish, self._activate]
        while True:
            self._rng.choice(todo)()

    def _decide(self) -> None:
        decision = a_decision(new_id(), "Ada")
        self.log.append(decision)
        self._say("decision", decision.decision_id)

    def _put(self) -> None:
        rows = []
        for _ in range(self._rng.randint(1, 5)):
            data = self._rng.randbytes(self._rng.randint(100, 20_000))
            picture = Picture(hashlib.sha256(data).hexdigest(), ".jpg", 1, 1, bytes(32))
            self.own.keep_picture(picture, data)
            product_id = f"p{self._rng.randrange(300)}"
            name = f"named {self._rng.getrandbits(60)}"
            rows.append((Product(product_id=product_id, name=name, image=picture.file), picture))
        rows = list({product.product_id: (product, p) for product, p in rows}.values())
        self._say("changing", *(product.product_id for product, _ in rows))
        self.own.put(rows)
        self._say("products", *((product.product_id, product.name) for product, _ in rows))

    def _remove(self) -> None:
        product_id = f"p{self._rng.randrange(300)}"
        self._say("changing", product_id)
        self.own.remove([product_id])
        self._say("removed", product_id)

    def _encode(self) -> None:
        shas = [f"{self._rng.getrandbits(256):064x}" for _ in range(8)]
        self.encoded.write({s: np.full(64, int(s, 16) % 97, dtype=np.float32) for s in shas})
        self._say("encoded", *shas)

    def _publish(self) -> None:
        model_id = f"m-{self._rng.getrandbits(60):x}"
        publish_small(self.models_dir, self.card, model_id, self._rng)
        self._say("published", model_id)

    def _activate(self) -> None:
        models = registry.list_models(self.models_dir)
        if not models:
            return
        model_id = self._rng.choice(models)
        self._say("activating", model_id)
        registry.activate(self.models_dir, model_id)
        self._say("active", model_id)


def a_decision(decision_id: str, by: str) -> Decision:
    """A decision with made-up evidence."""
    return Decision(
        decision_id=decision_id,
        decided_utc=datetime.now(UTC).isoformat(timespec="microseconds"),
        by=by,
        door="cli",
        model_id="m",
        image_sha256="0" * 64,
        target="open_rate",
        direction="raise",
        context=Context(),
        guard={},
        chosen=Chosen(
            kind="variant",
            name="brighter",
            p=0.2,
            interval=(0.1, 0.3),
            predicted_difference=0.05,
            difference_interval=(0.0, 0.1),
            is_barred=False,
        ),
        original=Scored(p=0.15, interval=(0.1, 0.2)),
        advice=Advice(
            verdict="recommend",
            augmentation="brighter",
            sentence="Use the brighter picture.",
            alternate_verdict="cannot_tell",
            product_id=None,
            alternate_sentence="No alternate is surely better.",
        ),
    )


def publish_small(models_dir: Path, card: ModelCard, model_id: str, rng: random.Random) -> None:
    """Publish a model of three small files under a card like the shipped one's."""
    beside = models_dir.parent  # what a killed process leaves goes with the run's own folder
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix="staged-") as staged:
        for name in ("weights", "trees", "calibration"):
            (Path(staged) / name).write_bytes(rng.randbytes(rng.randint(10, 100_000)))
        changes = {"model_id": model_id, "comparison": None, "figures": (), "tables": {}}
        registry.publish(Path(staged), models_dir, card.model_copy(update=changes))


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
