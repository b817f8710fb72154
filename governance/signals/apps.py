"""Django's entry to this room."""

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "governance.signals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.signals import checks, permissions  # noqa: F401
