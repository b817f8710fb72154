"""What a hold or a change of rules would do, before anybody does it: people, fallback, targets.

The people are those whom the rules would serve differently from now on; nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from audits.choices import RunState
from audits.models import OutputBatch, Run
from consent.decision.facts import (
    AgeRule,
    Catalogue,
    HoldFacts,
    PurposeFacts,
    RegionRule,
    SystemFacts,
)
from consent.decision.vocabulary import Outcome
from consent.selectors.reach import Change, compare_rules, people_by_state, read_rules
from governance.core.actors import Actor
from governance.registry.choices import HoldEffect, OnPause, VersionState
from governance.registry.models import ModelVersion, System
from governance.registry.ports import (
    AgeRuleProposal,
    HoldProposal,
    PauseProposal,
    Proposal,
    RegionRuleProposal,
)
from governance.registry.selectors import system_state, systems_for
from governance.registry.services.holds import EFFECT_ON_PAUSE, touched_systems
from incidents.choices import TargetKind
from incidents.impact.gathering import WHAT_IF, without_holds
from incidents.models import ServingTarget

MOST_SYSTEMS = 8
SERVABLE = (VersionState.APPROVED, VersionState.SERVING)
HEARS: dict[str, str] = {
    TargetKind.OFREP: "when it asks next",
    TargetKind.STREAM: "as soon as the stream has told it to ask again",
    TargetKind.WEBHOOK: "when the webhook has reached it",
    TargetKind.MLFLOW: "when it loads the alias that is moved",
}


@dataclass(frozen=True)
class FallbackHealth:
    """The version people would get, and whether anybody knows that it is well."""

    key: str
    state: str
    approved: bool
    held: bool
    audited_at: datetime | None
    verdict: str
    sentence: str
    served_at: datetime | None

    @property
    def warnings(self) -> list[str]:
        told = []
        if not self.approved:
            told.append(f"{self.key} is not approved, so it would not be served.")
        if self.held:
            told.append(f"{self.key} is held itself.")
        if self.audited_at is None:
            told.append(f"No audit of {self.key} has ended yet.")
        elif self.verdict == "fail":
            told.append(f"The last audit of {self.key} failed.")
        if self.served_at is None:
            told.append(f"No outputs say that {self.key} has ever served.")
        return told


@dataclass(frozen=True)
class TargetOutlook:
    """What one serving target would do."""

    key: str
    title: str
    kind: str
    will: str
    last_heard: datetime | None


@dataclass(frozen=True)
class SystemOutlook:
    """What would become of one system and of the people it serves."""

    key: str
    title: str
    now: str
    change: Change
    surfaces: tuple[str, ...]
    fallback: FallbackHealth | None
    fallback_is_used: bool
    targets: tuple[TargetOutlook, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What the change would do to every system that it reaches and that the actor sees."""

    title: str
    systems: tuple[SystemOutlook, ...]
    others: int
    notes: tuple[str, ...] = ()


def preview(proposal: Proposal, actor: Actor) -> Preview:
    """Work out what a proposal would do from now on."""
    reached = _reached(proposal)
    seen = set(systems_for(actor).filter(pk__in=[one.pk for one in reached]).values_list("pk"))
    visible = [one for one in reached if (one.pk,) in seen]
    shown = sorted(visible, key=lambda one: one.key)[:MOST_SYSTEMS]
    return Preview(
        title=_title(proposal),
        systems=tuple(_outlook(system, proposal) for system in shown),
        others=len(reached) - len(shown),
        notes=_notes(proposal),
    )


def _reached(proposal: Proposal) -> list[System]:
    match proposal:
        case HoldProposal(kind, target, _):
            return touched_systems(**{kind: target})  # type: ignore[arg-type]  # the kind is its name
        case PauseProposal(system, _):
            return [system]
        case RegionRuleProposal(purpose, _, _):
            return touched_systems(purpose=purpose)
        case AgeRuleProposal(type=kind):
            found: dict[UUID, System] = {}
            for purpose in kind.purposes.all():
                found |= {one.pk: one for one in touched_systems(purpose=purpose)}
            return list(found.values())


def _title(proposal: Proposal) -> str:
    match proposal:
        case HoldProposal():
            return "What this hold does"
        case PauseProposal():
            return "What a hold would do with this answer"
        case _:
            return "What this rule does from now on"


def _notes(proposal: Proposal) -> tuple[str, ...]:
    if isinstance(proposal, PauseProposal):
        return ("Nothing changes today: active holds keep the effect they were placed with.",)
    if isinstance(proposal, HoldProposal) and proposal.kind == "version":
        version = proposal.target
        assert isinstance(version, ModelVersion)
        if version.system.serving_version_id != version.pk:
            return (f"{version.key} does not serve now, so nobody is served differently today.",)
    return ()


def _outlook(system: System, proposal: Proposal) -> SystemOutlook:
    rules, now = read_rules(system.key)
    before, after, surface = _before_and_after(rules, system, proposal)
    people = people_by_state(rules, now)
    change = compare_rules(people, before, after, system=system.key, now=now, surface=surface)
    effect = _effect(system, proposal)
    notes = []
    if effect == HoldEffect.NON_PROFILED and system.fallback_version is None:
        notes.append("There is no fallback version: each place shows what it has for everybody.")
    known_surfaces = system.surfaces.order_by("title")
    if surface:
        known_surfaces = known_surfaces.filter(key=surface)
    elif isinstance(proposal, HoldProposal) and proposal.kind == "purpose":
        known_surfaces = known_surfaces.filter(purposes=proposal.target.pk)
    return SystemOutlook(
        key=system.key,
        title=system.title,
        now=system_state(system).reason,
        change=change,
        surfaces=tuple(known_surfaces.values_list("title", flat=True)),
        fallback=_fallback_health(system),
        fallback_is_used=effect == HoldEffect.NON_PROFILED,
        targets=tuple(_targets(system, proposal, effect)),
        notes=tuple(notes),
    )


def _effect(system: System, proposal: Proposal) -> str:
    match proposal:
        case HoldProposal(effect=effect):
            return effect
        case PauseProposal(on_pause=on_pause):
            return EFFECT_ON_PAUSE[OnPause(on_pause)]
        case _:
            return HoldEffect.NON_PROFILED


def _before_and_after(
    rules: Catalogue, system: System, proposal: Proposal
) -> tuple[Catalogue, Catalogue, str]:
    """The rules without and with what is proposed, and the surface asked about."""
    match proposal:
        case HoldProposal(kind, target, effect):
            held = HoldFacts(WHAT_IF, Outcome(effect), WHAT_IF)
            surface = target.key if kind == "surface" else ""
            return rules, _with_hold(rules, system, kind, target.key, held), surface
        case PauseProposal(system, on_pause):
            free = without_holds(rules)
            old = HoldFacts(WHAT_IF, Outcome(EFFECT_ON_PAUSE[OnPause(system.on_pause)]))
            new = HoldFacts(WHAT_IF, Outcome(EFFECT_ON_PAUSE[OnPause(on_pause)]))
            return (
                _with_hold(free, system, "system", system.key, old),
                _with_hold(free, system, "system", system.key, new),
                "",
            )
        case RegionRuleProposal(purpose, region, regime):
            changed = _with_region_rule(rules.purposes[purpose.key], region, regime)
            return rules, _with_purposes(rules, {purpose.key: changed}), ""
        case AgeRuleProposal():
            after = {
                key: _with_age_rule(one, proposal)
                for key, one in rules.purposes.items()
                if proposal.type.key in one.types
            }
            return rules, _with_purposes(rules, after), ""


def _with_hold(rules: Catalogue, system: System, kind: str, key: str, held: HoldFacts) -> Catalogue:
    if kind == "purpose":
        one = rules.purposes[key]
        return _with_purposes(rules, {key: replace(one, holds=(*one.holds, held))})
    known = rules.systems[system.key]
    if kind == "system":
        known = replace(known, holds=(*known.holds, held))
    elif kind == "surface" and key in known.surfaces:
        each = known.surfaces[key]
        surfaces = {**known.surfaces, key: replace(each, holds=(*each.holds, held))}
        known = replace(known, surfaces=surfaces)
    elif kind == "version":
        known = _with_held_version(known, key, held)
    return replace(rules, systems={**rules.systems, system.key: known})


def _with_held_version(known: SystemFacts, key: str, held: HoldFacts) -> SystemFacts:
    if known.serving is not None and known.serving.key == key:
        return replace(known, serving=replace(known.serving, holds=(*known.serving.holds, held)))
    if known.fallback is not None and known.fallback.key == key:
        return replace(known, fallback=replace(known.fallback, holds=(*known.fallback.holds, held)))
    return known


def _with_purposes(rules: Catalogue, changed: dict[str, PurposeFacts]) -> Catalogue:
    return replace(rules, purposes={**rules.purposes, **changed})


def _with_region_rule(purpose: PurposeFacts, region: str, regime: str | None) -> PurposeFacts:
    wanted = region.strip().upper()
    kept = tuple(rule for rule in purpose.rules if rule.region.upper() != wanted)
    if regime is None:
        return replace(purpose, rules=kept)
    return replace(purpose, rules=(*kept, RegionRule(region.strip(), regime)))


def _with_age_rule(purpose: PurposeFacts, proposal: AgeRuleProposal) -> PurposeFacts:
    wanted = proposal.region.strip().upper()
    kept = tuple(
        rule
        for rule in purpose.age_rules
        if (rule.type, rule.region.upper()) != (proposal.type.key, wanted)
    )
    new = AgeRule(
        proposal.region.strip(),
        proposal.minimum_age,
        proposal.unknown_age,
        type=proposal.type.key,
    )
    return replace(purpose, age_rules=(*kept, new))


def _fallback_health(system: System) -> FallbackHealth | None:
    version = system.fallback_version
    if version is None:
        return None
    last = (
        Run.objects.filter(plan__system=system, version=version, state=RunState.SUCCEEDED)
        .defer("report")
        .order_by("-finished_at")
        .first()
    )
    outputs = OutputBatch.objects.filter(system=system, version=version)
    return FallbackHealth(
        key=version.key,
        state=version.get_state_display(),
        approved=version.state in SERVABLE,
        held=version.holds.filter(released_at=None).exists(),
        audited_at=last.finished_at if last else None,
        verdict=(last.verdict or "") if last else "",
        sentence=last.sentence if last else "",
        served_at=outputs.aggregate(last=Max("occurred_to"))["last"],
    )


def _targets(system: System, proposal: Proposal, effect: str) -> list[TargetOutlook]:
    if not isinstance(proposal, HoldProposal):
        return []
    fallback = system.fallback_version
    if proposal.kind in ("surface", "purpose"):
        where = "this surface" if proposal.kind == "surface" else "this purpose"
        will = f"Goes on elsewhere; asked for {where}, it is told not to personalise"
    elif proposal.kind == "version" and system.serving_version_id != proposal.target.pk:
        will = "Goes on as it does, for it does not serve this version"
    elif effect == HoldEffect.DENY or fallback is None or fallback.state not in SERVABLE:
        will = "Serves nothing"
    else:
        will = f"Serves {fallback.key}, the same for everybody"
    return [
        TargetOutlook(
            one.key, one.title, one.get_kind_display(), f"{will}, {HEARS[one.kind]}.", one.served_at
        )
        for one in ServingTarget.objects.filter(system=system, active=True)
    ]
