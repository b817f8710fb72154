"""Django's entry to this room: its permissions, signals, ports and panels are made known."""

from django.apps import AppConfig


class AuditsConfig(AppConfig):
    name = "audits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audits import permissions, receivers, signals  # noqa: F401  (importing declares)
        from audits.alerts.agenda import AlertAgenda
        from audits.desk import AuditAgenda, PlanSearch
        from audits.personal_data import HOLDERS, RETENTION
        from audits.vault.agenda import VaultAgenda
        from audits.web.panel import system_panel
        from governance.core import ports
        from governance.registry.ports import register_system_panel

        for holder in HOLDERS:
            ports.register_personal_data_holder(holder)
        for rule in RETENTION:
            ports.register_retention_rule(rule)
        ports.register_agenda_source(AuditAgenda())
        ports.register_agenda_source(AlertAgenda())
        ports.register_agenda_source(VaultAgenda())
        ports.register_search_source(PlanSearch())
        register_system_panel("audits", "Audits", system_panel, order=40)
