"""Making a plan what its file says: made where it is not there, changed where it differs.

A file is whole: what it leaves out has its default, save for the words and the choices that a
page adds. What it weakens waits for a second person like any other change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from audits.choices import PlanChangeState
from audits.models import Plan, PlanChange
from audits.plan_files.content import CHANGEABLE, FIXED, content_of, content_of_file, set_content
from audits.plan_files.model import PlanFile
from audits.services.changes import propose_plan_change
from audits.services.plans import create_plan
from governance.core.actors import Actor
from governance.core.errors import Invalid, NotFound
from governance.registry.models import System

# These keep what they are where a file says nothing of them.
KEPT = {"title", "limits_note", "preset", "metric_choice", *FIXED}


@dataclass(frozen=True)
class Applied:
    """What became of a plan file."""

    plan: Plan
    outcome: Literal["created", "unchanged", "applied", "proposed"]
    change: PlanChange | None = None


@transaction.atomic
def apply_plan_file(*, file: PlanFile, reason: str = "", actor: Actor) -> Applied:
    """Make or change the plan that a file describes."""
    plan = Plan.objects.for_actor(actor).select_related("system").filter(key=file.key).first()
    if plan is None:
        return Applied(_create(file, actor), "created")
    wanted = content_of_file(file)
    present = content_of(plan)
    changes = {
        name: wanted[name]
        for name in (*FIXED, *CHANGEABLE)
        if name in wanted
        and (name not in KEPT or name in file.model_fields_set)
        and wanted[name] != present[name]
    }
    if file.cron:
        changes = {name: one for name, one in changes.items() if name not in ("every", "length")}
    if not changes:
        return Applied(plan, "unchanged")
    change = propose_plan_change(plan=plan, changes=changes, reason=reason, actor=actor)
    plan.refresh_from_db()
    proposed = change.state == PlanChangeState.PROPOSED
    return Applied(plan, "proposed" if proposed else "applied", change)


def _create(file: PlanFile, actor: Actor) -> Plan:
    if file.system is None or file.starts_at is None or not file.title:
        raise Invalid("A plan file that makes a plan says title, system and starts_at.")
    keys = actor.system_keys
    system = System.objects.filter(key=file.system).first()
    if system is None or (keys is not None and system.key not in keys):
        raise NotFound(f"There is no system {file.system!r} that {actor.display} works on.")
    named = Plan(system=system)
    set_content(named, {"source": file.source, "version": file.version})
    return create_plan(
        key=file.key,
        title=file.title,
        system=system,
        source=named.source,
        version=named.version,
        method=file.method,
        columns=file.columns,
        parameters=file.parameters,
        limits=file.limit_rows(),
        limits_note=file.limits_note,
        seed=file.seed,
        zone=file.zone,
        starts_at=file.starts_at,
        ends_at=file.ends_at,
        cron=file.cron,
        every=file.every or file.length,
        length=file.length,
        lateness=file.lateness,
        label_maturity=file.label_maturity,
        backfill=file.backfill,
        planned_looks=file.planned_looks,
        time_limit=file.time_limit,
        weight=file.weight,
        suppress_below=file.suppress_below,
        vault_attributes=file.vault_attributes,
        on_breach=file.on_breach,
        preset=file.preset,
        metric_choice=file.metric_choice,
        actor=actor,
    )
