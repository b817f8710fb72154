"""The roles a column may have, in words, and which one its name and content suggest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from audits.sources.intake.profile import ColumnProfile


@dataclass(frozen=True)
class Role:
    """One role of the vocabulary all methods share."""

    key: str
    title: str
    names: tuple[str, ...] = ()  # how such columns are often called
    many: bool = False  # several columns may have it; they keep their names


ROLES: tuple[Role, ...] = (
    Role(
        "output_id",
        "Id of the output",
        ("output_id", "id", "request_id", "decision_id", "event_id", "impression_id", "uuid"),
    ),
    Role(
        "occurred_at",
        "When it happened",
        ("occurred_at", "timestamp", "ts", "time", "datetime", "created_at", "event_time"),
    ),
    Role(
        "subject",
        "The person",
        (
            "subject",
            "user",
            "user_id",
            "userid",
            "applicant",
            "applicant_id",
            "customer",
            "customer_id",
            "person",
            "person_id",
            "member_id",
            "account_id",
        ),
    ),
    Role(
        "y_pred",
        "What was decided (0 or 1)",
        (
            "y_pred",
            "decision",
            "decided",
            "approved",
            "selected",
            "prediction",
            "predicted",
            "hired",
            "granted",
            "accepted",
            "shown",
        ),
    ),
    Role(
        "y_true",
        "What turned out (0 or 1)",
        ("y_true", "outcome", "label", "actual", "target", "repaid", "default", "converted"),
    ),
    Role("score", "Score", ("score", "probability", "prob", "risk", "rating")),
    Role("group", "Group to compare", (), many=True),
    Role("control", "Control variable", (), many=True),
    Role(
        "item", "Item shown", ("item", "item_id", "product", "product_id", "article", "content_id")
    ),
    Role("provider", "Who made the item", ("provider", "seller", "creator", "artist", "vendor")),
    Role("position", "Position in the list", ("position", "rank", "slot")),
    Role("propensity", "Chance with which it was shown", ("propensity", "propensity_score")),
    Role("clicked", "Clicked (0 or 1)", ("clicked", "click", "is_click")),
    Role("watch_time", "Time spent", ("watch_time", "dwell_time", "duration")),
    Role("price", "Price", ("price", "amount", "offer", "premium", "fare")),
    Role("weight", "Weight of the row", ("weight", "sample_weight")),
    Role("model_version", "Version of the model", ("model_version", "version", "model")),
    Role("variant", "Arm of an experiment", ("variant", "arm", "treatment", "experiment_group")),
    Role("stratum", "Stratum", ("stratum", "segment", "tier")),
    Role("scenario", "Scenario", ("scenario",)),
    Role("task", "Task", ("task",)),
    Role("persona", "Persona", ("persona",)),
    Role("text", "Text", ("text", "answer", "response", "output_text")),
    Role("observed_at", "When the outcome was known", ("observed_at", "outcome_at", "label_time")),
)
BY_KEY = {role.key: role for role in ROLES}
SENSITIVE = (
    (r"race|ethnic|origin|skin|caste|nationality|citizen", "racial or ethnic origin"),
    (r"religio|belief|faith", "religion or belief"),
    (r"sexual|orientation|lgbt", "sexual orientation"),
    (r"health|diagnos|disab|disease|pregnan|medical", "health"),
    (r"politic|party|union", "political opinion or union membership"),
    (r"genetic|biometr|dna", "genetic or biometric data"),
    (r"(^|_)(sex|gender)(_|$)", "sex or gender"),
    (r"(^|_)(age|birth|dob|yob)", "age"),
    (r"marital|married|family_status", "marital status"),
)
PROXIES = (
    (r"zip|postal|postcode|district|neighbou?rhood|quarter", "where people live"),
    (r"(sur|last|first|given|full)_?name", "names"),
    (r"language|mother_tongue|accent", "language"),
    (r"(^|_)(lat|lon|lng|latitude|longitude|ip)(_|$)", "where people are"),
)


@dataclass(frozen=True)
class Sensitivity:
    """Why a column looks sensitive, and whether only by proxy."""

    of: str
    proxy: bool

    @property
    def sentence(self) -> str:
        if self.proxy:
            return f"May stand in for protected groups: {self.of}."
        return f"Looks like {self.of}: it belongs in the attribute vault, or leave it out."


def plain(name: str) -> str:
    """A column's name in lower case with underscores: `Applicant ID` is `applicant_id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def sensitivity(name: str) -> Sensitivity | None:
    """What sensitive matter a column's name points at, if any."""
    word = plain(name)
    for patterns, proxy in ((SENSITIVE, False), (PROXIES, True)):
        for pattern, of in patterns:
            if re.search(pattern, word):
                return Sensitivity(of, proxy)
    return None


def suggest_roles(columns: list[ColumnProfile], rows: int) -> dict[str, str]:
    """Return a role for the columns whose name and content agree; each single role once."""
    suggested: dict[str, str] = {}
    taken: set[str] = set()
    for role in (one for one in ROLES if not one.many):
        fitting = [
            (role.names.index(plain(column.name)), column.name)
            for column in columns
            if plain(column.name) in role.names
            and column.name not in suggested
            and fits(role.key, column, rows)
        ]
        if fitting and role.key not in taken:
            suggested[min(fitting)[1]] = role.key
            taken.add(role.key)
    for column in columns:
        found = sensitivity(column.name)
        few = 2 <= column.distinct <= 20
        if column.name not in suggested and found is not None and few:
            suggested[column.name] = "group"
    return suggested


def fits(role: str, column: ColumnProfile, rows: int) -> bool:
    """Whether a column's content can be what the role says."""
    if column.kind in ("no plain values", "nothing"):
        return False
    if role in ("y_pred", "y_true", "clicked"):
        return column.marks
    if role in ("occurred_at", "observed_at"):
        return column.kind == "time with zone"
    if role == "output_id":
        return column.distinct == rows and not column.missing
    if role in ("score", "propensity", "weight", "price", "watch_time", "position"):
        return column.kind == "number"
    return True
