"""The first version of the checklist."""

from django.db import migrations

from governance.reviews.catalogue import ITEMS, TITLE, VERSION


def load(apps, schema_editor):
    Checklist = apps.get_model("reviews", "Checklist")
    ChecklistItem = apps.get_model("reviews", "ChecklistItem")
    checklist, created = Checklist.objects.get_or_create(version=VERSION, defaults={"title": TITLE})
    if created:
        ChecklistItem.objects.bulk_create(
            ChecklistItem(checklist=checklist, order=order, **fields)
            for order, fields in enumerate(ITEMS, start=1)
        )


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
