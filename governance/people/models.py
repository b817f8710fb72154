"""Tables of people: users, roles, memberships, deputies, sign-ins, keys. Writing: services."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from governance.core.models import KeyField, PublicModel
from governance.people.choices import Role

LONGEST_KEY_LIFE = timedelta(days=365)


@cache
def known_zones() -> tuple[str, ...]:
    """Every IANA time zone of this machine; read once, for it walks the disk."""
    return tuple(sorted(available_timezones()))


def check_zone(name: str) -> None:
    """Refuse a name that is no IANA time zone."""
    if name not in known_zones():
        raise ValidationError(f"{name!r} is not an IANA time zone such as Europe/Berlin.")


class UserManager(BaseUserManager["User"]):
    """Makes users; services call it, with the ledger entry beside it."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(PublicModel, AbstractBaseUser, PermissionsMixin):
    """A colleague who signs in by e-mail address. Rights come from roles, never from flags."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150)
    zone = models.CharField("time zone", max_length=64, default="UTC", validators=[check_zone])
    is_active = models.BooleanField("may sign in", default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "email"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="people_user_email_is_lower_case",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def reference(self) -> str:
        return f"user:{self.pk}"


class RoleAssignment(PublicModel):
    """One role held by one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=32, choices=Role)
    assigned_by = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "role"], name="people_role_held_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="people_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class SystemMembership(PublicModel):
    """A person works on a system, named by its key: the registry lies above this room."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    system_key = KeyField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "system_key"], name="people_member_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system_key"], name="people_member_by_system"),
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.system_key}"


class Deputy(PublicModel):
    """Until `ends_at` the deputy holds one role of another person and sees that one's systems."""

    principal = models.ForeignKey(User, on_delete=models.CASCADE, related_name="deputies")
    deputy = models.ForeignKey(User, on_delete=models.CASCADE, related_name="deputy_for")
    role = models.CharField(max_length=32, choices=Role)
    reason = models.CharField(max_length=300)
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deputies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(principal=models.F("deputy")),
                name="people_deputy_is_another_person",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="people_deputy_role_is_known",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["deputy", "ends_at"], name="people_deputy_until"),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.principal} as {self.get_role_display()}"


class SignIn(PublicModel):
    """One open browser session of a person, so that they and an admin can see and end it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    browser = models.CharField(max_length=200, blank=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} in {self.browser or 'an unnamed browser'}"


class ApiKey(PublicModel):
    """A key of a program. Only the hash of its secret is kept."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=32))
    system_keys: ArrayField[list[str] | None, list[str] | None] = ArrayField(
        models.CharField(max_length=63), null=True, blank=True
    )  # null: every system
    created_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("created_at") + LONGEST_KEY_LIFE),
                name="people_key_ends_within_a_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class SharedCacheEntry(models.Model):
    """Rows of Django's database cache: sign-in throttles, used TOTP codes, for every process.

    Written by `django.core.cache` alone; expired rows are culled by it.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "people_shared_cache"
        verbose_name_plural = "shared cache entries"

    def __str__(self) -> str:
        return self.cache_key
