"""The pseudonym under which a person's rows lie in segments: the same keyed hash as in consent."""

from __future__ import annotations

from django.conf import settings

from consent.identity import pseudonym_of


def pseudonym(subject: str) -> str:
    """Return the keyed hash of a customer's id; the id itself is never stored."""
    return pseudonym_of(settings.KEYS.subject_pepper, subject)
