"""Making withdrawal links for mails. What a link is and may: `consent.withdrawal_links`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from consent.choices import Language
from consent.services.access import require
from consent.withdrawal_links import LONGEST_LIFE, write_link_token
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotFound
from governance.registry.models import Purpose

MOST_SUBJECTS = 1_000


def make_withdrawal_links(
    *,
    subjects: Sequence[str],
    purposes: Sequence[str] = (),
    life: timedelta = LONGEST_LIFE,
    language: str = "",
    actor: Actor,
) -> list[str]:
    """Return a link for each subject, in order. Nothing is stored: a link may only turn off."""
    require(actor, "consent.mint_token")
    if not 1 <= len(subjects) <= MOST_SUBJECTS:
        raise Invalid(f"Name 1 to {MOST_SUBJECTS} subjects.")
    if any(not each or len(each) > 1024 for each in subjects):
        raise Invalid("A subject is a text of 1 to 1024 signs.")
    if not timedelta(days=1) <= life <= LONGEST_LIFE:
        raise Invalid(f"days is between 1 and {LONGEST_LIFE.days}.")
    if language and language not in Language.values:
        raise Invalid(f"language is one of {', '.join(Language.values)}.")
    known = Purpose.objects.filter(key__in=purposes).values_list("key", flat=True)
    if unknown := set(purposes) - set(known):
        raise NotFound(f"There is no purpose {min(unknown)!r}.")
    now = database_now()
    place = settings.PUBLIC_URL.rstrip("/") + reverse("consent:withdraw")
    more = {"lang": language} if language else {}
    return [
        f"{place}?{urlencode({'token': token, **more})}"
        for token in (
            write_link_token(
                settings.KEYS.token_key, subject=each, purposes=purposes, now=now, life=life
            )
            for each in subjects
        )
    ]
