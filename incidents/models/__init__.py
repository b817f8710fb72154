"""Tables of this room, a file a noun."""

from incidents.models.clocks import Awareness, ClockReminder, Filing, RegulatorClock
from incidents.models.communications import (
    Communication,
    CommunicationDelivery,
    CommunicationText,
    Contact,
    UpdateReminder,
)
from incidents.models.drills import Drill, DrillPlan, DrillTarget
from incidents.models.escalations import Escalation
from incidents.models.impact import AffectedPart, Impact, ImpactFigure
from incidents.models.incidents import Episode, Incident
from incidents.models.playbooks import IncidentStep, Playbook
from incidents.models.post_mortems import (
    ActionSafeguard,
    ActionVerification,
    Correction,
    PostMortem,
    PostMortemAction,
)
from incidents.models.record import Evidence, TimelineEntry
from incidents.models.red_lines import RedLine
from incidents.models.reports import HarmReport
from incidents.models.roles import Participant
from incidents.models.targets import DesiredState, ServingTarget, TargetOrder
from incidents.models.watch import LostWakeUp, WatchdogBeat

__all__ = [
    "ActionSafeguard",
    "ActionVerification",
    "AffectedPart",
    "Awareness",
    "ClockReminder",
    "Communication",
    "CommunicationDelivery",
    "CommunicationText",
    "Contact",
    "Correction",
    "DesiredState",
    "Drill",
    "DrillPlan",
    "DrillTarget",
    "Episode",
    "Escalation",
    "Evidence",
    "Filing",
    "HarmReport",
    "Impact",
    "ImpactFigure",
    "Incident",
    "IncidentStep",
    "LostWakeUp",
    "Participant",
    "Playbook",
    "PostMortem",
    "PostMortemAction",
    "RedLine",
    "RegulatorClock",
    "ServingTarget",
    "TargetOrder",
    "TimelineEntry",
    "UpdateReminder",
    "WatchdogBeat",
]
