"""The reviews' rows of the permission table: who asks, answers, signs and waives."""

from governance.people.choices import Role, Scope
from governance.people.permissions import EVERYONE, Action, declare_actions

declare_actions(
    Action(
        "reviews.view",
        EVERYONE,
        Scope.REGISTRY_READ,
        "See reviews, checklists, answers and evidence.",
    ),
    Action(
        "gates.ask",
        EVERYONE,
        Scope.GATE_READ,
        "Ask a gate whether a version may be released or a hold lifted.",
    ),
    Action(
        "reviews.start",
        {Role.PRODUCT_OWNER, Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER, Role.ML_ENGINEER, Role.ADMIN},
        None,
        "Start or withdraw the review of a version.",
    ),
    Action(
        "reviews.answer",
        EVERYONE - {Role.AUDITOR, Role.DPO},
        None,
        "Answer the checklist items that name one's role.",
    ),
    Action(
        "reviews.decide",
        {Role.PRODUCT_OWNER, Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER},
        None,
        "Sign or reject a version, never one's own work.",
    ),
    Action(
        "reviews.request_waiver",
        {Role.PRODUCT_OWNER, Role.ML_ENGINEER, Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER},
        None,
        "Ask for a bounded exception from one item.",
    ),
    Action(
        "reviews.grant_waiver",
        {Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER},
        None,
        "Grant or revoke a waiver that somebody else asked for.",
    ),
    Action(
        "reviews.edit_checklist",
        {Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER, Role.ADMIN},
        None,
        "Add a question to the checklist; it is asked in every review that starts from then on.",
    ),
)
