"""Django's entry to this room."""

from importlib import import_module

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "governance.people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.people import ports

        import_module("governance.people.permissions")  # declares this room's actions
        ports.register()
