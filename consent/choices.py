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
    BANNER_ACCEPT = "banner_accept", "Banner, accept"
    BANNER_REJECT = "banner_reject", "Banner, reject"
    WIDGET = "widget", "Widget"
    API = "api", "API"
    GPC = "gpc", "Global Privacy Control"
    IMPORT = "import", "Import"
    BULK = "bulk", "Many at once"
    MERGE = "merge", "Joined at sign-in"
    GUARDIAN = "guardian", "Guardian"
    RENEWAL = "renewal", "Asked again"
    EXPIRY = "expiry", "Ran out"


class ImportState(TextChoices):
    """How far an import is."""

    READY = "ready", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ActorKind(TextChoices):
    """Who expressed a choice."""

    SUBJECT = "subject", "The person"
    GUARDIAN = "guardian", "A guardian"
    CONTROLLER = "controller", "The controller"
    SYSTEM = "system", "The product"
    IMPORT = "import", "An import"


class AgeBand(TextChoices):
    """How old a person is, as far as the customer says; `minor`: below 18, no more is known."""

    UNKNOWN = "unknown", "Unknown"
    UNDER_13 = "under_13", "Under 13"
    FROM_13_TO_15 = "13_to_15", "13 to 15"
    FROM_16_TO_17 = "16_to_17", "16 or 17"
    MINOR = "minor", "Minor"
    ADULT = "adult", "Adult"


class Language(TextChoices):
    """The languages every notice is written in; a notice may speak others as well."""

    ENGLISH = "en", "English"
    GERMAN = "de", "German"


class Layer(TextChoices):
    """The layer of a notice on which a choice stands."""

    SHORT = "short", "Short notice"
    FULL = "full", "Full notice"


class Component(TextChoices):
    """Where a notice was shown; in the preference centre people come to look by themselves."""

    BANNER = "banner", "Banner"
    MODAL = "modal", "Dialogue"
    INLINE = "inline", "In the page"
    CENTRE = "centre", "Preference centre"
    API = "api", "Told by the service"


class InterestStanding(TextChoices):
    """What the person made of a guess."""

    GUESSED = "guessed", "Guessed"
    CONFIRMED = "confirmed", "Confirmed by the person"
    REMOVED = "removed", "Removed by the person"


class ComplaintAbout(TextChoices):
    NOT_FOLLOWED = "not_followed", "My choice was not followed"
    UNFAIR = "unfair", "I was treated unfairly"
    WRONG_DATA = "wrong_data", "What you hold about me is wrong"
    NOT_UNDERSTOOD = "not_understood", "I do not understand what happens"
    OTHER = "other", "Something else"


#: The purpose that guessing interests needs, and the source of what people wrote themselves.
INTERESTS_PURPOSE = "inferred_interests"
FROM_THE_PERSON = "person"
