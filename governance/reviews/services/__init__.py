"""Every change of reviews: one function a change, atomic, with its ledger entry inside."""

from governance.reviews.services.answers import EvidenceInput, answer_item
from governance.reviews.services.checklists import add_item
from governance.reviews.services.decisions import (
    approve,
    reject,
    renew_review,
    start_review,
    withdraw_review,
)
from governance.reviews.services.waivers import grant_waiver, request_waiver, revoke_waiver

__all__ = [
    "EvidenceInput",
    "add_item",
    "answer_item",
    "approve",
    "grant_waiver",
    "reject",
    "renew_review",
    "request_waiver",
    "revoke_waiver",
    "start_review",
    "withdraw_review",
]
