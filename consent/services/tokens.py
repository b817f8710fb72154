"""Minting and consuming subject tokens. Their form and signature: `consent.tokens`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from consent.identity import pseudonym_of
from consent.models import IssuedToken, TokenUse
from consent.services.access import require
from consent.tokens import LONGEST_LIFE, SubjectToken, write_token
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotFound
from governance.core.ids import uuid7
from governance.registry.models import Purpose


@transaction.atomic
def mint_subject_token(
    *,
    subject: str,
    purposes: Sequence[str] = (),
    origin: str,
    ttl: timedelta = timedelta(minutes=5),
    actor: Actor,
) -> tuple[str, SubjectToken]:
    """Sign a token that lets one browser act for one person, for minutes."""
    require(actor, "consent.mint_token")
    if not timedelta(seconds=1) <= ttl <= LONGEST_LIFE:
        raise Invalid("ttl is between 1 second and 15 minutes.")
    if not subject or len(subject) > 1024:
        raise Invalid("A subject is a text of 1 to 1024 signs.")
    unknown = set(purposes) - set(
        Purpose.objects.filter(key__in=purposes).values_list("key", flat=True)
    )
    if unknown:
        raise NotFound(f"There is no purpose {min(unknown)!r}.")
    now = database_now().replace(microsecond=0)
    token = SubjectToken(subject, tuple(sorted(set(purposes))), origin, now, now + ttl, uuid7())
    IssuedToken.objects.create(
        jti=token.jti,
        subject_pseudonym=pseudonym_of(settings.KEYS.subject_pepper, subject),
        purposes=list(token.purposes),
        origin=origin,
        issued_by=actor.reference,
        expires_at=token.expires_at,
    )
    return write_token(settings.KEYS.token_key, token), token


def consume_token(*, token: SubjectToken, idempotency_key: str) -> bool:
    """Note a write with a token; False when this very write was made before."""
    try:
        with transaction.atomic():
            TokenUse.objects.create(
                jti=token.jti, idempotency_key=idempotency_key, expires_at=token.expires_at
            )
    except IntegrityError:
        return False
    return True
