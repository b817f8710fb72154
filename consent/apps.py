"""Django's entry to this room."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import permissions, personal_data, signals  # noqa: F401

        personal_data.register()
