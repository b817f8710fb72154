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
    FALLBACK_NON_PROFILED = "fallback_non_profiled", "Serve everybody the non-profiled variant"
    DISABLE_FEATURE = "disable_feature", "Disable a feature"
    REDUCE_SCOPE = "reduce_scope", "Reduce the scope"
    START_CLOCK = "start_clock", "Have a duty to report decided"
    OPEN_CHECKLIST = "open_checklist", "Open a checklist"
    WAIT_UNTIL = "wait_until", "Wait"
    ESCALATE = "escalate", "Escalate"
    WEBHOOK = "webhook", "Call a webhook"
    DRAFT_REPORT = "draft_report", "Draft a report to an authority"
    STATUS_UPDATE = "status_update", "Status update"
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


HOLDING = (
    StepType.PLACE_HOLD,
    StepType.FALLBACK_NON_PROFILED,
    StepType.DISABLE_FEATURE,
    StepType.REDUCE_SCOPE,
)
CONTAINMENT = (*HOLDING, StepType.ROLLBACK_MODEL)


class StepState(TextChoices):
    PENDING = "pending", "Pending"
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"
    UNDONE = "undone", "Undone"


ENDED = (StepState.DONE, StepState.SKIPPED, StepState.UNDONE)


class Undo(TextChoices):
    """How a step that is done may be taken back: only where its playbook says so."""

    PROPOSE_LIFT = "propose_lift", "Propose lifting what it held"
    ROLL_FORWARD = "roll_forward", "Serve the former version again"
    CORRECTION = "correction", "Send a correction"


class TimelineKind(TextChoices):
    OPENED = "opened", "Opened"
    EVIDENCE = "evidence", "Evidence"
    STATE = "state", "State"
    STEP = "step", "Step"
    NOTE = "note", "Note"
    CLOCK = "clock", "Clock of law"
    ESCALATION = "escalate", "Escalation"
    MESSAGE = "message", "Message"


class AwareOf(TextChoices):
    """The facts that duties to report start from, as their articles name them."""

    DATA_BREACH = (
        "personal_data_breach",
        (
            "Personal data were destroyed, lost, altered, disclosed or accessed through a breach "
            "of security (GDPR, Article 4(12))"
        ),
    )
    SERIOUS_INCIDENT = (
        "serious_incident",
        "A serious incident in the sense of the AI Act, Article 3(49)",
    )


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
    INEFFECTIVE = "ineffective", "Did not help: open again"


class SafeguardKind(TextChoices):
    ITEM = "item", "Checklist item"
    PLAN = "plan", "Audit plan"
    LIMIT = "limit", "Limit of a plan"


class CorrectionState(TextChoices):
    PROPOSED = "proposed", "Waits for a second person"
    PUBLISHED = "published", "Published"
    REFUSED = "refused", "Not published"


class Crossing(TextChoices):
    OPEN_INCIDENT = "open_incident", "Open an incident; people decide on containment"
    CONTAIN = "contain", "Open an incident and contain it at once"


class TargetKind(TextChoices):
    """How a place that serves hears of a change."""

    OFREP = "ofrep", "Asks over OFREP"
    STREAM = "stream", "Asks over OFREP and listens to the stream"
    WEBHOOK = "webhook", "Is told by webhook"
    MLFLOW = "mlflow", "Loads an MLflow alias"


class OrderState(TextChoices):
    """Where an order to a serving target stands; only a target's own fact confirms it."""

    PENDING = "pending", "To be carried out"
    APPLIED = "applied", "Carried out, waits for the target's word"
    CONFIRMED = "confirmed", "Confirmed"
    GIVEN_UP = "given_up", "Given up, waits for people"
    SUPERSEDED = "superseded", "Replaced by a newer one"


class ImpactMeasure(TextChoices):
    """What is counted of an incident, in the order it is read."""

    PEOPLE = "people", "People personalised for"
    MINORS = "minors", "of them known to be minors"
    DECISIONS = "decisions", "Personalised answers"
    REACH = "reach", "People it may personalise for"
    REACH_MINORS = "reach_minors", "of them minors it would serve"


class ImpactBasis(TextChoices):
    """How a number was known."""

    OUTPUTS = "outputs", "Counted in the outputs that were sent"
    DECISION_LOG = "decision_log", "Estimated from the sampled decision log"
    CONSENT_STATE = "consent_state", "By the rules and what people chose"


class Affected(TextChoices):
    SYSTEM = "system", "Systems"
    SURFACE = "surface", "Surfaces"
    PURPOSE = "purpose", "Purposes"
    VERSION = "version", "Versions"
    FEATURE = "feature", "Features"


class ParticipantRole(TextChoices):
    """What people do in an incident beside commanding it."""

    PRIVACY = "privacy", "Privacy lead or DPO"
    MODEL_OWNER = "model_owner", "Model owner"
    ETHICS = "ethics", "Ethics reviewer"
    COMMUNICATIONS = "communications", "Communications"
    SCRIBE = "scribe", "Scribe"
    OBSERVER = "observer", "Observer"


class Audience(TextChoices):
    """Who is told of an incident."""

    INTERNAL = "internal", "Our team"
    PEOPLE = "people", "People who are affected"
    PARTNERS = "partners", "Customers and partners"
    REGULATOR = "regulator", "Supervisory authority"
    PUBLIC = "public", "The public"


#: What leaves the house is read by a second person before it does.
OUTSIDE = (Audience.PEOPLE, Audience.PARTNERS, Audience.REGULATOR, Audience.PUBLIC)


class Stage(TextChoices):
    """Which word it is that an audience hears."""

    FIRST = "first", "First word"
    UPDATE = "update", "Update"
    CORRECTION = "correction", "Correction"
    END = "end", "It is over"


class CommunicationState(TextChoices):
    DRAFT = "draft", "Being written"
    PROPOSED = "proposed", "Waits for a second person"
    SENT = "sent", "Sent"
    DISCARDED = "discarded", "Thrown away"


class Channel(TextChoices):
    """The way a message takes to one recipient."""

    INSIDE = "inside", "Notification in the product"
    PAGE = "page", "Page that people open"
    APPRISE = "apprise", "Mail or chat (Apprise)"
    WEBHOOK = "webhook", "Signed webhook"
    HAND = "hand", "By hand"


class DeliveryState(TextChoices):
    WAITING = "waiting", "On its way"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Did not arrive"
    DROPPED = "dropped", "Not sent any more"


class DrillCadence(TextChoices):
    """How often a drill is repeated."""

    ONCE = "once", "Once"
    QUARTERLY = "quarterly", "Every quarter"
    YEARLY = "yearly", "Every year"


class DrillVerdict(TextChoices):
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    CALLED_OFF = "called_off", "Called off"
