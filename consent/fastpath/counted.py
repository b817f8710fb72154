"""How many questions the table answered and how many samples were kept, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from consent.fastpath.front import Front


class Counted(Collector):
    """This process's counts; nothing is added up until somebody asks."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def collect(self) -> Iterator[Any]:
        checks = CounterMetricFamily(
            "tactful_checks", "Questions at the decision's doors, by who answered.", labels=["by"]
        )
        told = self._front.counts()
        checks.add_metric(["table"], told["fast"])
        checks.add_metric(["slow_path"], told["slow"])
        yield checks
        samples = CounterMetricFamily(
            "tactful_decision_samples",
            "Sampled decisions, by what became of them.",
            labels=["fate"],
        )
        held = self._front.samples
        samples.add_metric(["written"], held.written if held else 0)
        samples.add_metric(["dropped"], held.dropped if held else 0)
        yield samples


def tell_counts(front: Front) -> None:
    """Put the counts of the process's front into the registry behind `/metrics`."""
    REGISTRY.register(Counted(front))
