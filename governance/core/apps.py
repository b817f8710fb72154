"""Django's entry to this room."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "governance.core"
    default_auto_field = "django.db.models.BigAutoField"
