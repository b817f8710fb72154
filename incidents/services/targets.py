"""Serving targets: registered, told what to serve, heard, and what that confirms."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings as conf
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.webhooks.models import Signing, WebhookEndpoint
from governance.registry.access import require
from governance.registry.choices import HoldEffect
from governance.registry.models import System
from governance.registry.selectors import (
    State,
    SystemState,
    stops_whole,
    system_state,
    system_states,
)
from incidents.choices import FINAL_STATES, TargetKind, TimelineKind
from incidents.confirmation import Standing
from incidents.levers.addresses import check_address
from incidents.levers.secrets import seal
from incidents.models import DesiredState, Incident, ServingTarget
from incidents.selectors import target_standings
from incidents.services.drill_facts import note_confirmations, refuse_while_rehearsing
from incidents.services.moving import mitigate_when_contained
from incidents.services.orders import (
    ORDERED_KINDS,
    end_orders,
    settle_orders,
    write_order,
    write_orders,
)
from incidents.services.timeline import add_timeline_entry

MACHINE = SystemActor("incidents")


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """How a target hears of a change; what belongs to another kind stays empty."""

    kind: str = TargetKind.OFREP
    for_drills: bool = False
    endpoint: WebhookEndpoint | None = None
    tracking_url: str = ""
    model_name: str = ""
    alias: str = ""
    credential: str = ""
    reports_itself: bool = True


@transaction.atomic
def register_target(
    *,
    system: System,
    key: str,
    title: str,
    actor: Actor,
    settings: TargetSettings = TargetSettings(),
) -> ServingTarget:
    """Name a place that serves the system; one that has to be told is told what it should serve."""
    require(actor, "incidents.edit_targets", [system])
    _check_settings(settings)
    if not settings.for_drills:
        refuse_while_rehearsing(system)
    own = dataclasses.asdict(settings)
    credential = own.pop("credential")
    own["endpoint"] = settings.endpoint
    target = ServingTarget(system=system, key=key, title=title.strip(), **own)
    target.tracking_secret = seal(credential, target.pk)
    try:
        target.clean_fields()
        with transaction.atomic():
            target.save(force_insert=True)
    except ValidationError as problem:
        name, sentences = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentences[0]}") from None
    except IntegrityError:
        raise Conflict(f"{system.key} already has a serving target {key!r}.") from None
    renew_desired([system])
    _order_newcomer(target)
    _record("incidents.target_registered", target, actor)
    return target


def _check_settings(given: TargetSettings) -> None:
    if given.kind not in TargetKind.values:
        raise Invalid(f"kind is one of {', '.join(TargetKind.values)}.")
    alias_settings = (given.tracking_url, given.model_name, given.alias)
    if given.kind == TargetKind.MLFLOW:
        if not all(one.strip() for one in alias_settings):
            raise Invalid("An MLflow alias needs the tracking URL, the model's name and the alias.")
        if refused := check_address(given.tracking_url, conf.MLFLOW_HOSTS):
            raise Invalid(
                f"{refused} A server inside your network is named in TACTFUL_MLFLOW_HOSTS."
            )
    elif any(alias_settings) or given.credential:
        raise Invalid("Tracking URL, model, alias and credential belong to an MLflow alias.")
    elif not given.reports_itself:
        raise Invalid("Only an MLflow alias can be confirmed without the target's own report.")
    if (given.kind == TargetKind.WEBHOOK) != (given.endpoint is not None):
        raise Invalid("A target that is told by webhook, and no other, has an endpoint.")
    if given.endpoint is not None and given.endpoint.signing != Signing.HMAC:
        raise Invalid(
            "Choose an endpoint with a shared secret: its owner signs its reports with it."
        )


def _order_newcomer(target: ServingTarget) -> None:
    """Tell a target that came later what the others were told; an alias is not removed unasked."""
    if target.kind not in ORDERED_KINDS:
        return
    desired = DesiredState.objects.get(system=target.system)
    state = system_state(target.system)
    if target.kind == TargetKind.MLFLOW and not desired.version and not held(state):
        raise Conflict(
            f"{target.system.title} has no version to serve, so its alias would be removed: "
            "set a serving version or a fallback first."
        )
    write_order(target=target, desired=desired, reference=_cause(state))


@transaction.atomic
def set_target_active(*, target: ServingTarget, active: bool, actor: Actor) -> ServingTarget:
    """Take a target out of what has to confirm, or back in."""
    require(actor, "incidents.edit_targets", [target.system])
    if active and not target.for_drills:
        refuse_while_rehearsing(target.system)
    target.active = active
    target.save(update_fields=["active", "updated_at"])
    if active:
        renew_desired([target.system])
        _order_newcomer(target)
    else:
        end_orders(target)
    _record("incidents.target_activated" if active else "incidents.target_retired", target, actor)
    return target


@transaction.atomic
def replace_credential(*, target: ServingTarget, credential: str, actor: Actor) -> ServingTarget:
    """Give an alias's target another credential; the one before is forgotten."""
    require(actor, "incidents.edit_targets", [target.system])
    if target.kind != TargetKind.MLFLOW:
        raise Invalid(
            f"{target.title} needs no credential: it {target.get_kind_display().lower()}."
        )
    target.tracking_secret = seal(credential, target.pk)
    target.save(update_fields=["tracking_secret", "updated_at"])
    _record("incidents.target_credential_replaced", target, actor)
    return target


@transaction.atomic
def report_served(
    *,
    target: ServingTarget,
    version: str,
    personalises: bool,
    actor: Actor,
    revision: int | None = None,
    signed: bool = False,
) -> Standing:
    """Take a target's word for what it serves now; containment is confirmed by it.

    `signed` says that the word carries a signature with the secret of the target's endpoint.
    """
    require(actor, "incidents.report_served", [target.system])
    if len(version) > 63:
        raise Invalid("A version has at most 63 signs.")
    if target.kind == TargetKind.WEBHOOK and not signed:
        raise NotPermitted(f"{target.title} signs its reports with the secret of its endpoint.")
    if target.kind == TargetKind.WEBHOOK and revision is None:
        raise Invalid("Name the revision that the message told you of.")
    ServingTarget.objects.filter(pk=target.pk).update(
        served_version=version,
        served_personalised=personalises,
        served_revision=revision,
        served_at=database_now(),
    )
    settle_orders(target.system)
    settle_containment(target.system)
    for one in target_standings(target.system):
        if one.target.pk == target.pk:
            return one.standing
    raise Conflict(f"{target.title} is retired: what it says confirms nothing.")


@transaction.atomic
def renew_desired(systems: Iterable[System]) -> int:
    """Write down what systems with targets should serve now, and order those who must be told.

    Returns how many changed. The orders stand in the transaction of the change, so that none is
    lost and none is sent for a change that was rolled back.
    """
    served = {system.key: system for system in systems if system.serving_targets.exists()}
    changed = 0
    for key, state in system_states(served.values()).items():
        version, personalises = wanted(state)
        said = {"version": version, "personalises": personalises, "since": database_now()}
        row, created = DesiredState.objects.select_for_update().get_or_create(
            system=served[key], defaults=said
        )
        if (row.version, row.personalises) != (version, personalises):
            DesiredState.objects.filter(pk=row.pk).update(**said, revision=F("revision") + 1)
            row.refresh_from_db()
            write_orders(desired=row, reference=_cause(state))
            created = True
        changed += created
    return changed


def wanted(state: SystemState) -> tuple[str, bool]:
    """Return the version a system in this state serves to an anonymous person, and how."""
    if state.state == State.MAY_PERSONALISE:
        return state.version_key or "", True
    denied = any(hold.effect == HoldEffect.DENY for hold in state.holds if stops_whole(hold))
    return ("" if denied else state.fallback_key or ""), False


def held(state: SystemState) -> bool:
    return any(stops_whole(hold) for hold in state.holds)


def _cause(state: SystemState) -> str:
    """The incident for which a system is held now, if one is named."""
    named = [one.incident_reference for one in state.holds if stops_whole(one)]
    return next((reference for reference in reversed(named) if reference), "")


def settle_containment(system: System) -> int:
    """Confirm the containment of open incidents once no target is waiting or unconfirmed."""
    note_confirmations(system)
    open_ones = Incident.objects.filter(
        system=system, containment_requested_at__isnull=False, contained_at__isnull=True
    ).exclude(state__in=FINAL_STATES)
    if not open_ones.exists() or system_state(system).state == State.MAY_PERSONALISE:
        return 0
    standings = target_standings(system)
    pending = (Standing.WAITING, Standing.UNCONFIRMED)
    if any(one.standing in pending for one in standings):
        return 0
    confirmed = sum(one.standing == Standing.CONFIRMED for one in standings)
    settled = 0
    for incident in open_ones.select_for_update(of=("self",)):
        incident.contained_at = database_now()
        incident.save(update_fields=["contained_at", "updated_at"])
        add_timeline_entry(
            incident=incident,
            kind=TimelineKind.STEP,
            sentence=f"Contained: {confirmed} of {len(standings)} serving targets say so, "
            "the others have no traffic."
            if confirmed < len(standings)
            else f"Contained: all {confirmed} serving targets say so.",
            actor=MACHINE,
        )
        mitigate_when_contained(incident=incident, actor=MACHINE)
        settled += 1
    return settled


def _record(verb: str, target: ServingTarget, actor: Actor) -> None:
    record_entry(
        verb=verb,
        object_type="servingtarget",
        object_id=str(target.pk),
        actor=actor,
        facts={"system": target.system.key, "key": target.key},
    )
