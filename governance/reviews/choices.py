"""The reviews' vocabularies: outcomes of items, states of approvals, who signs where."""

from __future__ import annotations

from django.db.models import TextChoices


class Outcome(TextChoices):
    """A person's answer to an item."""

    PASS = "pass", "In order"
    FAIL = "fail", "Not in order"
    NOT_APPLICABLE = "not_applicable", "Not applicable"


class ApprovalState(TextChoices):
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Seat(TextChoices):
    """The two signatures every approval needs, by two different people."""

    PRODUCT = "product", "Product owner"
    OVERSIGHT = "oversight", "Ethics reviewer or privacy lead"


class Section(TextChoices):
    RESPECT = "respect", "Respect: limit data and purpose"
    EXPLAIN = "explain", "Explain: meaningful notice"
    CONTROL = "control", "Control: choices that work"
    VERIFY = "verify", "Verify: audit and monitor"
    GOVERN = "govern", "Govern: roles and process"
