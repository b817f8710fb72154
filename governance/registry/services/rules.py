"""Setting and ending rules with a time. A rule begins now or later; what held before stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Model, Q, QuerySet

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotFound
from governance.registry.access import require
from governance.registry.builtin import CLOSED_TO_MINORS
from governance.registry.changes import save_whole
from governance.registry.choices import PurposeState
from governance.registry.models import AgeRule, PersonalizationType, Purpose, RegionRule, System
from governance.registry.services.record import record_change
from governance.registry.validators import validate_mechanism

AnyRule = TypeVar("AnyRule", RegionRule, AgeRule)


def systems_of(purposes: Iterable[Purpose]) -> QuerySet[System]:
    """The systems that serve a purpose, by themselves or through a surface."""
    keys = [purpose.pk for purpose in purposes]
    return System.objects.filter(Q(purposes__in=keys) | Q(surfaces__purposes__in=keys)).distinct()


@transaction.atomic
def set_region_rule(
    *,
    purpose: Purpose,
    region: str,
    regime: str,
    max_age_days: int | None = None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    actor: Actor,
) -> RegionRule:
    """Say how people choose in a region from now (or `valid_from`) on; what stood then gives way.

    Approvals of every system that uses the purpose become stale.
    """
    require(actor, "registry.edit_purposes")
    purpose = Purpose.objects.select_for_update(of=("self",)).get(pk=purpose.pk)
    rule = RegionRule(
        purpose=purpose,
        region=region.strip().upper(),
        regime=regime,
        max_age_days=max_age_days,
        changed_by=actor.reference,
    )
    standing = RegionRule.objects.filter(purpose=purpose, region=rule.region)
    made, said = _place(rule, standing, valid_from, valid_until, ("regime", "max_age_days"))
    if said:
        _keep_everywhere_covered(purpose)
        _record_purpose(purpose, "region_rule_set", {"region_rules": said}, actor)
    return made


@transaction.atomic
def end_region_rule(
    *, purpose: Purpose, region: str, at: datetime | None = None, actor: Actor
) -> None:
    """Let the rule of a region end now (or at `at`); the wider region's rule has the say then."""
    require(actor, "registry.edit_purposes")
    purpose = Purpose.objects.select_for_update(of=("self",)).get(pk=purpose.pk)
    standing = RegionRule.objects.filter(purpose=purpose, region=region.strip().upper())
    said = _end(standing, at, f"{purpose.title} in {region}")
    _keep_everywhere_covered(purpose)
    _record_purpose(purpose, "region_rule_ended", {"region_rules": said}, actor)


@transaction.atomic
def set_age_rule(
    *,
    type: PersonalizationType,  # noqa: A002 (the room's own noun)
    region: str,
    minimum_age: int,
    unknown_age: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    actor: Actor,
) -> AgeRule:
    """Say from which age a type is open in a region; types closed to minors stay so."""
    require(actor, "registry.edit_purposes")
    kind = PersonalizationType.objects.select_for_update().get(pk=type.pk)
    least = CLOSED_TO_MINORS.get(kind.key, 0)
    if minimum_age < least:
        raise Invalid(f"{kind.title} is closed to people under {least}; no rule opens it to them.")
    rule = AgeRule(
        type=kind,
        region=region.strip().upper(),
        minimum_age=minimum_age,
        unknown_age=unknown_age,
        changed_by=actor.reference,
    )
    standing = AgeRule.objects.filter(type=kind, region=rule.region)
    made, said = _place(rule, standing, valid_from, valid_until, ("minimum_age", "unknown_age"))
    if said:
        _record_type(kind, "age_rule_set", {"age_rules": said}, actor)
    return made


@transaction.atomic
def end_age_rule(
    *,
    type: PersonalizationType,  # noqa: A002 (the room's own noun)
    region: str,
    at: datetime | None = None,
    actor: Actor,
) -> None:
    """Let the age rule of a region end now (or at `at`)."""
    require(actor, "registry.edit_purposes")
    kind = PersonalizationType.objects.select_for_update().get(pk=type.pk)
    standing = AgeRule.objects.filter(type=kind, region=region.strip().upper())
    said = _end(standing, at, f"{kind.title} in {region}")
    _record_type(kind, "age_rule_ended", {"age_rules": said}, actor)


def set_mechanism(purpose: Purpose, mechanism: Mapping[str, str], actor: Actor) -> dict[str, Any]:
    """Make these the regimes in force from now on; return what changed. The caller records it."""
    try:
        validate_mechanism(mechanism)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    now = database_now()
    rules = list(RegionRule.objects.filter(purpose=purpose))
    before = {rule.region: rule for rule in rules if rule.holds_at(now)}
    was = {region: str(rule.regime) for region, rule in before.items()}
    for region, regime in mechanism.items():
        if was.get(region) == regime:
            continue
        rule = RegionRule(purpose=purpose, region=region, regime=regime, changed_by=actor.reference)
        standing = RegionRule.objects.filter(purpose=purpose, region=region)
        _place(rule, standing, None, None, ("regime", "max_age_days"))
    for region in before.keys() - mechanism.keys():
        _end(RegionRule.objects.filter(purpose=purpose, region=region), None, region)
    return {} if was == mechanism else {"mechanism": {"from": was, "to": dict(mechanism)}}


def _place(
    rule: AnyRule,
    standing: QuerySet[AnyRule],
    valid_from: datetime | None,
    valid_until: datetime | None,
    words: tuple[str, ...],
) -> tuple[AnyRule, dict[str, Any]]:
    """Put a rule into its time: what overlaps ends before it, or goes on after it."""
    now = database_now()
    start = valid_from or now
    if start < now:
        raise Invalid("A rule begins now or later: what held before was already decided by.")
    if valid_until is not None and valid_until <= start:
        raise Invalid("A rule ends after it begins.")
    others = [each for each in standing.order_by("valid") if _meets(each, start, valid_until)]
    if len(others) == 1 and _says_the_same(others[0], rule, start, valid_until, words):
        return others[0], {}
    was = [told(each) for each in others]
    for each in others:
        _give_way(each, start, valid_until)
    rule.valid = DateTimeTZRange(start, valid_until)
    save_whole(rule)
    return rule, {"from": was, "to": [told(rule)]}


def _meets(rule: RegionRule | AgeRule, start: datetime, end: datetime | None) -> bool:
    until, since = rule.valid_until, rule.valid_from
    return (until is None or until > start) and (end is None or since is None or since < end)


def _says_the_same(
    old: Model, new: Model, start: datetime, end: datetime | None, words: tuple[str, ...]
) -> bool:
    assert isinstance(old, RegionRule | AgeRule)
    since = old.valid_from
    return (
        (since is None or since <= start)
        and old.valid_until == end
        and all(getattr(old, word) == getattr(new, word) for word in words)
    )


def _give_way(rule: RegionRule | AgeRule, start: datetime, end: datetime | None) -> None:
    """Cut the new rule's time out of one that stands; a rule that never began may vanish."""
    since, until = rule.valid_from, rule.valid_until
    goes_on = end is not None and (until is None or until > end)
    if since is None or since < start:
        rule.valid = DateTimeTZRange(since, start)
        rule.save(update_fields=["valid", "updated_at"])
        if goes_on:
            rule.pk, rule._state.adding = None, True
            rule.id = type(rule)._meta.pk.get_default()
            rule.valid = DateTimeTZRange(end, until)
            rule.save(force_insert=True)
    elif goes_on:
        rule.valid = DateTimeTZRange(end, until)
        rule.save(update_fields=["valid", "updated_at"])
    else:
        rule.delete()


def _end(standing: QuerySet[Any], at: datetime | None, name: str) -> dict[str, Any]:
    now = database_now()
    moment = at or now
    if moment < now:
        raise Invalid("A rule ends now or later: what held before was already decided by.")
    ended = [each for each in standing.order_by("valid") if _meets(each, moment, None)]
    if not ended:
        raise NotFound(f"No rule for {name} holds then.")
    was = [told(each) for each in ended]
    for each in ended:
        _give_way(each, moment, None)
    return {"from": was, "to": []}


def _keep_everywhere_covered(purpose: Purpose) -> None:
    """A purpose in force always says what holds for every other region."""
    if purpose.state != PurposeState.PUBLISHED:
        return
    now = database_now()
    everywhere = RegionRule.objects.filter(purpose=purpose, region="*").order_by("valid")
    covered: datetime | None = now
    for rule in everywhere:
        if covered is not None and rule.holds_at(covered):
            covered = rule.valid_until
            if covered is None:
                return
    raise Invalid(
        f"{purpose.title} is in force and needs a rule for every other region, the region *, "
        "without a gap or an end. Retire the purpose first, or set the rule that follows."
    )


def told(rule: RegionRule | AgeRule) -> dict[str, Any]:
    """A rule as plain facts for the ledger and for reviews."""
    facts: dict[str, Any] = {
        "region": rule.region,
        "from": rule.valid_from.isoformat() if rule.valid_from else None,
        "until": rule.valid_until.isoformat() if rule.valid_until else None,
    }
    if isinstance(rule, RegionRule):
        return {**facts, "regime": str(rule.regime), "max_age_days": rule.max_age_days}
    return {**facts, "minimum_age": rule.minimum_age, "unknown_age": str(rule.unknown_age)}


def _record_purpose(purpose: Purpose, verb: str, changed: dict[str, Any], actor: Actor) -> None:
    record_change(
        verb=verb,
        kind="purpose",
        key=purpose.key,
        changed=changed,
        actor=actor,
        systems=systems_of([purpose]),
    )


def _record_type(
    kind: PersonalizationType, verb: str, changed: dict[str, Any], actor: Actor
) -> None:
    record_change(
        verb=verb,
        kind="type",
        key=kind.key,
        changed=changed,
        actor=actor,
        systems=systems_of(kind.purposes.all()),
    )
