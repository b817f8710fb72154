"""Reading sources and the manifest of segments: what was delivered, click rates by version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum

from audits.models import OutcomeBatch, OutputBatch, Source
from governance.core.actors import Actor
from governance.registry.models import ModelVersion, System


@dataclass(frozen=True)
class ClickRate:
    """Clicks per output shown of one version, with Wilson's interval."""

    version_key: str
    label: str
    clicked: int
    n: int
    value: float
    low: float
    high: float
    verdict: None = None


@dataclass(frozen=True)
class ClickDifference:
    """Serving version minus another one, with Newcombe's interval."""

    of: str
    to: str
    value: float
    low: float
    high: float

    @property
    def decided(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class ClickRates:
    """What the logs of a system say about clicks, and what the fallback gives up."""

    versions: list[ClickRate]
    difference: ClickDifference | None
    sentence: str


def sources_for(actor: Actor) -> QuerySet[Source]:
    return Source.objects.for_actor(actor).select_related("system")


def output_batches_for(actor: Actor) -> QuerySet[OutputBatch]:
    return OutputBatch.objects.for_actor(actor).select_related("system", "version")


def outcome_batches_for(actor: Actor) -> QuerySet[OutcomeBatch]:
    return OutcomeBatch.objects.for_actor(actor).select_related("system")


def rows_delivered(*, system: System, version: ModelVersion) -> int:
    """How many outputs of a version have been sent."""
    batches = OutputBatch.objects.filter(system=system, version=version)
    return int(batches.aggregate(rows=Sum("rows"))["rows"] or 0)


def delivered_since(*, system: System, version: ModelVersion, moment: datetime) -> bool:
    """Whether outputs of a version have been sent after `moment`."""
    batches = OutputBatch.objects.filter(system=system, version=version)
    return batches.filter(created_at__gt=moment).exists()


def click_rates(system: System) -> ClickRates:
    """Click rates of a system's versions, and what serving the fallback gives up.

    Read from the manifest of all outputs that say whether they were clicked.
    """
    from methods.statistics.proportions import newcombe, wilson

    counted = (
        OutputBatch.objects.filter(system=system, version__isnull=False, shown__gt=0)
        .values("version__key")
        .annotate(shown_rows=Sum("shown"), clicked_rows=Sum("clicked"))
        .order_by("version__key")
    )
    rates = []
    for row in counted:
        clicked, shown = int(row["clicked_rows"]), int(row["shown_rows"])
        low, high = wilson(clicked, shown)
        key = str(row["version__key"])
        rates.append(ClickRate(key, key, clicked, shown, clicked / shown, low, high))
    by_key = {rate.version_key: rate for rate in rates}
    fallback = system.fallback_version.key if system.fallback_version else None
    given_up = by_key.pop(fallback, None) if fallback else None
    if given_up is None or not by_key:
        return ClickRates(rates, None, "Clicks of one version alone: nothing to compare yet.")
    other = max(by_key.values(), key=lambda rate: rate.n)
    low, high = newcombe(other.clicked, other.n, given_up.clicked, given_up.n)
    gap = ClickDifference(
        other.version_key, given_up.version_key, other.value - given_up.value, low, high
    )
    return ClickRates(rates, gap, _click_sentence(gap, other, given_up))


def _click_sentence(gap: ClickDifference, other: ClickRate, fallback: ClickRate) -> str:
    points, low, high = (100 * number for number in (gap.value, gap.low, gap.high))
    told = (
        f"{other.label} is clicked {100 * other.value:.2f} % of the time "
        f"({other.clicked:,} of {other.n:,}), {fallback.label} {100 * fallback.value:.2f} % "
        f"({fallback.clicked:,} of {fallback.n:,}): a difference of {points:.2f} percentage "
        f"points (95 % interval {low:.2f} to {high:.2f})"
    )
    if gap.decided:
        return f"{told}. Serving {fallback.label} {'gives up' if gap.value > 0 else 'gains'} it."
    return f"{told}: inconclusive, too few clicks to say whether the fallback costs any."
