"""The room's rows of the permission table: who may see rates, people, and write choices."""

from governance.people.choices import Role, Scope
from governance.people.permissions import EVERYONE, Action, declare_actions

declare_actions(
    Action(
        "consent.view",
        EVERYONE,
        None,
        "See consent rates by purpose and try decisions in the playground.",
    ),
    Action(
        "consent.check",
        {Role.PRIVACY_LEAD, Role.DPO, Role.PRODUCT_OWNER, Role.ML_ENGINEER, Role.ADMIN},
        Scope.CONSENT_CHECK,
        "Ask whether a purpose or a system may personalise for people.",
    ),
    Action(
        "consent.write",
        {Role.PRIVACY_LEAD},
        Scope.CONSENT_WRITE,
        "Record what a person chose.",
    ),
    Action(
        "consent.read_subject",
        {Role.PRIVACY_LEAD, Role.DPO},
        Scope.CONSENT_READ,
        "Look at one person's choices, naming the purpose of access.",
    ),
    Action(
        "consent.mint_token",
        (),
        Scope.CONSENT_TOKEN,
        "Mint subject tokens for browsers.",
    ),
    Action(
        "consent.read_events",
        {Role.PRIVACY_LEAD, Role.DPO, Role.ADMIN},
        Scope.CONSENT_READ,
        "Follow what people chose, without a name that leads to them.",
    ),
    Action(
        "consent.import",
        {Role.PRIVACY_LEAD},
        None,
        "Import choices that people made elsewhere.",
    ),
    Action(
        "consent.erase",
        {Role.PRIVACY_LEAD},
        None,
        "Restrict or erase a person.",
    ),
    Action(
        "consent.edit_recipients",
        {Role.PRIVACY_LEAD},
        None,
        "Register who received people's data and is told of their no.",
    ),
    Action(
        "consent.publish_notice",
        {Role.PRIVACY_LEAD},
        None,
        "Publish a version of the privacy notice.",
    ),
    Action(
        "consent.answer_complaints",
        {Role.PRIVACY_LEAD, Role.DPO},
        None,
        "Read people's complaints and answer them.",
    ),
)
