"""The closed vocabularies of this room: kinds, states and what may follow what."""

from django.db import models


class SourceKind(models.TextChoices):
    IMPRESSIONS = "impressions", "Impressions"
    RANKING = "ranking", "Rankings"
    SCORES = "scores", "Scores"
    DECISIONS = "decisions", "Decisions"
    PRICES = "prices", "Prices"
    TEXT = "text", "Texts"


class SourceOrigin(models.TextChoices):
    PUSHED = "pushed", "Sent here"
    FILES = "files", "A folder or a pattern of files"
    S3 = "s3", "An S3 bucket"
    POSTGRESQL = "postgresql", "A PostgreSQL table"
    SPARK = "spark", "A Spark table"
    CUBE = "cube", "An aggregated cube"


class OnBreach(models.TextChoices):
    FINDING = "finding", "Record a finding"
    OPEN_INCIDENT = "open_incident", "Open an incident"
    AUTO_CONTAIN = "auto_contain", "Contain when an alert fires"


class PlanWeight(models.TextChoices):
    LIGHT = "light", "Light"
    HEAVY = "heavy", "Heavy"


#: Words that are addresses of pages beside those of plans.
TAKEN_PLAN_KEYS = frozenset({"new", "choose", "export"})


class PlanState(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"


class RunPurpose(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    ON_DEMAND = "on_demand", "Asked for by a person"
    BACKFILL = "backfill", "A window asked for later"
    VERIFICATION = "verification", "Verification for an incident"


class PlanChangeState(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Finished"
    ERROR = "error", "Stopped by an error"
    CANCELLED = "cancelled", "Cancelled"


OPEN_RUN_STATES = (RunState.QUEUED, RunState.RUNNING)
ENDED_RUN_STATES = (RunState.SUCCEEDED, RunState.ERROR, RunState.CANCELLED)


class Verdict(models.TextChoices):
    PASS = "pass", "Within the limit"
    FAIL = "fail", "Beyond the limit"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    NOT_APPLICABLE = "not_applicable", "Not applicable"


class FindingState(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    IN_REMEDIATION = "in_remediation", "In remediation"
    FIXED = "fixed", "Fixed"
    VERIFIED = "verified", "Verified"
    RISK_ACCEPTED = "risk_accepted", "Risk accepted"
    FALSE_POSITIVE = "false_positive", "False positive"


FINDING_MOVES: dict[str, tuple[str, ...]] = {
    FindingState.OPEN: (
        FindingState.ACCEPTED,
        FindingState.RISK_ACCEPTED,
        FindingState.FALSE_POSITIVE,
    ),
    FindingState.ACCEPTED: (
        FindingState.IN_REMEDIATION,
        FindingState.RISK_ACCEPTED,
        FindingState.FALSE_POSITIVE,
    ),
    FindingState.IN_REMEDIATION: (FindingState.FIXED, FindingState.RISK_ACCEPTED),
    FindingState.FIXED: (FindingState.VERIFIED, FindingState.IN_REMEDIATION),
    FindingState.VERIFIED: (),
    FindingState.RISK_ACCEPTED: (FindingState.OPEN,),
    FindingState.FALSE_POSITIVE: (FindingState.OPEN,),
}


class AttributeKind(models.TextChoices):
    """How a protected attribute became known."""

    SELF_DECLARED = "self_declared", "Told by the person"
    INFERRED = "inferred", "Inferred by a model"
    PROXY = "proxy", "A proxy, such as a place or a name"
    EXTERNAL = "external", "From a register or a partner"
    SYNTHETIC = "synthetic", "Synthetic"


class VaultPurpose(models.TextChoices):
    FAIRNESS_AUDIT = "fairness_audit", "Fairness auditing"
    BIAS_CORRECTION = "bias_correction", "Correcting bias"
    INCIDENT = "incident", "Investigating an incident"


class Article9(models.TextChoices):
    """The condition of Article 9(2) GDPR under which special-category data may be processed."""

    NOT_SPECIAL = "not_special", "No special-category data"
    EXPLICIT_CONSENT = "explicit_consent", "Explicit consent, 9(2)(a)"
    EMPLOYMENT = "employment", "Employment and social protection law, 9(2)(b)"
    MADE_PUBLIC = "made_public", "Made public by the person, 9(2)(e)"
    LEGAL_CLAIMS = "legal_claims", "Legal claims, 9(2)(f)"
    PUBLIC_INTEREST = "public_interest", "Substantial public interest by law, 9(2)(g)"
    BIAS_DETECTION = "bias_detection", "AI Act, Article 10(5): bias in a high-risk system"
    HEALTH_CARE = "health_care", "Health or social care, 9(2)(h)"
    STATISTICS = "statistics", "Research or statistics by law, 9(2)(j)"


class VaultAct(models.TextChoices):
    LOAD = "load", "Loaded"
    RUN = "run", "Joined in a run"
    REMOVE = "remove", "Removed"
    EXPIRE = "expire", "Deleted at the end of its time"
    EXPORT = "export", "Handed to the person"
    ERASE = "erase", "Erased for the person"


class AlertKind(models.TextChoices):
    VALUE = "value", "A value"
    DIFFERENCE = "difference", "A difference"
    RATIO = "ratio", "A ratio"


class AlertEvidence(models.TextChoices):
    GROUPS = "groups", "Pairs of groups, from the stored counts"
    INTERVAL = "interval", "The measurement and its interval"


class AlertPairs(models.TextChoices):
    ALL = "all", "All of them"
    ONE = "one", "One declared pair"


class AlertSide(models.TextChoices):
    AT_MOST = "<=", "At most the limit"
    AT_LEAST = ">=", "At least the limit"
    WITHIN = "within", "Within the limit on both sides"


class AlertDetector(models.TextChoices):
    E_SR = "e_sr", "Sum over all beginnings (e-SR)"
    E_CUSUM = "e_cusum", "Largest over all beginnings (e-CUSUM)"


class AlertAction(models.TextChoices):
    NOTIFY = "notify", "Tell people"
    OPEN_INCIDENT = "open_incident", "Open an incident"
    CONTAIN = "contain", "Open an incident and contain it at once"


class AlertStatus(models.TextChoices):
    OK = "ok", "In order"
    WATCH = "watch", "Watched"
    ALERT = "alert", "Alert"
    RECOVERED = "recovered", "Recovered"
    INSUFFICIENT_DATA = "insufficient_data", "Too few people"


class AlertState(models.TextChoices):
    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class WeighedAs(models.TextChoices):
    WEIGHED = "weighed", "Weighed"
    SKIPPED = "skipped", "Passed over"


UNDONE_STATES = (
    FindingState.OPEN,
    FindingState.ACCEPTED,
    FindingState.IN_REMEDIATION,
    FindingState.FIXED,
)


class RemediationKind(models.TextChoices):
    MODEL = "model", "Change the model or its objective"
    DATA = "data", "Change the data it learns from"
    SERVING = "serving", "Change how results are served"
    VERSION = "version", "Serve another version"
    LIMIT_USE = "limit_use", "Use it in fewer places"
    PROCESS = "process", "Change how people work with it"
    OTHER = "other", "Something else"


class RemediationState(models.TextChoices):
    PLANNED = "planned", "Planned"
    UNDER_WAY = "under_way", "Under way"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


REMEDIATION_MOVES: dict[str, tuple[str, ...]] = {
    RemediationState.PLANNED: (
        RemediationState.UNDER_WAY,
        RemediationState.DONE,
        RemediationState.DROPPED,
    ),
    RemediationState.UNDER_WAY: (RemediationState.DONE, RemediationState.DROPPED),
    RemediationState.DONE: (RemediationState.UNDER_WAY,),
    RemediationState.DROPPED: (RemediationState.PLANNED,),
}
