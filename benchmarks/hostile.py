"""Every hostile file of tests/hostile through every door: the worst time and memory of each.

    python benchmarks/hostile.py                all doors
    python benchmarks/hostile.py --door decode  one of them

Each door is a process of its own, warm before it is measured. Memory is the peak while one file is
handled, above what the process held before it; Linux only. Time is what the door's process had of a
processor, and by the clock, which on a busy machine is more. It ends with 1 where a door failed, or
was over a limit of memory; of time it only says so, as that depends on the machine.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hostile import corpus, pictures  # noqa: E402
from hostile.kinds import MOST_MEGABYTES, MOST_SECONDS, Hostile  # noqa: E402

Case = tuple[str, Callable[[], object]]
"""A file's name, and what hands it to a door; the result says what came of it."""


class Usage:
    """Memory and processor time of a process, as Linux counts them."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        (self._folder / "clear_refs").write_text("5")  # forget the peak so far
        self._before = self._read("VmRSS")
        self._spent = self._seconds()

    def grown_megabytes(self) -> float:
        """Return the peak since it was made, above what there was."""
        return max(0.0, self._read("VmHWM") - self._before)

    def processor_seconds(self) -> float:
        """Return what it had of a processor since it was made."""
        return self._seconds() - self._spent

    def _seconds(self) -> float:
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self, name: str) -> float:
        lines = (self._folder / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1000


def all_pictures() -> Iterator[Hostile]:
    """Those that are refused, or small, and those just within the limits."""
    yield from corpus.hostile_pictures()
    yield from pictures.heavy()


def written(files: Iterator[Hostile], folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file on disk, as long as it is looked at."""
    for one in files:
        path = folder / one.name
        path.write_bytes(one.data)
        yield one.name, path
        path.unlink(missing_ok=True)


def decode(_: Path) -> Iterator[Case]:
    """The decoder alone, each picture at its full size."""
    from sneakeraug.intake.decode import decode_photo

    decode_photo(pictures.good())
    for one in all_pictures():
        data = one.data
        yield one.name, lambda d=data: decode_photo(d)


def recommend(folder: Path) -> Iterator[Case]:
    """What `recommend` does with a file, the model loaded."""
    from sneakeraug.serving import load

    engine = load()
    engine.recommend(pictures.good())
    for name, path in written(all_pictures(), folder):
        yield name, lambda p=path: engine.recommend(p)


def export(_: Path) -> Iterator[Case]:
    """The edits that take the most, in the width and format that do, of what can be decoded."""
    from sneakeraug.bundle import Wish, make_bundle
    from sneakeraug.delivery import rebuild
    from sneakeraug.errors import InputError
    from sneakeraug.serving import load

    engine = load()

    def make(data: bytes, variant: str) -> object:
        analysis = engine.analyse(data)
        wish = Wish(variant, 1200, "png" if variant == "swivel" else "jpeg")
        try:
            made = make_bundle(engine, analysis, engine.score(analysis), data, "a", wish).delivery
        except InputError as exc:
            return str(exc)
        measured["made"] = made.manifest
        return None

    def again(data: bytes) -> object:
        manifest = measured.pop("made", None)
        return rebuild(manifest, data, engine.settings.limits) if manifest else None

    make(pictures.whole()["plain.png"], "swivel")
    for one in [*pictures.heavy(), *pictures.two_at_once()]:
        data = one.data
        for variant in ("sketch", "swivel"):
            yield f"{variant} of {one.name}", lambda d=data, v=variant: make(d, v)
            yield f"rebuild {variant} of {one.name}", lambda d=data: again(d)


def search(folder: Path) -> Iterator[Case]:
    """What `catalog search` does with a file, the model loaded."""
    from sneakeraug.serving import load

    engine = load()
    engine.search(pictures.good())
    for name, path in written(all_pictures(), folder):
        yield name, lambda p=path: engine.search(p)


def batch(folder: Path) -> Iterator[Case]:
    """`batch` of each zip and table, and of a folder with each picture."""
    from sneakeraug.batch.inputs import Inputs
    from sneakeraug.batch.run import run_batch
    from sneakeraug.batch.scorer import Scorer, Wanted
    from sneakeraug.serving import load

    scorer = Scorer(load(), Wanted())
    (folder / "good.jpg").write_bytes(pictures.good())
    out = folder.parent / "out.jsonl"

    def run(path: Path) -> object:
        report: list[object] = []
        return run_batch(Inputs(path), out, scorer, overwrite=True, report=report.append)

    run(folder)
    (folder / "good.jpg").unlink()
    for name, path in written(iter([*corpus.archives(), *corpus.tables()]), folder):
        if path.suffix != ".xml":
            yield name, lambda p=path: run(p)
    for name, _ in written(all_pictures(), folder):
        yield name, lambda: run(folder)


def import_products(folder: Path) -> Iterator[Case]:
    """`import products` of each zip, table and feed, and of a folder with each picture."""
    from sneakeraug import ingest

    (folder / "good.jpg").write_bytes(pictures.good())
    ingest.import_products(folder, {}, None, print_nothing)
    (folder / "good.jpg").unlink()
    for name, path in written(iter([*corpus.archives(), *corpus.tables()]), folder):
        yield name, lambda p=path: ingest.import_products(p, {}, None, print_nothing)
    for name, _ in written(all_pictures(), folder):
        yield name, lambda: ingest.import_products(folder, {}, None, print_nothing)


def import_events(folder: Path) -> Iterator[Case]:
    """`import events` of each history."""
    from sneakeraug.dataset.events import read_history

    for name, path in written(corpus.events(), folder):
        yield name, lambda p=path: read_history(p)


def documents(folder: Path) -> Iterator[Case]:
    """What `rebuild` reads of a manifest, and `models verify` of a card."""
    from sneakeraug import registry
    from sneakeraug.export.manifest import read_manifest

    for name, path in written(corpus.documents(), folder):
        yield f"manifest {name}", lambda p=path: read_manifest(p.read_bytes())
        model = folder / "m"
        model.mkdir(exist_ok=True)
        (model / "card.json").write_bytes(path.read_bytes())
        yield f"card {name}", lambda m=model: registry.verify(m)


def print_nothing(_: object) -> None:
    """A report that nobody reads."""


def page(_: Path) -> Iterator[Case]:
    """The campaign page in Streamlit's own test runner; only what takes the most, of pictures."""
    from streamlit.testing.v1 import AppTest

    os.chdir(ROOT)

    def start() -> AppTest:
        return AppTest.from_file(str(ROOT / "app.py"), default_timeout=600).run()

    def upload(at: AppTest, name: str, data: bytes) -> object:
        at.file_uploader[0].set_value((name, data, "image/jpeg")).run()
        if at.exception:
            raise RuntimeError(at.exception[0].value)
        return "".join(str(error.value) for error in at.error)

    upload(start(), "good.jpg", pictures.whole()["plain.png"])
    chosen = [Hostile(name, data) for name, data in corpus.chosen().items()]
    for one in [*chosen, *pictures.heavy()]:
        at, data = start(), one.data
        yield one.name, lambda a=at, n=one.name, d=data: upload(a, n, d)


def service(folder: Path) -> Iterator[Case]:
    """Another process, over HTTP: each picture in a form, as JSON, to search and alone."""
    import requests

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "sneakeraug", "serve", "--port", url.rsplit(":", 1)[1]]
    env = os.environ | {"SNEAKERAUG_MAX_WAIT_S": "600", "SNEAKERAUG_REQUEST_TIMEOUT_S": "600"}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(  # noqa: S603 - our own interpreter
            command, stdout=log, stderr=log, env=env, cwd=ROOT
        )
    session = requests.Session()

    def ask(path: str, **request: Any) -> object:
        answer = session.post(url + path, timeout=600, **request)
        if answer.status_code >= 500 or (answer.status_code >= 400 and not answer.json()["detail"]):
            raise RuntimeError(f"{answer.status_code} {answer.text[:200]}")
        return answer.json().get("detail", "")

    try:
        for _ in range(3000):
            try:
                if session.get(url + "/readyz", timeout=5).ok:
                    break
            except requests.RequestException:
                time.sleep(0.1)
        measured["pid"] = running.pid
        one, many, search = "/v1/recommendations", "/v1/recommendations:batch", "/v1/catalog/search"
        ask(one, files={"image": pictures.good()})
        for case in all_pictures():
            data, name = case.data, case.name
            file = {"image": (name, data)}
            yield f"form {name}", lambda f=file: ask(one, files=f)
            if name in corpus.CHOSEN or name.startswith(("large", "many", "scans", "noise")):
                encoded = {"image": base64.b64encode(data).decode(), "name": name}
                alone = {"Content-Type": "image/jpeg"}
                yield f"json {name}", lambda e=encoded: ask(one, json=e)
                yield f"search {name}", lambda f=file: ask(search, files=f)
                yield (
                    f"alone {name}",
                    lambda d=data, h=alone: ask("/invocations", data=d, headers=h),
                )
        for name, kind, body in corpus.requests():
            for path in (one, many, search, "/invocations"):
                head = {"Content-Type": kind}
                yield (
                    f"body {name} {path}",
                    lambda p=path, b=body, h=head: ask(p, data=b, headers=h),
                )
        good = ask(one, files={"image": pictures.good()})
        assert good == "", good  # noqa: S101
    finally:
        running.terminate()
        running.wait(60)


DOORS: Final = {
    door.__name__: door
    for door in (
        decode, recommend, export, search, batch, import_products, import_events, documents, page,
        service,
    )
}  # fmt: skip

measured: dict[str, Any] = {}
"""The process that counts, where it is not this one; the manifest of an export just made."""


def measure(door: str, home: Path) -> dict[str, Any]:
    """Hand every file to a door; the worst of what it took."""
    from sneakeraug.errors import SneakeraugError

    folder = home / "files"
    folder.mkdir()
    failed: list[str] = []
    rows: list[tuple[float, float, float, str]] = []
    n_refused = 0
    for name, run in DOORS[door](folder):
        usage = Usage(measured.get("pid", os.getpid()))
        started = time.perf_counter()
        try:
            n_refused += isinstance(said := run(), str) and bool(said)
        except SneakeraugError:
            n_refused += 1
        except Exception as exc:  # noqa: BLE001 - that is what is looked for
            failed.append(f"{name}: {exc!r}"[:300])
        by_clock = time.perf_counter() - started
        rows.append((usage.processor_seconds(), by_clock, usage.grown_megabytes(), name))
    slowest, largest = max(rows), max(rows, key=lambda row: row[2])
    over = [row for row in sorted(rows, reverse=True) if max(row[:2]) > MOST_SECONDS]
    return {
        "door": door,
        "files": len(rows),
        "refused": n_refused,
        "failed": failed,
        "seconds": slowest[0],
        "slowest": slowest[3],
        "by_clock": max(row[1] for row in rows),
        "over_time": [f"{name} {s:.1f} s, by the clock {clock:.1f}" for s, clock, _, name in over],
        "megabytes": largest[2],
        "largest": largest[3],
    }


def main() -> None:
    """Measure the doors, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--door", choices=DOORS)
    parser.add_argument("--json", action="store_true", help="for one door: its figures as JSON")
    options = parser.parse_args()
    if options.json:
        home = Path(os.environ["SNEAKERAUG_HOME"])
        print(json.dumps(measure(options.door, home)))
        return
    is_well = True
    print("| door | files | refused | failed | slowest, s | of | by the clock, s | most MB | of |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for door in [options.door] if options.door else DOORS:
        with tempfile.TemporaryDirectory(prefix="hostile-") as home:
            env = os.environ | {"SNEAKERAUG_HOME": home, "SNEAKERAUG_DEVICE": "cpu"}
            command = [sys.executable, __file__, "--door", door, "--json"]
            done = subprocess.run(command, env=env, capture_output=True)  # noqa: S603 - likewise
        if done.returncode:
            print(f"| {door} | died: {done.stderr.decode()[-500:]!r} |", flush=True)
            is_well = False
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {door} | {found['files']} | {found['refused']} | {len(found['failed'])} | "
            f"{found['seconds']:.2f} | {found['slowest']} | {found['by_clock']:.2f} | "
            f"{found['megabytes']:.0f} | {found['largest']} |",
            flush=True,
        )
        for line in found["failed"] + found["over_time"]:
            print(f"    {line}", file=sys.stderr, flush=True)
        is_well = is_well and not found["failed"] and found["megabytes"] <= MOST_MEGABYTES
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
