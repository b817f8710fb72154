"""Django's entry to this room."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "governance.reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import register_agenda_source
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
