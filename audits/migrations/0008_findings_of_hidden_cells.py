from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audits", "0007_remediations"),
    ]

    operations = [
        migrations.AlterField(
            model_name="finding",
            name="high",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="finding",
            name="low",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="finding",
            name="value",
            field=models.FloatField(blank=True, null=True),
        ),
    ]
