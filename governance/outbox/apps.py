"""Django's entry to this room."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "governance.outbox"
    default_auto_field = "django.db.models.BigAutoField"
