"""Users and what they may do: roles, memberships, deputies, sessions and API keys."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import governance.core.ids
import governance.core.models
import governance.people.models
from governance.core.tables import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="User",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        (
                            "email",
                            models.EmailField(
                                max_length=254, unique=True, verbose_name="e-mail address"
                            ),
                        ),
                        ("name", models.CharField(max_length=150)),
                        (
                            "zone",
                            models.CharField(
                                default="UTC",
                                max_length=64,
                                validators=[governance.people.models.check_zone],
                                verbose_name="time zone",
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(default=True, verbose_name="may sign in"),
                        ),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["name", "email"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("email", django.db.models.functions.text.Lower("email"))
                                ),
                                name="people_user_email_is_lower_case",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoleAssignment",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="role_assignments",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("product_owner", "Product owner"),
                                    ("privacy_lead", "Privacy lead"),
                                    ("dpo", "Data protection officer"),
                                    ("ethics_reviewer", "Ethics reviewer"),
                                    ("ml_engineer", "ML engineer"),
                                    ("incident_commander", "Incident commander"),
                                    ("auditor", "Auditor"),
                                    ("admin", "Administrator"),
                                ],
                                max_length=32,
                            ),
                        ),
                        ("assigned_by", models.CharField(max_length=100)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "role"), name="people_role_held_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "role__in",
                                        [
                                            "product_owner",
                                            "privacy_lead",
                                            "dpo",
                                            "ethics_reviewer",
                                            "ml_engineer",
                                            "incident_commander",
                                            "auditor",
                                            "admin",
                                        ],
                                    )
                                ),
                                name="people_role_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SystemMembership",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("system_key", governance.core.models.KeyField(max_length=63)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["system_key"], name="people_member_by_system")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "system_key"), name="people_member_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Deputy",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "principal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deputies",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "deputy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deputy_for",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("product_owner", "Product owner"),
                                    ("privacy_lead", "Privacy lead"),
                                    ("dpo", "Data protection officer"),
                                    ("ethics_reviewer", "Ethics reviewer"),
                                    ("ml_engineer", "ML engineer"),
                                    ("incident_commander", "Incident commander"),
                                    ("auditor", "Auditor"),
                                    ("admin", "Administrator"),
                                ],
                                max_length=32,
                            ),
                        ),
                        ("reason", models.CharField(max_length=300)),
                        ("ends_at", models.DateTimeField()),
                    ],
                    options={
                        "verbose_name_plural": "deputies",
                        "indexes": [
                            models.Index(fields=["deputy", "ends_at"], name="people_deputy_until")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("principal", models.F("deputy")), _negated=True
                                ),
                                name="people_deputy_is_another_person",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "role__in",
                                        [
                                            "product_owner",
                                            "privacy_lead",
                                            "dpo",
                                            "ethics_reviewer",
                                            "ml_engineer",
                                            "incident_commander",
                                            "auditor",
                                            "admin",
                                        ],
                                    )
                                ),
                                name="people_deputy_role_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SignIn",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sign_ins",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("session_key", models.CharField(max_length=40, unique=True)),
                        ("browser", models.CharField(blank=True, max_length=200)),
                        ("last_seen_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["-id"],
                    },
                ),
                migrations.CreateModel(
                    name="ApiKey",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100)),
                        ("prefix", models.CharField(max_length=12, unique=True)),
                        ("secret_hash", models.BinaryField(max_length=32)),
                        (
                            "scopes",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=32), size=None
                            ),
                        ),
                        (
                            "system_keys",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=63),
                                blank=True,
                                null=True,
                                size=None,
                            ),
                        ),
                        ("created_by", models.CharField(max_length=100)),
                        ("expires_at", models.DateTimeField()),
                        ("last_used_at", models.DateTimeField(blank=True, null=True)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "expires_at__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("created_at"),
                                            "+",
                                            models.Value(datetime.timedelta(days=365)),
                                        ),
                                    )
                                ),
                                name="people_key_ends_within_a_year",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SharedCacheEntry",
                    fields=[
                        (
                            "cache_key",
                            models.CharField(max_length=255, primary_key=True, serialize=False),
                        ),
                        ("value", models.TextField()),
                        ("expires", models.DateTimeField(db_index=True)),
                    ],
                    options={
                        "verbose_name_plural": "shared cache entries",
                        "db_table": "people_shared_cache",
                    },
                ),
            ]
        ),
    ]
