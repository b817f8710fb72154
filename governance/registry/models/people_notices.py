"""What people are told about a system on their own pages. Only its services write here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import PublicModel


class PeopleNotice(PublicModel):
    """A message to everybody a system personalises for, until a newer one takes its place.

    Tactful knows people by pseudonyms and keeps no address of theirs: who opens their own pages
    reads it there. `topic` is what the message is about, such as INC-0001; `texts` holds subject
    and body by language.
    """

    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="people_notices"
    )
    topic = models.CharField(max_length=40)
    reference = models.CharField(max_length=60, unique=True)
    texts = models.JSONField()
    published_at = models.DateTimeField()
    shown_until = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-published_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "topic"],
                condition=Q(replaced_at__isnull=True),
                name="people_notice_one_shown_per_topic",
            ),
            models.CheckConstraint(
                condition=Q(shown_until__gt=models.F("published_at")),
                name="people_notice_shown_after_published",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
