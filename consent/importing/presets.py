"""Which column of an export says what, by vendor, and what their words for a status mean. Data.

Made from the vendors' public documents and tried on no sample of a real export.
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
        return self.title if self.tested else f"{self.title} (untested: no real sample was at hand)"


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
        ),
    )
}
