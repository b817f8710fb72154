"""What a person sees and saves through a subject token: one door for hosted page and widget."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from consent import preferences
from consent.actors import TokenActor
from consent.choices import Component
from consent.decision.facts import Catalogue, Circumstances, PersonFacts
from consent.decision.precedence import decide_purpose
from consent.identity import pseudonyms_of
from consent.models import ConsentState, DataSubject, NoticeVersion
from consent.services.choices import RecordedChoice, record_choices
from consent.services.notices import link_served_choice, record_served_notice
from consent.services.tokens import consume_token
from consent.slowpath import reading
from consent.tokens import SubjectToken
from governance.registry.models import PersonalizationType, Purpose


@dataclass(frozen=True)
class OwnChoices:
    """The choices of the person behind a token, as they stand at a moment."""

    token: SubjectToken
    subject: DataSubject | None
    facts: PersonFacts
    catalogue: Catalogue
    moment: Circumstances
    toggles: tuple[preferences.Toggle, ...]
    say_again: frozenset[str]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(toggle.key for toggle in self.toggles)


def read_own_choices(token: SubjectToken, *, gpc: bool, system: str = "") -> OwnChoices:
    """Return the toggles that the token covers, each as the decision sees it now.

    The catalogue holds the system named, so that the caller can decide about it as well.
    """
    newest, *former = pseudonyms_of(settings.KEYS, token.subject)
    with connection.cursor() as cursor:
        (facts,) = reading.read_people(
            cursor,
            [newest],
            fingerprint_key=settings.KEYS.fingerprint_key,
            purposes=None,
            former=[[each] for each in former],
        )
        catalogue, now = reading.read_catalogue(
            cursor, systems=[system] if system else [], purposes=None
        )
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
        subject=DataSubject.objects.filter(pseudonym__in=[newest, *former]).first(),
        facts=facts,
        catalogue=catalogue,
        moment=moment,
        toggles=tuple(
            toggle
            for toggle in toggles
            if toggle.purposes and all(token.covers(each.key) for each in toggle.purposes)
        ),
        say_again=frozenset(
            key
            for key, decision in decisions.items()
            if preferences.SAY_AGAIN & {decision.reason, *decision.lost}
        ),
    )


def _states(choices: OwnChoices) -> dict[str, ConsentState]:
    held = ConsentState.objects.filter(subject=choices.subject).select_related("purpose")
    return {state.purpose.key: state for state in held}


def _told_about(
    planned: Sequence[preferences.Planned], shown: Collection[str]
) -> dict[str, list[preferences.Planned]]:
    """Sort what is to be recorded by the notice the person had before them about it."""
    versions = (
        NoticeVersion.objects.filter(key__in=shown, published_at__isnull=False)
        .order_by("published_at")
        .prefetch_related("purposes")
    )
    told = {purpose.key: version.key for version in versions for purpose in version.purposes.all()}
    sorted_by: dict[str, list[preferences.Planned]] = {}
    for each in planned:
        sorted_by.setdefault(told.get(each[0].key, ""), []).append(each)
    return sorted_by


def _record(
    choices: OwnChoices,
    planned: Sequence[preferences.Planned],
    *,
    notices: Collection[str] | None,
    method: str,
    gpc: bool,
    language: str,
    clicks: int | None,
) -> RecordedChoice | None:
    """Record what was planned, each choice under the notice that was shown about it."""
    actor = TokenActor(choices.token)
    shown = current_notices(choices) if notices is None else notices
    recorded: list[RecordedChoice] = []
    for notice, group in _told_about(planned, shown).items():
        one = record_choices(
            subject=choices.token.subject,
            choices=group,
            method=method,
            actor=actor,
            gpc=gpc,
            notice_version=notice,
            language=language,
            clicks=clicks,
        )
        recorded.append(one)
        version = NoticeVersion.objects.filter(key=notice).first() if notice else None
        if version is not None and version.texts.filter(language=language).exists():
            served = record_served_notice(
                version=version,
                language=language,
                component=Component.CENTRE,
                subject=choices.token.subject,
                actor=actor,
            )
            link_served_choice(served=served, events=one.events, actor=actor)
    if not recorded:
        return None
    return RecordedChoice.joined(recorded)


def current_notices(choices: OwnChoices) -> list[str]:
    """The notice versions that tell of the types shown, each once, in the types' order."""
    facts = choices.catalogue.purposes
    keys = [facts[each.key].notice.current for row in choices.toggles for each in row.purposes]
    return [key for key in dict.fromkeys(keys) if key]


@transaction.atomic
def save_own_choices(
    choices: OwnChoices,
    *,
    wanted: Collection[str],
    nonce: str,
    method: str,
    gpc: bool,
    language: str,
    clicks: int | None = None,
    only: Collection[str] | None = None,
    notices: Collection[str] | None = None,
) -> RecordedChoice | None:
    """Record that the types in `wanted` are on and all others off; None when nothing changed.

    `only` names the types that this act is about; the others stay as they are. `notices` names
    the versions that were shown, those in force when None. The same nonce saves once: a form that
    is sent again changes nothing.
    """
    if not nonce or not consume_token(token=choices.token, idempotency_key=nonce[:100]):
        return None
    toggles = [each for each in choices.toggles if only is None or each.key in only]
    planned = preferences.plan_save(
        toggles, choices.keys & set(wanted), _states(choices), outdated=choices.say_again
    )
    return _record(
        choices,
        planned,
        notices=notices,
        method=method,
        gpc=gpc,
        language=language,
        clicks=clicks,
    )


@transaction.atomic
def withdraw_own_choices(
    choices: OwnChoices,
    *,
    method: str,
    gpc: bool,
    language: str,
    clicks: int | None = None,
    notices: Collection[str] | None = None,
) -> RecordedChoice | None:
    """Say no to every purpose the token covers, also where no switch stands for it.

    Saying it again changes nothing, so a mail program may send it twice.
    """
    types = {each.key: toggle.key for toggle in choices.toggles for each in toggle.purposes}
    purposes = Purpose.objects.filter(state="published").order_by("key")
    planned = preferences.plan_withdrawal(
        [each for each in purposes if choices.token.covers(each.key)], types, _states(choices)
    )
    return _record(
        choices,
        planned,
        notices=notices,
        method=method,
        gpc=gpc,
        language=language,
        clicks=clicks,
    )
