"""What `make bench` found, as the table README shows.

python benchmarks/table.py runs/bench
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from one_upload import NOTEBOOK, OURS, WIDE


def one_upload(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of `one_upload.py`."""
    ms = found["median_ms"]
    return [
        (
            "one upload, 1,200 px JPEG: file to recommendation",
            f"{ms[OURS]:.0f} ms",
            f"notebook {ms[NOTEBOOK]:.0f} ms, {ms[NOTEBOOK] / ms[OURS]:.1f} times as long",
        ),
        (
            "of it, all but the network",
            f"{found['all_but_the_network']:.0%}",
            f"of six int8 passes at 224 px, {ms[WIDE]:.0f} ms",
        ),
        (
            "`sneakeraug recommend` in a new process",
            f"{found['cold_s']:.1f} s",
            f"2.5 warm uploads and a second: {2.5 * ms[OURS] / 1e3 + 1:.1f} s",
        ),
        ("memory of a warm process", f"{found['resident_mb']:.0f} MB", "600 MB at most"),
    ]


def page(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of `page.py`."""
    return [
        (
            "page: from file chosen to ranked cards",
            f"{found['page_ms']:.0f} ms",
            f"engine {found['engine_ms']:.0f} ms: {found['page_over_engine']:.1f} times",
        ),
        (
            "four visitors at once, p95",
            f"{found['4_users_p95_ms']:.0f} ms",
            f"{found['p95_over_one_users_p50']:.1f} times one visitor's median",
        ),
    ]


def batch(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of `batch.py`."""
    rates = found["photos_per_second"]
    return [
        (
            "batch, pictures a second",
            f"{rates['batch, all of it']:.1f}",
            f"{found['over_the_notebook']:.1f} times the notebook's, "
            f"{found['of_all_steps_together']:.0%} of what its steps could do together",
        )
    ]


def alternates(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of `alternates.py`."""
    ms = found["median_ms"]["variants, ranges and alternates"]
    return [(f"scores and alternates, {found['products']:,} products", f"{ms:.1f} ms", "30 ms")]


def augmentations(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of `augmentations.py`, by one thread."""
    by_library = found["ms_by_threads"]["1"]
    ours = sum(by_library.pop(found["ours"]).values())
    total = {name: sum(ms.values()) for name, ms in by_library.items()}
    if not total:
        return []
    fastest = min(total, key=lambda name: total[name])
    beside = f"{fastest}, the fastest of {len(total)}: {total[fastest]:.1f} ms"
    return [("all five edits at 512 px, one thread", f"{ours:.1f} ms", beside)]


def main() -> None:
    """Print the table of what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    machines = set()
    print("| | here | beside |\n| --- | --- | --- |")
    for rows_of in (one_upload, page, batch, alternates, augmentations):
        path = args.folder / f"{rows_of.__name__}.json"
        if path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
            machines.add(found["machine"].partition(", load")[0])
            for row in rows_of(found):
                print(f"| {' | '.join(row)} |")
    print(f"\n{'; '.join(sorted(machines))}")


if __name__ == "__main__":
    main()
