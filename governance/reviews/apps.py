"""Django's entry to this room."""

from django.apps import AppConfig

KEPT = {
    ("Checklist", "ChecklistItem"): "An answer is read beside the wording it answered.",
    ("ChecklistRun", "Answer", "Evidence"): (
        "Why a version was allowed to serve must be demonstrable (GDPR Article 5(2))."
    ),
    ("Approval", "ApprovalStep", "Waiver"): (
        "Who took responsibility for a version or an exception must be demonstrable."
    ),
}


class ReviewsConfig(AppConfig):
    name = "governance.reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import (
            KeepForever,
            register_agenda_source,
            register_retention_rule,
        )
        from governance.registry.ports import (
            register_release_guard,
            register_system_column,
            register_system_panel,
        )
        from governance.reviews import permissions, receivers, signals  # noqa: F401
        from governance.reviews.agenda import ReviewAgenda
        from governance.reviews.gates import guard_release
        from governance.reviews.web.panels import approval_ages, ship_panel

        register_release_guard(guard_release)
        register_system_panel("ship", "Can I ship?", ship_panel, order=10)
        register_system_column("approved", "Approved", approval_ages)
        register_agenda_source(ReviewAgenda())
        for names, reason in KEPT.items():
            for name in names:
                register_retention_rule(KeepForever(f"reviews.{name}", reason))
