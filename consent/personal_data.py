"""What the room holds about people (export, erase) and how long each growing table stays."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from consent import services
from consent.models import (
    Complaint,
    ConsentEvent,
    ConsentState,
    DataSubject,
    DecisionSample,
    ImportBatch,
    Interest,
    IssuedToken,
    ServedNotice,
    SubjectAccess,
)
from consent.partitions import KeepInMonths
from governance.core.actors import SystemActor
from governance.core.ports import (
    DeleteAfter,
    KeepForever,
    RetentionRule,
    register_personal_data_holder,
    register_retention_rule,
)

_SUBJECT = "subject:"


@dataclass(frozen=True)
class DeleteImports(DeleteAfter):
    """Import rows go, and with them the folders of their files."""

    def apply(self, now: datetime) -> int:
        gone = super().apply(now)
        if gone and (folder := settings.DATA_DIR / "imports").is_dir():
            kept = {str(pk) for pk in ImportBatch.objects.values_list("pk", flat=True)}
            for each in folder.iterdir():
                if each.name not in kept:
                    shutil.rmtree(each, ignore_errors=True)
        return gone


class ConsentHolder:
    """Choices, their events, accesses and tokens of one person, by pseudonym."""

    label = "Consent"
    models = frozenset(
        f"consent.{name}"
        for name in (
            "DataSubject",
            "SubjectSalt",
            "Suppression",
            "ConsentEvent",
            "ConsentState",
            "SubjectAccess",
            "IssuedToken",
            "TokenUse",
            "DecisionSample",
            "Interest",
            "InterestReset",
            "Complaint",
            "ServedNotice",
        )
    )

    def export(self, person: str) -> list[dict[str, Any]]:
        if not person.startswith(_SUBJECT):
            return []
        pseudonym = person.removeprefix(_SUBJECT)
        subject = DataSubject.objects.filter(pseudonym=pseudonym).first()
        if subject is None:
            return []
        about: dict[str, Any] = {
            "kind": "subject",
            "pseudonym": pseudonym,
            "region": subject.region,
            "age_band": subject.age_band,
            "gpc": subject.gpc,
            "restricted_at": subject.restricted_at,
        }
        sources = {
            "choice": ConsentState.objects.filter(subject=subject, revision__gt=0).values(
                "purpose__key", "status", "revision", "decided_at", "expires_at"
            ),
            "event": ConsentEvent.objects.filter(subject=subject).values(
                "id",
                "at",
                "purpose__key",
                "status",
                "revision",
                "method",
                "region",
                "gpc",
                "notice_version",
                "occurred_at",
            ),
            "access": SubjectAccess.objects.filter(subject=subject).values(
                "at", "purpose_of_access"
            ),
            "interest": Interest.objects.filter(subject=subject).values(
                "system_key", "label", "because", "standing", "inferred_at"
            ),
            "complaint": Complaint.objects.filter(subject=subject).values(
                "created_at", "about", "text", "answer", "answered_at"
            ),
            "notice": ServedNotice.objects.filter(subject=subject).values(
                "version__key", "language", "component", "surface", "served_at"
            ),
            "decision": DecisionSample.objects.exclude(lookup=None)
            .filter(lookup=subject.lookup)
            .values("at", "door", "flag", "outcome", "reason", "revision"),
            "token": IssuedToken.objects.filter(subject_pseudonym=pseudonym).values(
                "created_at", "origin", "expires_at"
            ),
        }
        rows = [{"kind": kind, **row} for kind, found in sources.items() for row in found]
        return [about, *rows]

    def erase(self, person: str) -> int:
        if not person.startswith(_SUBJECT):
            return 0
        return services.erase_subject(
            pseudonym=person.removeprefix(_SUBJECT), actor=SystemActor("erasure")
        )


_TO_DEMONSTRATE = (
    "Consent must be demonstrable (GDPR Article 7(1)); erasure cuts the link to people."
)
_RULES: list[RetentionRule] = [
    KeepInMonths("consent.ConsentEvent", _TO_DEMONSTRATE),
    DeleteImports(
        "consent.ImportBatch",
        timedelta(days=365),
        "Shows for a year what was imported; the ledger keeps that it was.",
        column="created_at",
    ),
    KeepForever("consent.ConsentState", "The current choice stands until the person changes it."),
    KeepForever("consent.DataSubject", "Lives as long as its choices; erasure unlinks it."),
    KeepForever("consent.Interest", "Stands until the person removes it; erasure deletes it."),
    KeepForever("consent.InterestReset", "Lives as long as its person; erasure deletes it."),
    DeleteAfter(
        "consent.Complaint",
        timedelta(days=3 * 365),
        "Shows for three years how people's complaints were answered.",
        column="answered_at",
    ),
    KeepForever("consent.SubjectSalt", "Lives as long as its person; erasure deletes it."),
    KeepForever("consent.NoticeVersion", "What people were told must stay demonstrable."),
    KeepForever("consent.NoticeText", "What people were told must stay demonstrable."),
    KeepForever("consent.NoticePurpose", "What a notice told of must stay demonstrable."),
    DeleteAfter(
        "consent.ServedNotice",
        timedelta(days=3 * 365),
        "Shows for three years that people were told; then the choice's own notice says enough.",
        column="served_at",
    ),
    KeepForever("consent.ServedChoice", "Goes with the served notice it belongs to."),
    KeepForever("consent.SubjectAccess", "Append-only evidence of who looked at whom, and why."),
    DeleteAfter(
        "consent.Suppression",
        timedelta(days=3 * 365),
        "Keeps an erased person denied while copies of their id may still arrive.",
        column="erased_at",
    ),
    DeleteAfter(
        "consent.IssuedToken",
        timedelta(days=30),
        "Shows for a month who minted tokens.",
        column="expires_at",
    ),
    DeleteAfter(
        "consent.ConsentChange",
        timedelta(minutes=10),
        "Read by every host within a second; a host that was away longer reads all anew.",
        column="at",
        only="NOT EXISTS (SELECT 1 FROM consent_servinghost AS host WHERE NOT host.fenced"
        " AND NOT pg_visible_in_snapshot(xid, host.applied))",
    ),
    DeleteAfter(
        "consent.DecisionSample",
        timedelta(days=30),
        "Shows for a month what the doors answered; erasure deletes a person's at once.",
        column="at",
    ),
    KeepForever("consent.ServingHost", "One row a host that ever answered checks."),
    DeleteAfter(
        "consent.TokenUse",
        timedelta(days=1),
        "A token's writes are refused a second time while it lives, 15 minutes at most.",
        column="expires_at",
    ),
]


def register() -> None:
    """Put the room's holder and rules into core's ports."""
    register_personal_data_holder(ConsentHolder())
    for rule in _RULES:
        register_retention_rule(rule)
