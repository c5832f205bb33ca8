"""The service against the engine it serves, and under more than it can answer, in one run.

Rounds of both take turns, so that what else the machine does meets both. Throughput is that of as
many callers as the service has threads; latency that of one caller. Then requests come at 1, 2 and
5 times the measured capacity, at random moments (exponential gaps, a fixed seed), whether answered
or not: goodput counts answers within two seconds. Memory is the service's process alone.

    python benchmarks/service.py [--seconds 10] [--rounds 3] [--loads 1 2 5] [--threads 4]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from sneakeraug import Recommender, load

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "sneakeraug/ui/samples/running-cobalt.jpg"
IN_TIME_S = 2.0
ALL_IN_TIME_S = 60.0
FAILED = 0
REFUSED = 503
PAUSE_S = 0.1
"""Of a caller that was refused, before it asks again."""


@dataclass(frozen=True)
class Answer:
    """One request: its status, `FAILED` where there was none, and how long it took."""

    status: int
    seconds: float


Once = Callable[[], Coroutine[Any, Any, Answer]]
"""Asks once."""


@contextmanager
def serving(port: int, threads: int) -> Iterator[int]:
    """Run the service in a process of its own; gives its id once a model serves."""
    threads_wanted = {"SNEAKERAUG_SERVICE_THREADS": str(threads)}
    with running(["-m", "sneakeraug", "serve", "--port", str(port)], port, threads_wanted) as pid:
        yield pid


@contextmanager
def running(
    arguments: Sequence[str], port: int, env: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run Python in a process of its own; gives its id once a model serves on that port."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | (env or {}), **quiet)  # noqa: S603
    try:
        wait_until_ready(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once a model serves there."""
    while not is_ready(port):
        if process.poll() is not None:
            raise SystemExit(f"what should serve on port {port} ended; is the port taken?")
        time.sleep(0.5)


def is_ready(port: int) -> bool:
    """Whether a model serves."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def memory_mb(pid: int, field: str) -> float:
    """``VmRSS`` (now) or ``VmHWM`` (the most so far) of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def request_bytes(port: int, data: bytes) -> bytes:
    """A whole request, a picture alone as SageMaker sends it."""
    head = (
        f"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + data


async def ask(port: int, request: bytes) -> Answer:
    """Send one request over a connection of its own, and read its answer."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(ALL_IN_TIME_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await reader.read()
            writer.close()
        status = int(answer.split(b" ", 2)[1])
    except (OSError, TimeoutError, IndexError, ValueError):
        status = FAILED
    return Answer(status, time.perf_counter() - started)


async def keep_asking(once: Once, callers: int, seconds: float) -> list[Answer]:
    """So many callers, each asking again as soon as it is answered."""
    until = time.perf_counter() + seconds
    answers: list[Answer] = []

    async def caller() -> None:
        while time.perf_counter() < until:
            answers.append(await once())
            if answers[-1].status == REFUSED:
                await asyncio.sleep(PAUSE_S)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return answers


async def ask_at_rate(once: Once, rate: float, seconds: float) -> list[Answer]:
    """Requests at random moments, whatever becomes of those before."""
    rng = random.Random(0)  # noqa: S311 - moments, no secrets
    asked: list[asyncio.Task[Answer]] = []
    started, due = time.perf_counter(), 0.0
    while due < seconds:
        await asyncio.sleep(max(0.0, started + due - time.perf_counter()))
        asked.append(asyncio.ensure_future(once()))
        due += rng.expovariate(rate)
    return list(await asyncio.gather(*asked))


def throughput(job: Callable[[], object], callers: int, seconds: float) -> float:
    """Jobs a second of so many threads, each beginning again as soon as it is done."""
    started = time.perf_counter()

    def caller(_: int) -> int:
        n = 0
        while time.perf_counter() < started + seconds:
            job()
            n += 1
        return n

    with ThreadPoolExecutor(callers) as pool:
        n = sum(pool.map(caller, range(callers)))
    return n / (time.perf_counter() - started)


def ms(seconds: list[float], q: float) -> str:
    """A quantile in milliseconds; a dash where there is nothing."""
    if not seconds:
        return "–"
    ordered = sorted(seconds)
    return f"{1e3 * ordered[min(len(ordered) - 1, int(q * len(ordered)))]:,.0f}"


def compare(engine: Recommender, port: int, data: bytes, args: argparse.Namespace) -> float:
    """Print throughput and latency of both; return the service's throughput."""
    once = partial(ask, port, request_bytes(port, data))
    seconds = args.seconds
    ours: list[float] = []
    own: list[float] = []
    own_ms: list[float] = []
    our_ms: list[float] = []
    asyncio.run(keep_asking(once, args.threads, min(3.0, seconds)))
    throughput(lambda: engine.recommend(data), args.threads, min(3.0, seconds))
    for _ in range(args.rounds):
        own.append(throughput(lambda: engine.recommend(data), args.threads, seconds))
        started = time.perf_counter()
        answers = asyncio.run(keep_asking(once, args.threads, seconds))
        n_good = sum(answer.status == 200 for answer in answers)
        ours.append(n_good / (time.perf_counter() - started))
        for _ in range(args.single):
            moments = [time.perf_counter()]
            engine.recommend(data)
            moments.append(time.perf_counter())
            own_ms += [1e3 * (after - before) for before, after in pairwise(moments)]
            our_ms.append(1e3 * asyncio.run(once()).seconds)
    ratio = statistics.median(a / b for a, b in zip(ours, own, strict=True))
    print(f"engine alone, {args.threads} threads: {statistics.median(own):.2f} pictures/s")
    print(f"service, {args.threads} callers: {statistics.median(ours):.2f} pictures/s")
    print(f"service over engine, median of {args.rounds} rounds: {ratio:.3f}")
    added = statistics.median(our_ms) - statistics.median(own_ms)
    print(
        f"one caller, median of {len(own_ms)}: engine {statistics.median(own_ms):.1f} ms, service "
        f"{statistics.median(our_ms):.1f} ms, added {added:.1f} ms"
    )
    return statistics.median(ours)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--single", type=int, default=20, help="requests of one caller a round")
    parser.add_argument("--loads", type=float, nargs="+", default=[1.0, 2.0, 5.0])
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--port", type=int, default=8097)
    args = parser.parse_args()
    data = PICTURE.read_bytes()
    engine = load()
    print(f"{PICTURE.name}, {len(data):,} bytes, {engine.device}, {engine.backend}")
    with serving(args.port, args.threads) as pid:
        capacity = compare(engine, args.port, data, args)
        once = partial(ask, args.port, request_bytes(args.port, data))
        print(
            f"\n{'load':>5}{'asked':>7}{'good/s':>8}{'200':>6}{'503':>6}{'other':>7}"
            f"{'answer p50':>12}{'p99':>8}{'max':>8}{'refusal p50':>13}{'p99':>8}{'max':>8}"
            f"{'RSS MB':>8}"
        )
        for load_ in args.loads:
            started = time.perf_counter()
            answers = asyncio.run(ask_at_rate(once, load_ * capacity, args.seconds))
            took_s = max(args.seconds, time.perf_counter() - started)
            good = [answer.seconds for answer in answers if answer.status == 200]
            refused = [answer.seconds for answer in answers if answer.status == 503]
            n_good = sum(seconds <= IN_TIME_S for seconds in good)
            print(
                f"{load_:>4g}×{len(answers):>7}{n_good / took_s:>8.2f}{len(good):>6}"
                f"{len(refused):>6}{len(answers) - len(good) - len(refused):>7}"
                f"{ms(good, 0.5):>12}{ms(good, 0.99):>8}{ms(good, 1):>8}"
                f"{ms(refused, 0.5):>13}{ms(refused, 0.99):>8}{ms(refused, 1):>8}"
                f"{memory_mb(pid, 'VmRSS'):>8.0f}"
            )
        print(f"most memory of the service: {memory_mb(pid, 'VmHWM'):.0f} MB")


if __name__ == "__main__":
    main()
