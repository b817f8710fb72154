"""The preference centre's plan: what a save means for each purpose. Pages: `web.preferences`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from consent.choices import EventStatus
from consent.decision.precedence import Decision
from consent.decision.vocabulary import VALID_STATUSES, Outcome, Reason
from consent.models import ConsentState
from governance.registry.models import PersonalizationType, Purpose

_SAID_NO = frozenset({EventStatus.REFUSED, EventStatus.WITHDRAWN, EventStatus.OBJECTED})
#: Answers after which a yes has to be said again to count.
SAY_AGAIN = frozenset({Reason.NOTICE_OUTDATED, Reason.EXPIRED, Reason.GPC})
#: No yes opens these.
_CLOSED = frozenset({Reason.POLICY, Reason.PROHIBITED})
_OBSTACLES = _CLOSED | SAY_AGAIN | {Reason.HELD, Reason.RESTRICTED}

Planned = tuple[Purpose, EventStatus, str]


@dataclass(frozen=True)
class Toggle:
    """One personalization type as the person sees it; `obstacle`: why a yes has no effect."""

    type: PersonalizationType
    purposes: tuple[Purpose, ...]
    on: bool
    by_default: bool
    revisions: int
    partly: tuple[Purpose, ...] = ()
    obstacle: Reason | None = None

    @property
    def key(self) -> str:
        return self.type.key

    @property
    def closed(self) -> bool:
        return self.obstacle in _CLOSED

    @property
    def ask_again(self) -> bool:
        """The person said yes once, and it counts no more."""
        return self.obstacle in (Reason.NOTICE_OUTDATED, Reason.EXPIRED)


def says_yes(decision: Decision) -> bool:
    """Tell whether the person's yes stands, also where a hold keeps it without effect now."""
    found = {decision.reason, *decision.lost}
    return Reason.GIVEN in found and not found & SAY_AGAIN


def toggle_of(
    kind: PersonalizationType,
    purposes: Sequence[Purpose],
    decisions: Mapping[str, Decision],
) -> Toggle:
    """Show a type as on only where the person said so for all of it; defaults stay unselected."""
    found = [decisions[purpose.key] for purpose in purposes]
    obstacles = [each.reason for each in found if each.reason in _OBSTACLES]
    closed = bool(found) and all(each.reason in _CLOSED for each in found)
    on = bool(found) and not closed and all(says_yes(each) for each in found)
    in_effect = [
        purpose
        for purpose, each in zip(purposes, found, strict=True)
        if each.reason is Reason.GIVEN
    ]
    told = [each for each in obstacles if closed or each not in _CLOSED]
    return Toggle(
        type=kind,
        purposes=tuple(purposes),
        on=on,
        by_default=any(
            each.reason is Reason.DEFAULT_ON and each.outcome is Outcome.PERSONALISE
            for each in found
        ),
        revisions=sum(each.revision for each in found),
        partly=() if on else tuple(in_effect),
        obstacle=min(told, key=lambda each: each.rank, default=None),
    )


def plan_save(
    toggles: Sequence[Toggle],
    wanted: Collection[str],
    states: Mapping[str, ConsentState],
    *,
    outdated: Collection[str] = (),
) -> list[Planned]:
    """Return what to record so that the types in `wanted` are on and all others off.

    A purpose that stands behind two types is on only when both are; what would change nothing
    is not recorded again. A yes to what no yes opens is not recorded.
    """
    off = {each.key for toggle in toggles if toggle.key not in wanted for each in toggle.purposes}
    planned: dict[str, Planned] = {}
    for toggle in toggles:
        for purpose in toggle.purposes:
            state = states.get(purpose.key)
            status = state.status if state else EventStatus.UNKNOWN
            if purpose.key in off:
                said = _no(status)
            elif toggle.closed or (status in VALID_STATUSES and purpose.key not in outdated):
                said = None
            else:
                said = EventStatus.GIVEN
            if said is not None:
                planned[purpose.key] = (purpose, said, toggle.key)
    return list(planned.values())


def plan_withdrawal(
    purposes: Iterable[Purpose], types: Mapping[str, str], states: Mapping[str, ConsentState]
) -> list[Planned]:
    """Return what to record so that none of the purposes is on; `types` by purpose key."""
    planned = []
    for purpose in purposes:
        state = states.get(purpose.key)
        said = _no(state.status if state else EventStatus.UNKNOWN)
        if said is not None:
            planned.append((purpose, said, types.get(purpose.key, "")))
    return planned


def _no(status: str) -> EventStatus | None:
    """The word for a no after this status: what stood is withdrawn; None when no was said."""
    if status in _SAID_NO:
        return None
    return EventStatus.WITHDRAWN if status in VALID_STATUSES else EventStatus.REFUSED
