"""What the outbox answers for: which notices were meant for a person."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.outbox.models import Notice, Notification


class OutboxNotices:
    """Hands out and erases a person's notifications; the notice itself names nobody else."""

    label = "outbox"
    models = frozenset({"outbox.Notice", "outbox.Notification"})

    def export(self, person: str) -> list[dict[str, Any]]:
        found = Notification.objects.filter(recipient=person).select_related("notice")
        return [
            {
                "at": one.created_at.isoformat(),
                "subject": one.notice.subject,
                "body": one.notice.body,
                "link": one.notice.link,
                "read_at": one.read_at.isoformat() if one.read_at else None,
            }
            for one in found.order_by("id")
        ]

    @transaction.atomic
    def erase(self, person: str) -> int:
        count, _ = Notification.objects.filter(recipient=person).delete()
        for notice in Notice.objects.select_for_update().filter(recipients__contains=[person]):
            notice.recipients = [one for one in notice.recipients if one != person]
            notice.save(update_fields=["recipients"])
            count += 1
        return count
