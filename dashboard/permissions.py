"""What may be done on the dashboard: every signed-in role may look at what is theirs."""

from governance.people.choices import Role
from governance.people.permissions import Action, declare_actions

declare_actions(
    Action(
        key="dashboard.view",
        roles=frozenset(Role.values),
        scope="registry:read",
        sentence="See the overview, the agenda and search",
    ),
)
