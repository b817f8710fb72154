"""Reading alerts: what fires, where every stream stands, the path of its evidence, its rule."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import Max, Model, OuterRef, Q, QuerySet, Subquery

from audits.choices import AlertState, WeighedAs
from audits.models import (
    Alert,
    AlertMute,
    AlertRule,
    AlertStep,
    AlertStream,
    AlertWindow,
    Plan,
)
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import NotFound

PATH_WINDOWS = 90

RowT = TypeVar("RowT", bound=Model)


def alerts_for(actor: Actor) -> QuerySet[Alert]:
    related = ("stream__rule__plan__system", "owner", "raised_by__run")
    found = Alert.objects.for_actor(actor)
    return found.select_related(*related).defer("raised_by__run__report")


def open_alerts_for(actor: Actor) -> QuerySet[Alert]:
    return alerts_for(actor).exclude(state=AlertState.RESOLVED)


def rules_for(actor: Actor) -> QuerySet[AlertRule]:
    return AlertRule.objects.for_actor(actor).select_related("plan__system")


def streams_for(actor: Actor) -> QuerySet[AlertStream]:
    """Streams of rules in force, each with its newest window."""
    newest = AlertStep.objects.filter(stream=OuterRef("pk")).order_by("-window_start")
    parts = ("window_start", "log_evidence", "estimate", "low", "high", "subjects", "run_id")
    found = AlertStream.objects.for_actor(actor).filter(rule__active=True)
    return found.select_related("rule__plan__system").annotate(
        **{f"last_{part}": Subquery(newest.values(part)[:1]) for part in parts}
    )


def find_alert(alert_id: UUID | str, actor: Actor) -> Alert:
    return _find(alerts_for(actor), alert_id, "alert")


def find_stream(stream_id: UUID | str, actor: Actor) -> AlertStream:
    every = AlertStream.objects.for_actor(actor).select_related("rule__plan__system")
    return _find(every, stream_id, "stream of evidence")


def find_rule(rule_id: UUID | str, actor: Actor) -> AlertRule:
    return _find(rules_for(actor), rule_id, "alert rule")


def find_mute(mute_id: UUID | str, actor: Actor) -> AlertMute:
    rules = rules_for(actor)
    of = Q(rule__in=rules) | Q(stream__rule__in=rules)
    related = ("rule__plan__system", "stream__rule__plan__system")
    return _find(AlertMute.objects.filter(of).select_related(*related), mute_id, "mute")


def _find(rows: QuerySet[RowT], key: UUID | str, name: str) -> RowT:
    try:
        return rows.get(pk=key)
    except (ObjectDoesNotExist, ValidationError, ValueError):
        raise NotFound(f"There is no such {name} that you may see.") from None


def evidence_steps(stream: AlertStream, windows: int = PATH_WINDOWS) -> list[AlertStep]:
    """The newest windows of a stream, oldest first."""
    steps = AlertStep.objects.filter(stream=stream).select_related("run").defer("run__report")
    found = list(reversed(steps.order_by("-window_start")[:windows]))
    for step in found:
        step.stream = stream
    return found


def mutes_of(rule: AlertRule, stream: AlertStream | None = None) -> list[AlertMute]:
    """The mutes that stand, of a rule or of one of its streams."""
    of = Q(rule=rule) | (Q(stream=stream) if stream else Q(stream__rule=rule))
    return list(
        AlertMute.objects.filter(of, lifted_at=None, until__gt=database_now())
        .select_related("stream")
        .order_by("until")
    )


def status_counts(streams: QuerySet[AlertStream]) -> Counter[str]:
    return Counter(streams.values_list("status", flat=True))


def last_checks(actor: Actor, limit: int = 8) -> list[Plan]:
    """The plans whose alerts weighed a window last, with the newest window of each."""
    weighed = Q(alert_windows__taken_as=WeighedAs.WEIGHED)
    return list(
        Plan.objects.for_actor(actor)
        .filter(alert_rules__active=True)
        .annotate(
            weighed_until=Max("alert_windows__window_start", filter=weighed),
            weighed_at=Max("alert_windows__created_at", filter=weighed),
        )
        .select_related("system")
        .order_by("-weighed_at", "key")[:limit]
    )


def passed_over(plan: Plan, limit: int = 5) -> list[AlertWindow]:
    """The newest windows a plan's alerts passed over, each with the reason."""
    found = AlertWindow.objects.filter(plan=plan, taken_as=WeighedAs.SKIPPED)
    return list(found.order_by("-window_start")[:limit])
