"""What the ledger answers for: the personal values behind its commitments."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.ledger.models import PersonalDetail


class LedgerPersonalDetails:
    """Hands out and erases personal details; leaves, proofs and checkpoints stay as they are."""

    label = "ledger"
    models = frozenset({"ledger.PersonalDetail"})

    def export(self, person: str) -> list[dict[str, Any]]:
        details = PersonalDetail.objects.filter(about__contains=[person]).select_related("entry")
        return [
            {
                "entry": str(detail.entry_id),
                "at": detail.entry.at.isoformat(),
                "verb": detail.entry.verb,
                "values": detail.values,
            }
            for detail in details.order_by("entry_id")
        ]

    @transaction.atomic
    def erase(self, person: str) -> int:
        count, _ = PersonalDetail.objects.filter(about__contains=[person]).delete()
        return count
