"""What reviews put on a person's agenda: open reviews with a seat they could take."""

from __future__ import annotations

from collections.abc import Sequence

from governance.core.actors import Actor
from governance.core.ports import AgendaItem
from governance.reviews.models import Approval
from governance.reviews.selectors import waiting_for
from governance.reviews.services.decisions import SEAT_OF_ROLE

SHOWN = 50


class ReviewAgenda:
    label = "reviews"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        seats = {SEAT_OF_ROLE[role] for role in SEAT_OF_ROLE if role in actor.roles}
        waiting = waiting_for(actor).prefetch_related("steps")[:SHOWN]
        return [
            _item(review)
            for review in waiting
            if seats - {step.seat for step in review.steps.all()}
        ]


def _item(review: Approval) -> AgendaItem:
    return AgendaItem(
        title=f"Review {review.version.scope_key}",
        url=f"/reviews/{review.pk}/",
        reason="waits for your signature",
        system_key=review.version.system.key,
    )
