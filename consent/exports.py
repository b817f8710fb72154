"""The export of consent: where every person stands about every purpose they chose on."""

from __future__ import annotations

from collections.abc import Iterator

from consent.models import ConsentState
from governance.core.exports import Cell, Export

_AT_ONCE = 5_000


def consent() -> Export:
    """One row a person and purpose, the person by pseudonym; read as it is written."""
    return Export(
        "Consent as it stands",
        (
            "subject_pseudonym",
            "purpose",
            "status",
            "revision",
            "decided_at",
            "expires_at",
            "notice_version",
            "gpc_at_choice",
            "region",
            "restricted",
        ),
        _heads(),
        (
            (
                "People stand under pseudonyms; whoever holds the peppers can find them again, so "
                "this file is personal data."
            ),
            (
                "How a choice came about is in the events (GET /api/v1/consent/events); whether it "
                "counts now is the decision's to tell."
            ),
        ),
    )


def _heads() -> Iterator[list[Cell]]:
    found = (
        ConsentState.objects.filter(revision__gt=0, subject__pseudonym__isnull=False)
        .select_related("subject", "purpose")
        .order_by("subject__pseudonym", "purpose__key")
    )
    for head in found.iterator(chunk_size=_AT_ONCE):
        yield [
            head.subject.pseudonym,
            head.purpose.key,
            head.status,
            head.revision,
            head.decided_at.isoformat() if head.decided_at else None,
            head.expires_at.isoformat() if head.expires_at else None,
            head.notice_version,
            head.gpc_at_choice,
            head.subject.region,
            head.subject.restricted_at is not None,
        ]
