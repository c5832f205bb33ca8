"""One network for many callers at once: who waits goes through together, and not without end."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from sneakeraug.embed.encoder import Encoded, Encoder
from sneakeraug.embed.preprocess import NetworkInput
from sneakeraug.errors import BusyError

PICTURES_A_PASS: Final = 48
"""Pictures of several callers that go through the network together, at most: eight uploads."""

REMEMBERED: Final = 0.8
"""Share of the older passes in what is known of the time a picture takes."""


@dataclass
class Waiting:
    """Pictures of one caller, and what became of them."""

    inputs: NetworkInput
    found: Encoded | None = None
    failed: BaseException | None = None

    def __len__(self) -> int:
        return len(self.inputs.squares)

    @property
    def is_done(self) -> bool:
        """Whether they went through the network, well or not."""
        return self.found is not None or self.failed is not None


class SharedEncoder(Encoder):
    """An encoder that many threads call at once.

    One pass runs at a time. Whoever comes while it runs waits; the first of them then takes along
    all that wait, so that a picture is never held back for others to come.

    Parameters
    ----------
    encoder
        Runs the network.
    max_waiting
        Callers that may wait, at least 1; the next is refused at once.

    Attributes
    ----------
    alone
        The encoder itself, for long work of one caller that nothing should refuse.
    """

    def __init__(self, encoder: Encoder, max_waiting: int) -> None:
        super().__init__(encoder.n_outputs, encoder.size_px)
        self.backend = encoder.backend
        self.alone = encoder
        self._max_waiting = max_waiting
        self._waiting: deque[Waiting] = deque()
        self._changing, self._passing = threading.Lock(), threading.Lock()
        self._s_a_picture = 0.0

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.alone.device

    def encode_inputs(self, inputs: NetworkInput) -> Encoded:
        """Send prepared photos, at least one, through the network with those of others.

        Raises
        ------
        BusyError
            If too many wait already.
        """
        mine = Waiting(inputs)
        with self._changing:
            if len(self._waiting) >= self._max_waiting:
                raise BusyError(self._clear_in_s())
            self._waiting.append(mine)
        with self._passing:
            while not mine.is_done:
                self._pass(self._take())
        if mine.failed is not None:
            raise mine.failed
        assert mine.found is not None  # noqa: S101 - for the types: it is done
        return mine.found

    def _take(self) -> list[Waiting]:
        """Take the callers that waited longest, as many as fit a pass; at least one."""
        with self._changing:
            some = [self._waiting.popleft()]
            n = len(some[0])
            while self._waiting and n + len(self._waiting[0]) <= PICTURES_A_PASS:
                some.append(self._waiting.popleft())
                n += len(some[-1])
        return some

    def _pass(self, some: list[Waiting]) -> None:
        """Send the pictures of several callers through the network; a failure is theirs all."""
        started = time.perf_counter()
        try:
            squares = np.concatenate([one.inputs.squares for one in some])
            tones = np.concatenate([one.inputs.tones for one in some])
            found = self.alone.encode_inputs(NetworkInput(squares, tones))
        except BaseException as exc:
            for one in some:
                one.failed = exc
            if isinstance(exc, Exception):
                return
            raise
        ends = np.cumsum([len(one) for one in some]).tolist()
        for one, start, end in zip(some, [0, *ends], ends, strict=False):
            one.found = Encoded(
                found.outputs[start:end],
                found.embeddings[start:end],
                found.is_shoe[start:end],
                found.is_known_edit[start:end],
            )
        took = (time.perf_counter() - started) / ends[-1]
        known = self._s_a_picture or took
        self._s_a_picture = REMEMBERED * known + (1 - REMEMBERED) * took

    def _clear_in_s(self) -> int:
        """After how many seconds those who wait now are likely done, at least 1."""
        return max(1, math.ceil(self._s_a_picture * sum(len(one) for one in self._waiting)))
