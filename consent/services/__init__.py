"""Writing the person's side, one module a noun. Nothing else in the product writes these tables."""

from consent.services.choices import RecordedChoice, purposes_of, record_choice, record_choices
from consent.services.imports import run_import, start_import
from consent.services.merge import Merged, merge_subjects, take_told
from consent.services.notices import (
    change_draft,
    discard_draft,
    draft_notice,
    link_served_choice,
    publish_draft,
    publish_notice,
    record_served_notice,
)
from consent.services.subjects import (
    erase_everywhere,
    erase_subject,
    open_subject,
    restrict_subject,
)
from consent.services.tokens import consume_token, mint_subject_token

__all__ = [
    "Merged",
    "RecordedChoice",
    "change_draft",
    "consume_token",
    "discard_draft",
    "draft_notice",
    "erase_everywhere",
    "erase_subject",
    "link_served_choice",
    "merge_subjects",
    "mint_subject_token",
    "open_subject",
    "publish_draft",
    "publish_notice",
    "purposes_of",
    "record_choice",
    "record_choices",
    "record_served_notice",
    "restrict_subject",
    "run_import",
    "start_import",
    "take_told",
]
