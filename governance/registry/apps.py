"""Django's entry to this room."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "governance.registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.registry import permissions  # noqa: F401
