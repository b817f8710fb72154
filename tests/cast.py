"""The fixed cast of the tests, one person a role. Eve is on another team and sees nothing.

`cast.ada` is a user, `cast.actor("ada")` her actor, `cast.join("carousel")` puts the team on a
system, `cast.sign_in(client, "pia")` opens a browser session. People exist once asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.core.actors import SystemActor

if TYPE_CHECKING:
    from django.test import Client

    from governance.people.actors import PersonActor
    from governance.people.models import User

# Models are imported where they are used: this plugin loads before Django is ready.

ROLES: dict[str, str] = {
    "ada": "product_owner",
    "pia": "privacy_lead",
    "dan": "dpo",
    "root": "admin",
    "elif": "ethics_reviewer",
    "max": "ml_engineer",
    "ivo": "incident_commander",
    "aud": "auditor",
    "eve": "product_owner",
}
TEAM = ("ada", "elif", "max", "ivo")
STAGE = SystemActor("tests")


class Cast:
    """People made on demand, with their role and, where it is demanded, a second factor."""

    def __init__(self) -> None:
        self._people: dict[str, User] = {}

    def person(self, name: str) -> User:
        if name not in ROLES:
            raise AttributeError(f"Nobody in the cast is called {name!r}: {', '.join(ROLES)}.")
        if name not in self._people:
            self._people[name] = self._make(name)
        return self._people[name]

    def __getattr__(self, name: str) -> User:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.person(name)

    def actor(self, name: str) -> PersonActor:
        """A fresh actor, which reads roles and systems as they stand now."""
        from governance.people.actors import PersonActor

        return PersonActor(self.person(name))

    def join(self, system_key: str, *names: str) -> None:
        """Put people on a system: the named ones, or the whole team (never Eve)."""
        from governance.people import services

        members = names or TEAM
        for name in members:
            services.add_member(user=self.person(name), system_key=system_key, actor=STAGE)

    def sign_in(self, client: Client, name: str) -> Client:
        client.force_login(self.person(name), backend="django.contrib.auth.backends.ModelBackend")
        return client

    def _make(self, name: str) -> User:
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

        from governance.people import services
        from governance.people.choices import NEEDS_SECOND_FACTOR

        user = services.create_user(
            email=f"{name}@example.org",
            name=name.capitalize(),
            password=None,
            actor=STAGE,
        )
        services.assign_role(user=user, role=ROLES[name], actor=STAGE)
        if ROLES[name] in NEEDS_SECOND_FACTOR:
            TOTP.activate(user, generate_totp_secret())
        return user


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()
