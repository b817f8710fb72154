"""Red lines: drawn and withdrawn by people, watched at every change of their signal."""

from __future__ import annotations

import math

from django.db import IntegrityError, transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.registry.models import System
from governance.signals.definitions import ORGANISATION, UnknownSignal, find_definition
from governance.signals.selectors import current_signal
from incidents.choices import Crossing, Kind, Severity, TimelineKind
from incidents.models import Incident, RedLine
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from incidents.services.timeline import add_timeline_entry

EDITS = "incidents.edit_red_lines"


@transaction.atomic
def draw_red_line(
    *,
    system: System,
    signal_key: str,
    op: str,
    bound: float,
    crossing: str,
    kind: str,
    severity: str,
    reason: str,
    actor: Actor,
    scope_key: str = "",
) -> RedLine:
    """Say which value of a signal a system must not reach, and what happens when it does.

    `scope_key` is what the signal speaks of; by default the system, or the whole organisation. A
    verdict of an audit is refused: of all results of audits only an alert may hold.
    """
    require(actor, EDITS, [system])
    try:
        definition = find_definition(signal_key)
    except UnknownSignal:
        raise Invalid(f"There is no signal {signal_key!r}.") from None
    if definition.unit == "verdict":
        raise Invalid("A verdict draws no line: of all results of audits only an alert may hold.")
    if op not in (">=", "<=") or not math.isfinite(bound):
        raise Invalid("A line is crossed at >= or <= a number.")
    if crossing not in Crossing.values or kind not in Kind.values:
        raise Invalid("Choose one of the listed consequences and kinds.")
    if severity not in Severity.values or len(reason.strip()) < 10:
        raise Invalid("Choose a severity, and say in a sentence why the line is there.")
    own = ORGANISATION if definition.scope == "organisation" else system.key
    line = RedLine(
        system=system,
        signal_key=signal_key,
        scope_key=scope_key or own,
        op=op,
        bound=bound,
        crossing=crossing,
        kind=kind,
        severity=severity,
        reason=reason.strip(),
        drawn_by=actor.reference,
    )
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError:
        raise Conflict("There is such a line already; withdraw it first.") from None
    _record("incidents.red_line_drawn", line, actor)
    return line


@transaction.atomic
def withdraw_red_line(*, line: RedLine, reason: str, actor: Actor) -> RedLine:
    """Take a line away, with the reason."""
    require(actor, EDITS, [line.system])
    if len(reason.strip()) < 10:
        raise Invalid("Say in a sentence why the line is taken away.")
    withdrawn = RedLine.objects.filter(pk=line.pk, withdrawn_at=None).update(
        withdrawn_at=database_now(),
        withdrawn_by=actor.reference,
        withdrawn_because=reason.strip(),
    )
    line.refresh_from_db()
    if withdrawn != 1:
        raise Conflict("The line was withdrawn already.")
    _record("incidents.red_line_withdrawn", line, actor)
    return line


def watch_red_lines(*, signal_key: str, scope_key: str, actor: Actor) -> list[Incident]:
    """Open an incident for every line that the signal's current value crosses.

    What is missing, stale or no number crosses nothing: a line is about what is known. One
    incident stays open for a line, however often its signal moves.
    """
    lines = RedLine.objects.filter(
        signal_key=signal_key, scope_key=scope_key, withdrawn_at=None
    ).select_related("system__serving_version")
    opened = []
    for line in lines:
        reading = current_signal(signal_key, scope_key)
        if reading is None or not isinstance(reading.value, float | int):
            continue
        if not line.is_crossed(float(reading.value)):
            continue
        incident, created = open_incident(
            title=f"{line.system.title}: a red line is crossed ({line})",
            summary=f"{reading.sentence}. The line: {line.reason}",
            kind=line.kind,
            severity=line.severity,
            cause_key=f"red-line:{line.pk}",
            system=line.system,
            version=line.system.serving_version,
            unattended=line.crossing == Crossing.CONTAIN,
            actor=actor,
        )
        if created:
            run_automatic_steps(incident=incident, actor=actor)
            opened.append(incident)
        else:
            add_timeline_entry(
                incident=incident,
                kind=TimelineKind.EVIDENCE,
                sentence=f"Still crossed: {reading.sentence}.",
                actor=actor,
            )
    return opened


def _record(verb: str, line: RedLine, actor: Actor) -> None:
    record_entry(
        verb=verb,
        object_type="redline",
        object_id=str(line.pk),
        actor=actor,
        facts={
            "system": line.system.key,
            "signal": line.signal_key,
            "scope": line.scope_key,
            "op": line.op,
            "bound": str(line.bound),
            "crossing": line.crossing,
        },
    )
