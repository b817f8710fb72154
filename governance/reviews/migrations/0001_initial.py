"""Checklists, their answers, and the approvals of versions."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids
from governance.core.tables import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0001_initial"),
    ]

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="Checklist",
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
                        ("version", models.PositiveIntegerField(unique=True)),
                        ("title", models.CharField(max_length=120)),
                    ],
                    options={
                        "ordering": ["-version"],
                    },
                ),
                migrations.CreateModel(
                    name="ChecklistItem",
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
                            "checklist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="reviews.checklist",
                            ),
                        ),
                        ("code", models.CharField(max_length=8)),
                        (
                            "section",
                            models.CharField(
                                choices=[
                                    ("respect", "Respect: limit data and purpose"),
                                    ("explain", "Explain: meaningful notice"),
                                    ("control", "Control: choices that work"),
                                    ("verify", "Verify: audit and monitor"),
                                    ("govern", "Govern: roles and process"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("question", models.TextField()),
                        ("evidence_expected", models.TextField()),
                        (
                            "roles",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
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
                                size=None,
                            ),
                        ),
                        ("source", models.CharField(max_length=200)),
                        ("order", models.PositiveSmallIntegerField()),
                    ],
                    options={
                        "ordering": ["order"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("checklist", "code"), name="item_code_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("roles__len__gt", 0)), name="item_has_a_signer"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ChecklistRun",
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
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="registry.modelversion",
                            ),
                        ),
                        (
                            "checklist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="reviews.checklist",
                            ),
                        ),
                        ("started_by", models.CharField(max_length=100)),
                    ],
                    options={
                        "ordering": ["-id"],
                    },
                ),
                migrations.CreateModel(
                    name="Answer",
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
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="answers",
                                to="reviews.checklistrun",
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="answers",
                                to="reviews.checklistitem",
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("pass", "In order"),
                                    ("fail", "Not in order"),
                                    ("not_applicable", "Not applicable"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("note", models.TextField(blank=True)),
                        ("answered_by", models.CharField(max_length=100)),
                        ("answered_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "item"), name="answer_once_an_item"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("outcome__in", ["pass", "fail", "not_applicable"])
                                ),
                                name="answer_outcome_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("outcome", "pass"),
                                    models.Q(("note", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="answer_no_needs_a_note",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Evidence",
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
                            "answer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="evidence",
                                to="reviews.answer",
                            ),
                        ),
                        ("title", models.CharField(max_length=200)),
                        ("link", models.CharField(blank=True, max_length=500)),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "evidence",
                        "ordering": ["id"],
                    },
                ),
                migrations.CreateModel(
                    name="Approval",
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
                            "run",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="approval",
                                to="reviews.checklistrun",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="approvals",
                                to="registry.modelversion",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("in_review", "In review"),
                                    ("approved", "Approved"),
                                    ("rejected", "Rejected"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="in_review",
                                max_length=12,
                            ),
                        ),
                        ("content", models.JSONField()),
                        ("content_hash", models.CharField(max_length=64)),
                        ("requested_by", models.CharField(max_length=100)),
                        ("note", models.TextField(blank=True)),
                        ("decided_at", models.DateTimeField(null=True)),
                        ("stale_told_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-created_at"],
                        "indexes": [
                            models.Index(fields=["version", "state"], name="approval_by_version")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["in_review", "approved", "rejected", "withdrawn"],
                                    )
                                ),
                                name="approval_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at", None), ("state", "in_review")),
                                    models.Q(
                                        models.Q(("state", "in_review"), _negated=True),
                                        ("decided_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="approval_decided_when",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "in_review")),
                                fields=("version",),
                                name="one_open_review_a_version",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApprovalStep",
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
                            "approval",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="reviews.approval",
                            ),
                        ),
                        (
                            "seat",
                            models.CharField(
                                choices=[
                                    ("product", "Product owner"),
                                    ("oversight", "Ethics reviewer or privacy lead"),
                                ],
                                max_length=10,
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
                        ("decided_by", models.CharField(max_length=100)),
                        ("decided_at", models.DateTimeField()),
                        ("comment", models.TextField(blank=True)),
                    ],
                    options={
                        "ordering": ["decided_at"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("approval", "seat"), name="seat_taken_once"
                            ),
                            models.UniqueConstraint(
                                fields=("approval", "decided_by"), name="one_seat_a_person"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("role", "product_owner"), ("seat", "product")),
                                    models.Q(
                                        ("role__in", ["ethics_reviewer", "privacy_lead"]),
                                        ("seat", "oversight"),
                                    ),
                                    _connector="OR",
                                ),
                                name="seat_by_its_role",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Waiver",
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
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="waivers",
                                to="registry.system",
                            ),
                        ),
                        ("item_code", models.CharField(max_length=8)),
                        ("reason", models.TextField()),
                        ("requested_by", models.CharField(max_length=100)),
                        ("granted_by", models.CharField(blank=True, max_length=100)),
                        ("granted_at", models.DateTimeField(null=True)),
                        ("revoked_at", models.DateTimeField(null=True)),
                        ("expires_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["system", "item_code"], name="waiver_by_item")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("granted_at", None), ("granted_by", "")),
                                    models.Q(
                                        models.Q(("granted_by", ""), _negated=True),
                                        ("granted_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="waiver_grant_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("granted_by", ""),
                                    models.Q(
                                        ("granted_by", models.F("requested_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="waiver_granted_by_another",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
