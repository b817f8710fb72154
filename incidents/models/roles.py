"""Who does what in an incident beside its commander, from when until when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from governance.core.models import PublicModel
from incidents.choices import ParticipantRole
from incidents.models.incidents import Incident


class Participant(PublicModel):
    """One person in one role; a hand-over ends the row and begins another.

    Without a person the account was erased: that somebody held the role stays.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="participants")
    role = models.CharField(max_length=16, choices=ParticipantRole)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="incident_roles",
    )
    assigned_by = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("incident", "role", "since")
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "role"),
                condition=Q(until=None) & ~Q(role=ParticipantRole.OBSERVER),
                name="participant_one_a_role",
            ),
            models.UniqueConstraint(
                fields=("incident", "role", "user"),
                condition=Q(until=None),
                name="participant_once_in_a_role",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="participant_times_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.incident.reference}"
