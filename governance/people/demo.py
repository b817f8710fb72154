"""The demo's people, as `demo.json` lists them: one-click sign-in on this machine alone."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from governance.people.choices import Role
from governance.people.models import User


@dataclass(frozen=True)
class DemoPerson:
    """One button of the sign-in page."""

    email: str
    name: str
    role: str


def demo_people() -> list[DemoPerson]:
    """People the demo made and who may sign in; none outside demo mode."""
    path = settings.DATA_DIR / "demo.json"
    if not settings.DEMO or not path.exists():
        return []
    listed = json.loads(path.read_text())["users"]
    names = dict(
        User.objects.filter(email__in=[row["email"] for row in listed], is_active=True).values_list(
            "email", "name"
        )
    )
    return [
        DemoPerson(row["email"], names[row["email"]], Role(row["role"]).label)
        for row in listed
        if row["email"] in names
    ]


def is_from_this_machine(request: HttpRequest) -> bool:
    """True for a loopback caller that no proxy stands in front of."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
