"""Django's entry to this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "governance.people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.people import permissions, ports

        assert permissions
        ports.register()
