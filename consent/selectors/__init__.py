"""Reading the person's side, one module a noun. Nothing here writes."""

from consent.selectors.choices import (
    MOST_SUBJECTS,
    CheckedMany,
    ConsentRate,
    check_many,
    choices_of,
    consent_rates,
    find_subject,
    history_of,
)

__all__ = [
    "MOST_SUBJECTS",
    "CheckedMany",
    "ConsentRate",
    "check_many",
    "choices_of",
    "consent_rates",
    "find_subject",
    "history_of",
]
