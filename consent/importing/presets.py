"""Which column of an export says what, by vendor, and what their words for a status mean. Data.

A preset is a guess to start from: `source` says which names public material confirms. None was
tried on a real export; `--column` and the import page replace any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a row may say; `subject`, `purpose` and `status` are required.
FIELDS = (
    "subject",
    "purpose",
    "status",
    "occurred_at",
    "notice_version",
    "method",
    "region",
    "expires_at",
)

WORDS: Mapping[str, str] = {
    "given": "given",
    "granted": "given",
    "true": "given",
    "yes": "given",
    "1": "given",
    "opt_in": "given",
    "opt-in": "given",
    "renewed": "given",
    "refused": "refused",
    "denied": "refused",
    "false": "refused",
    "no": "refused",
    "0": "refused",
    "opt_out": "withdrawn",
    "opt-out": "withdrawn",
    "withdrawn": "withdrawn",
    "revoked": "withdrawn",
    "objected": "objected",
    "unknown": "unknown",
    "": "unknown",
}


@dataclass(frozen=True)
class Preset:
    """How one product's export is read."""

    key: str
    title: str
    columns: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    tested: bool = False
    source: str = ""

    @property
    def label(self) -> str:
        if self.tested:
            return self.title
        return f"{self.title} (untested: no real sample was at hand; {self.source})"


PRESETS: Mapping[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset(
            "tactful",
            "Tactful",
            {name: name for name in FIELDS},
            tested=True,
        ),
        Preset(
            "onetrust",
            "OneTrust consent receipts",
            {
                "subject": "Identifier",
                "purpose": "PurposeName",
                "status": "TransactionType",
                "occurred_at": "InteractionDate",
                "notice_version": "PurposeVersion",
                "method": "CollectionPointType",
                "region": "Country",
                "expires_at": "ExpiryDate",
            },
            {
                "confirmed": "given",
                "active": "given",
                "notgiven": "refused",
                "not_given": "refused",
                "no_choice": "unknown",
                "pending": "unknown",
                "expired": "withdrawn",
                "extend": "given",
            },
            source="no public list of the export's columns was found",
        ),
        Preset(
            "fides",
            "Fides privacy preferences",
            {
                "subject": "external_id",
                "purpose": "data_use",
                "status": "preference",
                "occurred_at": "updated_at",
                "notice_version": "privacy_notice_history_id",
                "method": "method",
                "region": "user_geography",
            },
            {"acknowledge": "unknown", "tcf": "unknown"},
            source="names of its public preference history, data_use is a guess",
        ),
        Preset(
            "transcend",
            "Transcend preference store",
            {
                "subject": "userId",
                "purpose": "purpose",
                "status": "enabled",
                "occurred_at": "timestamp",
                "method": "source",
                "region": "country",
            },
            {"auto": "unknown"},
            source="public schema confirms purpose and timestamp only",
        ),
        Preset(
            "usercentrics",
            "Usercentrics consent export",
            {
                "subject": "controllerId",
                "purpose": "dataProcessingService",
                "status": "consentStatus",
                "occurred_at": "timestamp",
                "notice_version": "settingsVersion",
                "method": "consentAction",
                "region": "country",
            },
            source="public SDK confirms controllerId and timestamp only",
        ),
    )
}
