"""Reading people: who holds a role, who works on a system, which API keys live. No writing."""

from __future__ import annotations

import hmac
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from governance.core.actors import Actor
from governance.people import keys
from governance.people.choices import SEES_EVERYTHING
from governance.people.models import ApiKey, Deputy, SignIn, SystemMembership, User


def find_live_key(secret: str) -> ApiKey | None:
    """Return the key a caller presented, unless it is mistyped, expired or revoked.

    Read from the database at each call: a revoked key is refused by the next request.
    """
    presented = keys.read_key(secret)
    if presented is None:
        return None
    key = ApiKey.objects.filter(
        prefix=presented.prefix, revoked_at__isnull=True, expires_at__gt=Now()
    ).first()
    if key is None or not hmac.compare_digest(bytes(key.secret_hash), presented.secret_hash):
        return None
    return key


def people_with_role(role: str, system_key: str | None = None) -> QuerySet[User]:
    """Active people who hold a role, themselves or as a deputy, on one system or on any."""
    standing = Deputy.objects.filter(
        role=role,
        ends_at__gt=Now(),
        principal__is_active=True,
        principal__role_assignments__role=F("role"),
    )
    own = Q(role_assignments__role=role)
    deputised = Q(pk__in=standing.values("deputy_id"))
    if system_key is not None and role not in SEES_EVERYTHING:
        members = SystemMembership.objects.filter(system_key=system_key).values("user_id")
        own &= Q(pk__in=members)
        deputised = Q(pk__in=standing.filter(principal_id__in=members).values("deputy_id"))
        deputised |= Q(pk__in=standing.values("deputy_id")) & Q(pk__in=members)
    return User.objects.filter(own | deputised, is_active=True).distinct()


def people_for(actor: Actor) -> QuerySet[User]:
    """People the actor may see: all of them, or oneself."""
    if actor.may("people.view"):
        return User.objects.all()
    kind, _, identifier = actor.reference.partition(":")
    return User.objects.filter(pk=UUID(identifier)) if kind == "user" else User.objects.none()


def keys_for(actor: Actor) -> QuerySet[ApiKey]:
    """API keys the actor may see."""
    return ApiKey.objects.order_by("-id") if actor.may("keys.view") else ApiKey.objects.none()


def sign_ins_for(actor: Actor) -> QuerySet[SignIn]:
    """Open sessions the actor may see and end: an admin everyone's, others their own."""
    visible = SignIn.objects.select_related("user").order_by("-last_seen_at")
    if actor.may("people.edit"):
        return visible
    kind, _, identifier = actor.reference.partition(":")
    return visible.filter(user_id=UUID(identifier)) if kind == "user" else visible.none()


def user_by_reference(reference: str) -> User | None:
    """The person behind `user:<uuid>`."""
    kind, _, identifier = reference.partition(":")
    return User.objects.filter(pk=UUID(identifier)).first() if kind == "user" else None


def search_people(actor: Actor, *, query: str = "", role: str = "") -> QuerySet[User]:
    """People the actor may see, filtered by name or address and by role, roles fetched along."""
    found = people_for(actor).prefetch_related("role_assignments", "memberships")
    if query:
        found = found.filter(Q(name__icontains=query) | Q(email__icontains=query))
    if role:
        found = found.filter(role_assignments__role=role)
    return found
