"""Django's entry to this room."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Rooms publish through `celery.current_app`: it has to be ours in every process.
        from config import celery  # noqa: F401
