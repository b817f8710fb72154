"""What may be done in the incident room, and by which roles."""

from governance.people.choices import Role
from governance.people.permissions import Action, declare_actions

declare_actions(
    Action(
        key="incidents.view",
        roles=frozenset(Role.values),
        scope="registry:read",
        sentence="See incidents of one's systems",
    ),
    Action(
        key="incidents.report",
        roles=frozenset(Role.values) - {Role.AUDITOR},
        scope="incidents:write",
        sentence="Report a harm",
    ),
    Action(
        key="incidents.command",
        roles=frozenset({Role.INCIDENT_COMMANDER, Role.ADMIN}),
        scope="incidents:write",
        sentence="Take command, move an incident on and run its steps",
    ),
)
