"""The registry's fixed vocabularies: states, sensitivities, techniques, effects. No rules here."""

from __future__ import annotations

from django.db.models import TextChoices


class OnPause(TextChoices):
    """What a system does with people while it is held."""

    NON_PROFILED = "non_profiled", "Serve the non-profiled variant"
    HOLD_FOR_HUMAN = "hold_for_human", "Hold each case for a person to decide"
    OFF = "off", "Switch off"


class HoldEffect(TextChoices):
    DENY = "deny", "Deny"
    NON_PROFILED = "non_profiled", "Serve the non-profiled variant"


# How the cause of a hold begins that a drill placed: nothing was wrong, so nothing is verified
# before two people lift it.
DRILL_CAUSE = "drill:"


class RiskTier(TextChoices):
    LOW = "low", "Low"
    LIMITED = "limited", "Limited"
    HIGH = "high", "High"


class VersionState(TextChoices):
    REGISTERED = "registered", "Registered"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    SERVING = "serving", "Serving"
    RETIRED = "retired", "Retired"


class Sensitivity(TextChoices):
    NONE = "none", "None"
    PROXY = "proxy", "Proxy for a sensitive attribute"
    SENSITIVE = "sensitive", "Sensitive"
    SPECIAL_CATEGORY = "special_category", "Special category (GDPR Art. 9)"


class Technique(TextChoices):
    """How much of the person the technique lets the server see."""

    RAW = "raw", "Raw, on the server"
    PSEUDONYMISED = "pseudonymised", "Pseudonymised"
    AGGREGATED = "aggregated", "Aggregated"
    FEDERATED = "federated", "Federated"
    ON_DEVICE = "on_device", "On the device"
    DIFFERENTIALLY_PRIVATE = "differentially_private", "Differentially private"


class SurfaceKind(TextChoices):
    FEED = "feed", "Feed"
    SEARCH = "search", "Search"
    RECOMMENDATIONS = "recommendations", "Recommendations"
    ADS = "ads", "Ads"
    EMAIL = "email", "Email"
    PUSH = "push", "Push notifications"
    PRICING = "pricing", "Pricing"
    DECISION = "decision", "Decision about a person"


class DsaScope(TextChoices):
    """Whether Art. 27 and 38 of the Digital Services Act bind the surface."""

    REQUIRED = "required", "Required"
    VOLUNTARY = "voluntary", "Voluntary"
    NOT_APPLICABLE = "not_applicable", "Not applicable"


class LawfulBasis(TextChoices):
    CONSENT = "consent", "Consent"
    CONTRACT = "contract", "Contract"
    LEGAL_OBLIGATION = "legal_obligation", "Legal obligation"
    VITAL_INTERESTS = "vital_interests", "Vital interests"
    PUBLIC_TASK = "public_task", "Public task"
    LEGITIMATE_INTERESTS = "legitimate_interests", "Legitimate interests"


class Mechanism(TextChoices):
    """How people choose about a purpose in a region; the key `*` stands for every other region."""

    OPT_IN = "opt_in", "Opt in"
    OPT_OUT = "opt_out", "Opt out"
    NOTICE_ONLY = "notice_only", "Notice only"
    PROHIBITED = "prohibited", "Prohibited"


class UnknownAge(TextChoices):
    """What an age rule says of people whose age is not known."""

    ALLOW = "allow", "Open"
    CLOSE = "close", "Closed"


class PurposeState(TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"


class FlowKind(TextChoices):
    INGRESS = "ingress", "Collected"
    TRANSFORM = "transform", "Transformed"
    TRAIN = "train", "Used for training"
    SERVE = "serve", "Used for serving"
    EGRESS = "egress", "Passed on"
