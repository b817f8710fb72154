"""Timers of an incident with short times, and what came of each: deeds of the stagehand.

Times are shortened by data: what is due when stands in rows, and nothing of the code is touched.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SUBJECTS = {
    "escalation": "nobody has taken command",
    "clock": " has passed",
    "hold": "waits for approval",
}


def wind_timers(early: float, late: float) -> dict[str, Any]:
    """An incident that nobody commands, a clock that runs and a hold that nobody approves.

    One rung of the ladder, one share of the clock and the hold are due in `early` seconds; the
    next rung and the next share in `late` seconds.
    """
    from governance.core.actors import SystemActor
    from governance.core.clock import database_now
    from governance.registry.models import Hold, System
    from governance.registry.services import place_hold, register_system
    from incidents.choices import ClockState, Kind, Severity
    from incidents.clocks.regimes import REGIMES
    from incidents.models import Escalation, RegulatorClock
    from incidents.services.opening import open_incident
    from tests.cast import Cast
    from tests.trust.deeds import known

    cast, stage = known(Cast()), SystemActor("stage")
    system: System = register_system(
        key="wound", title="Wound", on_pause="non_profiled", actor=stage
    )
    cast.join("wound")
    incident, _created = open_incident(
        title="Strangers see each other's interests",
        summary="",
        kind=Kind.PRIVACY,
        severity=Severity.S1,
        cause_key="report:wound",
        system=system,
        actor=stage,
    )
    hold = place_hold(
        system=system, cause="manual:ada", reason="A complaint.", actor=cast.actor("ada")
    )
    now = database_now()
    soon, then = now + timedelta(seconds=early), now + timedelta(seconds=late)
    far = now + timedelta(days=1)
    for level, due in ((1, soon), (2, then), (3, far)):
        Escalation.objects.filter(incident=incident, level=level).update(due_at=due)
    Hold.objects.filter(pk=hold.pk).update(approve_by=soon)
    # Half of the period is over at `soon`, three quarters at `then`.
    quarter = then - soon
    RegulatorClock.objects.create(
        incident=incident,
        regime_key=REGIMES[0].key,
        state=ClockState.RUNNING,
        statement="Interests of strangers were shown.",
        decided_by="stage",
        aware_at=soon - 2 * quarter,
        country="DE",
        zone="Europe/Berlin",
        due_at=soon + 2 * quarter,
        latest_at=soon + 2 * quarter,
    )
    return {"now": now.timestamp()}


def timers() -> list[dict[str, Any]]:
    """Each timer: when it was due, and when people were told, as seconds of the server's clock."""
    from governance.registry.models import Hold
    from incidents.models import Escalation, RegulatorClock

    found = [
        _timer(f"rung {rung.level}", rung.due_at, rung.told_at)
        for rung in Escalation.objects.filter(incident__system__key="wound", level__in=(1, 2))
    ]
    hold = Hold.objects.get(system__key="wound", cause="manual:ada")
    found.append(_timer("hold", hold.approve_by, hold.escalated_at))
    clock = RegulatorClock.objects.get(incident__system__key="wound")
    assert clock.due_at is not None
    assert clock.aware_at is not None
    period = clock.due_at - clock.aware_at
    for percent in (50, 75):
        told = clock.reminders.filter(percent=percent).first()
        due = clock.aware_at + period * percent / 100
        found.append(_timer(f"{percent} %", due, told.at if told else None))
    return found


def _timer(name: str, due: Any, told: Any) -> dict[str, Any]:
    return {
        "name": name,
        "due": due.timestamp(),
        "told": told.timestamp() if told is not None else None,
    }


def notices_of_timers() -> dict[str, int]:
    """How often people were told of each kind."""
    from governance.outbox.models import Notice

    return {
        kind: Notice.objects.filter(subject__contains=words).count()
        for kind, words in SUBJECTS.items()
    }
