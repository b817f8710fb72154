"""The incident room's rows of the permission table."""

from governance.people.choices import Role, Scope
from governance.people.permissions import EVERYONE, Action, declare_actions

declare_actions(
    Action("incidents.view", EVERYONE, Scope.REGISTRY_READ, "See the incidents of one's systems."),
    Action(
        "incidents.report",
        EVERYONE - {Role.AUDITOR},
        Scope.INCIDENTS_WRITE,
        "Report a harm.",
    ),
    Action(
        "incidents.command",
        {Role.INCIDENT_COMMANDER, Role.ADMIN},
        Scope.INCIDENTS_WRITE,
        "Take command of an incident, move it on and run its steps.",
    ),
    Action(
        "incidents.edit_red_lines",
        {Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER, Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Draw and withdraw the red lines of a system.",
    ),
    Action(
        "incidents.edit_targets",
        {Role.INCIDENT_COMMANDER, Role.ML_ENGINEER, Role.ADMIN},
        Scope.INCIDENTS_WRITE,
        "Register the places that serve a system and confirm its containment.",
    ),
    Action(
        "incidents.report_served",
        {Role.ML_ENGINEER, Role.ADMIN},
        Scope.CONSENT_CHECK,
        "Say, as a serving target, what is served now.",
    ),
    Action(
        "incidents.run_drills",
        {Role.INCIDENT_COMMANDER, Role.PRIVACY_LEAD, Role.ADMIN},
        None,
        "Plan drills on rehearsal systems, start them and end them.",
    ),
    Action(
        "incidents.edit_playbooks",
        {Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Import the next version of a playbook.",
    ),
    Action(
        "incidents.report_to_authority",
        {Role.PRIVACY_LEAD, Role.ADMIN},
        None,
        "Decide which duties to report an incident starts, and record what was filed.",
    ),
    Action(
        "incidents.write_post_mortem",
        EVERYONE - {Role.AUDITOR, Role.DPO},
        None,
        "Write the post-mortem of an incident and its actions.",
    ),
    Action(
        "incidents.freeze_post_mortem",
        {Role.INCIDENT_COMMANDER, Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER, Role.ADMIN},
        None,
        "Freeze a post-mortem and decide, as one of two people, whether the public reads it.",
    ),
    Action(
        "incidents.write_communication",
        {
            Role.PRODUCT_OWNER,
            Role.PRIVACY_LEAD,
            Role.ETHICS_REVIEWER,
            Role.INCIDENT_COMMANDER,
            Role.ADMIN,
        },
        None,
        "Write what people are told of an incident, and send what stays in the team.",
    ),
    Action(
        "incidents.approve_communication",
        {Role.PRODUCT_OWNER, Role.PRIVACY_LEAD, Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Send, as the second person, what people, partners, authorities or the public are told.",
    ),
    Action(
        "incidents.ask_affected",
        {Role.PRIVACY_LEAD, Role.ADMIN},
        Scope.CONSENT_READ,
        "Ask, for the service that mails people, which of its people an incident touched.",
    ),
    Action(
        "incidents.edit_contacts",
        {Role.PRIVACY_LEAD, Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Name who outside is told of incidents, and by which way.",
    ),
    Action(
        "incidents.assign_roles",
        {Role.INCIDENT_COMMANDER, Role.ADMIN},
        None,
        "Give people their roles in an incident and hand them over for others.",
    ),
)
