"""Plans: declared once, paused and resumed; limits never change after the fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audits.choices import TAKEN_PLAN_KEYS, OnBreach, PlanState, PlanWeight
from audits.models import Plan, Source
from audits.schedule_words import duration_in_words
from audits.schedules import schedule_of
from audits.services.alert_rules import derive_rules
from audits.windows import check_cron
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.people.models import User
from governance.registry.access import require
from governance.registry.models import ModelVersion, System

if TYPE_CHECKING:
    from methods.report import Limit

LONGEST_RUN = timedelta(minutes=55)  # a worker's own hard limit is an hour
SHORTEST_STEP = timedelta(minutes=1)
Limits = Sequence[str | Mapping[str, Any]]


@transaction.atomic
def create_plan(
    *,
    key: str,
    title: str,
    system: System,
    method: str,
    columns: Mapping[str, Sequence[str]],
    limits: Limits,
    starts_at: datetime,
    actor: Actor,
    parameters: Mapping[str, Any] | None = None,
    source: Source | None = None,
    version: ModelVersion | None = None,
    limits_note: str = "",
    zone: str = "UTC",
    ends_at: datetime | None = None,
    length: timedelta = timedelta(days=1),
    every: timedelta | None = None,
    lateness: timedelta = timedelta(0),
    label_maturity: timedelta = timedelta(0),
    backfill: bool = False,
    planned_looks: int | None = None,
    owner: User | None = None,
    on_breach: str = OnBreach.FINDING,
    seed: int = 0,
    cron: str = "",
    time_limit: timedelta = timedelta(minutes=30),
    weight: str = PlanWeight.LIGHT,
    suppress_below: int = 10,
    vault_attributes: Sequence[str] = (),
    preset: str = "",
    metric_choice: Mapping[str, Any] | None = None,
) -> Plan:
    """Declare what is watched, against which limits, in which windows.

    A limit is `"top_share<=0.30"`, `{"limit": "top_share<=0.30", "severity": "warn"}` or
    `{"metric", "op", "value", "severity"}`; severity `warn` never decides.
    With `planned_looks` the level of every interval is corrected for that many. Every limit of
    severity `fail` gets an alert rule; only an alert contains (`auto_contain`), never a verdict.
    """
    require(actor, "audits.plan", [system])
    for part, name in ((version, "version"), (source, "source")):
        if part is not None and part.system_id != system.pk:
            raise Invalid(f"The {name} {part.key!r} is not one of {system.key}.")
    if key in TAKEN_PLAN_KEYS:
        raise Invalid(f"{key!r} is the address of another page: choose another key.")
    declared = checked_limits(limits)
    plan = Plan(
        key=key,
        title=title,
        system=system,
        source=source,
        version=version,
        method=method,
        parameters=dict(parameters or {}),
        columns=_plain_columns(columns),
        limits=declared,
        limits_declared_at=database_now(),
        limits_note=limits_note,
        seed=seed,
        zone=zone,
        starts_at=starts_at,
        ends_at=ends_at,
        length=length,
        every=every or length,
        lateness=lateness,
        label_maturity=label_maturity,
        backfill=backfill,
        planned_looks=planned_looks,
        owner=owner,
        on_breach=on_breach,
        cron=cron,
        time_limit=time_limit,
        weight=weight,
        suppress_below=suppress_below,
        vault_attributes=list(vault_attributes),
        preset=preset,
        metric_choice=dict(metric_choice or {}),
    )
    check_plan(plan)
    _insert(plan, f"There is already a plan {key!r}.")
    record_entry(
        verb="audits.plan_created",
        object_type="plan",
        object_id=str(plan.pk),
        actor=actor,
        facts={
            "key": key,
            "system": system.key,
            "method": method,
            "limits": [f"{one['metric']}{one['op']}{one['value']:g}" for one in declared],
            "planned_looks": planned_looks,
            "on_breach": on_breach,
        },
    )
    derive_rules(plan=plan, actor=actor)
    return plan


def check_plan(plan: Plan) -> None:
    """Refuse, in words, a plan whose parts do not fit together; it need not be saved."""
    _check_method(plan.method, plan.columns, plan.parameters, plan.limits, plan.planned_looks)
    _check_dates(plan.starts_at, plan.ends_at, plan.zone)
    if plan.cron and (problem := check_cron(plan.cron)):
        raise Invalid(problem)
    if not timedelta(0) < plan.time_limit <= LONGEST_RUN:
        longest = duration_in_words(LONGEST_RUN)
        raise Invalid(f"The time limit of a run lies above 0 and is at most {longest}.")
    if plan.weight not in PlanWeight.values:
        raise Invalid(f"The weight of a plan is one of {', '.join(PlanWeight.values)}.")
    if plan.on_breach not in OnBreach.values:
        raise Invalid(f"On a breach a plan does one of {', '.join(OnBreach.values)}.")
    if min(plan.length, plan.every) < SHORTEST_STEP:
        raise Invalid("Windows last a minute or longer, and one begins each minute at most.")
    _check_looks(plan)


def pause_plan(*, plan: Plan, reason: str, actor: Actor) -> Plan:
    """Schedule no further windows until the plan is resumed."""
    return _move(plan, PlanState.ACTIVE, PlanState.PAUSED, reason, actor)


def resume_plan(*, plan: Plan, reason: str, actor: Actor) -> Plan:
    """Go on with the windows; those that came due meanwhile are audited too."""
    return _move(plan, PlanState.PAUSED, PlanState.ACTIVE, reason, actor)


@transaction.atomic
def _move(plan: Plan, old: str, new: str, reason: str, actor: Actor) -> Plan:
    require(actor, "audits.plan", [plan.system])
    if Plan.objects.filter(pk=plan.pk, state=old).update(state=new) != 1:
        plan.refresh_from_db()
        raise Conflict(f"The plan {plan.key} is {plan.get_state_display().lower()}.")
    plan.refresh_from_db()
    record_entry(
        verb=f"audits.plan_{new}",
        object_type="plan",
        object_id=str(plan.pk),
        actor=actor,
        facts={"key": plan.key},
        personal={"reason": reason} if reason else None,
    )
    return plan


def _insert(row: Plan, taken: str) -> None:
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            row.save(force_insert=True)
    except ValidationError as problem:
        name, sentences = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentences[0]}") from None
    except IntegrityError as problem:
        if "unique" in str(problem):
            raise Conflict(taken) from None
        raise Invalid("The dates or lengths of the plan do not fit together.") from None


def _plain_columns(columns: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {
        role: [names] if isinstance(names, str) else list(names) for role, names in columns.items()
    }


def checked_limits(limits: Limits) -> list[dict[str, Any]]:
    """Return limits as a plan keeps them, however they were written."""
    from methods.errors import BadInput

    try:
        return [_limit(one).to_dict() for one in limits]
    except (BadInput, KeyError, TypeError, ValueError) as problem:
        raise Invalid(f"A limit is not usable: {problem}") from None


def _limit(given: str | Mapping[str, Any]) -> Limit:
    from methods.report import Limit

    if isinstance(given, str):
        return Limit.parse(given)
    if "limit" in given:
        return Limit.parse(given["limit"], given.get("severity", "fail"))
    return Limit.from_dict(given)


def _check_method(
    key: str,
    columns: Mapping[str, Sequence[str]],
    parameters: Mapping[str, Any],
    limits: list[dict[str, Any]],
    looks: int | None,
) -> None:
    from methods import catalogue
    from methods.errors import BadInput
    from methods.report import Limit
    from methods.run import check_limits

    try:
        method = catalogue.get(key)
        method.roles.check(key, _plain_columns(columns))
        method.parse({**parameters, **({"looks": looks} if looks else {})})
        check_limits(method, [Limit.from_dict(one) for one in limits])
    except BadInput as problem:
        raise Invalid(str(problem)) from None


def _check_dates(starts_at: datetime, ends_at: datetime | None, zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid(f"{zone!r} is not a time zone such as Europe/Berlin.") from None
    for moment in (starts_at, ends_at):
        if moment is not None and moment.tzinfo is None:
            raise Invalid("The start and the end of a plan are times with a zone.")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid("The end of a plan lies after its start.")


def _check_looks(plan: Plan) -> None:
    """Refuse more windows than were planned, and containment without a limit to contain."""
    if plan.length <= timedelta(0) or plan.every <= timedelta(0):
        raise Invalid("Windows have a length, and some time passes from one to the next.")
    windows = schedule_of(plan).count()
    if windows == 0:
        raise Invalid("The plan ends before its first window does.")
    if plan.planned_looks is not None and windows is not None and windows > plan.planned_looks:
        raise Invalid(
            f"The plan has {windows} windows, but {plan.planned_looks} looks are planned."
        )
    if plan.on_breach == OnBreach.AUTO_CONTAIN and not any(
        one["severity"] == "fail" for one in plan.limits
    ):
        raise Invalid("Containment without a person needs a limit of severity 'fail'.")
