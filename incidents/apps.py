"""Django's entry to this room."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import (
            KeepForever,
            register_agenda_source,
            register_personal_data_holder,
            register_retention_rule,
            register_search_source,
        )
        from governance.registry.ports import register_preview
        from incidents import permissions, receivers, signals  # noqa: F401  (they register)
        from incidents.agenda import IncidentAgenda, IncidentSearch
        from incidents.duty_agenda import DutyAgenda
        from incidents.message_agenda import MessageAgenda
        from incidents.personal_data import (
            DELIVERIES_KEPT,
            REMINDERS_KEPT,
            REPORTS_KEPT,
            MessageHolder,
            ReportHolder,
        )
        from incidents.web.previews import preview_panel

        register_preview("incidents", preview_panel)
        register_agenda_source(IncidentAgenda())
        register_agenda_source(DutyAgenda())
        register_search_source(IncidentSearch())
        register_personal_data_holder(ReportHolder())
        register_agenda_source(MessageAgenda())
        register_personal_data_holder(MessageHolder())
        for rule in (REPORTS_KEPT, DELIVERIES_KEPT, REMINDERS_KEPT):
            register_retention_rule(rule)
        register_retention_rule(
            KeepForever("incidents.Contact", "A few rows; a person is erased from one by hand.")
        )
        for model in (
            "Incident",
            "Communication",
            "CommunicationText",
            "DesiredState",
            "Drill",
            "DrillPlan",
            "DrillTarget",
            "Episode",
            "Escalation",
            "Impact",
            "ImpactFigure",
            "AffectedPart",
            "Participant",
            "IncidentStep",
            "Evidence",
            "TimelineEntry",
            "Playbook",
            "PostMortem",
            "PostMortemAction",
            "ActionVerification",
            "ActionSafeguard",
            "Correction",
            "Awareness",
            "RedLine",
            "RegulatorClock",
            "ServingTarget",
            "TargetOrder",
            "Filing",
            "ClockReminder",
            "LostWakeUp",
            "WatchdogBeat",
        ):
            register_retention_rule(
                KeepForever(
                    model=f"incidents.{model}",
                    reason="Incidents are kept as memory; they name people by reference.",
                )
            )
