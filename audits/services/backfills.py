"""Past windows on request: bounded orders of runs, and their cancelling.

A backfilled run is no planned look: it makes findings and never contains.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models.functions import Now

from audits.choices import OPEN_RUN_STATES, RunPurpose, RunState
from audits.models import Backfill, Plan, Run
from audits.schedules import schedule_of
from audits.services.scheduling import AT_MOST_ONCE, make_run
from audits.windows import Window
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require

MOST_WINDOWS = 400


@transaction.atomic
def request_backfill(
    *, plan: Plan, first: datetime, until: datetime, reason: str = "", actor: Actor
) -> Backfill:
    """Audit the windows between two moments that no scheduled run has, at most 400 at once."""
    require(actor, "audits.run", [plan.system])
    windows = missing_windows(plan, first, until, database_now())
    order = Backfill.objects.create(
        plan=plan,
        first=first,
        until=until,
        windows=len(windows),
        reason=reason,
        requested_by=actor.reference,
    )
    record_entry(
        verb="audits.backfill_requested",
        object_type="backfill",
        object_id=str(order.pk),
        actor=actor,
        facts={
            "plan": plan.key,
            "first": first.isoformat(),
            "until": until.isoformat(),
            "windows": len(windows),
        },
        personal={"reason": reason} if reason else None,
    )
    for window in windows:
        make_run(
            plan=plan,
            window=window,
            version=plan.version or plan.system.serving_version,
            purpose=RunPurpose.BACKFILL,
            backfill=order,
            actor=actor,
        )
    return order


def missing_windows(plan: Plan, first: datetime, until: datetime, now: datetime) -> list[Window]:
    """Return the due windows in a range that have no run; refuse a range without any."""
    if first.tzinfo is None or until.tzinfo is None:
        raise Invalid("The first and the last moment of a backfill are times with a zone.")
    if first >= until:
        raise Invalid("A backfill ends after it starts.")
    done = set(
        Run.objects.filter(
            plan=plan,
            purpose__in=AT_MOST_ONCE,
            window_start__gte=first,
            window_end__lte=until,
        ).values_list("window_start", "window_end")
    )
    found: list[Window] = []
    for window in islice(schedule_of(plan).due(now, first), len(done) + MOST_WINDOWS + 1):
        if window.end > until:
            break
        if (window.start, window.end) not in done:
            found.append(window)
    if not found:
        raise Conflict("No window between these moments is due and still without a run.")
    if len(found) > MOST_WINDOWS:
        raise Invalid(
            f"That is more than {MOST_WINDOWS} windows, the last of them would end at "
            f"{found[MOST_WINDOWS - 1].end.isoformat()}: ask for a shorter range."
        )
    return found


@transaction.atomic
def cancel_backfill(*, backfill: Backfill, reason: str = "", actor: Actor) -> Backfill:
    """Cancel what is still open of a backfill; what has been published stands."""
    require(actor, "audits.run", [backfill.plan.system])
    if Backfill.objects.filter(pk=backfill.pk, cancelled_at=None).update(cancelled_at=Now()) != 1:
        raise Conflict("This backfill is cancelled already.")
    stopped = Run.objects.filter(backfill=backfill, state__in=OPEN_RUN_STATES).update(
        state=RunState.CANCELLED,
        finished_at=Now(),
        lease_until=None,
        error=reason or "The backfill was cancelled.",
    )
    if not stopped:
        raise Conflict("Every run of this backfill has ended already.")
    backfill.refresh_from_db()
    record_entry(
        verb="audits.backfill_cancelled",
        object_type="backfill",
        object_id=str(backfill.pk),
        actor=actor,
        facts={"plan": backfill.plan.key, "runs": stopped},
        personal={"reason": reason} if reason else None,
    )
    return backfill
