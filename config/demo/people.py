"""The demo's sign-ins: one person a role, with passwords made on this machine."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from governance.core.actors import SystemActor
from governance.people.actors import PersonActor, person_actor
from governance.people.choices import Role
from governance.people.models import User
from governance.people.services import add_member, assign_role, create_user

PEOPLE = {
    "ada": ("Ada Okafor", Role.PRODUCT_OWNER),
    "pia": ("Pia Lindqvist", Role.PRIVACY_LEAD),
    "dan": ("Dan Moreau", Role.DPO),
    "elif": ("Elif Kaya", Role.ETHICS_REVIEWER),
    "max": ("Max Weber", Role.ML_ENGINEER),
    "ivo": ("Ivo Horvat", Role.INCIDENT_COMMANDER),
    "aud": ("Aud Solberg", Role.AUDITOR),
    "root": ("Root Admin", Role.ADMIN),
}


@dataclass(frozen=True)
class SignIn:
    """One demo person with the password made for them."""

    user: User
    role: str
    password: str

    @property
    def actor(self) -> PersonActor:
        return person_actor(self.user)


def create_people(*, system_keys: list[str]) -> dict[str, SignIn]:
    """Create the people, their roles and their memberships; return them by short name."""
    loader = SystemActor("demo")
    made = {}
    for name, (full_name, role) in PEOPLE.items():
        password = secrets.token_urlsafe(12)
        user = create_user(
            email=f"{name}@demo.example", name=full_name, password=password, actor=loader
        )
        assign_role(user=user, role=role, actor=loader)
        for key in system_keys:
            add_member(user=user, system_key=key, actor=loader)
        made[name] = SignIn(user=user, role=role, password=password)
    return made


def renew_passwords() -> dict[str, SignIn]:
    """Give the demo's people new passwords, when the file that held the old ones is gone."""
    made = {}
    for name, (_full_name, role) in PEOPLE.items():
        user, password = User.objects.get(email=f"{name}@demo.example"), secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
        made[name] = SignIn(user=user, role=role, password=password)
    return made
