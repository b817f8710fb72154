"""Django's entry to this room."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "governance.registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import register_search_source
        from governance.registry import permissions  # noqa: F401
        from governance.registry.search import RegistrySearch

        register_search_source(RegistrySearch())
