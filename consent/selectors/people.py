"""Reading what belongs to one person besides their choices: interests, complaints, all we hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from consent.choices import FROM_THE_PERSON, INTERESTS_PURPOSE, InterestStanding
from consent.decision.vocabulary import Outcome
from consent.identity import pseudonyms_of
from consent.models import Complaint, DataSubject, Interest, NoticeText
from consent.preferences import Toggle
from consent.selectors import check_many
from consent.selectors.notices import may_ask
from consent.tokens import SubjectToken
from governance.core.actors import Actor, SystemActor
from governance.core.errors import NotFound, NotPermitted
from governance.core.ports import registered_personal_data_holders
from governance.registry.models import Purpose


def interests_of(person: DataSubject) -> QuerySet[Interest]:
    """The list a person sees: what is guessed and what they said, without what they removed."""
    return Interest.objects.filter(subject=person).exclude(standing=InterestStanding.REMOVED)


def usable_interests(*, subject: str, system: str, actor: Actor) -> list[Interest]:
    """What a system may use about a person now; empty where the person allows nothing."""
    if not actor.may("consent.check"):
        raise NotPermitted(f"{actor.display} is not allowed to check consent.")
    if actor.system_keys is not None and system not in actor.system_keys:
        raise NotFound(f"There is no system {system!r} that you may see.")
    (decision,) = check_many(
        subjects=[subject], purpose=INTERESTS_PURPOSE, system=None, actor=SystemActor("interests")
    ).decisions
    if decision.outcome is not Outcome.PERSONALISE:
        return []
    names = pseudonyms_of(settings.KEYS, subject)
    person = DataSubject.objects.filter(pseudonym__in=names).first()
    if person is None:
        return []
    return list(interests_of(person).filter(system_key__in=[system, FROM_THE_PERSON]))


def all_we_hold(pseudonym: str) -> dict[str, list[dict[str, Any]]]:
    """Every room's rows about a person (GDPR, Article 15), by the room's name."""
    person = f"subject:{pseudonym}"
    held = {holder.label: holder.export(person) for holder in registered_personal_data_holders()}
    return {label: rows for label, rows in held.items() if rows}


def notices_for_person(keys: Sequence[str], language: str) -> list[NoticeText]:
    """The texts of the notices named, in their order; in another language where one is missing."""
    found: dict[str, NoticeText] = {}
    for text in NoticeText.objects.filter(version__key__in=keys).select_related("version"):
        held = found.get(text.version.key)
        if held is None or text.language == language:
            found[text.version.key] = text
    return [found[key] for key in keys if key in found]


def types_to_ask_again(person: DataSubject | None, toggles: Sequence[Toggle]) -> list[Toggle]:
    """The types whose yes counts no more and about which the person may be asked now."""
    waiting = [toggle for toggle in toggles if toggle.ask_again] if person is not None else []
    return [
        toggle
        for toggle in waiting
        if any(may_ask(person, purpose)[0] for purpose in toggle.purposes)
    ]


def purposes_without_switch(token: SubjectToken) -> list[Purpose]:
    """What the person may be asked about, and no type's switch on their page stands for."""
    found = Purpose.objects.filter(state="published", types=None).order_by("title", "key")
    return [purpose for purpose in found if token.covers(purpose.key)]


def open_complaints(actor: Actor) -> QuerySet[Complaint]:
    """Complaints that wait for an answer, the oldest due first."""
    if not actor.may("consent.answer_complaints"):
        return Complaint.objects.none()
    return Complaint.objects.filter(answered_at=None)
