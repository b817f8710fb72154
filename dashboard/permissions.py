"""The dashboard's row of the permission table."""

from governance.people.permissions import EVERYONE, Action, declare_actions

declare_actions(
    Action("dashboard.view", EVERYONE, None, "See the overview, one's agenda and the search."),
)
