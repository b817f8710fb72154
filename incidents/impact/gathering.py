"""Reading what an incident's impact is counted from: register, outputs, decision log, consent.

Nothing is written here; what the numbers are is decided in `figures`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from audits.selectors.people import PeopleInOutputs, people_in_outputs
from consent.decision.facts import Catalogue, HoldFacts
from consent.decision.vocabulary import Outcome
from consent.history import catalogue_at
from consent.selectors.decision_log import personalised_in_log
from consent.selectors.reach import Change, compare_rules, people_by_state
from governance.registry.choices import Sensitivity
from governance.registry.models import Feature, Hold, ModelVersion, Purpose, Surface, System
from governance.registry.services.holds import touched_systems
from incidents.choices import Affected
from incidents.impact.figures import (
    Figure,
    figures_of_log,
    figures_of_outputs,
    figures_of_reach,
)
from incidents.models import Incident

WHAT_IF = "what-if"


@dataclass(frozen=True)
class Touched:
    """One part of the register that the incident touched."""

    part: Affected
    key: str
    title: str
    detail: str = ""
    sensitive: bool = False


@dataclass
class Gathered:
    """All that was counted of one window."""

    figures: list[Figure] = field(default_factory=list)
    parts: list[Touched] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather_impact(incident: Incident, since: datetime, until: datetime) -> Gathered:
    """Count whom and what the incident touched between two moments."""
    gathered = Gathered()
    systems = affected_systems(incident)
    outputs = None
    if incident.system is not None and since < until:
        outputs = _count_people(gathered, incident, incident.system, since, until)
    if incident.system is None:
        gathered.notes.append("No system is named yet, so nobody can be counted.")
    gathered.parts = _parts(incident, systems, outputs)
    return gathered


def _count_people(
    gathered: Gathered, incident: Incident, system: System, since: datetime, until: datetime
) -> PeopleInOutputs | None:
    outputs = people_in_outputs(system, since=since, until=until, version=incident.version)
    if outputs is not None:
        gathered.figures += figures_of_outputs(outputs)
        if outputs.rows and not outputs.people:
            gathered.notes.append("The outputs name nobody: they say how often, not to whom.")
    else:
        gathered.notes.append("No outputs of this window were sent.")
    log = personalised_in_log(system.key, since=since, until=until)
    gathered.figures += figures_of_log(log)
    if not log.every:
        gathered.notes.append("No sample of decisions is kept, so the log says nothing.")
    elif log.oldest is None or log.oldest >= until:
        gathered.notes.append("The sampled decision log does not reach back to this window.")
    elif log.oldest > since:
        gathered.notes.append(
            f"The sampled decision log begins on {log.oldest:%-d %B %Y, %H:%M} UTC: it tells of "
            "the rest of the window only."
        )
    gathered.figures += figures_of_reach(reach_without_holds(system, incident.detected_at))
    return outputs


def affected_systems(incident: Incident) -> list[System]:
    """The incident's system, and those that its holds on surfaces or purposes reach."""
    found = {incident.system.pk: incident.system} if incident.system else {}
    holds = Hold.objects.filter(incident_reference=incident.reference)
    for hold in holds.select_related("system", "surface", "purpose", "version__system"):
        target = {hold.target_kind: getattr(hold, hold.target_kind)}
        found |= {system.pk: system for system in touched_systems(**target)}
    return sorted(found.values(), key=lambda system: system.key)


def reach_without_holds(system: System, at: datetime) -> Change:
    """Whom the system would serve personalised were nothing held, by the rules of a moment."""
    free = without_holds(catalogue_at(system, at))
    known = free.systems[system.key]
    held = replace(known, holds=(HoldFacts(WHAT_IF, Outcome.NON_PROFILED),))
    stopped = replace(free, systems={system.key: held})
    people = people_by_state(free, at)
    return compare_rules(people, free, stopped, system=system.key, now=at)


def without_holds(rules: Catalogue) -> Catalogue:
    """The same rules with every hold taken off."""
    return Catalogue(
        purposes={key: replace(one, holds=()) for key, one in rules.purposes.items()},
        systems={
            key: replace(
                one,
                holds=(),
                serving=one.serving and replace(one.serving, holds=()),
                fallback=one.fallback and replace(one.fallback, holds=()),
                surfaces={name: replace(each, holds=()) for name, each in one.surfaces.items()},
            )
            for key, one in rules.systems.items()
        },
    )


def _parts(
    incident: Incident, systems: Iterable[System], outputs: PeopleInOutputs | None
) -> list[Touched]:
    systems = list(systems)
    parts = [Touched(Affected.SYSTEM, one.key, one.title) for one in systems]
    surfaces = Surface.objects.filter(systems__in=systems).distinct()
    parts += [
        Touched(Affected.SURFACE, one.key, one.title, one.get_kind_display()) for one in surfaces
    ]
    purposes = Purpose.objects.filter(systems__in=systems) | Purpose.objects.filter(
        surfaces__systems__in=systems
    )
    parts += [
        Touched(Affected.PURPOSE, one.key, one.title, one.get_lawful_basis_display())
        for one in purposes.distinct()
    ]
    versions = _versions(incident, outputs)
    parts += versions
    keys = [one.key.rpartition(":")[2] for one in versions]
    parts += _features(systems, incident.system, keys)
    return parts


def _versions(incident: Incident, outputs: PeopleInOutputs | None) -> list[Touched]:
    system = incident.system
    if system is None:
        return []
    found: dict[str, str] = {}
    if incident.version is not None:
        found[incident.version.key] = "named by the incident"
    then = catalogue_at(system, incident.detected_at).systems[system.key].serving
    if then is not None and then.key not in found:
        found[then.key] = "served when it was detected"
    for key, rows in outputs.by_version if outputs else ():
        said = f"{rows:,} outputs in the window"
        found[key] = f"{found[key]}; {said}" if key in found else said
    return [
        Touched(Affected.VERSION, f"{system.key}:{key}"[:130], key, detail)
        for key, detail in found.items()
    ]


def _features(systems: list[System], own: System | None, versions: list[str]) -> list[Touched]:
    """What the versions read about people; where no version says, what the systems declare."""
    of_versions = ModelVersion.objects.filter(system=own, key__in=versions)
    features = Feature.objects.filter(versions__in=of_versions).distinct()
    if not features.exists():
        features = Feature.objects.filter(systems__in=systems).distinct()
    return [
        Touched(
            Affected.FEATURE,
            one.key,
            one.title,
            "" if one.sensitivity == Sensitivity.NONE else one.get_sensitivity_display(),
            sensitive=one.sensitivity != Sensitivity.NONE,
        )
        for one in features
    ]
