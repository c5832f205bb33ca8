"""Many pictures: `sneakeraug batch` against a notebook's loop, and against the bare network.

The peer is the notebook of `notebook.py`, one picture after the other. The bare network is our
encoder alone on prepared inputs, in the batches that a batch makes. Peer and ours have a process
each, and every round runs all of them one after the other; medians over the rounds, in pictures
(of six versions each) per second. On a CPU all steps share the processors, so that the bare
network's rate is out of reach: what they could do together, were nothing lost between them, is
shown too. What serves is chosen by `SNEAKERAUG_DEVICE` and
`SNEAKERAUG_BACKEND`.

    python benchmarks/batch.py [--n 256] [--peer-n 16] [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image
from timing import Job, Side, machine, time_sides, write_json

from sneakeraug import load
from sneakeraug.batch.inputs import Inputs
from sneakeraug.batch.look import Looked, look
from sneakeraug.batch.run import run_batch
from sneakeraug.batch.scorer import Scorer, Wanted
from sneakeraug.catalog.products import DEMO

SIDE_PX = 1200
AT_ONCE = 32
"""Pictures of one pass, as a batch makes them."""

PEER, OURS, NETWORK = "notebook's loop", "batch, all of it", "the network alone"
EDITS, SCORES = "decode and edits alone", "scores and rows alone"


def write_photos(folder: Path, n: int) -> Path:
    """JPEGs of `SIDE_PX`, each of other bytes, made of the demo catalog's pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(DEMO.glob("*.jpg"))
    for number in range(n):
        with Image.open(sources[number % len(sources)]) as image:
            size = (SIDE_PX, SIDE_PX * 3 // 4)
            photo = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC)).copy()
        photo[0, 0] = (number % 256, number // 256 % 256, 0)
        Image.fromarray(photo).save(folder / f"{number:06}.jpg", quality=90)
    return folder


def rows_of(sizes: bytes) -> tuple[Path, int]:
    """The folder and the number of pictures, as `Side` carries them."""
    folder, n = json.loads(sizes)
    return Path(folder), n


def notebook_jobs(told: bytes) -> dict[str, Job]:
    """The peer's loop over some of the pictures."""
    from notebook import notebook_scorer

    folder, n = rows_of(told)
    score, paths = notebook_scorer(), sorted(folder.glob("*.jpg"))[:n]
    return {PEER: lambda: [score(path.read_bytes()) for path in paths]}


def our_jobs(told: bytes) -> dict[str, Job]:
    """A batch, and its steps alone."""
    folder, n = rows_of(told)
    scorer = Scorer(load(), Wanted())
    inputs = Inputs(folder)
    items = list(inputs.items())

    def look_at(number: int) -> Looked:
        looked = look(inputs, items[number], scorer.limits, scorer.size_px)
        if not isinstance(looked, Looked):
            raise SystemExit(looked.error)
        return looked

    def look_at_all() -> None:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for _ in pool.map(look_at, range(n)):
                pass

    some = [look_at(number) for number in range(min(n, AT_ONCE))]
    times = range(n // len(some))
    encoded = scorer.encode(some)
    rows = folder.parent / "rows.parquet"
    return {
        OURS: lambda: run_batch(inputs, rows, scorer, overwrite=True),
        NETWORK: lambda: [scorer.encode(some) for _ in times],
        EDITS: look_at_all,
        SCORES: lambda: [scorer.score(some, encoded) for _ in times],
    }


def main() -> None:
    """Print one table; write it as JSON where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=256, help=f"Pictures; times {AT_ONCE}.")
    parser.add_argument("--peer-n", type=int, default=16, help="Pictures of the peer, in a round.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="Write the figures here.")
    args = parser.parse_args()
    if args.n < AT_ONCE or args.n % AT_ONCE:
        parser.error(f"--n {args.n} is no multiple of {AT_ONCE}")
    document = {"machine": machine(), "pictures": args.n, "rounds": args.rounds}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name) / "photos"
        write_photos(folder, args.n)
        sides = [
            stack.enter_context(Side(make, json.dumps((str(folder), n)).encode()))
            for make, n in ((notebook_jobs, args.peer_n), (our_jobs, args.n))
        ]
        times = time_sides(sides, args.rounds, n_warm=1)
    pictures = {PEER: args.peer_n}
    rates = {
        what: 1e3 * pictures.get(what, args.n) / float(np.median(some))
        for what, some in times.items()
    }
    together = 1 / sum(1 / rates[what] for what in (NETWORK, EDITS, SCORES))
    document |= {
        "photos_per_second": rates,
        "of_all_steps_together": rates[OURS] / together,
        "over_the_notebook": rates[OURS] / rates[PEER],
        "of_the_networks_rate": rates[OURS] / rates[NETWORK],
    }
    print(f"{args.n} JPEGs of {SIDE_PX} px, {document['machine']}")
    for what, rate in rates.items():
        print(f"{what:<28}{rate:>10.1f} photos/s{rate / rates[PEER]:>8.2f}×")
    print(f"{'all steps, nothing lost':<28}{together:>10.1f} photos/s")
    print(f"share of the network's rate {document['of_the_networks_rate']:>9.0%}")
    print(f"share of all steps together {document['of_all_steps_together']:>9.0%}")
    write_json(args.json, document)


if __name__ == "__main__":
    main()
