"""Tables of this room: sources and segments, plans, runs, what they measured, findings."""

from audits.models.alerts import (
    Alert,
    AlertMute,
    AlertRule,
    AlertStep,
    AlertStream,
    AlertWindow,
)
from audits.models.backfills import Backfill
from audits.models.changes import PlanChange
from audits.models.cubes import RunCube
from audits.models.findings import Finding, Remediation
from audits.models.outputs import OutcomeBatch, OutputBatch, Source
from audits.models.plans import Plan
from audits.models.runs import Measurement, Run
from audits.models.staging import StagedUpload
from audits.models.vault import VaultAccess, VaultAttribute, VaultPermit, VaultValue

__all__ = [
    "Alert",
    "AlertMute",
    "AlertRule",
    "AlertStep",
    "AlertStream",
    "AlertWindow",
    "Backfill",
    "Finding",
    "Measurement",
    "OutcomeBatch",
    "OutputBatch",
    "Plan",
    "PlanChange",
    "Remediation",
    "Run",
    "RunCube",
    "Source",
    "StagedUpload",
    "VaultAccess",
    "VaultAttribute",
    "VaultPermit",
    "VaultValue",
]
