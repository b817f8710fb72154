"""The roles people hold and the scopes API keys carry. What each may do: `permissions.py`."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    PRODUCT_OWNER = "product_owner", "Product owner"
    PRIVACY_LEAD = "privacy_lead", "Privacy lead"
    DPO = "dpo", "Data protection officer"
    ETHICS_REVIEWER = "ethics_reviewer", "Ethics reviewer"
    ML_ENGINEER = "ml_engineer", "ML engineer"
    INCIDENT_COMMANDER = "incident_commander", "Incident commander"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Administrator"


class Scope(models.TextChoices):
    CONSENT_CHECK = "consent:check", "Ask whether a system may personalise"
    CONSENT_WRITE = "consent:write", "Record what people choose"
    CONSENT_READ = "consent:read", "Read what one person chose"
    CONSENT_TOKEN = "consent:token", "Mint subject tokens for browsers"
    OUTPUTS_WRITE = "outputs:write", "Send what systems served and what came of it"
    AUDITS_READ = "audits:read", "Read plans, runs and findings"
    AUDITS_RUN = "audits:run", "Start audit runs"
    AUDITS_PLAN = "audits:plan", "Make audit plans and propose changes of them"
    REGISTRY_READ = "registry:read", "Read systems, versions, features and flows"
    REGISTRY_WRITE = (
        "registry:write",
        "Register and change systems, versions and features",
    )
    LINEAGE_WRITE = "lineage:write", "Send OpenLineage events"
    GATE_READ = "gate:read", "Ask a release gate"
    INCIDENTS_WRITE = "incidents:write", "Report and work on incidents"
    EXPLANATIONS_READ = "explanations:read", "Read the reasons shown to people"
    ADMIN = "admin", "Manage people and keys"


# Roles that see every system; all others see the systems they are members of.
SEES_EVERYTHING = frozenset({Role.ADMIN, Role.AUDITOR, Role.DPO, Role.PRIVACY_LEAD})

# Roles that approve, lift or administer sign in with a second factor.
NEEDS_SECOND_FACTOR = frozenset(
    {
        Role.ADMIN,
        Role.PRIVACY_LEAD,
        Role.PRODUCT_OWNER,
        Role.ETHICS_REVIEWER,
        Role.INCIDENT_COMMANDER,
    }
)
