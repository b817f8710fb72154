"""The words of a decision: outcomes, reasons, statuses, regimes. Rules stand in `truth_table`."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a serving system may do, from the freest to the strictest."""

    PERSONALISE = "personalise"
    NON_PROFILED = "non_profiled"
    DENY = "deny"

    @property
    def strictness(self) -> int:
        return tuple(Outcome).index(self)


def strictest(*outcomes: Outcome) -> Outcome:
    """Return the outcome that allows least."""
    return max(outcomes, key=lambda outcome: outcome.strictness)


class Reason(StrEnum):
    """Why, in order of precedence: the first that applies is the answer's reason."""

    HELD = "held"
    NOT_APPROVED = "not_approved"
    PROHIBITED = "prohibited"
    ERASED = "erased"
    RESTRICTED = "restricted"
    POLICY = "policy"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    GPC = "gpc"
    EXPIRED = "expired"
    NOTICE_OUTDATED = "notice_outdated"
    GIVEN = "given"
    DEFAULT_ON = "default_on"
    DEFAULT_OFF = "default_off"
    UNAVAILABLE = "unavailable"

    @property
    def rank(self) -> int:
        return tuple(Reason).index(self)


class Status(StrEnum):
    """States of a person's choice: DPV's consent statuses, and the objection of GDPR 21."""

    UNKNOWN = "unknown"
    REQUESTED = "requested"
    REFUSED = "refused"
    GIVEN = "given"
    RENEWED = "renewed"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"


#: DPV: only these are valid grounds for processing.
VALID_STATUSES = frozenset({Status.GIVEN, Status.RENEWED})

#: What a person (or the server acting for them) may say; the others are set by the product.
SPOKEN_STATUSES = (Status.GIVEN, Status.REFUSED, Status.WITHDRAWN, Status.OBJECTED)


class Regime(StrEnum):
    """How a choice works in a region, from the freest to the strictest."""

    NOTICE_ONLY = "notice_only"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    PROHIBITED = "prohibited"

    @property
    def strictness(self) -> int:
        return tuple(Regime).index(self)


class AgeBand(StrEnum):
    """How old a person is, as far as known; `minor` is some age under 18."""

    UNKNOWN = "unknown"
    UNDER_13 = "under_13"
    FROM_13_TO_15 = "13_to_15"
    FROM_16_TO_17 = "16_to_17"
    MINOR = "minor"
    ADULT = "adult"


MINOR_BANDS = frozenset(
    {AgeBand.UNDER_13, AgeBand.FROM_13_TO_15, AgeBand.FROM_16_TO_17, AgeBand.MINOR}
)


class UnknownAge(StrEnum):
    """What an age rule says of people whose age is not known."""

    ALLOW = "allow"
    CLOSE = "close"


class Obligation(StrEnum):
    """What the serving system must do besides following the outcome."""

    ON_DEVICE_ONLY = "on_device_only"
    HUMAN_REVIEW = "human_review"
    SHOW_NOTICE = "show_notice"
    DISCLOSE_PERSONALISED_PRICE = "disclose_personalised_price"


TYPE_KEYS = (
    "product_suggestions",
    "ads",
    "content_ranking",
    "pricing",
    "notifications",
    "inferred_interests",
    "model_training",
)

#: Types that are never profiled for a minor: advertising (Digital Services Act, Article 28(2)),
#: and the two by which advertising would return through another door.
TYPES_CLOSED_TO_MINORS = frozenset({"ads", "pricing", "inferred_interests"})

#: No rule of the registry opens the types above to anyone younger.
AGE_OF_MAJORITY = 18
