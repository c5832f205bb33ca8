from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sneakeraug.embed.encoder import N_IDENTITY, Encoded, Encoder
from sneakeraug.embed.preprocess import N_TONES, NetworkInput
from sneakeraug.embed.shared import PICTURES_A_PASS, SharedEncoder
from sneakeraug.errors import BusyError, ModelError


class Brightness(Encoder):
    """Says how bright a picture's first pixel is, once it is let; refuses one of 255."""

    backend = "arithmetic"

    def __init__(self) -> None:
        super().__init__(6, 8)
        self.open, self.entered = threading.Event(), threading.Event()
        self.passes: list[int] = []

    @property
    def device(self) -> str:
        return "cpu"

    def encode_inputs(self, inputs: NetworkInput) -> Encoded:
        self.entered.set()
        assert self.open.wait(30)
        first = inputs.squares[:, 0, 0, 0]
        self.passes.append(len(first))
        if (first == 255).any():
            raise ModelError("no such picture")
        numbers = first.astype(np.float32)
        return Encoded(
            np.repeat(numbers[:, None], 6, axis=1),
            np.repeat(numbers[:, None], N_IDENTITY, axis=1),
            numbers,
            numbers,
        )


def pictures(value: int, n: int = 6) -> NetworkInput:
    return NetworkInput(np.full((n, 8, 8, 3), value, np.uint8), np.zeros((n, N_TONES), np.float32))


def ask_while_closed(
    shared: SharedEncoder, inner: Brightness, some: list[NetworkInput], pool: ThreadPoolExecutor
) -> list[Encoded | BaseException]:
    """Answers to callers that come while one pass runs, which the first of them started."""
    first = pool.submit(shared.encode_inputs, some[0])
    assert inner.entered.wait(30)
    others = []
    for n, each in enumerate(some[1:], 1):
        others.append(pool.submit(shared.encode_inputs, each))
        while len(shared._waiting) < n:
            time.sleep(0.001)
    inner.open.set()
    return [each.exception(30) or each.result(30) for each in (first, *others)]


def test_callers_that_wait_go_through_the_network_together_and_get_their_own() -> None:
    inner = Brightness()
    shared = SharedEncoder(inner, 32)
    with ThreadPoolExecutor(16) as pool:
        found = ask_while_closed(shared, inner, [pictures(v, n=v) for v in range(1, 8)], pool)
    assert inner.passes == [1, 2 + 3 + 4 + 5 + 6 + 7]
    for value, each in enumerate(found, 1):
        assert isinstance(each, Encoded)
        for numbers in (each.outputs, each.embeddings, each.is_shoe, each.is_known_edit):
            assert len(numbers) == value
            assert (numbers == value).all()


def test_a_pass_is_no_larger_than_it_may_be() -> None:
    inner = Brightness()
    shared = SharedEncoder(inner, 32)
    with ThreadPoolExecutor(16) as pool:
        found = ask_while_closed(shared, inner, [pictures(v) for v in range(11)], pool)
    assert inner.passes == [6, PICTURES_A_PASS, 6 * 10 - PICTURES_A_PASS]
    assert [each.is_shoe[0] for each in found if isinstance(each, Encoded)] == list(range(11))


def test_a_full_queue_refuses_at_once_and_serves_those_who_wait() -> None:
    inner = Brightness()
    shared = SharedEncoder(inner, 2)
    with ThreadPoolExecutor(16) as pool:
        first = pool.submit(shared.encode_inputs, pictures(1))
        assert inner.entered.wait(30)
        waiting = [pool.submit(shared.encode_inputs, pictures(v)) for v in (2, 3)]
        while len(shared._waiting) < 2:
            time.sleep(0.001)
        with pytest.raises(BusyError, match="Try again in 1 s; nothing was lost"):
            shared.encode_inputs(pictures(4))
        inner.open.set()
        assert [each.result(30).is_shoe[0] for each in (first, *waiting)] == [1, 2, 3]
    assert shared.encode_inputs(pictures(4)).is_shoe[0] == 4


def test_a_failed_pass_fails_those_in_it_and_nobody_after() -> None:
    inner = Brightness()
    shared = SharedEncoder(inner, 32)
    with ThreadPoolExecutor(16) as pool:
        found = ask_while_closed(shared, inner, [pictures(v) for v in (1, 2, 255, 3)], pool)
    assert isinstance(found[0], Encoded)
    assert all(isinstance(each, ModelError) for each in found[1:])
    assert shared.encode_inputs(pictures(5)).is_shoe[0] == 5


def test_many_threads_each_get_their_own_answers() -> None:
    inner = Brightness()
    inner.open.set()
    shared = SharedEncoder(inner, 64)
    with ThreadPoolExecutor(32) as pool:
        values = [v % 250 for v in range(600)]
        found = list(pool.map(lambda v: shared.encode_inputs(pictures(v, 1)).is_shoe[0], values))
    assert found == values
