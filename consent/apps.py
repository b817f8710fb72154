"""Django's entry to this room."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import permissions, personal_data, receivers, signals  # noqa: F401
        from consent.recipients import ports as recipients
        from consent.recipients import receivers as told_recipients  # noqa: F401
        from consent.web.panel import show_consent
        from governance.registry.ports import register_system_panel

        personal_data.register()
        recipients.register()
        register_system_panel("consent", "Consent", show_consent, order=60)
