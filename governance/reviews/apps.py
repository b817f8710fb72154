"""Django's entry to this room."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "governance.reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.registry.ports import register_release_guard
        from governance.reviews import permissions, receivers, signals  # noqa: F401
        from governance.reviews.gates import guard_release

        register_release_guard(guard_release)
