"""The five edits of a photo against albumentations, Pillow and torchvision, in one run.

Every peer does the same work with its own functions where it has them, on its own kind of picture,
as one writes it who knows it well: the same tone curves with the hue kept, the same quarter turn,
the same pencil (two dodges, two hatchings) on 8-bit planes where the library works on those, the
same homography with the background's colour around it (ours continues the background; how each
interpolates is said in docs/augmentations.md). Parameters are chosen once and given to
all. How far a peer's picture is from ours stands beside its time: the mean of absolute differences
in grey levels. Runs of one photo are interleaved; a time is the median over photos of the best of
`--repeats`. With one thread it is processor time, which other programs on the machine hardly
disturb; with more it is wall time, so let the machine rest. Trust the ratios, not the milliseconds.

    pip install --no-deps albumentations==2.0.8 albucore==0.0.24 stringzilla simsimd
    python benchmarks/augmentations.py [--images FOLDER] [--side 512] [--repeats 15]

A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from augmentation_peers import Ours, Peer, find_peers
from timing import machine, write_json

from sneakeraug.augment.transforms import choose_parameters
from sneakeraug.background import shrink_photo
from sneakeraug.intake.decode import decode_photo
from sneakeraug.ui.samples import FOLDER

EDITS: Final = ("brighter", "darker", "rotate", "sketch", "swivel")
RUNS: Final = 3
"""Runs in a row at a library's turn: the first finds caches as the library before left them."""


def measure(
    photos: list[np.ndarray], peers: list[Peer], repeats: int, threads: int
) -> dict[str, dict[str, float]]:
    """Print one table: milliseconds of all, ratios to ours, and how far each picture is off.

    Returns
    -------
    medians
        Milliseconds of each edit by library.
    """
    libraries: list[Ours] = [Ours(), *peers]
    clock = time.process_time if threads == 1 else time.perf_counter
    best: dict[tuple[str, str], list[float]] = defaultdict(list)
    off: dict[tuple[str, str], list[float]] = defaultdict(list)
    for photo in photos:
        for edit in EDITS:
            p = choose_parameters(photo, edit)
            times: dict[str, list[float]] = defaultdict(list)
            taken = {library.name: library.take(photo) for library in libraries}
            made = {x.name: x.give(x.edit(taken[x.name], edit, p)) for x in libraries}
            for _ in range(repeats):
                for library in (x for x in libraries for _ in range(RUNS)):
                    started = clock()
                    library.edit(taken[library.name], edit, p)
                    times[library.name].append(1e3 * (clock() - started))
            for library in libraries:
                best[edit, library.name].append(min(times[library.name]))
                away = np.abs(made[library.name].astype(int) - made[Ours.name])
                off[edit, library.name].append(float(away.mean()))
    print(f"\n{threads} threads" if threads > 1 else "\none thread")
    print(f"{'':<10}" + "".join(f"{library.name:>26}" for library in libraries))
    usual = {edit: statistics.median(best[edit, Ours.name]) for edit in EDITS}
    total = dict.fromkeys((library.name for library in libraries), 0.0)
    for edit in (*EDITS, "all five"):
        cells = []
        for library in libraries:
            name = library.name
            ms = total[name] if edit == "all five" else statistics.median(best[edit, name])
            if edit != "all five":
                total[name] += ms
            ours = total[Ours.name] if edit == "all five" else usual[edit]
            cell = f"{ms:.2f} ms"
            if name != Ours.name:
                cell += f" {ms / ours:.1f}×"
                cell += f" ±{np.mean(off[edit, name]):.1f}" if edit in EDITS else "     "
            cells.append(f"{cell:>26}")
        print(f"{edit:<10}" + "".join(cells), flush=True)
    return {
        library.name: {edit: statistics.median(best[edit, library.name]) for edit in EDITS}
        for library in libraries
    }


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, default=FOLDER)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    files = sorted(path for path in args.images.rglob("*.jpg"))[:24]
    photos = [shrink_photo(decode_photo(path.read_bytes()).pixels, args.side) for path in files]
    plain = [photo for photo in photos if choose_parameters(photo, "swivel")["colour"]]
    peers = find_peers()
    usual = cv2.getNumThreads(), torch.get_num_threads()
    print(f"{len(plain)} photos, longer side {args.side} px at most")
    found = {}
    for cv_threads, torch_threads in ((1, 1), usual):
        cv2.setNumThreads(cv_threads)
        torch.set_num_threads(torch_threads)
        n_threads = max(cv_threads, torch_threads)
        found[str(n_threads)] = measure(plain, peers, args.repeats, n_threads)
    write_json(args.json, {"machine": machine(), "ours": Ours.name, "ms_by_threads": found})


if __name__ == "__main__":
    main()
