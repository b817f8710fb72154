"""What a sign-in joined, said to the person once: on the hosted page or in the widget."""

from __future__ import annotations

from django.http import HttpRequest

from consent.models import DataSubject
from consent.services.merge import take_told
from consent.web.texts import STATUSES, purpose_title
from governance.registry.models import Purpose


def tell_once(request: HttpRequest, person: DataSubject | None, language: str) -> list[str]:
    """What was joined since the person last looked; a browser that fetches ahead takes nothing."""
    ahead = request.headers.get("Sec-Purpose", "").startswith("prefetch")
    if request.method != "GET" or ahead or person is None or not person.untold:
        return []
    purposes = {each.key: each for each in Purpose.objects.all()}
    words = STATUSES[language]
    return [
        f"{purpose_title(purposes[row['purpose']], language)}: "
        f"{words.get(row['after'], row['after'])}"
        for row in take_told(person=person)
        if row["purpose"] in purposes
    ]
