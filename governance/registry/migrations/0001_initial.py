"""The vocabulary and what it is of: purposes, rules with a time, systems, versions, holds.

The range type of single names lets GiST compare keys without the extension btree_gist, which a
server may lack and an owner without privileges may not create.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import governance.core.ids
import governance.core.models
import governance.registry.validators
from governance.core.tables import CreateTables

# A serving version is of its own system.
COMPOSITE = """
ALTER TABLE registry_system
  ADD CONSTRAINT system_{name}_is_its_own FOREIGN KEY ({name}_version_id, id)
  REFERENCES registry_modelversion (id, system_id) DEFERRABLE INITIALLY IMMEDIATE
"""
DROP = "ALTER TABLE registry_system DROP CONSTRAINT system_{name}_is_its_own"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
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
        CreateTables(
            [
                migrations.CreateModel(
                    name="Purpose",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=120)),
                        ("description", models.TextField()),
                        (
                            "dpv_iri",
                            models.URLField(
                                validators=[governance.registry.validators.validate_dpv_iri]
                            ),
                        ),
                        ("fideslang_use", models.CharField(max_length=120)),
                        (
                            "lawful_basis",
                            models.CharField(
                                choices=[
                                    ("consent", "Consent"),
                                    ("contract", "Contract"),
                                    ("legal_obligation", "Legal obligation"),
                                    ("vital_interests", "Vital interests"),
                                    ("public_task", "Public task"),
                                    ("legitimate_interests", "Legitimate interests"),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("needs_device_access", models.BooleanField(default=False)),
                        ("gpc_covers", models.BooleanField(default=False)),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="registry.purpose",
                            ),
                        ),
                        ("default_ttl_days", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "record_basis",
                            models.CharField(
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
                        (
                            "record_retention",
                            models.CharField(
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
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("published", "Published"),
                                    ("retired", "Retired"),
                                ],
                                default="published",
                                max_length=12,
                            ),
                        ),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "lawful_basis__in",
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
                                name="purpose_basis_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["draft", "published", "retired"])
                                ),
                                name="purpose_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("parent__isnull", True),
                                    models.Q(("parent", models.F("id")), _negated=True),
                                    _connector="OR",
                                ),
                                name="purpose_not_below_itself",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("default_ttl_days__isnull", True),
                                    ("default_ttl_days__gte", 1),
                                    _connector="OR",
                                ),
                                name="purpose_lasts_at_least_a_day",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "record_retention__regex",
                                        "^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?$",
                                    )
                                ),
                                name="purpose_record_retention_is_a_duration",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
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
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PersonalizationType",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=120)),
                        ("help", models.TextField()),
                        ("order", models.PositiveSmallIntegerField()),
                        (
                            "purposes",
                            models.ManyToManyField(related_name="types", to="registry.purpose"),
                        ),
                    ],
                    options={
                        "ordering": ["order", "key"],
                    },
                ),
                migrations.CreateModel(
                    name="Surface",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=120)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("feed", "Feed"),
                                    ("search", "Search"),
                                    ("recommendations", "Recommendations"),
                                    ("ads", "Ads"),
                                    ("email", "Email"),
                                    ("push", "Push notifications"),
                                    ("pricing", "Pricing"),
                                    ("decision", "Decision about a person"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("objective", models.TextField(blank=True)),
                        ("main_parameters", models.JSONField(blank=True, default=list)),
                        ("non_profiled_variant", models.CharField(blank=True, max_length=200)),
                        (
                            "dsa_scope",
                            models.CharField(
                                choices=[
                                    ("required", "Required"),
                                    ("voluntary", "Voluntary"),
                                    ("not_applicable", "Not applicable"),
                                ],
                                default="voluntary",
                                max_length=16,
                            ),
                        ),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                        (
                            "purposes",
                            models.ManyToManyField(
                                blank=True, related_name="surfaces", to="registry.purpose"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "feed",
                                            "search",
                                            "recommendations",
                                            "ads",
                                            "email",
                                            "push",
                                            "pricing",
                                            "decision",
                                        ],
                                    )
                                ),
                                name="surface_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("dsa_scope__in", ["required", "voluntary", "not_applicable"])
                                ),
                                name="surface_dsa_scope_known",
                            ),
                        ],
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
                                max_length=6,
                                validators=[governance.registry.validators.validate_region],
                            ),
                        ),
                        ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                        (
                            "purpose",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="region_rules",
                                to="registry.purpose",
                            ),
                        ),
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
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("region__regex", "^(\\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")
                                ),
                                name="region_rule_region_is_a_code",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("valid__isempty", False)),
                                name="region_rule_valid_for_some_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "regime__in",
                                        ["opt_in", "opt_out", "notice_only", "prohibited"],
                                    )
                                ),
                                name="region_rule_regime_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("max_age_days__isnull", True),
                                    ("max_age_days__gte", 1),
                                    _connector="OR",
                                ),
                                name="region_rule_age_at_least_a_day",
                            ),
                        ],
                    },
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
                                max_length=6,
                                validators=[governance.registry.validators.validate_region],
                            ),
                        ),
                        ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                        (
                            "type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="age_rules",
                                to="registry.personalizationtype",
                            ),
                        ),
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
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("region__regex", "^(\\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")
                                ),
                                name="age_rule_region_is_a_code",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("valid__isempty", False)),
                                name="age_rule_valid_for_some_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("unknown_age__in", ["allow", "close"])),
                                name="age_rule_unknown_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("minimum_age__lte", 99)),
                                name="age_rule_is_an_age",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="System",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=120)),
                        ("description", models.TextField(blank=True)),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="owned_systems",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "on_pause",
                            models.CharField(
                                choices=[
                                    ("non_profiled", "Serve the non-profiled variant"),
                                    ("hold_for_human", "Hold each case for a person to decide"),
                                    ("off", "Switch off"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "risk_tier",
                            models.CharField(
                                choices=[("low", "Low"), ("limited", "Limited"), ("high", "High")],
                                default="low",
                                max_length=8,
                            ),
                        ),
                        ("review_due", models.DateField(blank=True, null=True)),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                        (
                            "surfaces",
                            models.ManyToManyField(
                                blank=True, related_name="systems", to="registry.surface"
                            ),
                        ),
                        (
                            "purposes",
                            models.ManyToManyField(
                                blank=True, related_name="systems", to="registry.purpose"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("on_pause__in", ["non_profiled", "hold_for_human", "off"])
                                ),
                                name="system_on_pause_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("risk_tier__in", ["low", "limited", "high"])),
                                name="system_risk_tier_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Feature",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=120)),
                        ("source", models.CharField(blank=True, max_length=200)),
                        (
                            "sensitivity",
                            models.CharField(
                                choices=[
                                    ("none", "None"),
                                    ("proxy", "Proxy for a sensitive attribute"),
                                    ("sensitive", "Sensitive"),
                                    ("special_category", "Special category (GDPR Art. 9)"),
                                ],
                                default="none",
                                max_length=16,
                            ),
                        ),
                        ("justification", models.TextField(blank=True)),
                        ("justification_expires_at", models.DateField(blank=True, null=True)),
                        ("disclosable", models.BooleanField(default=True)),
                        (
                            "technique",
                            models.CharField(
                                choices=[
                                    ("raw", "Raw, on the server"),
                                    ("pseudonymised", "Pseudonymised"),
                                    ("aggregated", "Aggregated"),
                                    ("federated", "Federated"),
                                    ("on_device", "On the device"),
                                    ("differentially_private", "Differentially private"),
                                ],
                                default="raw",
                                max_length=24,
                            ),
                        ),
                        (
                            "retention",
                            models.CharField(
                                blank=True,
                                max_length=20,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?$",
                                        "Write the time as an ISO 8601 duration, such as P90D or P1Y.",
                                    )
                                ],
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="owned_features",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                        (
                            "systems",
                            models.ManyToManyField(
                                blank=True, related_name="features", to="registry.system"
                            ),
                        ),
                        (
                            "allowed_purposes",
                            models.ManyToManyField(
                                blank=True, related_name="features", to="registry.purpose"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "sensitivity__in",
                                        ["none", "proxy", "sensitive", "special_category"],
                                    )
                                ),
                                name="feature_sensitivity_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "technique__in",
                                        [
                                            "raw",
                                            "pseudonymised",
                                            "aggregated",
                                            "federated",
                                            "on_device",
                                            "differentially_private",
                                        ],
                                    )
                                ),
                                name="feature_technique_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("retention", ""),
                                    (
                                        "retention__regex",
                                        "^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?$",
                                    ),
                                    _connector="OR",
                                ),
                                name="feature_retention_is_a_duration",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("sensitivity", "none"),
                                    models.Q(
                                        models.Q(("justification", ""), _negated=True),
                                        ("justification_expires_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="feature_sensitive_means_justified",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DataFlow",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="flows",
                                to="registry.system",
                            ),
                        ),
                        ("source", models.CharField(max_length=120)),
                        ("destination", models.CharField(max_length=120)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("ingress", "Collected"),
                                    ("transform", "Transformed"),
                                    ("train", "Used for training"),
                                    ("serve", "Used for serving"),
                                    ("egress", "Passed on"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "categories",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=120),
                                blank=True,
                                default=list,
                                size=None,
                            ),
                        ),
                        (
                            "purpose",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="flows",
                                to="registry.purpose",
                            ),
                        ),
                        ("declared", models.BooleanField(default=True)),
                        ("observed_last_at", models.DateTimeField(blank=True, null=True)),
                        ("changed_by", models.CharField(default="system:registry", max_length=100)),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        ["ingress", "transform", "train", "serve", "egress"],
                                    )
                                ),
                                name="flow_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source", models.F("destination")), _negated=True
                                ),
                                name="flow_goes_somewhere",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("declared", True),
                                    ("observed_last_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="flow_declared_or_observed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PeopleNotice",
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
                                related_name="people_notices",
                                to="registry.system",
                            ),
                        ),
                        ("topic", models.CharField(max_length=40)),
                        ("reference", models.CharField(max_length=60, unique=True)),
                        ("texts", models.JSONField()),
                        ("published_at", models.DateTimeField()),
                        ("shown_until", models.DateTimeField()),
                        ("replaced_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-published_at"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("replaced_at__isnull", True)),
                                fields=("system", "topic"),
                                name="people_notice_one_shown_per_topic",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("shown_until__gt", models.F("published_at"))),
                                name="people_notice_shown_after_published",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ModelVersion",
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
                                related_name="versions",
                                to="registry.system",
                            ),
                        ),
                        ("key", governance.core.models.KeyField(max_length=63)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("registered", "Registered"),
                                    ("in_review", "In review"),
                                    ("approved", "Approved"),
                                    ("serving", "Serving"),
                                    ("retired", "Retired"),
                                ],
                                default="registered",
                                max_length=12,
                            ),
                        ),
                        ("description", models.TextField(blank=True)),
                        ("profiled", models.BooleanField(default=True)),
                        ("mlflow_uri", models.CharField(blank=True, max_length=300)),
                        ("training_note", models.TextField(blank=True)),
                        ("registered_by", models.CharField(max_length=100)),
                        ("changed_by", models.CharField(max_length=100)),
                        (
                            "features",
                            models.ManyToManyField(
                                blank=True, related_name="versions", to="registry.feature"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["system__key", "-created_at"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("system", "key"), name="version_key_once_a_system"
                            ),
                            models.UniqueConstraint(
                                fields=("id", "system"), name="version_with_its_system"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "serving")),
                                fields=("system",),
                                name="one_serving_version",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "registered",
                                            "in_review",
                                            "approved",
                                            "serving",
                                            "retired",
                                        ],
                                    )
                                ),
                                name="version_state_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Hold",
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
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="registry.system",
                            ),
                        ),
                        (
                            "surface",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="registry.surface",
                            ),
                        ),
                        (
                            "purpose",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="registry.purpose",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="registry.modelversion",
                            ),
                        ),
                        (
                            "effect",
                            models.CharField(
                                choices=[
                                    ("deny", "Deny"),
                                    ("non_profiled", "Serve the non-profiled variant"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("cause", models.CharField(max_length=200)),
                        ("reason", models.TextField()),
                        ("incident_reference", models.CharField(blank=True, max_length=40)),
                        ("placed_by", models.CharField(max_length=100)),
                        ("placed_at", models.DateTimeField()),
                        ("renewed_at", models.DateTimeField(null=True)),
                        ("approve_by", models.DateTimeField(null=True)),
                        ("approved_by", models.CharField(blank=True, max_length=100)),
                        ("approved_at", models.DateTimeField(null=True)),
                        ("escalated_at", models.DateTimeField(null=True)),
                        ("release_proposed_by", models.CharField(blank=True, max_length=100)),
                        ("release_proposed_at", models.DateTimeField(null=True)),
                        ("release_reason", models.TextField(blank=True)),
                        ("released_by", models.CharField(blank=True, max_length=100)),
                        ("released_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-placed_at"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("released_at", None)),
                                fields=["placed_at"],
                                name="hold_active",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("purpose__isnull", True),
                                        ("surface__isnull", True),
                                        ("system__isnull", False),
                                        ("version__isnull", True),
                                    ),
                                    models.Q(
                                        ("purpose__isnull", True),
                                        ("surface__isnull", False),
                                        ("system__isnull", True),
                                        ("version__isnull", True),
                                    ),
                                    models.Q(
                                        ("purpose__isnull", False),
                                        ("surface__isnull", True),
                                        ("system__isnull", True),
                                        ("version__isnull", True),
                                    ),
                                    models.Q(
                                        ("purpose__isnull", True),
                                        ("surface__isnull", True),
                                        ("system__isnull", True),
                                        ("version__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="hold_one_target",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("effect__in", ["deny", "non_profiled"])),
                                name="hold_effect_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("released_at", None)),
                                fields=("system", "surface", "purpose", "version", "cause"),
                                name="hold_active_once_a_cause",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("approved_at", None), ("approved_by", "")),
                                    models.Q(
                                        models.Q(("approved_by", ""), _negated=True),
                                        ("approved_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="hold_approval_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("approved_by", ""),
                                    models.Q(("approved_by", models.F("placed_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="hold_approved_by_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("release_proposed_at", None), ("release_proposed_by", "")
                                    ),
                                    models.Q(
                                        models.Q(("release_proposed_by", ""), _negated=True),
                                        ("release_proposed_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="hold_proposal_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("released_at", None), ("released_by", "")),
                                    models.Q(
                                        models.Q(("released_by", ""), _negated=True),
                                        ("released_at__isnull", False),
                                        models.Q(("release_proposed_by", ""), _negated=True),
                                        models.Q(
                                            ("release_proposed_by", models.F("released_by")),
                                            _negated=True,
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="hold_released_by_two",
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.AddField(
            model_name="system",
            name="fallback_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="falls_back",
                to="registry.modelversion",
            ),
        ),
        migrations.AddField(
            model_name="system",
            name="serving_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="serves",
                to="registry.modelversion",
            ),
        ),
        migrations.RunSQL(COMPOSITE.format(name="serving"), DROP.format(name="serving")),
        migrations.RunSQL(COMPOSITE.format(name="fallback"), DROP.format(name="fallback")),
    ]
