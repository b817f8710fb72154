"""Rules with a time: region rules, age rules, and the place and duration of a purpose.

The range type of single names lets GiST compare keys without the extension btree_gist, which a
server may lack and an owner without privileges may not create.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import governance.core.ids
import governance.registry.validators


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_builtin_types"),
    ]

    operations = [
        migrations.RunSQL(
            'CREATE TYPE registry_name_range AS RANGE (subtype = text, collation = "C")',
            "DROP TYPE registry_name_range",
        ),
        migrations.RunSQL(
            "CREATE FUNCTION registry_exactly(value text) RETURNS registry_name_range "
            "LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
            "RETURN registry_name_range(value, value, '[]')",
            "DROP FUNCTION registry_exactly(text)",
        ),
        migrations.CreateModel(
            name="AgeRule",
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
                    "region",
                    models.CharField(
                        max_length=6, validators=[governance.registry.validators.validate_region]
                    ),
                ),
                ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("changed_by", models.CharField(default="system:registry", max_length=100)),
                ("minimum_age", models.PositiveSmallIntegerField()),
                (
                    "unknown_age",
                    models.CharField(
                        choices=[("allow", "Open"), ("close", "Closed")],
                        default="allow",
                        max_length=8,
                    ),
                ),
            ],
            options={
                "ordering": ["region", "valid"],
            },
        ),
        migrations.CreateModel(
            name="RegionRule",
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
                    "region",
                    models.CharField(
                        max_length=6, validators=[governance.registry.validators.validate_region]
                    ),
                ),
                ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("changed_by", models.CharField(default="system:registry", max_length=100)),
                (
                    "regime",
                    models.CharField(
                        choices=[
                            ("opt_in", "Opt in"),
                            ("opt_out", "Opt out"),
                            ("notice_only", "Notice only"),
                            ("prohibited", "Prohibited"),
                        ],
                        max_length=12,
                    ),
                ),
                ("max_age_days", models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                "ordering": ["region", "valid"],
            },
        ),
        migrations.AddField(
            model_name="purpose",
            name="default_ttl_days",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="purpose",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="registry.purpose",
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="record_basis",
            field=models.CharField(
                choices=[
                    ("consent", "Consent"),
                    ("contract", "Contract"),
                    ("legal_obligation", "Legal obligation"),
                    ("vital_interests", "Vital interests"),
                    ("public_task", "Public task"),
                    ("legitimate_interests", "Legitimate interests"),
                ],
                default="legal_obligation",
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="record_retention",
            field=models.CharField(
                default="P3Y",
                max_length=20,
                validators=[
                    django.core.validators.RegexValidator(
                        "^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?$",
                        "Write the time as an ISO 8601 duration, such as P90D or P1Y.",
                    )
                ],
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purpose",
            trigger=pgtrigger.compiler.Trigger(
                name="parents_make_no_circle",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."parent_id" IS NOT NULL)',
                    func="\n    PERFORM pg_advisory_xact_lock(hashtext('registry_purpose.parent'));\n    IF EXISTS (\n        WITH RECURSIVE above(id) AS (\n            SELECT NEW.parent_id\n            UNION\n            SELECT p.parent_id FROM registry_purpose p JOIN above a ON p.id = a.id\n            WHERE p.parent_id IS NOT NULL\n        ) SELECT 1 FROM above WHERE id = NEW.id\n    ) THEN\n        RAISE EXCEPTION 'A purpose cannot stand below itself: choose another parent.' USING ERRCODE = 'integrity_constraint_violation';\n    END IF;\n    RETURN NEW;\n    ",
                    hash="b87a7083f592c76a1cd32b185b80c3aee7f87844",
                    operation='INSERT OR UPDATE OF "parent_id"',
                    pgid="pgtrigger_parents_make_no_circle_aee72",
                    table="registry_purpose",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True),
                    models.Q(("parent", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="purpose_not_below_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("default_ttl_days__isnull", True),
                    ("default_ttl_days__gte", 1),
                    _connector="OR",
                ),
                name="purpose_lasts_at_least_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "record_basis__in",
                        [
                            "consent",
                            "contract",
                            "legal_obligation",
                            "vital_interests",
                            "public_task",
                            "legitimate_interests",
                        ],
                    )
                ),
                name="purpose_record_basis_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "record_retention__regex",
                        "^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?$",
                    )
                ),
                name="purpose_record_retention_is_a_duration",
            ),
        ),
        migrations.AddField(
            model_name="agerule",
            name="type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="age_rules",
                to="registry.personalizationtype",
            ),
        ),
        migrations.AddField(
            model_name="regionrule",
            name="purpose",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="region_rules",
                to="registry.purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="agerule",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            django.db.models.functions.comparison.Cast(
                                models.F("type"), models.TextField()
                            ),
                            function="registry_exactly",
                        ),
                        "=",
                    ),
                    (
                        models.Func(
                            django.db.models.functions.comparison.Cast(
                                models.F("region"), models.TextField()
                            ),
                            function="registry_exactly",
                        ),
                        "=",
                    ),
                    ("valid", "&&"),
                ],
                name="age_rule_one_at_a_time",
                violation_error_message="Two age rules of one type and region may not hold at the same time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="agerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("region__regex", "^(\\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")),
                name="age_rule_region_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="agerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid__isempty", False)), name="age_rule_valid_for_some_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="agerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("unknown_age__in", ["allow", "close"])),
                name="age_rule_unknown_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("minimum_age__lte", 99)), name="age_rule_is_an_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="regionrule",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            django.db.models.functions.comparison.Cast(
                                models.F("purpose"), models.TextField()
                            ),
                            function="registry_exactly",
                        ),
                        "=",
                    ),
                    (
                        models.Func(
                            django.db.models.functions.comparison.Cast(
                                models.F("region"), models.TextField()
                            ),
                            function="registry_exactly",
                        ),
                        "=",
                    ),
                    ("valid", "&&"),
                ],
                name="region_rule_one_at_a_time",
                violation_error_message="Two rules of one purpose and region may not hold at the same time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="regionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("region__regex", "^(\\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")),
                name="region_rule_region_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="regionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid__isempty", False)),
                name="region_rule_valid_for_some_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="regionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("regime__in", ["opt_in", "opt_out", "notice_only", "prohibited"])
                ),
                name="region_rule_regime_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="regionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_age_days__isnull", True), ("max_age_days__gte", 1), _connector="OR"
                ),
                name="region_rule_age_at_least_a_day",
            ),
        ),
    ]
