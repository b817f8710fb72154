"""Notices: drafting, publishing once and for ever, and recording who was shown them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.choices import Component, Language
from consent.models import (
    ConsentEvent,
    DataSubject,
    NoticePurpose,
    NoticeText,
    NoticeVersion,
    ServedChoice,
    ServedNotice,
)
from consent.services.access import require
from consent.services.subjects import lock_person
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.models import Purpose

#: A language's title, short text and full text.
Texts = Mapping[str, tuple[str, str, str]]
#: What of a draft may be set beside its texts and purposes.
FIELDS = (
    "material",
    "change_note",
    "steps_to_accept",
    "steps_to_refuse",
    "accept_layer",
    "refuse_layer",
)


@transaction.atomic
def draft_notice(
    *, key: str, texts: Texts, purposes: Iterable[Purpose], actor: Actor, **fields: Any
) -> NoticeVersion:
    """Write a draft; `fields` are those of `FIELDS`. Nobody sees it before it is published."""
    require(actor, "consent.publish_notice")
    version = NoticeVersion(key=key, drafted_by=actor.reference)
    _fill(version, texts, purposes, fields)
    record_entry(
        verb="consent.notice_drafted",
        object_type="notice",
        object_id=key,
        actor=actor,
        facts=_facts(version),
    )
    return version


@transaction.atomic
def change_draft(
    *,
    version: NoticeVersion,
    texts: Texts,
    purposes: Iterable[Purpose],
    actor: Actor,
    **fields: Any,
) -> NoticeVersion:
    """Replace what a draft says and covers; a published version stays as people saw it."""
    require(actor, "consent.publish_notice")
    version = _locked_draft(version)
    _fill(version, texts, purposes, fields)
    record_entry(
        verb="consent.notice_draft_changed",
        object_type="notice",
        object_id=version.key,
        actor=actor,
        facts=_facts(version),
    )
    return version


@transaction.atomic
def discard_draft(*, version: NoticeVersion, actor: Actor) -> None:
    """Throw a draft away; nobody ever saw it."""
    require(actor, "consent.publish_notice")
    version = _locked_draft(version)
    key = version.key
    version.delete()
    record_entry(
        verb="consent.notice_draft_discarded",
        object_type="notice",
        object_id=key,
        actor=actor,
        facts={},
    )


@transaction.atomic
def publish_draft(*, version: NoticeVersion, actor: Actor) -> NoticeVersion:
    """Publish a draft: from now on it is current for its purposes and never changes again."""
    require(actor, "consent.publish_notice")
    version = _locked_draft(version)
    spoken = {text.language for text in version.texts.all()}
    missing = [str(name) for value, name in Language.choices if value not in spoken]
    if missing:
        raise Invalid(f"Write the notice in {' and '.join(missing)} as well, then publish it.")
    if not version.purposes.exists():
        raise Invalid("Say which purposes the notice tells of, then publish it.")
    version.published_at = database_now()
    version.published_by = actor.reference
    version.save(update_fields=["published_at", "published_by", "updated_at"])
    record_entry(
        verb="consent.notice_published",
        object_type="notice",
        object_id=version.key,
        actor=actor,
        facts=_facts(version),
    )
    return version


@transaction.atomic
def publish_notice(
    *,
    key: str,
    texts: Texts,
    material: bool = True,
    purposes: Iterable[Purpose] | None = None,
    actor: Actor,
) -> NoticeVersion:
    """Draft and publish at once; without `purposes` it covers every purpose there is."""
    if set(texts) < set(Language.values):
        raise Invalid(f"A notice is published in {', '.join(Language.values)}, all of them.")
    version = draft_notice(
        key=key,
        texts=texts,
        purposes=Purpose.objects.all() if purposes is None else purposes,
        material=material,
        actor=actor,
    )
    return publish_draft(version=version, actor=actor)


@transaction.atomic
def record_served_notice(
    *,
    version: NoticeVersion,
    language: str,
    component: str,
    surface: str = "",
    region: str = "",
    subject: str | None = None,
    actor: Actor,
) -> ServedNotice:
    """Record that a published version was shown; without `subject`, to somebody unknown."""
    require(actor, "consent.write")
    if not version.is_published:
        raise Invalid(f"{version.key} is a draft; nobody can have seen it.")
    if component not in Component.values:
        raise Invalid(f"{component!r} is no place; use one of {', '.join(Component.values)}.")
    if not version.texts.filter(language=language).exists():
        raise Invalid(f"{version.key} is not written in {language!r}.")
    served = ServedNotice(
        version=version,
        language=language,
        component=component,
        surface=surface[:63],
        region=region.upper()[:6],
        subject=lock_person(subject).subject if subject else None,
        served_at=database_now(),
    )
    served.save(force_insert=True)
    return served


@transaction.atomic
def link_served_choice(
    *, served: ServedNotice, events: Iterable[ConsentEvent], actor: Actor
) -> None:
    """Say which choices followed a served notice; a notice served to nobody known gets its person.

    Linking the same again changes nothing; another person's choice is refused.
    """
    require(actor, "consent.write")
    served = ServedNotice.objects.select_for_update().get(pk=served.pk)
    people: set[UUID] = {event.subject_id for event in events}
    if len(people) > 1 or (served.subject_id is not None and people - {served.subject_id}):
        raise Conflict("The notice was shown to another person than the one who chose.")
    if served.subject_id is None and people:
        served.subject = DataSubject.objects.get(pk=people.pop())
        served.save(update_fields=["subject", "updated_at"])
    ServedChoice.objects.bulk_create(
        [ServedChoice(served=served, event=event.pk) for event in events], ignore_conflicts=True
    )


def _locked_draft(version: NoticeVersion) -> NoticeVersion:
    version = NoticeVersion.objects.select_for_update().get(pk=version.pk)
    if version.is_published:
        raise Conflict(f"{version.key} is published and stays as people saw it. Write a new one.")
    return version


def _fill(
    version: NoticeVersion, texts: Texts, purposes: Iterable[Purpose], fields: Mapping[str, Any]
) -> None:
    if unknown := fields.keys() - set(FIELDS):
        raise Invalid(f"A notice has no {', '.join(sorted(unknown))}.")
    for name, value in fields.items():
        setattr(version, name, value)
    rows = [
        NoticeText(version=version, language=language, title=title, short=short, body=body)
        for language, (title, short, body) in sorted(texts.items())
    ]
    _check(version, "")
    version.save()
    version.texts.all().delete()
    NoticePurpose.objects.filter(version=version).delete()
    for row in rows:
        _check(row, f"{row.language_name}, ")
    NoticeText.objects.bulk_create(rows)
    NoticePurpose.objects.bulk_create(
        [NoticePurpose(version=version, purpose=purpose) for purpose in purposes]
    )


def _check(row: NoticeVersion | NoticeText, where: str) -> None:
    """Refuse what does not fit. The old texts are gone by now and leave their place."""
    try:
        row.full_clean()
    except ValidationError as error:
        told = [
            " ".join(messages) if name == "__all__" else f"{where}{name}: {' '.join(messages)}"
            for name, messages in error.message_dict.items()
        ]
        raise Invalid(" ".join(told).replace("_", " ")) from error


def _facts(version: NoticeVersion) -> dict[str, Any]:
    return {
        **{name: getattr(version, name) for name in FIELDS},
        "purposes": sorted(version.purposes.values_list("key", flat=True)),
        "texts": {text.language: text.sha256 for text in version.texts.all()},
    }
