"""Making a receipt from what is stored. Its form: `document`; its signature: `proof`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from consent.decision.vocabulary import Status
from consent.models import ConsentEvent, DataSubject, NoticeVersion
from consent.receipts.document import Issuer, Notice, Receipted, receipt_body
from consent.receipts.proof import jwk, receipt_faults, sign_receipt
from governance.core.errors import NotFound
from governance.ledger.keys import own_verifier_key
from governance.ledger.leaves import leaf_hash
from governance.ledger.models import LedgerEntry, LedgerLeaf
from governance.ledger.notes import BadNote, open_checkpoint
from governance.ledger.proofs import inclusion_proof, latest_checkpoint
from governance.ledger.tree import root_from_inclusion

#: An entry gets its place in the ledger within a second; a receipt promises it within a day.
PROMISE = timedelta(days=1)


def issuer() -> Issuer:
    """Who answers for the processing, by the settings."""
    url = settings.PUBLIC_URL.rstrip("/")
    return Issuer(
        name=settings.CONTROLLER_NAME or urlsplit(url).netloc,
        contact=settings.CONTROLLER_CONTACT,
        url=url,
        choices_url=url + reverse("consent:preferences"),
    )


def published_keys() -> dict[str, list[dict[str, str]]]:
    """The key set (RFC 7517) that receipts are checked with."""
    return {"keys": [jwk(settings.KEYS.receipt_key.public_key())]}


def own_receipt(subject: DataSubject, event_id: UUID) -> dict[str, Any]:
    """Return the receipt of a person's own choice."""
    event = (
        ConsentEvent.objects.filter(pk=event_id, subject=subject)
        .select_related("purpose", "subject")
        .first()
    )
    if event is None:
        raise NotFound("There is no such receipt.")
    return receipt_of(event)


def receipt_of(event: ConsentEvent) -> dict[str, Any]:
    """Build and sign the receipt of an event; the same event always reads the same."""
    entry = LedgerEntry.objects.get(pk=event.ledger_entry)
    purpose = event.purpose
    choice = Receipted(
        event_id=str(event.pk),
        subject=str(entry.facts.get("subject", "")),
        purpose_key=purpose.key,
        purpose_title=purpose.title,
        dpv_iri=purpose.dpv_iri,
        lawful_basis=event.lawful_basis,
        status=Status(event.status),
        revision=event.revision,
        method=event.method,
        region=event.region,
        recorded_at=event.at,
        occurred_at=event.occurred_at,
        expires_at=event.expires_at,
        notice=_notice(event.notice_version),
        ledger_entry=str(entry.pk),
    )
    return sign_receipt(
        receipt_body(choice, issuer()),
        settings.KEYS.receipt_key,
        ledger=_ledger_proof(entry),
        promised_by=event.at + PROMISE,
    )


def _notice(key: str) -> Notice | None:
    version = NoticeVersion.objects.filter(key=key).prefetch_related("texts").first()
    if version is None or version.published_at is None:
        return None
    texts = sorted(version.texts.all(), key=lambda text: text.language)
    return Notice(key, version.published_at, {text.language: text.sha256 for text in texts})


def _ledger_proof(entry: LedgerEntry) -> dict[str, Any] | None:
    """The entry's inclusion in the latest signed tree; None until it has a place there."""
    leaf = LedgerLeaf.objects.filter(entry=entry).first()
    checkpoint = latest_checkpoint()
    if leaf is None or checkpoint is None or leaf.position >= checkpoint.size:
        return None
    return inclusion_proof(leaf.position).as_json()


def check_receipt(receipt: dict[str, Any]) -> list[str]:
    """Return a sentence for each fault of a receipt; an empty list means it is as it was made."""
    faults = list(receipt_faults(receipt, settings.KEYS.receipt_key.public_key()))
    ledger = receipt["tactful:proof"].get("ledger")
    if ledger is not None:
        faults += _ledger_faults(ledger)
    return faults


def _ledger_faults(ledger: dict[str, Any]) -> list[str]:
    try:
        head = open_checkpoint(ledger["checkpoint"], own_verifier_key())
        root = root_from_inclusion(
            leaf_hash(ledger["leaf"].encode()),
            int(ledger["position"]),
            head.size,
            [bytes.fromhex(one) for one in ledger["path"]],
        )
    except BadNote:
        return ["The ledger's checkpoint beside the receipt is not signed by this installation."]
    except (KeyError, TypeError, ValueError, AttributeError):
        return ["The ledger's proof beside the receipt cannot be read."]
    return [] if root == head.root else ["The entry is not in the ledger that was signed."]
