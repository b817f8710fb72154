"""People: users, roles, memberships, deputies, API keys and the permission table. No consent."""
