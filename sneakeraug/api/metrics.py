"""What Prometheus reads: requests, how long they took, what is under way, what was refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The folder several processes of one service count in; prometheus-client reads it on import."""

SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 15.0, 30.0)

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST


class Metrics:
    """Counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "sneakeraug_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "sneakeraug_request_seconds",
            "From a request's head to its answer's end.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self.refused = Counter(
            "sneakeraug_refused",
            "Requests refused unread or undone: busy, too_many, key, too_large, too_slow.",
            ("reason",),
            registry=self._registry,
        )
        self.pictures = Counter(
            "sneakeraug_pictures", "Pictures scored or searched with.", registry=self._registry
        )
        self._in_flight = self._gauge("sneakeraug_in_flight", "Requests under way.")
        self._waiting = self._gauge("sneakeraug_waiting", "Jobs that no thread has begun.")
        self._ready = self._gauge("sneakeraug_ready", "1 where a model serves.")

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self._registry, multiprocess_mode="livesum")

    def watch(
        self,
        in_flight: Callable[[], float],
        waiting: Callable[[], float],
        is_ready: Callable[[], float],
    ) -> None:
        """Read these whenever the metrics are; in several processes, at every request."""
        self._watched = (
            (self._in_flight, in_flight),
            (self._waiting, waiting),
            (self._ready, is_ready),
        )

    def note(self) -> None:
        """Write down what is watched, where another process may be the one that is asked."""
        if SHARED in os.environ:
            self._read()

    def _read(self) -> None:
        for gauge, value in self._watched:
            gauge.set(value())

    def render(self) -> bytes:
        """Return everything in Prometheus' text form."""
        self._read()
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
