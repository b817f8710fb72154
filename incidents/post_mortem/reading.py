"""Reading post-mortems: whose they are to see, what is overdue, what happened before that is alike.

Drills are rehearsals: they are neither remembered as harms nor counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from governance.core.actors import Actor
from governance.core.errors import NotFound
from incidents.choices import NO_HARM, ActionState
from incidents.models import Incident, PostMortem, PostMortemAction
from incidents.post_mortem.similarity import ENOUGH, Traits, likeness
from incidents.selectors import incident_by_reference, incidents_for

OPEN = (ActionState.OPEN, ActionState.INEFFECTIVE)
MOST_SIMILAR, LOOKED_THROUGH = 5, 500


def post_mortems_for(actor: Actor) -> QuerySet[PostMortem]:
    """The post-mortems of the incidents that the actor may see, without those of drills."""
    found = PostMortem.objects.filter(incident__in=incidents_for(actor), incident__drill=False)
    return found.select_related("incident__system")


def post_mortem_by_reference(reference: str, actor: Actor) -> PostMortem:
    incident = incident_by_reference(reference, actor)
    found = PostMortem.objects.filter(incident=incident).select_related("incident__system").first()
    if found is None:
        raise NotFound(f"{incident.reference} has no post-mortem: one opens when it is resolved.")
    return found


def actions_for(actor: Actor) -> QuerySet[PostMortemAction]:
    """The promised actions that the actor may see."""
    found = PostMortemAction.objects.filter(post_mortem__in=post_mortems_for(actor))
    return found.select_related("post_mortem__incident__system", "owner")


def overdue_actions(actions: QuerySet[PostMortemAction], today: date) -> QuerySet[PostMortemAction]:
    """Those that were promised for a day that is over and are open, or open again."""
    return actions.filter(state__in=OPEN, due_on__lt=today, post_mortem__incident__drill=False)


def waiting_for_a_look(
    actions: QuerySet[PostMortemAction], today: date
) -> QuerySet[PostMortemAction]:
    """Those that are done and that another person looks at by today."""
    looked = Q(state__in=(ActionState.DONE, ActionState.VERIFIED), look_again_on__lte=today)
    return actions.filter(looked)


@dataclass(frozen=True)
class Standing:
    """How the promises stand: made, overdue, looked at, and how many of those helped."""

    promised: int
    overdue: int
    looked_at: int
    helped: int


def standing_of_actions(actions: QuerySet[PostMortemAction], today: date) -> Standing:
    counted = actions.aggregate(
        promised=Count("pk"),
        looked_at=Count("pk", filter=Q(state__in=(ActionState.VERIFIED, ActionState.INEFFECTIVE))),
        helped=Count("pk", filter=Q(state=ActionState.VERIFIED)),
    )
    return Standing(overdue=overdue_actions(actions, today).count(), **counted)


@dataclass(frozen=True)
class Similar:
    """An earlier incident, what it has in common, and what became of what was promised then."""

    incident: Incident
    points: int
    reasons: tuple[str, ...]
    promises: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """One line for a text: which, when, why it is alike, what was promised."""
        when = f"{self.incident.detected_at:%d %B %Y}"
        alike = f"{self.incident.reference} ({when}): {', '.join(self.reasons)}."
        return " ".join([alike, *(f"{one}." for one in self.promises)])


def similar_incidents(incident: Incident, among: QuerySet[Incident] | None = None) -> list[Similar]:
    """The earlier incidents that are most like this one; by default of its own system."""
    pool = among if among is not None else Incident.objects.filter(system=incident.system)
    earlier = (
        pool.filter(drill=False, number__lt=incident.number)
        .exclude(state__in=NO_HARM)
        .select_related("system", "version", "plan", "post_mortem")
        .order_by("-number")[:LOOKED_THROUGH]
    )
    own = _traits(incident)
    found = []
    for other in earlier:
        points, reasons = likeness(own, _traits(other))
        if points >= ENOUGH:
            found.append((points, other, reasons))
    found.sort(key=lambda one: (-one[0], -one[1].number))
    return [
        Similar(other, points, reasons, _promises(other))
        for points, other, reasons in found[:MOST_SIMILAR]
    ]


def _traits(incident: Incident) -> Traits:
    return Traits(
        kind=incident.kind,
        system=incident.system.key if incident.system else "",
        version=incident.version.key if incident.version else "",
        plan=incident.plan.key if incident.plan else "",
        cause_key=incident.cause_key,
        title=incident.title,
        cause=incident.cause,
    )


def _promises(incident: Incident) -> tuple[str, ...]:
    written = PostMortem.objects.filter(incident=incident).first()
    if written is None:
        return ()
    return tuple(
        f"Promised then: {action.title} ({action.get_state_display().lower()})"
        for action in written.actions.all()
    )
