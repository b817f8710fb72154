"""Attributes of the vault are declared, allowed, renewed and retired here; values lie elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audits.choices import Article9, AttributeKind, VaultAct, VaultPurpose
from audits.models import Plan, VaultAttribute, VaultPermit
from audits.vault.rules import why_not_usable
from audits.vault.values import delete_values
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound
from governance.ledger.services import record_entry
from governance.people.models import User
from governance.registry.access import require
from governance.registry.choices import LawfulBasis
from governance.registry.models import System

LONGEST_HOLD = timedelta(days=1096)


@transaction.atomic
def create_attribute(
    *,
    key: str,
    title: str,
    kind: str,
    purposes: Sequence[str],
    reason: str,
    legal_basis: str,
    article9: str,
    dpia: str,
    expires_at: datetime,
    systems: Sequence[str] = (),
    owner: User | None = None,
    actor: Actor,
) -> VaultAttribute:
    """Declare a protected attribute before any value of it comes in."""
    require(actor, "audits.vault")
    if kind not in AttributeKind.values:
        raise Invalid(f"The kind is one of {', '.join(AttributeKind.values)}, not {kind!r}.")
    if not purposes or not set(purposes) <= set(VaultPurpose.values):
        raise Invalid(f"Name at least one purpose of {', '.join(VaultPurpose.values)}.")
    if not reason.strip():
        raise Invalid("Say why fairness cannot be judged without this attribute.")
    if legal_basis not in LawfulBasis.values or article9 not in Article9.values:
        raise Invalid("Choose the legal basis (GDPR, Article 6) and the condition of Article 9.")
    _check_expiry(expires_at)
    known = set(System.objects.filter(key__in=systems).values_list("key", flat=True))
    if unknown := sorted(set(systems) - known):
        raise Invalid(f"There is no system {unknown[0]!r}.")
    attribute = VaultAttribute(
        key=key,
        title=title,
        kind=kind,
        purposes=sorted(set(purposes)),
        reason=reason.strip(),
        legal_basis=legal_basis,
        article9=article9,
        dpia=dpia,
        expires_at=expires_at,
        systems=sorted(set(systems)),
        owner=owner,
    )
    try:
        attribute.clean_fields()
        with transaction.atomic():
            attribute.save(force_insert=True)
    except ValidationError as problem:
        name, (sentence, *_) = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentence}") from None
    except IntegrityError:
        raise Conflict(f"The vault already has an attribute {key!r}.") from None
    _record(
        "created",
        attribute,
        actor,
        {
            "kind": kind,
            "purposes": attribute.purposes,
            "legal_basis": legal_basis,
            "article9": article9,
            "dpia": dpia,
            "expires_at": expires_at.isoformat(),
        },
    )
    return attribute


@transaction.atomic
def renew_attribute(
    *, attribute: VaultAttribute, expires_at: datetime, reason: str, actor: Actor
) -> VaultAttribute:
    """Move the end of an attribute's time after its basis was examined anew."""
    require(actor, "audits.vault")
    attribute = _locked(attribute)
    _check_expiry(expires_at)
    if not reason.strip():
        raise Invalid("Say what was examined and why the attribute is still needed.")
    before = attribute.expires_at
    attribute.expires_at = expires_at
    attribute.save(update_fields=["expires_at", "updated_at"])
    facts = {"from": before.isoformat(), "to": expires_at.isoformat(), "reason": reason.strip()}
    _record("renewed", attribute, actor, facts)
    return attribute


@transaction.atomic
def allow_inferred(*, attribute: VaultAttribute, reason: str, actor: Actor) -> VaultAttribute:
    """Let an inferred attribute be used: a privacy lead's decision, with the reason."""
    require(actor, "audits.vault_inferred")
    attribute = _locked(attribute)
    if attribute.kind != AttributeKind.INFERRED:
        raise Invalid("Only an inferred attribute needs this decision.")
    if not reason.strip():
        raise Invalid("Say why people may be judged by an inference here.")
    attribute.inferred_reason = reason.strip()
    attribute.inferred_allowed_by = actor.reference
    attribute.save(update_fields=["inferred_reason", "inferred_allowed_by", "updated_at"])
    _record("inferred_allowed", attribute, actor, {"reason": reason.strip()})
    return attribute


@transaction.atomic
def retire_attribute(*, attribute: VaultAttribute, reason: str, actor: Actor) -> VaultAttribute:
    """End an attribute's use for good; its values go at once."""
    require(actor, "audits.vault")
    attribute = _locked(attribute)
    if not reason.strip():
        raise Invalid("Say why the attribute is retired.")
    delete_values(attribute=attribute, act=VaultAct.REMOVE, why=reason.strip(), actor=actor)
    attribute.retired_at = database_now()
    attribute.retired_reason = reason.strip()
    attribute.save(update_fields=["retired_at", "retired_reason", "updated_at"])
    _record("retired", attribute, actor, {"reason": reason.strip()})
    return attribute


@transaction.atomic
def permit_plan(*, plan: Plan, attribute: VaultAttribute, reason: str, actor: Actor) -> VaultPermit:
    """Let one plan join one attribute, from now on."""
    require(actor, "audits.vault", [plan.system])
    if not reason.strip():
        raise Invalid("Say why this plan needs the attribute.")
    problem = why_not_usable(attribute, system_key=plan.system.key, now=database_now())
    if problem:
        raise Conflict(problem)
    try:
        with transaction.atomic():
            permit = VaultPermit.objects.create(
                plan=plan, attribute=attribute, reason=reason.strip(), permitted_by=actor.reference
            )
    except IntegrityError:
        raise Conflict(f"The plan {plan.key} may join {attribute.key} already.") from None
    facts = {"plan": plan.key, "reason": reason.strip()}
    _record("plan_permitted", attribute, actor, facts)
    return permit


@transaction.atomic
def revoke_permit(*, plan: Plan, attribute: VaultAttribute, actor: Actor) -> None:
    """Take back that a plan may join an attribute; its next run is refused."""
    require(actor, "audits.vault", [plan.system])
    live = VaultPermit.objects.filter(plan=plan, attribute=attribute, revoked_at=None)
    if not live.update(revoked_at=database_now(), revoked_by=actor.reference):
        raise NotFound(f"The plan {plan.key} is not permitted to join {attribute.key}.")
    _record("permit_revoked", attribute, actor, {"plan": plan.key})


def _locked(attribute: VaultAttribute) -> VaultAttribute:
    found = VaultAttribute.objects.select_for_update().get(pk=attribute.pk)
    if found.retired_at is not None:
        raise Conflict(f"The attribute {found.key} is retired.")
    return found


def _check_expiry(expires_at: datetime) -> None:
    now = database_now()
    if not now < expires_at <= now + LONGEST_HOLD:
        raise Invalid("The attribute expires in the future, within three years at most.")


def _record(
    verb: str, attribute: VaultAttribute, actor: Actor, facts: Mapping[str, object]
) -> None:
    record_entry(
        verb=f"audits.vault_{verb}",
        object_type="vaultattribute",
        object_id=str(attribute.pk),
        actor=actor,
        facts={"attribute": attribute.key, **facts},
    )
