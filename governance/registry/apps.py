"""Django's entry to this room."""

from django.apps import AppConfig

# One row for each thing that somebody registers: few, and asked for as long as memory lasts.
KEPT = {
    ("System", "Surface", "Purpose", "PersonalizationType", "DataFlow"): (
        "The record of processing (GDPR Article 30) shows what ran, for whom and to what end."
    ),
    ("ModelVersion", "Feature"): (
        "A past decision names its version and features; who asks why must find them."
    ),
    ("PeopleNotice",): "What people were told stays as they were told it; it names nobody.",
    ("Hold", "RegionRule", "AgeRule"): (
        "A past decision is recomputed from the holds and rules of its time."
    ),
}


class RegistryConfig(AppConfig):
    name = "governance.registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import (
            KeepForever,
            register_retention_rule,
            register_search_source,
        )
        from governance.registry import permissions  # noqa: F401
        from governance.registry.search import RegistrySearch

        register_search_source(RegistrySearch())
        for names, reason in KEPT.items():
            for name in names:
                register_retention_rule(KeepForever(f"registry.{name}", reason))
