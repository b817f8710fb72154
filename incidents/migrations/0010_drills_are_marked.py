"""Drills are incidents with a mark; one that ends before it is contained may close."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0009_red_lines")]

    operations = [
        migrations.RemoveConstraint(
            model_name="incident",
            name="incident_mitigated_only_when_contained",
        ),
        migrations.RemoveConstraint(
            model_name="incident",
            name="incident_resolved_only_when_verified",
        ),
        migrations.AddField(
            model_name="incident",
            name="drill",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A rehearsal: counted in nothing, shown as such.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["mitigated", "resolved", "review", "closed"]), _negated=True
                    ),
                    ("contained_at__isnull", False),
                    models.Q(("drill", True), ("state", "closed")),
                    _connector="OR",
                ),
                name="incident_mitigated_only_when_contained",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["resolved", "review", "closed"]), _negated=True),
                    ("verified_at__isnull", False),
                    models.Q(("drill", True), ("state", "closed")),
                    _connector="OR",
                ),
                name="incident_resolved_only_when_verified",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("drill", False), ("system__isnull", False), _connector="OR"),
                name="incident_drill_has_a_system",
            ),
        ),
    ]
