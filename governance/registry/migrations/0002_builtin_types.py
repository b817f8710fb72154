"""The seven built-in personalization types, their purposes, and the rules these begin with.

These rules hold since ever, and a rule does not begin in the past: its trigger comes after them.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from governance.registry.builtin import AGE_RULES, DEFAULT_TTL_DAYS, PURPOSES, TYPES

ALWAYS = DateTimeTZRange(None, None)


def load(apps, schema_editor):
    Purpose = apps.get_model("registry", "Purpose")
    PersonalizationType = apps.get_model("registry", "PersonalizationType")
    RegionRule = apps.get_model("registry", "RegionRule")
    AgeRule = apps.get_model("registry", "AgeRule")
    purposes, types = {}, {}
    for fields in PURPOSES:
        key = fields["key"]
        plain = {name: value for name, value in fields.items() if name != "mechanism"}
        purposes[key] = Purpose.objects.create(**plain, default_ttl_days=DEFAULT_TTL_DAYS.get(key))
        for region, regime in fields["mechanism"].items():
            RegionRule.objects.create(
                purpose=purposes[key], region=region, regime=regime, valid=ALWAYS
            )
    for order, fields in enumerate(TYPES, start=1):
        plain = {name: value for name, value in fields.items() if name != "purposes"}
        kind = PersonalizationType.objects.create(**plain, order=order)
        kind.purposes.set(purposes[key] for key in fields["purposes"])
        types[kind.key] = kind
    for key, minimum_age, unknown_age in AGE_RULES:
        AgeRule.objects.create(
            type=types[key],
            region="*",
            minimum_age=minimum_age,
            unknown_age=unknown_age,
            valid=ALWAYS,
        )


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
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
    ]
