"""The engine of one machine: threads look at pictures while the network and the scores run."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.look import Looked, Unread, look
from sneakeraug.batch.scorer import Scored, Scorer

CHUNKS_AHEAD: Final = 2
"""Chunks that are looked at, and that are scored, before they are waited for: memory is bounded."""


def score_locally(
    inputs: Inputs, chunks: Iterator[list[Item]], scorer: Scorer, n_workers: int = 0
) -> Generator[Scored]:
    """Score chunks of pictures, in their order.

    Three things go on at once: threads read, decode and edit the next pictures, this thread sends
    chunks through the network, and another one scores what came out of it.

    Parameters
    ----------
    inputs, chunks
        The pictures.
    scorer
        Embeds and scores them.
    n_workers
        Threads that look at pictures; as many as there are processors where 0.

    Yields
    ------
    scored
        The rows of each chunk. Whoever stops asking stops the work.
    """
    n_workers = n_workers or len(os.sched_getaffinity(0))
    lookers = ThreadPoolExecutor(n_workers, "look")
    scorers = ThreadPoolExecutor(1, "score")
    looked: deque[list[Future[Looked | Unread]]] = deque()
    scored: deque[Future[Scored]] = deque()

    def pass_on() -> None:
        pictures = [future.result() for future in looked.popleft()]
        scored.append(scorers.submit(scorer.score, pictures, scorer.encode(pictures)))

    try:
        for chunk in chunks:
            looked.append(
                [
                    lookers.submit(look, inputs, item, scorer.limits, scorer.size_px)
                    for item in chunk
                ]
            )
            if len(looked) > CHUNKS_AHEAD:
                pass_on()
            if len(scored) > CHUNKS_AHEAD:
                yield scored.popleft().result()
        while looked:
            pass_on()
            yield scored.popleft().result()
        while scored:
            yield scored.popleft().result()
    finally:
        lookers.shutdown(cancel_futures=True)
        scorers.shutdown(cancel_futures=True)
