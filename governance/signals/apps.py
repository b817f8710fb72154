"""Django's entry to this room."""

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "governance.signals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import DeleteAfter, register_retention_rule
        from governance.signals import checks, permissions  # noqa: F401

        register_retention_rule(
            DeleteAfter("signals.SignalRevision", None, "What was known when is evidence.", "at")
        )
        register_retention_rule(
            DeleteAfter("signals.CurrentSignal", None, "One row for each fact and its scope.")
        )
