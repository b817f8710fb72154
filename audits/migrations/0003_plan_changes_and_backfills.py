import datetime
from zoneinfo import ZoneInfo

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import governance.core.ids


def remember_where_it_stood(apps, schema_editor):
    """The number of the next window becomes the moment at which it begins."""
    plan_model = apps.get_model("audits", "Plan")
    for plan in plan_model.objects.filter(next_window__gt=0):
        by = plan.every * plan.next_window
        if plan.every % datetime.timedelta(days=1):
            begins = plan.starts_at + by
        else:
            zone = ZoneInfo(plan.zone)
            local = plan.starts_at.astimezone(zone).replace(tzinfo=None) + by
            begins = local.replace(tzinfo=zone)
        plan_model.objects.filter(pk=plan.pk).update(scheduled_until=begins)


class Migration(migrations.Migration):
    dependencies = [
        ("audits", "0002_cubes_origins_and_revisions"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Backfill",
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
                    "first",
                    models.DateTimeField(help_text="Windows that begin at this moment or later,"),
                ),
                ("until", models.DateTimeField(help_text="and end at this moment or earlier.")),
                ("windows", models.PositiveIntegerField(help_text="How many runs were made.")),
                ("reason", models.TextField(blank=True, default="")),
                ("requested_by", models.CharField(max_length=200)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PlanChange",
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
                ("base_revision", models.PositiveIntegerField()),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("weakens", models.BooleanField()),
                (
                    "reasons",
                    models.JSONField(
                        default=list, help_text="Each way in which it weakens the plan."
                    ),
                ),
                (
                    "justification",
                    models.TextField(blank=True, default="", help_text="Why it was proposed."),
                ),
                ("proposed_by", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("applied", "Applied"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("decided_by", models.CharField(blank=True, default="", max_length=200)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_note", models.TextField(blank=True, default="")),
                (
                    "revision",
                    models.PositiveIntegerField(
                        blank=True, help_text="The revision of the plan that it made.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="run",
            name="run_once_per_window",
        ),
        migrations.RemoveConstraint(
            model_name="run",
            name="run_purpose_known",
        ),
        migrations.AddField(
            model_name="plan",
            name="scheduled_until",
            field=models.DateTimeField(
                blank=True, help_text="Windows that begin before it have been looked at.", null=True
            ),
        ),
        migrations.RunPython(remember_where_it_stood, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="plan",
            name="next_window",
        ),
        migrations.AddField(
            model_name="run",
            name="attempts_before",
            field=models.PositiveIntegerField(
                default=0, help_text="Attempts that a person's retry has forgiven."
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="plan_revision",
            field=models.PositiveIntegerField(
                default=1, help_text="The revision of the plan that the run measures by."
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("scheduled", "Scheduled"),
                    ("on_demand", "Asked for by a person"),
                    ("backfill", "A window asked for later"),
                    ("verification", "Verification for an incident"),
                ],
                default="scheduled",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="backfill",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="backfills",
                to="audits.plan",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="backfill",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="audits.backfill",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose__in", ["scheduled", "backfill"])),
                fields=("plan", "window_start", "window_end"),
                name="run_once_per_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("purpose__in", ["scheduled", "on_demand", "backfill", "verification"])
                ),
                name="run_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("backfill__isnull", False), ("purpose", "backfill")),
                    models.Q(
                        models.Q(("purpose", "backfill"), _negated=True), ("backfill__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="run_backfill_names_its_order",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="audits.plan",
            ),
        ),
        migrations.AddConstraint(
            model_name="backfill",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("until"))), name="backfill_range_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="backfill",
            constraint=models.CheckConstraint(
                condition=models.Q(("windows__gte", 1)), name="backfill_has_windows"
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "proposed")),
                fields=("plan",),
                name="plan_change_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.UniqueConstraint(
                fields=("plan", "revision"), name="plan_change_one_per_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "applied", "refused", "withdrawn"])),
                name="plan_change_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by", ""), ("state", "proposed")
                    ),
                    models.Q(
                        models.Q(("state", "proposed"), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="plan_change_decided_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revision__isnull", False), ("state", "applied")),
                    models.Q(
                        models.Q(("state", "applied"), _negated=True), ("revision__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="plan_change_applied_has_revision",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weakens", False),
                    models.Q(("state__in", ["applied", "refused"]), _negated=True),
                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="plan_change_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("weakens", True), models.Q(("reasons", []), _negated=True)),
                    models.Q(("reasons", []), ("weakens", False)),
                    _connector="OR",
                ),
                name="plan_change_weakens_for_reasons",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="planchange",
            trigger=pgtrigger.compiler.Trigger(
                name="plan_change_frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF OLD.state <> 'proposed' OR (NEW.id, NEW.created_at, NEW.plan_id, NEW.base_revision, NEW.before, NEW.after, NEW.weakens, NEW.reasons, NEW.justification, NEW.proposed_by) IS DISTINCT FROM (OLD.id, OLD.created_at, OLD.plan_id, OLD.base_revision, OLD.before, OLD.after, OLD.weakens, OLD.reasons, OLD.justification, OLD.proposed_by) THEN RAISE EXCEPTION 'a proposed change of a plan stands as it was written' USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW;",
                    hash="156a6d76888888d807ddba59a85fa6869a9e0a36",
                    operation="UPDATE",
                    pgid="pgtrigger_plan_change_frozen_afcb3",
                    table="audits_planchange",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="planchange",
            trigger=pgtrigger.compiler.Trigger(
                name="plan_change_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'a change of a plan is kept' USING ERRCODE = 'insufficient_privilege';",
                    hash="8c0d1f067975d20b4edf5c4c73e4f836d6672b75",
                    operation="DELETE",
                    pgid="pgtrigger_plan_change_kept_9e2fb",
                    table="audits_planchange",
                    when="BEFORE",
                ),
            ),
        ),
    ]
