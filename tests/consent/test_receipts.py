"""Promises of receipts: signed, provable offline, in standard terms, and refused when touched."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.env import ROOT
from consent import services
from consent.models import ConsentEvent, SubjectAccess
from consent.receipts.proof import NotAReceipt, read_receipt
from consent.receipts.selectors import check_receipt, published_keys, receipt_of
from consent.services.receipts import open_receipt
from governance.core.actors import SystemActor
from governance.core.errors import Invalid, NotFound, NotPermitted
from governance.ledger.keys import own_verifier_key
from governance.ledger.sequencer import sequence_all
from tests.cast import Cast

STAGE = SystemActor("tests")
VERIFIER = ROOT / "docs" / "verify_receipt.py"


def recorded(status: str = "given", **more: Any) -> ConsentEvent:
    choice = services.record_choice(
        subject="anna", purpose="ads", status=status, actor=STAGE, **more
    )
    return ConsentEvent.objects.select_related("purpose", "subject").get(pk=choice.id)


@pytest.fixture
def receipt(transactional_db: None) -> dict[str, Any]:
    event = recorded(region="DE")
    sequence_all()
    return receipt_of(event)


def verify(receipt: dict[str, Any], folder: Path, keys: dict[str, Any]) -> tuple[int, str]:
    """Run the stand-alone verifier as an outsider would."""
    (folder / "receipt.json").write_text(json.dumps(receipt))
    (folder / "keys.json").write_text(json.dumps(keys))
    command = [sys.executable, "-E", "-s", str(VERIFIER), str(folder / "receipt.json")]
    command += ["--key", own_verifier_key(), "--keys", str(folder / "keys.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_receipt_is_verified_offline_by_the_stand_alone_verifier(
    receipt: dict[str, Any], tmp_path: Path
) -> None:
    code, told = verify(receipt, tmp_path, published_keys())
    assert (code, told.strip()) == (0, "as it was written")
    assert check_receipt(receipt) == []


def test_a_receipt_changed_by_one_byte_is_refused(receipt: dict[str, Any], tmp_path: Path) -> None:
    text = json.dumps(receipt)
    where = text.index('"tactful:revision": 1')
    changed = json.loads(text[:where] + '"tactful:revision": 2' + text[where + 21 :])
    assert "The receipt was changed, or another installation signed it." in check_receipt(changed)
    assert verify(changed, tmp_path, published_keys())[0] == 1


@pytest.mark.parametrize("part", ["leaf", "path", "checkpoint", "position"])
def test_a_touched_ledger_proof_is_refused(
    receipt: dict[str, Any], part: str, tmp_path: Path
) -> None:
    # The signature covers the body alone: what stands beside it is proven by the ledger's own key.
    recorded("withdrawn")
    sequence_all()
    touched = receipt_of(ConsentEvent.objects.select_related("purpose", "subject").get(revision=1))
    ledger = touched["tactful:proof"]["ledger"]
    if part == "leaf":
        ledger["leaf"] = ledger["leaf"].replace('"revision":1', '"revision":7')
    elif part == "path":
        ledger["path"] = [bytes(32).hex(), *ledger["path"][1:]]
    elif part == "checkpoint":
        ledger["checkpoint"] = ledger["checkpoint"].replace("\n", "\n9", 1)
    else:
        ledger["position"] += 1
    assert check_receipt(touched)
    assert verify(touched, tmp_path, published_keys())[0] in (1, 2)


def test_the_ledger_proof_of_another_choice_is_refused(
    receipt: dict[str, Any], tmp_path: Path
) -> None:
    other = recorded("withdrawn")
    sequence_all()
    mixed = copy.deepcopy(receipt)
    mixed["tactful:proof"]["ledger"] = receipt_of(other)["tactful:proof"]["ledger"]
    assert any("another" in fault for fault in check_receipt(mixed))
    assert verify(mixed, tmp_path, published_keys())[0] == 1


def test_a_receipt_signed_by_somebody_else_is_refused(
    receipt: dict[str, Any], tmp_path: Path
) -> None:
    from consent.receipts.proof import jwk

    stranger = {"keys": [jwk(Ed25519PrivateKey.generate().public_key())]}
    assert verify(receipt, tmp_path, stranger)[0] == 1


@pytest.mark.django_db
def test_before_its_place_in_the_ledger_a_receipt_carries_a_promise() -> None:
    proof = receipt_of(recorded())["tactful:proof"]
    assert "ledger" not in proof and proof["ledger_promised_by"] > "2026"


def test_a_receipt_names_the_person_only_by_the_ledgers_commitment(
    receipt: dict[str, Any],
) -> None:
    event = ConsentEvent.objects.select_related("subject").get()
    text = json.dumps(receipt)
    assert "anna" not in text and str(event.subject.pseudonym) not in text
    assert str(event.subject_id) not in text


def test_a_receipt_reads_as_linked_data_with_every_term_resolved(
    receipt: dict[str, Any],
) -> None:
    from pyld import jsonld

    (expanded,) = jsonld.expand(receipt, {"documentLoader": _no_network})
    assert expanded["@type"] == ["https://w3id.org/dpv#ConsentReceipt"]
    (record,) = expanded["https://w3id.org/dpv#hasRecordOfActivity"]
    (status,) = record["https://w3id.org/dpv#hasConsentStatus"]
    assert status["@type"] == ["https://w3id.org/dpv#ConsentGiven"]
    (process,) = record["https://w3id.org/dpv#hasProcess"]
    (purpose,) = process["https://w3id.org/dpv#hasPurpose"]
    assert purpose["@id"] == "https://w3id.org/dpv#PersonalisedAdvertising"
    terms = {term for node in (expanded, record, status, process) for term in node}
    assert all(term.startswith(("http", "@")) for term in terms)
    # Expansion drops what the context does not explain: nothing of the receipt may get lost.
    assert len(expanded) == len(receipt) - 1  # all but @context
    assert len(record) == len(receipt["dpv:hasRecordOfActivity"])


def _no_network(url: str, options: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(f"a receipt must be readable without fetching {url}")


@pytest.mark.django_db
def test_a_look_at_a_receipt_is_recorded_with_its_purpose(cast: Cast) -> None:
    event = recorded()
    with pytest.raises(NotPermitted):
        open_receipt(event_id=event.pk, purpose_of_access="curious", actor=cast.actor("max"))
    with pytest.raises(Invalid):
        open_receipt(event_id=event.pk, purpose_of_access=" ", actor=cast.actor("pia"))
    open_receipt(event_id=event.pk, purpose_of_access="a complaint", actor=cast.actor("pia"))
    assert SubjectAccess.objects.get().purpose_of_access == "a complaint"


@pytest.mark.django_db
def test_an_erased_person_has_no_receipts() -> None:
    event = recorded()
    services.erase_subject(pseudonym=str(event.subject.pseudonym), actor=STAGE)
    with pytest.raises(NotFound):
        open_receipt(event_id=event.pk, purpose_of_access="a complaint", actor=STAGE)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"@type": "dpv:ConsentReceipt"}', "nonsense"])
def test_what_is_not_a_receipt_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(NotAReceipt, match=r"\.$"):
        read_receipt(text)
