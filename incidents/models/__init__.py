"""Tables of this room, a file a noun."""

from incidents.models.clocks import ClockReminder, Filing, RegulatorClock
from incidents.models.escalations import Escalation
from incidents.models.incidents import Episode, Incident
from incidents.models.playbooks import IncidentStep, Playbook
from incidents.models.post_mortems import PostMortem, PostMortemAction
from incidents.models.record import Evidence, TimelineEntry
from incidents.models.red_lines import RedLine
from incidents.models.reports import HarmReport
from incidents.models.targets import DesiredState, ServingTarget, TargetOrder
from incidents.models.watch import LostWakeUp, WatchdogBeat

__all__ = [
    "ClockReminder",
    "DesiredState",
    "Episode",
    "Escalation",
    "Evidence",
    "Filing",
    "HarmReport",
    "Incident",
    "IncidentStep",
    "LostWakeUp",
    "Playbook",
    "PostMortem",
    "PostMortemAction",
    "RedLine",
    "RegulatorClock",
    "ServingTarget",
    "TargetOrder",
    "TimelineEntry",
    "WatchdogBeat",
]
