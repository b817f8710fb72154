"""Who does what in an incident: roles given, handed over and laid down; command handed over."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.actors import person_actor
from governance.people.choices import SEES_EVERYTHING, Role
from governance.people.models import User
from incidents.choices import FINAL_STATES, ParticipantRole, TimelineKind
from incidents.models import Incident, Participant
from incidents.selectors import incidents_for
from incidents.services.timeline import add_timeline_entry

_HANDS_ON = frozenset(Role) - {Role.AUDITOR}
ELIGIBLE: dict[str, frozenset[Role]] = {
    ParticipantRole.PRIVACY: frozenset({Role.PRIVACY_LEAD, Role.DPO}),
    ParticipantRole.MODEL_OWNER: frozenset({Role.ML_ENGINEER, Role.PRODUCT_OWNER}),
    ParticipantRole.ETHICS: frozenset({Role.ETHICS_REVIEWER}),
    ParticipantRole.COMMUNICATIONS: _HANDS_ON,
    ParticipantRole.SCRIBE: _HANDS_ON,
    ParticipantRole.OBSERVER: frozenset(Role),
}
COMMANDERS = frozenset({Role.INCIDENT_COMMANDER, Role.ADMIN})


def candidates(incident: Incident, roles: frozenset[Role]) -> QuerySet[User]:
    """People of these roles who may see the incident, by name."""
    people = User.objects.filter(is_active=True, role_assignments__role__in=roles)
    everywhere = User.objects.filter(role_assignments__role__in=SEES_EVERYTHING)
    if incident.system is None:
        seeing = everywhere
    else:
        seeing = everywhere | User.objects.filter(memberships__system_key=incident.system.key)
    return people.filter(pk__in=seeing.values("pk")).distinct().order_by("name")


@transaction.atomic
def assign_role(*, incident: Incident, role: str, user: User, actor: Actor) -> Participant:
    """Give a person a role; whoever held it lays it down by that."""
    if not actor.may("incidents.assign_roles"):
        raise NotPermitted("Only the incident commander gives people their roles.")
    return _assign(incident, role, user, actor, because="")


@transaction.atomic
def hand_over_role(
    *, participant: Participant, user: User, because: str, actor: Actor
) -> Participant:
    """Pass a role on: the holder does it, or the commander for them."""
    _require_say(participant, actor)
    if len(because.strip()) < 10:
        raise Invalid("Say in a sentence what the next person has to know.")
    if participant.until is not None:
        raise Conflict("This role was laid down already.")
    if participant.user_id == user.pk:
        raise Conflict(f"{user} holds this role already.")
    return _assign(participant.incident, participant.role, user, actor, because, participant)


@transaction.atomic
def lay_down_role(*, participant: Participant, actor: Actor) -> Participant:
    """End a role without anybody taking it over."""
    _require_say(participant, actor)
    if not _end(participant):
        raise Conflict("This role was laid down already.")
    sentence = f"{participant.user or 'Somebody'} is no longer {_word(participant.role)}."
    _note(participant.incident, participant, sentence, "incidents.role_ended", actor)
    return participant


@transaction.atomic
def hand_over_command(*, incident: Incident, user: User, because: str, actor: Actor) -> Incident:
    """Another commander takes over, and is told what to know; there is never nobody between."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only an incident commander hands the command over.")
    if len(because.strip()) < 10:
        raise Invalid("Say in a sentence what the next commander has to know.")
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if incident.state in FINAL_STATES:
        raise Conflict(f"{incident.reference} is over; there is nothing to command.")
    if incident.commander is None:
        raise Conflict("Nobody commands this incident yet: take command instead.")
    if incident.commander_id == user.pk:
        raise Conflict(f"{user} commands {incident.reference} already.")
    _require_eligible(incident, user, COMMANDERS, "command an incident")
    before = incident.commander
    incident.commander = user
    incident.save(update_fields=["commander", "updated_at"])
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.STATE,
        sentence=f"Command went from {before} to {user}: {because.strip()}",
        actor=actor,
    )
    record_entry(
        verb="incidents.command_handed_over",
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={
            "reference": incident.reference,
            "from": before.reference,
            "to": user.reference,
        },
        personal={"because": because.strip()},
    )
    _tell(incident, user, f"You command {incident.reference}", because)
    return incident


def _assign(
    incident: Incident,
    role: str,
    user: User,
    actor: Actor,
    because: str,
    before: Participant | None = None,
) -> Participant:
    if role not in ParticipantRole.values:
        raise Invalid("Choose one of the listed roles.")
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if incident.state in FINAL_STATES:
        raise Conflict(f"{incident.reference} is over; its people stay as they were.")
    _require_eligible(incident, user, ELIGIBLE[role], f"be {_word(role)}")
    held = incident.participants.filter(role=role, until=None)
    if held.filter(user=user).exists():
        raise Conflict(f"{user} is {_word(role)} already.")
    if before is None and role != ParticipantRole.OBSERVER:
        before = held.select_related("user").first()
    if before is not None and not _end(before):
        raise Conflict("This role went to somebody else in the meantime; load the page again.")
    made = Participant.objects.create(
        incident=incident,
        role=role,
        user=user,
        assigned_by=actor.reference,
        since=database_now(),
    )
    sentence = f"{user} is {_word(role)}"
    if before is not None:
        sentence = f"{made.get_role_display()} went from {before.user or 'somebody'} to {user}"
    told = f"{sentence}: {because.strip()}" if because.strip() else f"{sentence}."
    _note(incident, made, told, "incidents.role_given", actor)
    _tell(incident, user, f"{incident.reference}: you are {_word(role)}", because)
    return made


def _require_say(participant: Participant, actor: Actor) -> None:
    holder = participant.user is not None and participant.user.reference == actor.reference
    if not holder and not actor.may("incidents.assign_roles"):
        raise NotPermitted("The holder passes a role on, or the incident commander.")


def _require_eligible(incident: Incident, user: User, roles: frozenset[Role], doing: str) -> None:
    candidate = person_actor(user)
    if not candidate.roles & roles:
        names = " or ".join(sorted(role.label.lower() for role in roles))
        raise Invalid(f"{user} cannot {doing}: it takes the role {names}.")
    if not incidents_for(candidate).filter(pk=incident.pk).exists():
        raise Invalid(f"{user} does not work on this system, so cannot {doing}.")


def _end(participant: Participant) -> bool:
    standing = Participant.objects.filter(pk=participant.pk, until=None)
    return bool(standing.update(until=database_now()))


def _word(role: str) -> str:
    label = ParticipantRole(role).label
    if role == ParticipantRole.COMMUNICATIONS:
        return "responsible for communications"
    return label[0].lower() + label[1:]


def _note(
    incident: Incident, participant: Participant, sentence: str, verb: str, actor: Actor
) -> None:
    add_timeline_entry(incident=incident, kind=TimelineKind.NOTE, sentence=sentence, actor=actor)
    record_entry(
        verb=verb,
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={
            "reference": incident.reference,
            "role": participant.role,
            "person": participant.user.reference if participant.user else None,
        },
    )


def _tell(incident: Incident, user: User, subject: str, because: str) -> None:
    notify(
        recipients=[user.reference],
        subject=f"Drill: {subject}" if incident.drill else subject,
        body=f"{incident.title}. {because.strip()}".strip(),
        link=reverse("incident", args=[incident.reference]),
    )
