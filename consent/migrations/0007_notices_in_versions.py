"""Notices by purpose, drafted and then published for ever, and who was shown them."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import governance.core.ids


def cover_every_purpose(apps, schema_editor):
    """Versions of before told of everything: each covers the purposes there are."""
    NoticePurpose = apps.get_model("consent", "NoticePurpose")
    purposes = list(apps.get_model("registry", "Purpose").objects.all())
    for version in apps.get_model("consent", "NoticeVersion").objects.all():
        NoticePurpose.objects.bulk_create(
            NoticePurpose(version=version, purpose=purpose) for purpose in purposes
        )
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0006_imports"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="NoticePurpose",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ServedChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event", models.UUIDField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="ServedNotice",
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
                ("language", models.CharField(max_length=2)),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("banner", "Banner"),
                            ("modal", "Dialogue"),
                            ("inline", "In the page"),
                            ("centre", "Preference centre"),
                            ("api", "Told by the service"),
                        ],
                        max_length=8,
                    ),
                ),
                ("surface", models.CharField(blank=True, max_length=63)),
                ("region", models.CharField(blank=True, max_length=6)),
                ("served_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-served_at"],
            },
        ),
        migrations.AlterModelOptions(
            name="noticetext",
            options={"ordering": ["language"]},
        ),
        migrations.AlterModelOptions(
            name="noticeversion",
            options={
                "ordering": [
                    models.OrderBy(models.F("published_at"), descending=True, nulls_first=True),
                    "-created_at",
                ]
            },
        ),
        migrations.RemoveConstraint(
            model_name="noticetext",
            name="notice_language_known",
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="accept_layer",
            field=models.CharField(
                choices=[("short", "Short notice"), ("full", "Full notice")],
                default="short",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="change_note",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="drafted_by",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="refuse_layer",
            field=models.CharField(
                choices=[("short", "Short notice"), ("full", "Full notice")],
                default="short",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="steps_to_accept",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="steps_to_refuse",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="noticetext",
            name="language",
            field=models.CharField(max_length=2),
        ),
        migrations.AlterField(
            model_name="noticetext",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="texts",
                to="consent.noticeversion",
            ),
        ),
        migrations.AlterField(
            model_name="noticeversion",
            name="published_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="noticeversion",
            name="published_by",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddConstraint(
            model_name="noticetext",
            constraint=models.CheckConstraint(
                condition=models.Q(("language__regex", "^[a-z]{2}$")),
                name="notice_language_is_a_code",
            ),
        ),
        migrations.AddField(
            model_name="noticepurpose",
            name="purpose",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="registry.purpose"
            ),
        ),
        migrations.AddField(
            model_name="noticepurpose",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="consent.noticeversion"
            ),
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="purposes",
            field=models.ManyToManyField(
                related_name="notices", through="consent.NoticePurpose", to="registry.purpose"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("steps_to_accept__gte", 1),
                    ("steps_to_refuse__gte", 1),
                    ("steps_to_refuse__lte", models.F("steps_to_accept")),
                ),
                name="notice_refusing_is_as_easy",
                violation_error_message="Refusing may not take more steps than accepting.",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refuse_layer", models.F("accept_layer")),
                    ("accept_layer__in", ["short", "full"]),
                ),
                name="notice_refusing_stands_beside",
                violation_error_message="Refusing stands on the same layer as accepting.",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("published_by", "")),
                    models.Q(
                        ("published_at__isnull", False),
                        models.Q(("published_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="notice_published_by_someone",
            ),
        ),
        migrations.AddField(
            model_name="servednotice",
            name="subject",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="served_notices",
                to="consent.datasubject",
            ),
        ),
        migrations.AddField(
            model_name="servednotice",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="servings",
                to="consent.noticeversion",
            ),
        ),
        migrations.AddField(
            model_name="servedchoice",
            name="served",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="choices",
                to="consent.servednotice",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepurpose",
            constraint=models.UniqueConstraint(
                fields=("version", "purpose"), name="notice_covers_a_purpose_once"
            ),
        ),
        migrations.AddIndex(
            model_name="servednotice",
            index=models.Index(fields=["subject", "-served_at"], name="served_notice_by_person"),
        ),
        migrations.AddIndex(
            model_name="servednotice",
            index=models.Index(fields=["version", "-served_at"], name="served_notice_by_version"),
        ),
        migrations.AddIndex(
            model_name="servednotice",
            index=models.Index(fields=["served_at"], name="served_notice_age"),
        ),
        migrations.AddConstraint(
            model_name="servednotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("component__in", ["banner", "modal", "inline", "centre", "api"])
                ),
                name="served_notice_where_known",
            ),
        ),
        migrations.RunPython(cover_every_purpose, migrations.RunPython.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="noticetext",
            trigger=pgtrigger.compiler.Trigger(
                name="published_notice_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE published timestamptz;",
                    func="\n    IF TG_OP <> 'INSERT' THEN\n        SELECT published_at INTO published FROM consent_noticeversion\n            WHERE id = OLD.version_id FOR UPDATE;\n        IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    SELECT published_at INTO published FROM consent_noticeversion\n        WHERE id = NEW.version_id FOR UPDATE;\n    IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    RETURN NEW;\n    ",
                    hash="f72d5974334932d8eac85d9ae8c2e85f65a9fc00",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_published_notice_stays_b2d3b",
                    table="consent_noticetext",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticeversion",
            trigger=pgtrigger.compiler.Trigger(
                name="published_notice_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."published_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="f2a276038b0c589a153130a5fa8c4f5394b76b1d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_published_notice_stays_c9db8",
                    table="consent_noticeversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticepurpose",
            trigger=pgtrigger.compiler.Trigger(
                name="published_notice_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE published timestamptz;",
                    func="\n    IF TG_OP <> 'INSERT' THEN\n        SELECT published_at INTO published FROM consent_noticeversion\n            WHERE id = OLD.version_id FOR UPDATE;\n        IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    SELECT published_at INTO published FROM consent_noticeversion\n        WHERE id = NEW.version_id FOR UPDATE;\n    IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    RETURN NEW;\n    ",
                    hash="eff629c0f4f80283d1233b4b97f502506c916483",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_published_notice_stays_b11f6",
                    table="consent_noticepurpose",
                    when="BEFORE",
                ),
            ),
        ),
    ]
