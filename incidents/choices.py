"""The words of the incident room: states, severities, kinds, step types and step states."""

from django.db.models import TextChoices


class State(TextChoices):
    REPORTED = "reported", "Reported"
    TRIAGE = "triage", "Triage"
    ACTIVE = "active", "Active"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    REVIEW = "review", "Review"
    CLOSED = "closed", "Closed"
    FALSE_POSITIVE = "false_positive", "False positive"
    DUPLICATE = "duplicate", "Duplicate"
    CANCELLED = "cancelled", "Cancelled"


NO_HARM = (State.FALSE_POSITIVE, State.DUPLICATE, State.CANCELLED)
FINAL_STATES = (State.CLOSED, *NO_HARM)


class Severity(TextChoices):
    S1 = "s1", "S1: serious harm goes on"
    S2 = "s2", "S2: a limit is breached and people are affected"
    S3 = "s3", "S3: contained, or one group over a limit"
    S4 = "s4", "S4: near miss"


class Kind(TextChoices):
    PRIVACY = "privacy_violation", "Privacy violation"
    BIAS = "algorithmic_bias", "Algorithmic bias"
    OPACITY = "opacity", "Opacity"
    MANIPULATION = "manipulation", "Manipulation"
    CONSENT = "consent_erosion", "Consent erosion"


class StepType(TextChoices):
    FREEZE_EVIDENCE = "freeze_evidence", "Freeze evidence"
    PLACE_HOLD = "place_hold", "Place a hold"
    ROLLBACK_MODEL = "rollback_model", "Roll back to the fallback"
    NOTIFY = "notify", "Notify"
    RUN_AUDIT = "run_audit", "Verification audit"
    INVESTIGATE = "investigate", "Investigate"
    LIFT_HOLD = "lift_hold", "Lift the hold (two people)"
    DECIDE_DUTIES = "decide_duties", "Decide on duties to report"
    POST_MORTEM = "post_mortem", "Post-mortem"
    BY_HAND = "by_hand", "Done by people"


class Part(TextChoices):
    """The six things an incident is about, in the order people ask for them."""

    CONTAIN = "contain", "Contain"
    CONFIRM = "confirm", "Confirm"
    NOTIFY = "notify", "Notify"
    INVESTIGATE = "investigate", "Investigate"
    FIX = "fix", "Fix"
    PUBLISH = "publish", "Publish"


CONTAINMENT = (StepType.PLACE_HOLD, StepType.ROLLBACK_MODEL)


class StepState(TextChoices):
    PENDING = "pending", "Pending"
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


class TimelineKind(TextChoices):
    OPENED = "opened", "Opened"
    EVIDENCE = "evidence", "Evidence"
    STATE = "state", "State"
    STEP = "step", "Step"
    NOTE = "note", "Note"
    CLOCK = "clock", "Clock of law"
    ESCALATION = "escalate", "Escalation"


class ClockState(TextChoices):
    RUNNING = "running", "Running"
    FILED = "filed", "Reported"
    NOT_APPLICABLE = "not_applicable", "Does not apply"
    SUPERSEDED = "superseded", "Replaced by a correction"


class FilingPhase(TextChoices):
    INITIAL = "initial", "Initial report"
    FURTHER = "further", "Further information"
    FINAL = "final", "Final report"


class Reporter(TextChoices):
    STAFF = "staff", "A colleague"
    PERSON = "person", "Somebody who is personalised for"
    RESEARCHER = "researcher", "A researcher or journalist"
    SUPPLIER = "supplier", "A supplier or creator"


class ReportState(TextChoices):
    NEW = "new", "Waits for a decision"
    DISMISSED = "dismissed", "Dismissed"
    MERGED = "merged", "Added to an incident"
    INCIDENT = "incident", "Became an incident"


class Dismissal(TextChoices):
    FALSE_POSITIVE = "false_positive", "It did not happen"
    BENIGN = "benign", "It happened and harms nobody"
    DUPLICATE = "duplicate", "It is known already"
    INSUFFICIENT = "insufficient_info", "Too little is known, and nobody can be asked"
    POLICY = "policy_violation", "A breach of policy that is handled elsewhere"
    OPERATIONAL = "operational_error", "A fault of operation without harm"


class PostMortemState(TextChoices):
    DRAFT = "draft", "Being written"
    PROPOSED = "proposed", "Waits for a second person"
    FROZEN = "frozen", "Frozen"


class Visibility(TextChoices):
    PUBLIC = "public", "Published"
    INTERNAL = "internal", "Kept internal"


class ActionState(TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    VERIFIED = "verified", "Verified"
    INEFFECTIVE = "ineffective", "Did not help"


class Crossing(TextChoices):
    OPEN_INCIDENT = "open_incident", "Open an incident; people decide on containment"
    CONTAIN = "contain", "Open an incident and contain it at once"
