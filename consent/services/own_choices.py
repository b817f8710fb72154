"""What a person sees and saves through a subject token: one door for hosted page and widget."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from consent import preferences
from consent.actors import TokenActor
from consent.decision.facts import Circumstances, PersonFacts
from consent.decision.precedence import decide_purpose
from consent.decision.vocabulary import Reason
from consent.identity import pseudonym_of
from consent.models import ConsentState, DataSubject
from consent.selectors import current_notice
from consent.services.choices import RecordedChoice, record_choices
from consent.services.tokens import consume_token
from consent.slowpath import reading
from consent.tokens import SubjectToken
from governance.registry.models import PersonalizationType

#: Answers after which a yes has to be said again to count.
_SAY_AGAIN = frozenset({Reason.NOTICE_OUTDATED, Reason.EXPIRED, Reason.GPC})


@dataclass(frozen=True)
class OwnChoices:
    """The choices of the person behind a token, as they stand."""

    token: SubjectToken
    subject: DataSubject | None
    facts: PersonFacts
    toggles: tuple[preferences.Toggle, ...]
    say_again: frozenset[str]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(toggle.key for toggle in self.toggles)


def read_own_choices(token: SubjectToken, *, gpc: bool) -> OwnChoices:
    """Return the toggles that the token covers, each as the decision sees it now."""
    pseudonym = pseudonym_of(settings.KEYS.subject_pepper, token.subject)
    with connection.cursor() as cursor:
        (facts,) = reading.read_people(
            cursor,
            [pseudonym],
            fingerprint_key=settings.KEYS.fingerprint_key,
            purposes=None,
        )
        catalogue, now = reading.read_catalogue(cursor, systems=[], purposes=None)
    moment = Circumstances(now=now, gpc=gpc)
    decisions = {key: decide_purpose(catalogue, key, facts, moment) for key in catalogue.purposes}
    kinds = PersonalizationType.objects.prefetch_related("purposes").order_by("order", "key")
    toggles = [
        preferences.toggle_of(
            kind, [each for each in kind.purposes.all() if each.state == "published"], decisions
        )
        for kind in kinds
    ]
    return OwnChoices(
        token=token,
        subject=DataSubject.objects.filter(pseudonym=pseudonym).first(),
        facts=facts,
        toggles=tuple(
            toggle
            for toggle in toggles
            if toggle.purposes and all(token.covers(each.key) for each in toggle.purposes)
        ),
        say_again=frozenset(
            key for key, decision in decisions.items() if decision.reason in _SAY_AGAIN
        ),
    )


@transaction.atomic
def save_own_choices(
    choices: OwnChoices,
    *,
    wanted: Collection[str],
    nonce: str,
    method: str,
    gpc: bool,
    language: str,
) -> RecordedChoice | None:
    """Record that the types in `wanted` are on and all others off; None when nothing changed.

    The same nonce saves once: a form that is sent again changes nothing.
    """
    if not nonce or not consume_token(token=choices.token, idempotency_key=nonce[:100]):
        return None
    states = {
        state.purpose.key: state
        for state in ConsentState.objects.filter(subject=choices.subject).select_related("purpose")
    }
    planned = preferences.plan_save(
        choices.toggles, choices.keys & set(wanted), states, outdated=choices.say_again
    )
    if not planned:
        return None
    notice = current_notice(language)
    return record_choices(
        subject=choices.token.subject,
        choices=planned,
        method=method,
        actor=TokenActor(choices.token),
        gpc=gpc,
        notice_version=notice.version.key if notice else None,
    )
