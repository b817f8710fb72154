"""Writing the person's side, one module a noun. Nothing else in the product writes these tables."""

from consent.services.choices import RecordedChoice, purposes_of, record_choice, record_choices
from consent.services.imports import run_import, start_import
from consent.services.merge import Merged, merge_subjects, take_told
from consent.services.notices import publish_notice
from consent.services.subjects import erase_subject, open_subject, restrict_subject
from consent.services.tokens import consume_token, mint_subject_token

__all__ = [
    "Merged",
    "RecordedChoice",
    "consume_token",
    "erase_subject",
    "merge_subjects",
    "mint_subject_token",
    "open_subject",
    "publish_notice",
    "purposes_of",
    "record_choice",
    "record_choices",
    "restrict_subject",
    "run_import",
    "start_import",
    "take_told",
]
