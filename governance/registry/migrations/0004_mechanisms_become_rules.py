"""Mechanisms become region rules, back to what the ledger still tells of them."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from governance.registry.builtin import AGE_RULES, DEFAULT_TTL_DAYS


def mechanisms_of(purpose, entries):
    """Yield (mechanism, from, until) of one purpose, the oldest first; the first has no start."""
    changes = [
        (entry.at, entry.facts["changed"]["mechanism"])
        for entry in entries.filter(object_type="purpose", object_id=purpose.key)
        .filter(verb="registry.purpose_changed")
        .order_by("at", "id")
        if "mechanism" in (entry.facts.get("changed") or {})
    ]
    start = None
    for at, change in changes:
        yield change["from"], start, at
        start = at
    yield purpose.mechanism, start, None


def load(apps, schema_editor):
    RegionRule = apps.get_model("registry", "RegionRule")
    AgeRule = apps.get_model("registry", "AgeRule")
    Purpose = apps.get_model("registry", "Purpose")
    entries = apps.get_model("ledger", "LedgerEntry").objects
    for purpose in Purpose.objects.all():
        for mechanism, start, end in mechanisms_of(purpose, entries):
            RegionRule.objects.bulk_create(
                RegionRule(
                    purpose=purpose,
                    region=region,
                    regime=regime,
                    valid=DateTimeTZRange(start, end),
                )
                for region, regime in mechanism.items()
            )
    for key, days in DEFAULT_TTL_DAYS.items():
        Purpose.objects.filter(key=key, default_ttl_days=None).update(default_ttl_days=days)
    types = apps.get_model("registry", "PersonalizationType").objects
    for key, minimum_age, unknown_age in AGE_RULES:
        for kind in types.filter(key=key):
            AgeRule.objects.create(
                type=kind,
                region="*",
                minimum_age=minimum_age,
                unknown_age=unknown_age,
                valid=DateTimeTZRange(None, None),
            )
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def unload(apps, schema_editor):
    RegionRule = apps.get_model("registry", "RegionRule")
    for purpose in apps.get_model("registry", "Purpose").objects.all():
        rules = RegionRule.objects.filter(purpose=purpose, valid__endswith=None)
        purpose.mechanism = {"*": "opt_in", **dict(rules.values_list("region", "regime"))}
        purpose.save(update_fields=["mechanism"])


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_rules_with_a_time"), ("ledger", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="purpose", name="purpose_mechanism_has_default"),
        migrations.AlterField(
            model_name="purpose", name="mechanism", field=models.JSONField(default=dict)
        ),
        migrations.RunPython(load, unload),
        migrations.RemoveField(model_name="purpose", name="mechanism"),
        pgtrigger.migrations.AddTrigger(
            model_name="agerule",
            trigger=pgtrigger.compiler.Trigger(
                name="past_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE present timestamptz;",
                    func="\n    present := transaction_timestamp();\n    IF TG_OP <> 'INSERT' AND (lower_inf(OLD.valid) OR lower(OLD.valid) < present) THEN\n        IF TG_OP = 'DELETE' OR NOT (\n            to_jsonb(NEW) - ARRAY['valid', 'changed_by', 'updated_at']\n                = to_jsonb(OLD) - ARRAY['valid', 'changed_by', 'updated_at']\n            AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)\n            AND (upper_inf(OLD.valid) OR upper(OLD.valid) >= present)\n            AND (upper_inf(NEW.valid) OR upper(NEW.valid) >= present)\n        ) THEN\n            RAISE EXCEPTION 'a rule that has begun keeps what it said: set a new one'\n                USING ERRCODE = 'integrity_constraint_violation';\n        END IF;\n    ELSIF TG_OP <> 'DELETE' AND (lower_inf(NEW.valid) OR lower(NEW.valid) < present) THEN\n        RAISE EXCEPTION 'a rule does not begin in the past'\n            USING ERRCODE = 'integrity_constraint_violation';\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    RETURN NEW;\n    ",
                    hash="60d6947d618bf48985c26cf0523f36f7ee3b26a5",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_past_stays_07a96",
                    table="registry_agerule",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="regionrule",
            trigger=pgtrigger.compiler.Trigger(
                name="past_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE present timestamptz;",
                    func="\n    present := transaction_timestamp();\n    IF TG_OP <> 'INSERT' AND (lower_inf(OLD.valid) OR lower(OLD.valid) < present) THEN\n        IF TG_OP = 'DELETE' OR NOT (\n            to_jsonb(NEW) - ARRAY['valid', 'changed_by', 'updated_at']\n                = to_jsonb(OLD) - ARRAY['valid', 'changed_by', 'updated_at']\n            AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)\n            AND (upper_inf(OLD.valid) OR upper(OLD.valid) >= present)\n            AND (upper_inf(NEW.valid) OR upper(NEW.valid) >= present)\n        ) THEN\n            RAISE EXCEPTION 'a rule that has begun keeps what it said: set a new one'\n                USING ERRCODE = 'integrity_constraint_violation';\n        END IF;\n    ELSIF TG_OP <> 'DELETE' AND (lower_inf(NEW.valid) OR lower(NEW.valid) < present) THEN\n        RAISE EXCEPTION 'a rule does not begin in the past'\n            USING ERRCODE = 'integrity_constraint_violation';\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    RETURN NEW;\n    ",
                    hash="e67fa58212ef7810fa49c2aaad10eeca1b22e696",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_past_stays_09f75",
                    table="registry_regionrule",
                    when="BEFORE",
                ),
            ),
        ),
    ]
