from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0006_post_mortems"),
    ]

    operations = [
        migrations.AddField(
            model_name="incidentstep",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incidentstep",
            name="key",
            field=models.CharField(default="", max_length=41),
        ),
        migrations.AddField(
            model_name="incidentstep",
            name="part",
            field=models.CharField(
                choices=[
                    ("contain", "Contain"),
                    ("confirm", "Confirm"),
                    ("notify", "Notify"),
                    ("investigate", "Investigate"),
                    ("fix", "Fix"),
                    ("publish", "Publish"),
                ],
                default="contain",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="playbook",
            name="imported_by",
            field=models.CharField(blank=True, default="", max_length=80),
        ),
        migrations.AddField(
            model_name="playbook",
            name="kinds",
            field=models.JSONField(default=list, help_text="Kinds of harm it is for; empty: any."),
        ),
        migrations.AddField(
            model_name="playbook",
            name="summary",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="incidentstep",
            name="type",
            field=models.CharField(
                choices=[
                    ("freeze_evidence", "Freeze evidence"),
                    ("place_hold", "Place a hold"),
                    ("rollback_model", "Roll back to the fallback"),
                    ("notify", "Notify"),
                    ("run_audit", "Verification audit"),
                    ("investigate", "Investigate"),
                    ("lift_hold", "Lift the hold (two people)"),
                    ("decide_duties", "Decide on duties to report"),
                    ("post_mortem", "Post-mortem"),
                    ("by_hand", "Done by people"),
                ],
                max_length=20,
            ),
        ),
    ]
