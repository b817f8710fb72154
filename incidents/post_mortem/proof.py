"""The published document with its ledger proof: what an outsider verifies offline.

The stand-alone verifier `docs/verify_post_mortem.py` checks it without this code.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from governance.ledger.models import LedgerLeaf
from governance.ledger.proofs import inclusion_proof, latest_checkpoint
from incidents.choices import CorrectionState
from incidents.models import Correction, PostMortem


def published_bundle(post_mortem: PostMortem) -> dict[str, Any]:
    """Return the public document, its corrections, and the proofs that they stand in the ledger.

    Until the next checkpoint covers an entry (a second or so) its `proof` is null.
    """
    return {
        "document": post_mortem.public_document,
        "proof": _proof(post_mortem.ledger_entry),
        "corrections": [
            {"document": one.document, "proof": _proof(one.ledger_entry)}
            for one in published_corrections(post_mortem)
        ],
    }


def published_corrections(post_mortem: PostMortem) -> QuerySet[Correction]:
    """What is said beside the text, in the order it was published."""
    return post_mortem.corrections.filter(state=CorrectionState.PUBLISHED).order_by("number")


def _proof(ledger_entry: UUID | None) -> dict[str, object] | None:
    leaf = LedgerLeaf.objects.filter(entry_id=ledger_entry).first()
    checkpoint = latest_checkpoint()
    if leaf is None or checkpoint is None or leaf.position >= checkpoint.size:
        return None
    return inclusion_proof(leaf.position).as_json()
