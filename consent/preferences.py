"""The preference centre's plan: what a save means for each purpose. Pages: `web.preferences`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from consent.choices import EventStatus
from consent.decision.precedence import Decision
from consent.decision.vocabulary import VALID_STATUSES, Outcome, Reason
from consent.models import ConsentState
from governance.registry.models import PersonalizationType, Purpose

_SAID_NO = frozenset({EventStatus.REFUSED, EventStatus.WITHDRAWN, EventStatus.OBJECTED})


@dataclass(frozen=True)
class Toggle:
    """One personalization type as the person sees it."""

    type: PersonalizationType
    purposes: tuple[Purpose, ...]
    on: bool
    by_default: bool
    revisions: int

    @property
    def key(self) -> str:
        return self.type.key


def toggle_of(
    kind: PersonalizationType,
    purposes: Sequence[Purpose],
    decisions: Mapping[str, Decision],
) -> Toggle:
    """Show a type as on only where the person said so for all of it; defaults stay unselected."""
    found = [decisions[purpose.key] for purpose in purposes]
    return Toggle(
        type=kind,
        purposes=tuple(purposes),
        on=bool(found) and all(each.reason is Reason.GIVEN for each in found),
        by_default=any(
            each.reason is Reason.DEFAULT_ON and each.outcome is Outcome.PERSONALISE
            for each in found
        ),
        revisions=sum(each.revision for each in found),
    )


def plan_save(
    toggles: Sequence[Toggle],
    wanted: Collection[str],
    states: Mapping[str, ConsentState],
    *,
    outdated: Collection[str] = (),
) -> list[tuple[Purpose, EventStatus, str]]:
    """Return what to record so that the types in `wanted` are on and all others off.

    A purpose that stands behind two types is on only when both are; what would change nothing
    is not recorded again.
    """
    off = {each.key for toggle in toggles if toggle.key not in wanted for each in toggle.purposes}
    planned: dict[str, tuple[Purpose, EventStatus, str]] = {}
    for toggle in toggles:
        for purpose in toggle.purposes:
            state = states.get(purpose.key)
            status = state.status if state else EventStatus.UNKNOWN
            if purpose.key in off:
                if status in _SAID_NO:
                    continue
                ended = status in VALID_STATUSES
                said = EventStatus.WITHDRAWN if ended else EventStatus.REFUSED
            else:
                if status in VALID_STATUSES and purpose.key not in outdated:
                    continue
                said = EventStatus.GIVEN
            planned[purpose.key] = (purpose, said, toggle.key)
    return list(planned.values())
