"""Publishing versions of the privacy notice."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from consent.choices import Language
from consent.models import NoticeText, NoticeVersion
from consent.services.access import require
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.ledger.services import record_entry


@transaction.atomic
def publish_notice(
    *,
    key: str,
    texts: Mapping[str, tuple[str, str, str]],
    material: bool = True,
    actor: Actor,
) -> NoticeVersion:
    """Publish a notice version; `texts` maps a language to (title, short text, full text)."""
    require(actor, "consent.publish_notice")
    if set(texts) != set(Language.values):
        raise Invalid(f"A notice is published in {', '.join(Language.values)}, all of them.")
    version = NoticeVersion(
        key=key,
        material=material,
        published_at=database_now(),
        published_by=actor.reference,
    )
    version.full_clean()
    version.save(force_insert=True)
    rows = [
        NoticeText(version=version, language=language, title=title, short=short, body=body)
        for language, (title, short, body) in sorted(texts.items())
    ]
    NoticeText.objects.bulk_create(rows)
    record_entry(
        verb="consent.notice_published",
        object_type="notice",
        object_id=key,
        actor=actor,
        facts={"material": material, "texts": {row.language: row.sha256 for row in rows}},
    )
    return version
