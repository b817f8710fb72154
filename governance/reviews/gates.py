"""The gates: may this version be released, may this hold be lifted? Allow, or what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from governance.core.clock import database_now
from governance.core.errors import NotFound
from governance.people.choices import Role
from governance.people.models import RoleAssignment, SystemMembership
from governance.registry.choices import DRILL_CAUSE
from governance.registry.models import Hold, ModelVersion, System
from governance.registry.selectors import stops_whole
from governance.reviews.choices import ApprovalState
from governance.reviews.content import changed_pieces, content_of, hash_of
from governance.reviews.items import unsatisfied
from governance.reviews.machine import verdicts
from governance.reviews.models import Approval
from governance.signals.choices import SignalState
from governance.signals.selectors import SignalReading


@dataclass(frozen=True)
class MissingItem:
    """One thing that is missing, who may supply it, and where."""

    code: str
    sentence: str
    role: str
    person: str
    url: str


@dataclass(frozen=True)
class GateDecision:
    """The answer of a gate."""

    gate: str
    system_key: str
    version_key: str
    allowed: bool
    missing: tuple[MissingItem, ...]
    decided_at: datetime


class _Missing:
    """Collects what is missing and names a person for each role."""

    def __init__(self, version: ModelVersion) -> None:
        self.version = version
        self.found: list[MissingItem] = []
        self._people: dict[str, str] | None = None

    def add(self, code: str, sentence: str, role: str, url: str) -> None:
        self.found.append(MissingItem(code, sentence, role, self._person(role), url))

    def _person(self, role: str) -> str:
        if self._people is None:
            key = self.version.system.key
            members = SystemMembership.objects.filter(system_key=key).values("user")
            held = RoleAssignment.objects.filter(user__is_active=True).select_related("user")
            self._people = {one.role: str(one.user) for one in held.order_by("-created_at")}
            own = held.filter(user__in=members).order_by("-created_at")
            self._people |= {one.role: str(one.user) for one in own}
        return self._people.get(role, "")


def latest_approval(version: ModelVersion) -> Approval | None:
    """The approval that counts: the last one given."""
    given = Approval.objects.filter(version=version, state=ApprovalState.APPROVED)
    return given.select_related("run__checklist").order_by("-decided_at").first()


def open_review(version: ModelVersion) -> Approval | None:
    return Approval.objects.filter(version=version, state=ApprovalState.IN_REVIEW).first()


def ship_url(version: ModelVersion) -> str:
    return f"/systems/{version.system.key}/ship/{version.key}/"


def _approval(version: ModelVersion, missing: _Missing) -> None:
    approval, review = latest_approval(version), open_review(version)
    url = f"/reviews/{review.pk}/" if review else ship_url(version)
    if approval is None:
        missing.add(
            "approval",
            f"Version {version.key} is in review and waits for its two signatures."
            if review
            else f"Version {version.key} has no approval; start its review.",
            Role.PRODUCT_OWNER,
            url,
        )
        if review is not None:
            _items(version, review, missing)
        return
    rejected = (
        Approval.objects.filter(version=version, state=ApprovalState.REJECTED)
        .filter(decided_at__gt=approval.decided_at)
        .exists()
    )
    if rejected:
        missing.add(
            "rejected",
            f"A later review of version {version.key} was rejected; resolve it and review again.",
            Role.PRODUCT_OWNER,
            url,
        )
    current = content_of(version)
    if hash_of(current) != approval.content_hash:
        changed = ", ".join(changed_pieces(approval.content, current))
        missing.add(
            "approval-stale",
            f"The approval of {approval.decided_at:%-d %B %Y} is stale: {changed} changed since. "
            "Review the change.",
            Role.PRODUCT_OWNER,
            url,
        )
    _items(version, approval, missing)


def _items(version: ModelVersion, approval: Approval, missing: _Missing) -> None:
    for one in unsatisfied(version, approval.run):
        missing.add(
            one.item.code,
            f"{one.item.code} {one.item.question} {one.sentence}",
            one.role,
            f"/reviews/{approval.pk}/#{one.item.code}",
        )


def _no_failed_verdict(found: list[SignalReading], version: ModelVersion, to: _Missing) -> None:
    for reading in found:
        if reading.state == SignalState.FAIL:
            to.add(
                "verdict-fail",
                f"The last verdict of {reading.key} on {version.key} is fail: {reading.sentence}",
                Role.ML_ENGINEER,
                ship_url(version),
            )


def _a_passing_verdict(
    found: list[SignalReading], version: ModelVersion, since: datetime | None, to: _Missing
) -> None:
    passing = [
        reading
        for reading in found
        if reading.state == SignalState.OK
        and not reading.stale
        and (since is None or reading.published_at >= since)
    ]
    if not passing:
        when = f" since {since:%-d %B %H:%M} UTC" if since else ""
        to.add(
            "verification",
            f"No audit of version {version.key} has passed{when}; run its verification.",
            Role.ML_ENGINEER,
            ship_url(version),
        )


def _release(version: ModelVersion, missing: _Missing) -> None:
    _approval(version, missing)
    _no_failed_verdict(verdicts(version), version, missing)
    held = Hold.objects.active().filter(version=version).first()
    if held is not None:
        missing.add(
            "hold",
            f"Version {version.key} is held: {held.reason}",
            Role.INCIDENT_COMMANDER,
            f"/holds/{held.pk}/",
        )
    due = version.system.review_due
    if due is not None and due < database_now().date():
        missing.add(
            "review-due",
            f"The review of {version.system.key} was due on {due:%-d %B %Y}.",
            Role.ETHICS_REVIEWER,
            f"/systems/{version.system.key}/",
        )


def _release_hold(version: ModelVersion, missing: _Missing) -> None:
    found = verdicts(version)
    _no_failed_verdict(found, version, missing)
    holds = [
        hold
        for hold in Hold.objects.active().select_related("system", "version")
        if stops_whole(hold)
        and (hold.system_id == version.system_id or hold.version_id == version.pk)
    ]
    if not holds or any(needs_verification(hold) for hold in holds):
        since = max((hold.stands_since for hold in holds if needs_verification(hold)), default=None)
        _a_passing_verdict(found, version, since, missing)


def needs_verification(hold: Hold) -> bool:
    """A hold placed for an incident or by the product is lifted on new evidence only.

    A hold that a person placed by hand, or a drill, is lifted by the judgement of two people, as
    long as no audit of the version says fail.
    """
    if hold.cause.startswith(DRILL_CAUSE):
        return False
    return bool(hold.incident_reference) or hold.placed_by.startswith("system:")


GATES: dict[str, Callable[[ModelVersion, _Missing], None]] = {
    "release": _release,
    "release_hold": _release_hold,
}


def evaluate_gate(gate: str, system: System, version: ModelVersion) -> GateDecision:
    """Ask a gate about a version of a system. Read-only; unknown gates and versions: NotFound."""
    if gate not in GATES:
        raise NotFound(f"There is no gate {gate!r}; the gates are {', '.join(sorted(GATES))}.")
    if version.system_id != system.pk:
        raise NotFound(f"Version {version.key!r} is not one of system {system.key!r}.")
    missing = _Missing(version)
    GATES[gate](version, missing)
    return GateDecision(
        gate=gate,
        system_key=system.key,
        version_key=version.key,
        allowed=not missing.found,
        missing=tuple(missing.found),
        decided_at=database_now(),
    )


def guard_release(hold: Hold) -> list[str]:
    """The registry's release guard: what is missing before this hold may be lifted."""
    from governance.registry.services.holds import touched_systems

    reached = touched_systems(**{hold.target_kind: getattr(hold, hold.target_kind)})
    sentences: list[str] = []
    for system in System.objects.filter(pk__in=[one.pk for one in reached]).select_related(
        "serving_version__system"
    ):
        version = system.serving_version
        if version is None:
            continue  # nothing serves, so lifting the hold lets nothing out
        missing = _Missing(version)
        found = verdicts(version)
        _no_failed_verdict(found, version, missing)
        if stops_whole(hold) and needs_verification(hold):
            _a_passing_verdict(found, version, hold.stands_since, missing)
        sentences += [one.sentence for one in missing.found]
    return sentences
