"""The one precedence rule: facts in, decision out. How it is told at a door stands in `doors`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.decision.ages import closed_by_age
from consent.decision.facts import (
    ANONYMOUS,
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    NoticeFacts,
    PersonFacts,
    PurposeFacts,
    SurfaceFacts,
    SystemFacts,
)
from consent.decision.regions import regime_of
from consent.decision.truth_table import TABLE
from consent.decision.vocabulary import (
    VALID_STATUSES,
    Obligation,
    Outcome,
    Reason,
    Regime,
    Status,
    strictest,
)

_ENDED = frozenset({Status.WITHDRAWN, Status.REVOKED, Status.INVALIDATED})


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason; `lost` are the reasons that would have applied after it."""

    outcome: Outcome
    reason: Reason
    revision: int = 0
    obligations: tuple[Obligation, ...] = ()
    purpose: str = ""
    model_version: str = ""
    fallback_version: str = ""
    incident: str = ""
    lawful_basis: str = ""
    notice_version: str = ""
    expires_at: datetime | None = None
    lost: tuple[Reason, ...] = ()

    @property
    def version_to_serve(self) -> str:
        """The model version the serving system shall use, empty when it shall use none."""
        if self.outcome is Outcome.PERSONALISE:
            return self.model_version
        return self.fallback_version if self.outcome is Outcome.NON_PROFILED else ""


UNAVAILABLE = Decision(Outcome.DENY, Reason.UNAVAILABLE)


def hold_effect(holds: tuple[HoldFacts, ...], on_pause: str) -> Outcome:
    """Return the strictest effect of the holds; one without its own follows `on_pause`."""
    default = Outcome.NON_PROFILED if on_pause == "non_profiled" else Outcome.DENY
    return strictest(*(hold.effect or default for hold in holds))


def _notice_outdated(choice: ChoiceFacts, notice: NoticeFacts) -> bool:
    """Tell whether the person chose under a notice older than its last material change."""
    if notice.material_since is None:
        return False
    seen = notice.published.get(choice.notice_version, choice.decided_at)
    return seen < notice.material_since


def _informed_against_gpc(choice: ChoiceFacts | None) -> bool:
    """Tell whether the consent was given with the signal on and a notice before the eyes."""
    return (
        choice is not None
        and choice.status in VALID_STATUSES
        and choice.gpc_at_choice
        and bool(choice.notice_version)
    )


def regime_for(purpose: PurposeFacts, region: str | None, now: datetime) -> Regime:
    """Return how people choose about a purpose in a region at a moment."""
    return regime_of(
        rules=purpose.rules,
        lawful_basis=purpose.lawful_basis,
        consent_always=purpose.needs_device_access or purpose.electronic_marketing,
        region=region,
        now=now,
    )


def applicable_reasons(
    purpose: PurposeFacts,
    person: PersonFacts,
    circumstances: Circumstances,
) -> tuple[Reason, ...]:
    """Return every reason that holds for this purpose, in order of precedence; never empty."""
    choice = person.choices.get(purpose.key)
    status = choice.status if choice else Status.UNKNOWN
    region = circumstances.region or person.region or None
    regime = regime_for(purpose, region, circumstances.now)
    valid = choice is not None and status in VALID_STATUSES
    expired = status is Status.EXPIRED or (
        choice is not None
        and valid
        and choice.expires_at is not None
        and choice.expires_at <= circumstances.now
    )
    gpc_on = circumstances.gpc or person.gpc
    holds_true = {
        Reason.HELD: bool(purpose.holds),
        Reason.PROHIBITED: not purpose.active or regime is Regime.PROHIBITED,
        Reason.ERASED: person.erased,
        Reason.RESTRICTED: person.restricted,
        Reason.POLICY: closed_by_age(
            types=purpose.types,
            age_rules=purpose.age_rules,
            age_band=person.age_band,
            region=region,
            now=circumstances.now,
        ),
        Reason.OBJECTED: status is Status.OBJECTED,
        Reason.WITHDRAWN: status in _ENDED,
        Reason.REFUSED: status is Status.REFUSED,
        Reason.GPC: gpc_on and purpose.gpc_covers and not _informed_against_gpc(choice),
        Reason.EXPIRED: expired,
        Reason.NOTICE_OUTDATED: choice is not None
        and valid
        and _notice_outdated(choice, purpose.notice),
        Reason.GIVEN: valid,
        Reason.DEFAULT_ON: regime in (Regime.OPT_OUT, Regime.NOTICE_ONLY),
        Reason.DEFAULT_OFF: regime in (Regime.OPT_IN, Regime.PROHIBITED),
    }
    return tuple(reason for reason in Reason if holds_true.get(reason, False))


def decide_purpose(
    catalogue: Catalogue,
    key: str,
    person: PersonFacts,
    circumstances: Circumstances,
    *,
    on_pause: str = "off",
) -> Decision:
    """Decide one purpose for one person. `on_pause` is the asking system's, else the strictest."""
    purpose = catalogue.purposes.get(key)
    if purpose is None:
        return UNAVAILABLE
    reasons = applicable_reasons(purpose, person, circumstances)
    reason, lost = reasons[0], reasons[1:]
    if reason is Reason.HELD:
        # A hold never softens an answer: what applied without it still bounds the outcome.
        without = TABLE[lost[0]].outcome or Outcome.DENY
        outcome = strictest(hold_effect(purpose.holds, on_pause), without)
    else:
        outcome = TABLE[reason].outcome or Outcome.DENY
    choice = person.choices.get(key)
    return Decision(
        outcome=outcome,
        reason=reason,
        revision=choice.revision if choice else 0,
        obligations=_purpose_obligations(purpose, outcome, reason, on_pause),
        purpose=key,
        incident=next((hold.incident for hold in purpose.holds if hold.incident), ""),
        lawful_basis=purpose.lawful_basis,
        notice_version=(choice.notice_version if choice else "") or purpose.notice.current,
        expires_at=choice.expires_at if choice else None,
        lost=lost,
    )


def _purpose_obligations(
    purpose: PurposeFacts, outcome: Outcome, reason: Reason, on_pause: str
) -> tuple[Obligation, ...]:
    found = []
    if reason is Reason.HELD and outcome is Outcome.DENY and on_pause == "hold_for_human":
        found.append(Obligation.HUMAN_REVIEW)
    if reason in (Reason.NOTICE_OUTDATED, Reason.DEFAULT_ON):
        found.append(Obligation.SHOW_NOTICE)
    if outcome is Outcome.PERSONALISE and purpose.on_device:
        found.append(Obligation.ON_DEVICE_ONLY)
    if outcome is Outcome.PERSONALISE and "pricing" in purpose.types:
        found.append(Obligation.DISCLOSE_PERSONALISED_PRICE)
    return tuple(found)


def _system_obligations(
    system: SystemFacts, surfaces: tuple[SurfaceFacts, ...], answers: list[Decision]
) -> tuple[Obligation, ...]:
    """What a system that may personalise must do: its purposes', its version's, its surfaces'.

    A purpose is told of every feature it allows, a system of those its version reads.
    """
    found = {each for answer in answers for each in answer.obligations}
    found.discard(Obligation.ON_DEVICE_ONLY)
    if system.serving is not None and system.serving.on_device:
        found.add(Obligation.ON_DEVICE_ONLY)
    if any(surface.kind == "pricing" for surface in surfaces):
        found.add(Obligation.DISCLOSE_PERSONALISED_PRICE)
    return tuple(each for each in Obligation if each in found)


def _surfaces_asked(system: SystemFacts, surface: str) -> tuple[SurfaceFacts, ...]:
    """Return the surface named, or all of them when none (or none of this system) is named."""
    if surface in system.surfaces:
        return (system.surfaces[surface],)
    return tuple(system.surfaces.values())


def purposes_asked(system: SystemFacts, surface: str) -> tuple[str, ...]:
    """Return the purposes a decision about the system must satisfy."""
    if surface in system.surfaces and system.surfaces[surface].purposes:
        return system.surfaces[surface].purposes
    of_surfaces = (key for each in system.surfaces.values() for key in each.purposes)
    return tuple(dict.fromkeys([*system.purposes, *of_surfaces]))


def decide_system(
    catalogue: Catalogue,
    key: str,
    person: PersonFacts | None,
    circumstances: Circumstances,
) -> Decision:
    """Decide a system: holds and serving version first, then the strictest of its purposes."""
    system = catalogue.systems.get(key)
    if system is None:
        return UNAVAILABLE
    answers = [
        decide_purpose(
            catalogue,
            purpose,
            person or ANONYMOUS,
            circumstances,
            on_pause=system.on_pause,
        )
        for purpose in purposes_asked(system, circumstances.surface)
    ]
    by_purpose = min(
        answers or [UNAVAILABLE],
        key=lambda answer: (-answer.outcome.strictness, answer.reason.rank),
    )
    surfaces = _surfaces_asked(system, circumstances.surface)
    holds = (
        *system.holds,
        *(system.serving.holds if system.serving else ()),
        *(hold for surface in surfaces for hold in surface.holds),
    )
    approved = system.serving is not None and system.serving.approved
    fallback = system.fallback
    has_fallback = fallback is not None and fallback.approved and not fallback.holds
    outcome, reason = by_purpose.outcome, by_purpose.reason
    lost = by_purpose.lost
    obligations = by_purpose.obligations
    if holds or not approved:
        reason = Reason.HELD if holds else Reason.NOT_APPROVED
        lost = ((Reason.NOT_APPROVED,) if holds and not approved else ()) + (
            by_purpose.reason,
            *(each for each in by_purpose.lost if each is not reason),
        )
        bounds = [by_purpose.outcome]
        if holds:
            bounds.append(hold_effect(holds, system.on_pause))
        if not approved:
            bounds.append(Outcome.NON_PROFILED if has_fallback else Outcome.DENY)
        outcome = strictest(*bounds)
        human = holds and outcome is Outcome.DENY and system.on_pause == "hold_for_human"
        obligations = (Obligation.HUMAN_REVIEW,) if human else ()
    elif outcome is Outcome.PERSONALISE:
        obligations = _system_obligations(system, surfaces, answers)
    return Decision(
        outcome=outcome,
        reason=reason,
        revision=by_purpose.revision,
        obligations=obligations,
        purpose=by_purpose.purpose,
        model_version=system.serving.key if system.serving and approved else "",
        fallback_version=fallback.key if fallback and has_fallback else "",
        incident=next((hold.incident for hold in holds if hold.incident), by_purpose.incident),
        lawful_basis=by_purpose.lawful_basis,
        notice_version=by_purpose.notice_version,
        expires_at=by_purpose.expires_at,
        lost=lost,
    )
