"""The registry's rows of the permission table: who may see, change, hold and lift."""

from governance.people.choices import Role, Scope
from governance.people.permissions import EVERYONE, Action, declare_actions

declare_actions(
    Action(
        "registry.view",
        EVERYONE,
        Scope.REGISTRY_READ,
        "See systems, versions, features, flows, purposes and holds.",
    ),
    Action(
        "registry.edit",
        {Role.PRODUCT_OWNER, Role.PRIVACY_LEAD, Role.ML_ENGINEER, Role.ADMIN},
        Scope.REGISTRY_WRITE,
        "Register and change systems, versions, surfaces, features and flows.",
    ),
    Action(
        "registry.edit_purposes",
        {Role.PRIVACY_LEAD, Role.ADMIN},
        Scope.REGISTRY_WRITE,
        "Register and change purposes and personalization types.",
    ),
    Action(
        "registry.serve",
        {Role.PRODUCT_OWNER, Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Choose which approved version a system serves.",
    ),
    Action(
        "registry.hold",
        {
            Role.PRODUCT_OWNER,
            Role.PRIVACY_LEAD,
            Role.ETHICS_REVIEWER,
            Role.ML_ENGINEER,
            Role.INCIDENT_COMMANDER,
            Role.ADMIN,
        },
        Scope.INCIDENTS_WRITE,
        "Place a hold, which pauses personalisation at once.",
    ),
    Action(
        "registry.approve_hold",
        {Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER, Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Approve within a day a hold that another person placed.",
    ),
    Action(
        "registry.lift_hold",
        {
            Role.PRODUCT_OWNER,
            Role.PRIVACY_LEAD,
            Role.ETHICS_REVIEWER,
            Role.INCIDENT_COMMANDER,
        },
        None,
        "Lift a hold together with a second person.",
    ),
)
