"""The room's vocabularies as Django choices; the decision's words: `decision.vocabulary`."""

from __future__ import annotations

from django.db.models import TextChoices


class EventStatus(TextChoices):
    """DPV's consent statuses, and the objection of GDPR Article 21."""

    UNKNOWN = "unknown", "Unknown"
    REQUESTED = "requested", "Requested"
    REFUSED = "refused", "Refused"
    GIVEN = "given", "Given"
    RENEWED = "renewed", "Renewed"
    EXPIRED = "expired", "Expired"
    INVALIDATED = "invalidated", "Invalidated"
    REVOKED = "revoked", "Revoked by the controller"
    WITHDRAWN = "withdrawn", "Withdrawn"
    OBJECTED = "objected", "Objected"


class Method(TextChoices):
    """How a choice was expressed."""

    PREFERENCE_CENTRE = "preference_centre", "Preference centre"
    TOGGLE = "toggle", "Toggle"
    BANNER = "banner", "Banner"
    API = "api", "API"
    IMPORT = "import", "Import"
    EXPIRY = "expiry", "Ran out"


class AgeBand(TextChoices):
    UNKNOWN = "unknown", "Unknown"
    ADULT = "adult", "Adult"
    MINOR = "minor", "Minor"


class Language(TextChoices):
    ENGLISH = "en", "English"
    GERMAN = "de", "German"
