"""The seven built-in personalization types, and a serving version that is of its own system."""

from django.db import migrations

from governance.registry.builtin import PURPOSES, TYPES

COMPOSITE = """
ALTER TABLE registry_system
  ADD CONSTRAINT system_{name}_is_its_own FOREIGN KEY ({name}_version_id, id)
  REFERENCES registry_modelversion (id, system_id) DEFERRABLE INITIALLY IMMEDIATE
"""
DROP = "ALTER TABLE registry_system DROP CONSTRAINT system_{name}_is_its_own"


def load(apps, schema_editor):
    Purpose = apps.get_model("registry", "Purpose")
    PersonalizationType = apps.get_model("registry", "PersonalizationType")
    purposes = {
        fields["key"]: Purpose.objects.get_or_create(key=fields["key"], defaults=fields)[0]
        for fields in PURPOSES
    }
    for order, fields in enumerate(TYPES, start=1):
        plain = {name: value for name, value in fields.items() if name != "purposes"}
        kind, _ = PersonalizationType.objects.get_or_create(
            key=fields["key"], defaults={**plain, "order": order}
        )
        kind.purposes.set(purposes[key] for key in fields["purposes"])


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
        migrations.RunSQL(COMPOSITE.format(name="serving"), DROP.format(name="serving")),
        migrations.RunSQL(COMPOSITE.format(name="fallback"), DROP.format(name="fallback")),
    ]
