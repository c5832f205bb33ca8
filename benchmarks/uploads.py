"""Whether memory grows: the page's server after 100 visits with a picture each, and after 1,000.

Each visit is a session of its own that uploads a picture nobody brought before, one after the
other, over the page's own protocol (`page_visit.py`); timing does not matter, so it may run beside
other work.

    python benchmarks/uploads.py [--n 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from pathlib import Path

from page_visit import read_token, serving_page, visit
from service import PICTURE, memory_mb
from timing import machine, write_json

FIRST = 100
"""Visits until the first reading: caches are full by then."""


def main() -> None:
    """Print one line a reading."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000)
    parser.add_argument("--port", type=int, default=8098)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    data = PICTURE.read_bytes()
    found: dict[int, float] = {}
    statuses: Counter[int] = Counter()

    async def visits(pid: int) -> None:
        token = read_token(args.port)
        for number in range(1, args.n + 1):
            answer = await visit(args.port, token, data + f"{number}".encode())
            statuses[answer.status] += 1
            if number == FIRST or number % 50 == 0 or number == args.n:
                found[number] = memory_mb(pid, "VmRSS")
                print(f"{number:>6,} visits{found[number]:>9.0f} MB", flush=True)

    with serving_page(args.port) as pid:
        asyncio.run(visits(pid))
    growth = found[args.n] / found[min(FIRST, args.n)] - 1
    print(f"{growth:+.1%} from visit {min(FIRST, args.n)} to {args.n:,}; answers {dict(statuses)}")
    document = {"machine": machine(), "mb_after": found, "growth": growth}
    write_json(args.json, document | {"answers": dict(statuses)})


if __name__ == "__main__":
    main()
