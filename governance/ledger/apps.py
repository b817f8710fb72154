"""Django's entry to this room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "governance.ledger"
    default_auto_field = "django.db.models.BigAutoField"
