"""This room's rows of the permission table: who may see, send, plan, run and decide."""

from governance.people.choices import Role, Scope
from governance.people.permissions import EVERYONE, Action, declare_actions

_WATCHERS = {
    Role.PRODUCT_OWNER,
    Role.PRIVACY_LEAD,
    Role.ETHICS_REVIEWER,
    Role.ML_ENGINEER,
    Role.ADMIN,
}

declare_actions(
    Action(
        "audits.view",
        EVERYONE,
        Scope.AUDITS_READ,
        "See sources, plans, runs and findings.",
    ),
    Action(
        "audits.push",
        {Role.ML_ENGINEER, Role.ADMIN},
        Scope.OUTPUTS_WRITE,
        "Send what systems served and what came of it.",
    ),
    Action(
        "audits.plan",
        _WATCHERS,
        Scope.AUDITS_PLAN,
        "Make audit plans, propose changes of them, pause and resume them.",
    ),
    Action(
        "audits.run",
        _WATCHERS | {Role.INCIDENT_COMMANDER},
        Scope.AUDITS_RUN,
        "Start, cancel and repeat audit runs.",
    ),
    Action(
        "audits.decide",
        _WATCHERS - {Role.ML_ENGINEER},
        None,
        "Assign findings and decide what becomes of them; decide on weaker audit plans.",
    ),
    Action(
        "audits.vault_view",
        _WATCHERS - {Role.PRODUCT_OWNER, Role.ML_ENGINEER} | {Role.DPO, Role.AUDITOR},
        "admin",
        "See which protected attributes are held, why, until when, and who read them.",
    ),
    Action(
        "audits.vault",
        {Role.PRIVACY_LEAD, Role.ADMIN},
        "admin",
        "Declare protected attributes, load and remove their values, let plans join them.",
    ),
    Action(
        "audits.vault_inferred",
        {Role.PRIVACY_LEAD},
        None,
        "Allow an inferred attribute to be used.",
    ),
)
