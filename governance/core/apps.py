"""Django's entry to this room."""

from datetime import timedelta

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "governance.core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import governance.core.append_only  # noqa: F401  (registers its system check)
        from governance.core.ports import DeleteAfter, register_retention_rule

        register_retention_rule(
            DeleteAfter(
                model="core.IdempotencyRecord",
                keep=timedelta(hours=24),
                reason="A client retries within a day.",
            )
        )
