"""What post-mortems and duties to report put on people's agenda: dates that come, second looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ports import AgendaItem
from incidents.choices import (
    AwareOf,
    ClockState,
    CorrectionState,
    Kind,
    PostMortemState,
)
from incidents.models import Correction, Incident, PostMortemAction, RegulatorClock
from incidents.post_mortem.reading import OPEN, actions_for, post_mortems_for, waiting_for_a_look
from incidents.selectors import incidents_for, open_incidents_for, undecided_duties

DECIDES = "incidents.report_to_authority"
WRITES, FREEZES = "incidents.write_post_mortem", "incidents.freeze_post_mortem"
ASKS_FIRST = (Kind.PRIVACY, Kind.CONSENT)
AHEAD = timedelta(days=7)


class DutyAgenda:
    """Running clocks, unanswered questions, drafts and promises whose day comes."""

    label = "duties"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        found: list[AgendaItem] = []
        if actor.may(DECIDES):
            found += _clocks(actor)
            found += _questions(actor)
        if actor.may(WRITES):
            found += _promises(actor)
        if actor.may(FREEZES):
            found += _freezing(actor)
            found += _looks(actor)
        return found


def _clocks(actor: Actor) -> Iterator[AgendaItem]:
    running = RegulatorClock.objects.filter(
        incident__in=incidents_for(actor).filter(drill=False), state=ClockState.RUNNING
    )
    for clock in running.select_related("incident__system").prefetch_related("reminders"):
        percent = max((one.percent for one in clock.reminders.all()), default=0)
        passed = f"; {percent} % of the period has passed" if 0 < percent < 100 else ""
        over = "; the period is over" if percent >= 100 else ""
        by = "report to the authority" if clock.regime.tell == "regulator" else "tell the people"
        yield AgendaItem(
            title=f"{clock.incident.reference}: {clock.regime.article}",
            url=reverse("incident_clock_file", args=[clock.incident.reference, clock.pk]),
            reason=f"{by}{passed}{over}",
            due=clock.due_at or clock.aware_at,
            system_key=_system(clock.incident),
        )


def _questions(actor: Actor) -> Iterator[AgendaItem]:
    """Incidents that may be a breach of personal data and of which nobody has said; then duties."""
    for incident in open_incidents_for(actor).prefetch_related("awareness"):
        stated = list(incident.awareness.all())
        if incident.kind in ASKS_FIRST and not stated:
            fact = AwareOf.DATA_BREACH.value
            yield AgendaItem(
                title=str(incident),
                url=reverse("incident_awareness", args=[incident.reference, fact]),
                reason="was it a breach of personal data, and who became aware when?",
                due=incident.detected_at,
                system_key=_system(incident),
            )
        elif any(one.so for one in stated) and undecided_duties(incident):
            yield AgendaItem(
                title=str(incident),
                url=reverse("incident", args=[incident.reference]) + "#duties",
                reason="which duties to report does it start?",
                due=max(one.aware_at for one in stated if one.aware_at),
                system_key=_system(incident),
            )


def _promises(actor: Actor) -> Iterator[AgendaItem]:
    """One's own promises, from a week before their day on."""
    soon = database_now().date() + AHEAD
    own = actions_for(actor).filter(state__in=OPEN, due_on__lte=soon)
    for action in own:
        if action.owner is not None and action.owner.reference == actor.reference:
            yield _of_action(action, "you promised it", action.due_on)


def _looks(actor: Actor) -> Iterator[AgendaItem]:
    today = database_now().date()
    for action in waiting_for_a_look(actions_for(actor), today).exclude(done_by=actor.reference):
        yield _of_action(action, "look whether it helps", action.look_again_on)


def _freezing(actor: Actor) -> Iterator[AgendaItem]:
    soon = database_now() + AHEAD
    for found in post_mortems_for(actor).exclude(state=PostMortemState.FROZEN):
        waits = found.state == PostMortemState.PROPOSED
        if waits and found.proposed_by == actor.reference:
            continue
        if not waits and found.due_at > soon:
            continue
        yield AgendaItem(
            title=f"Post-mortem of {found.incident}",
            url=reverse("incident_post_mortem", args=[found.incident.reference]),
            reason="waits for a second person" if waits else "is to be written",
            due=found.due_at,
            system_key=_system(found.incident),
        )
    waiting = Correction.objects.filter(
        state=CorrectionState.PROPOSED, post_mortem__in=post_mortems_for(actor)
    ).exclude(proposed_by=actor.reference)
    for correction in waiting.select_related("post_mortem__incident__system"):
        incident = correction.post_mortem.incident
        yield AgendaItem(
            title=f"Correction of the post-mortem of {incident}",
            url=reverse("incident_post_mortem", args=[incident.reference]) + "#corrections",
            reason="waits for a second person",
            due=correction.created_at,
            system_key=_system(incident),
        )


def _of_action(action: PostMortemAction, reason: str, due: date | None) -> AgendaItem:
    incident = action.post_mortem.incident
    return AgendaItem(
        title=f"{incident.reference}: {action.title}",
        url=reverse("incident_post_mortem", args=[incident.reference]) + f"#action-{action.pk}",
        reason=reason,
        due=due or action.due_on,
        system_key=_system(incident),
    )


def _system(incident: Incident) -> str | None:
    return incident.system.key if incident.system else None
