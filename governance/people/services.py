"""Every change to people, roles and keys. Each is one function with its ledger entry inside.

The ledger and the facts carry user ids, never names or addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.people import keys
from governance.people.actors import person_actor
from governance.people.choices import Role, Scope
from governance.people.models import (
    LONGEST_KEY_LIFE,
    ApiKey,
    Deputy,
    RoleAssignment,
    SignIn,
    SystemMembership,
    User,
    check_zone,
)

_KEY_USE_GRAIN = timedelta(minutes=1)


def _require(actor: Actor, action: str, sentence: str) -> None:
    if not actor.may(action):
        raise NotPermitted(sentence)


@transaction.atomic
def create_user(
    *, email: str, name: str, password: str | None, actor: Actor, zone: str = "UTC"
) -> User:
    """Add a person. Without a password they cannot sign in until one is set."""
    _require(actor, "people.edit", "Only an administrator adds people.")
    address = email.strip().lower()
    _check(lambda: validate_email(address), "The e-mail address")
    _check(lambda: check_zone(zone), "The time zone")
    if not name.strip():
        raise Invalid("A person needs a name.")
    if password is not None:
        secret = password
        _check(
            lambda: validate_password(secret, User(email=address, name=name)),
            "The password",
        )
    if User.objects.filter(email=address).exists():
        raise Conflict("A person with this e-mail address exists already.")
    user = User.objects.create_user(address, password, name=name.strip(), zone=zone)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    _record("user_created", user, actor, {"zone": zone})
    return user


@transaction.atomic
def set_active(*, user: User, active: bool, actor: Actor) -> None:
    """Let a person sign in, or stop them at once: their sessions end with it."""
    _require(actor, "people.edit", "Only an administrator lets people in or shuts them out.")
    if not active and actor.reference == user.reference:
        raise Conflict("You cannot shut yourself out; another administrator can.")
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_active == active:
        return
    locked.is_active = user.is_active = active
    locked.save(update_fields=["is_active", "updated_at"])
    if not active:
        _drop_sessions(SignIn.objects.filter(user=locked))
    _record("user_activated" if active else "user_deactivated", locked, actor, {})


@transaction.atomic
def reset_password(*, user: User, password: str, actor: Actor) -> None:
    """Give a person a new password; their open sessions end."""
    _require(actor, "people.edit", "Only an administrator resets the password of another person.")
    _check(lambda: validate_password(password, user), "The password")
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    _drop_sessions(SignIn.objects.filter(user=user))
    _record("password_reset", user, actor, {})


@transaction.atomic
def reset_second_factor(*, user: User, actor: Actor) -> None:
    """Take a lost second factor away, so that the person sets up a new one; sessions end."""
    _require(actor, "people.edit", "Only an administrator resets a second factor.")
    if actor.reference == user.reference:
        raise Conflict("Another administrator resets your second factor.")
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        _drop_sessions(SignIn.objects.filter(user=user))
        _record("second_factor_reset", user, actor, {})


@transaction.atomic
def note_sign_in(*, user: User) -> None:
    """Tell the ledger that a person signed in."""
    _record("signed_in", user, person_actor(user), {})


@transaction.atomic
def note_failed_sign_in(*, email: str) -> None:
    """Tell the ledger of a refused sign-in; an unknown address is not written down."""
    user = User.objects.filter(email=email.strip().lower()).first()
    record_entry(
        verb="people.sign_in_failed",
        object_type="people.user",
        object_id=str(user.pk) if user else "unknown",
        actor=SystemActor("sign_in"),
        facts={},
    )


@transaction.atomic
def assign_role(*, user: User, role: str, actor: Actor) -> RoleAssignment:
    """Give a person a role; giving it twice changes nothing."""
    _require(actor, "people.edit", "Only an administrator gives roles.")
    known = _known_role(role)
    assignment, created = RoleAssignment.objects.get_or_create(
        user=user, role=known, defaults={"assigned_by": actor.reference}
    )
    if created:
        _record("role_assigned", user, actor, {"role": known})
    return assignment


@transaction.atomic
def remove_role(*, user: User, role: str, actor: Actor) -> None:
    """Take a role away; the last administrator keeps theirs."""
    _require(actor, "people.edit", "Only an administrator takes roles away.")
    known = _known_role(role)
    if known == Role.ADMIN:
        admins = RoleAssignment.objects.select_for_update().filter(
            role=Role.ADMIN, user__is_active=True
        )
        if not any(assignment.user_id != user.pk for assignment in admins):
            raise Conflict("The last administrator cannot lose the role; name another one first.")
    deleted, _ = RoleAssignment.objects.filter(user=user, role=known).delete()
    if deleted:
        _record("role_removed", user, actor, {"role": known})


@transaction.atomic
def add_member(*, user: User, system_key: str, actor: Actor) -> SystemMembership:
    """Put a person on a system, so that they see it."""
    _require(actor, "people.edit", "Only an administrator puts people on systems.")
    membership = SystemMembership(user=user, system_key=system_key)
    _check(lambda: membership.clean_fields(exclude={"id", "user"}), "The system's key")
    membership, created = SystemMembership.objects.get_or_create(user=user, system_key=system_key)
    if created:
        _record("member_added", user, actor, {"system_key": system_key})
    return membership


@transaction.atomic
def remove_member(*, user: User, system_key: str, actor: Actor) -> None:
    """Take a person off a system."""
    _require(actor, "people.edit", "Only an administrator takes people off systems.")
    deleted, _ = SystemMembership.objects.filter(user=user, system_key=system_key).delete()
    if deleted:
        _record("member_removed", user, actor, {"system_key": system_key})


@transaction.atomic
def appoint_deputy(
    *,
    principal: User,
    deputy: User,
    role: str,
    ends_at: datetime,
    reason: str,
    actor: Actor,
) -> Deputy:
    """Let one person hold another's role until a date; the principal or an admin appoints."""
    known = _known_role(role)
    if actor.reference != principal.reference:
        _require(
            actor,
            "people.edit",
            "Only the person or an administrator appoints a deputy.",
        )
    if principal.pk == deputy.pk:
        raise Invalid("A deputy is another person.")
    if not RoleAssignment.objects.filter(user=principal, role=known).exists():
        raise Invalid(
            f"{principal} does not hold the role {Role(known).label}, so nobody can deputise."
        )
    if not reason.strip():
        raise Invalid("Say why a deputy is needed, for example: leave until 3 May.")
    if ends_at <= database_now():
        raise Invalid("The deputyship must end in the future.")
    appointed = Deputy.objects.create(
        principal=principal,
        deputy=deputy,
        role=known,
        ends_at=ends_at,
        reason=reason.strip(),
    )
    facts = {
        "principal": str(principal.pk),
        "role": known,
        "ends_at": ends_at.isoformat(),
    }
    _record("deputy_appointed", deputy, actor, facts)
    return appointed


@transaction.atomic
def end_deputy(*, deputy: Deputy, actor: Actor) -> None:
    """End a deputyship now; it stays listed with the date it ended."""
    if actor.reference != deputy.principal.reference:
        _require(
            actor,
            "people.edit",
            "Only the person or an administrator ends a deputyship.",
        )
    ended = Deputy.objects.filter(pk=deputy.pk, ends_at__gt=Now()).update(ends_at=Now())
    if ended:
        _record("deputy_ended", deputy.deputy, actor, {"role": deputy.role})


@transaction.atomic
def create_api_key(
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
    actor: Actor,
    system_keys: list[str] | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; its secret is returned here and kept nowhere. It ends within 365 days."""
    _require(actor, "keys.edit", "Only an administrator creates API keys.")
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown:
        raise Invalid(f"Unknown scope {', '.join(unknown)}; choose from {', '.join(Scope.values)}.")
    if not scopes:
        raise Invalid("A key needs at least one scope.")
    if not name.strip():
        raise Invalid("A key needs a name that says which program uses it.")
    now = database_now()
    ends = expires_at or now + LONGEST_KEY_LIFE
    if not now < ends <= now + LONGEST_KEY_LIFE:
        raise Invalid("A key ends in the future and within 365 days.")
    secret, stored = keys.new_secret()
    key = ApiKey(
        name=name.strip(),
        prefix=stored.prefix,
        secret_hash=stored.secret_hash,
        scopes=sorted(set(scopes)),
        system_keys=None if system_keys is None else sorted(set(system_keys)),
        created_by=actor.reference,
        created_at=now,
        expires_at=ends,
    )
    key.save(force_insert=True)
    record_entry(
        verb="people.key_created",
        object_type="people.api_key",
        object_id=str(key.pk),
        actor=actor,
        facts={
            "prefix": key.prefix,
            "scopes": key.scopes,
            "expires_at": ends.isoformat(),
        },
    )
    return key, secret


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: Actor) -> None:
    """Revoke a key; the next request that carries it is refused."""
    _require(actor, "keys.edit", "Only an administrator revokes API keys.")
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=Now()):
        record_entry(
            verb="people.key_revoked",
            object_type="people.api_key",
            object_id=str(key.pk),
            actor=actor,
            facts={"prefix": key.prefix},
        )
    key.refresh_from_db()


def note_key_use(*, key: ApiKey) -> None:
    """Remember when a key was last used, to the minute: one write a minute and key at most."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - _KEY_USE_GRAIN)
    if key.last_used_at is None or key.last_used_at < database_now() - _KEY_USE_GRAIN:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())


@transaction.atomic
def end_sign_in(*, sign_in: SignIn, actor: Actor) -> None:
    """End one browser session; its next request has to sign in again."""
    if actor.reference != sign_in.user.reference:
        _require(actor, "people.edit", "Only the person or an administrator ends a session.")
    _drop_sessions(SignIn.objects.filter(pk=sign_in.pk))
    _record("session_ended", sign_in.user, actor, {})


def _drop_sessions(sign_ins: QuerySet[SignIn]) -> None:
    session_keys = list(sign_ins.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=session_keys).delete()
    sign_ins.delete()


def _known_role(role: str) -> str:
    if role not in Role.values:
        raise Invalid(f"Unknown role {role!r}; choose from {', '.join(Role.values)}.")
    return role


def _check(validate: Callable[[], object], what: str) -> None:
    """Turn Django's validation errors into one sentence."""
    try:
        validate()
    except ValidationError as problem:
        raise Invalid(f"{what} is not accepted: {' '.join(problem.messages)}") from None


def _record(verb: str, user: User, actor: Actor, facts: dict[str, str]) -> None:
    record_entry(
        verb=f"people.{verb}",
        object_type="people.user",
        object_id=str(user.pk),
        actor=actor,
        facts={"user": str(user.pk), **facts},
    )
