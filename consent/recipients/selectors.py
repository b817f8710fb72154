"""Reading recipients and what waits for their confirmation."""

from __future__ import annotations

from typing import TypedDict

from django.db.models import Count, Q, QuerySet
from django_stubs_ext import WithAnnotations

from consent.models.recipients import Recipient, RecipientNotice
from governance.core.actors import Actor
from governance.core.clock import database_now


class Waiting(TypedDict):
    """What a recipient's row is annotated with."""

    open: int
    overdue: int


def recipients_for(actor: Actor) -> QuerySet[WithAnnotations[Recipient, Waiting]]:
    """Every recipient with its open and its overdue notices."""
    open_ = Q(notices__isnull=False, notices__confirmed_at__isnull=True)
    found = (
        Recipient.objects.annotate(
            open=Count("notices", filter=open_, distinct=True),
            overdue=Count(
                "notices",
                filter=open_ & Q(notices__confirm_by__lt=database_now()),
                distinct=True,
            ),
        )
        .select_related("endpoint")
        .prefetch_related("purposes")
        .order_by("name")
    )
    return found if actor.may("consent.view") else found.none()


def overdue_notices(actor: Actor) -> QuerySet[RecipientNotice]:
    """Notices beyond their time, the longest waiting first."""
    found = RecipientNotice.objects.filter(
        confirmed_at__isnull=True, confirm_by__lt=database_now()
    ).select_related("recipient", "message")
    return found.order_by("confirm_by") if actor.may("consent.view") else found.none()
