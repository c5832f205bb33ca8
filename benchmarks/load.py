"""The service and the page together, under 1, 2 and 5 times what they can answer.

Both run in processes of their own on 127.0.0.1, on one machine, as a small deployment has them.
First their capacity is measured: callers of the service and visitors of the page, each beginning
again as soon as it is answered, all at once. Then requests and visits come at multiples of both
rates, at random moments (exponential gaps, a fixed seed), whether answered or not. Every visit
brings a picture nobody brought before, so that nothing is remembered of it.

*Good* are answers within two seconds; refused is what was told 503, or that the page is busy.
Memory is each process's own, before and after each load; the loads come `--rounds` times, since
what a first round takes and keeps is no growth. Nothing else should run on the machine.

    python benchmarks/load.py [--seconds 20] [--rounds 2] [--loads 1 2 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from page_visit import read_token, serving_page, visit
from service import (
    IN_TIME_S,
    PICTURE,
    REFUSED,
    Answer,
    Once,
    ask,
    ask_at_rate,
    keep_asking,
    memory_mb,
    ms,
    request_bytes,
    serving,
)
from timing import machine, write_json

COLUMNS = (
    f"{'load':>6} {'door':<8}{'asked':>7}{'good/s':>8}{'200':>6}{'503':>6}{'other':>7}"
    f"{'answer p50':>12}{'p99':>8}{'refusal p50':>13}{'p99':>8}{'longest':>9}{'MB before':>11}"
    f"{'after':>7}"
)


def summarise(answers: Sequence[Answer], took_s: float) -> dict[str, Any]:
    """Count and time what became of requests."""
    answered = [answer.seconds for answer in answers if answer.status == 200]
    refused = [answer.seconds for answer in answers if answer.status == REFUSED]
    return {
        "asked": len(answers),
        "answered_per_s": len(answered) / took_s,
        "good_per_s": sum(seconds <= IN_TIME_S for seconds in answered) / took_s,
        "by_status": {str(n): k for n, k in sorted(Counter(a.status for a in answers).items())},
        "answered_s": sorted(answered),
        "refused_s": sorted(refused),
        "longest_s": max((answer.seconds for answer in answers), default=0.0),
        "within_2_s": sum(answer.seconds <= IN_TIME_S for answer in answers) / max(1, len(answers)),
    }


def print_row(load: str, door: str, found: dict[str, Any]) -> None:
    """One line of the table."""
    n_good, n_refused = len(found["answered_s"]), len(found["refused_s"])
    before, after = found["mb"]
    print(
        f"{load:>6} {door:<8}{found['asked']:>7}{found['good_per_s']:>8.2f}{n_good:>6}"
        f"{n_refused:>6}{found['asked'] - n_good - n_refused:>7}"
        f"{ms(found['answered_s'], 0.5):>12}{ms(found['answered_s'], 0.99):>8}"
        f"{ms(found['refused_s'], 0.5):>13}{ms(found['refused_s'], 0.99):>8}"
        f"{1e3 * found['longest_s']:>9,.0f}{before:>11.0f}{after:>7.0f}",
        flush=True,
    )


Jobs = dict[str, Coroutine[Any, Any, list[Answer]]]


async def together(jobs: Jobs, seconds: float, pids: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Run what is asked of each door at once; what became of it."""
    before = {door: memory_mb(pids[door], "VmRSS") for door in jobs}

    async def timed(job: Coroutine[Any, Any, list[Answer]]) -> dict[str, Any]:
        started = time.perf_counter()
        answers = await job
        return summarise(answers, max(seconds, time.perf_counter() - started))

    found = dict(zip(jobs, await asyncio.gather(*map(timed, jobs.values())), strict=True))
    for door, one in found.items():
        one["mb"] = before[door], memory_mb(pids[door], "VmRSS")
    return found


def visiting(port: int, data: bytes) -> Once:
    """Visits, each with a picture of its own: bytes after its end change nothing that is seen."""
    token, numbers = read_token(port), itertools.count()

    def once() -> Coroutine[Any, Any, Answer]:
        return visit(port, token, data + f"{os.getpid()}-{next(numbers)}".encode())

    return once


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--loads", type=float, nargs="+", default=[1.0, 2.0, 5.0])
    parser.add_argument("--callers", type=int, default=4, help="of the service, for its capacity")
    parser.add_argument("--visitors", type=int, default=1, help="of the page; 0 leaves it out")
    parser.add_argument("--threads", type=int, default=4, help="of the service")
    parser.add_argument("--port", type=int, default=8097, help="of the service; the page's is next")
    parser.add_argument("--json", type=Path, help="also write everything there")
    args = parser.parse_args()
    data, seconds = PICTURE.read_bytes(), args.seconds
    where = machine()
    print(f"{where}\n{PICTURE.name}, {len(data):,} bytes; loads of {seconds:g} s\n\n{COLUMNS}")
    rows: list[dict[str, Any]] = []

    def note(load: str, found: dict[str, dict[str, Any]]) -> None:
        for door, one in found.items():
            print_row(load, door, one)
            rows.append({"load": load, "door": door} | one)

    with serving(args.port, args.threads) as service_pid, serving_page(args.port + 1) as page_pid:
        pids = {"service": service_pid, "page": page_pid}
        once: dict[str, Once] = {
            "service": partial(ask, args.port, request_bytes(args.port, data)),
            "page": visiting(args.port + 1, data),
        }
        callers = {"service": args.callers, "page": args.visitors}
        doors = [door for door, n in callers.items() if n]
        for load in ("warm", "most"):
            jobs = {door: keep_asking(once[door], callers[door], seconds) for door in doors}
            found = asyncio.run(together(jobs, seconds, pids))
            note(load, found)
        capacity = {door: one["answered_per_s"] for door, one in found.items()}
        for _ in range(args.rounds):
            for load in args.loads:
                jobs = {
                    door: ask_at_rate(once[door], max(0.1, load * capacity[door]), seconds)
                    for door in doors
                }
                note(f"{load:g}×", asyncio.run(together(jobs, seconds, pids)))
        peak = {door: memory_mb(pid, "VmHWM") for door, pid in pids.items()}
    print(f"\nmost memory: {', '.join(f'{door} {mb:.0f} MB' for door, mb in peak.items())}")
    print_verdict(rows, args.loads)
    document = {"machine": where, "seconds": seconds, "capacity": capacity, "peak_mb": peak}
    write_json(args.json, document | {"rows": rows})


def print_verdict(rows: list[dict[str, Any]], loads: Sequence[float]) -> None:
    """Say of each door what the most load leaves of the least, and whether memory grew."""
    least, most = f"{min(loads):g}×", f"{max(loads):g}×"
    for door in dict.fromkeys(row["door"] for row in rows):
        low = [row for row in rows if (row["door"], row["load"]) == (door, least)]
        high = [row for row in rows if (row["door"], row["load"]) == (door, most)]
        kept = sum(r["good_per_s"] for r in high) / max(1e-9, sum(r["good_per_s"] for r in low))
        within = min(row["within_2_s"] for row in high)
        grown = high[-1]["mb"][1] - high[0]["mb"][1]
        print(
            f"{door}: goodput at {most} {100 * kept:.0f} % of that at {least}; answered or refused "
            f"within 2 s {100 * within:.1f} %; memory after the last {most} over the first "
            f"{grown:+.0f} MB"
        )


if __name__ == "__main__":
    main()
