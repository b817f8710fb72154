"""The receipt's body: ISO/IEC TS 27560 in the terms of the Data Privacy Vocabulary. Pure.

Source of the profile: https://w3id.org/dpv/guides/consent-27560 (W3C Community Group report).
The context is written out, so a reader needs no network to understand a receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.decision.vocabulary import Status

RECORD = "https://w3id.org/dpv/schema/dpv-27560#record"
RECEIPT = "https://w3id.org/dpv/schema/dpv-27560#receipt"
CONTEXT: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "tactful": "https://tactful.example/ns#",
    "dct:created": {"@type": "xsd:dateTime"},
    "dct:date": {"@type": "xsd:dateTime"},
    "dct:valid": {"@type": "xsd:dateTime"},
    "dct:conformsTo": {"@type": "@id"},
    "dpv:isIndicatedAtTime": {"@type": "xsd:dateTime"},
    "dpv:isExercisedAt": {"@type": "@id"},
    "dpv:hasLegalBasis": {"@type": "@id"},
    "tactful:proof": {"@type": "@json"},
}
STATUS_TERMS = {
    Status.REQUESTED: "dpv:ConsentRequested",
    Status.REFUSED: "dpv:ConsentRefused",
    Status.GIVEN: "dpv:ConsentGiven",
    Status.RENEWED: "dpv:RenewedConsentGiven",
    Status.EXPIRED: "dpv:ConsentExpired",
    Status.INVALIDATED: "dpv:ConsentInvalidated",
    Status.REVOKED: "dpv:ConsentRevoked",
    Status.WITHDRAWN: "dpv:ConsentWithdrawn",
    Status.UNKNOWN: "dpv:ConsentUnknown",
    # An objection (GDPR, Article 21) is no status of a consent: DPV has no word for it there.
    Status.OBJECTED: "tactful:ObjectionMade",
}
BASIS_TERMS = {
    "consent": "dpv:Consent",
    "contract": "dpv:Contract",
    "legal_obligation": "dpv:LegalObligation",
    "vital_interests": "dpv:VitalInterest",
    "public_task": "dpv:PublicInterest",
    "legitimate_interests": "dpv:LegitimateInterest",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What the person was shown: version, language (empty: not said) and hash of each text."""

    key: str
    published_at: datetime
    sha256: dict[str, str]


@dataclass(frozen=True, slots=True)
class Receipted:
    """One recorded choice, as far as a receipt tells it."""

    event_id: str
    subject: str  # the ledger's commitment to the person, never an id
    purpose_key: str
    purpose_title: str
    dpv_iri: str
    lawful_basis: str
    status: Status
    revision: int
    method: str
    region: str
    recorded_at: datetime
    occurred_at: datetime
    expires_at: datetime | None
    notice: Notice | None
    ledger_entry: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who answers for the processing, and where the person changes their mind."""

    name: str
    contact: str
    url: str
    choices_url: str


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _notice(notice: Notice, issuer: Issuer) -> dict[str, Any]:
    return {
        "@type": "dpv:PrivacyNotice",
        "dct:identifier": notice.key,
        "dct:date": _time(notice.published_at),
        "dct:publisher": issuer.name,
        "tactful:sha256": [f"{language}:{digest}" for language, digest in notice.sha256.items()],
    }


def _record(choice: Receipted, issuer: Issuer) -> dict[str, Any]:
    process: dict[str, Any] = {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@id": choice.dpv_iri, "dct:title": choice.purpose_title},
        "dpv:hasLegalBasis": BASIS_TERMS.get(choice.lawful_basis, "dpv:LegalBasis"),
    }
    if choice.expires_at is not None:
        process["dct:valid"] = _time(choice.expires_at)
    record: dict[str, Any] = {
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD,
        "dct:identifier": choice.event_id,
        "dct:created": _time(choice.recorded_at),
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": choice.subject},
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "dct:title": issuer.name,
            "dpv:hasContact": issuer.contact or issuer.url,
        },
        "dpv:hasProcess": process,
        "dpv:hasConsentStatus": {
            "@type": STATUS_TERMS[choice.status],
            "dpv:isIndicatedAtTime": _time(choice.occurred_at),
            "dpv:hasIndicationMethod": choice.method,
        },
        "dpv:hasConsentControl": [
            {"@type": control, "dpv:isExercisedAt": issuer.choices_url}
            for control in ("dpv:ProvideConsent", "dpv:WithdrawConsent")
        ],
        "tactful:purpose": choice.purpose_key,
        "tactful:status": str(choice.status),
        "tactful:revision": choice.revision,
        "tactful:ledgerEntry": choice.ledger_entry,
    }
    if choice.region:
        record["dpv:hasJurisdiction"] = choice.region
    if choice.notice is not None:
        record["dpv:hasNotice"] = _notice(choice.notice, issuer)
    return record


def receipt_body(choice: Receipted, issuer: Issuer) -> dict[str, Any]:
    """Return the receipt without its proof: the part that is signed."""
    return {
        "@context": CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT,
        "dct:identifier": f"receipt:{choice.event_id}",
        "dct:created": _time(choice.recorded_at),
        "dct:publisher": issuer.name,
        "schema:description": (
            "This receipt shows what was recorded, when and under which notice. "
            "It does not say that the consent is valid in law."
        ),
        "dpv:hasRecordOfActivity": _record(choice, issuer),
    }
