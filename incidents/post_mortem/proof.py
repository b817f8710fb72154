"""The published document with its ledger proof: what an outsider verifies offline.

The stand-alone verifier `docs/verify_post_mortem.py` checks it without this code.
"""

from __future__ import annotations

from typing import Any

from governance.ledger.models import LedgerLeaf
from governance.ledger.proofs import inclusion_proof, latest_checkpoint
from incidents.models import PostMortem


def published_bundle(post_mortem: PostMortem) -> dict[str, Any]:
    """Return the public document and the proof that its digest stands in the ledger.

    Until the next checkpoint covers the entry (a second or so) `proof` is null.
    """
    return {"document": post_mortem.public_document, "proof": _proof(post_mortem)}


def _proof(post_mortem: PostMortem) -> dict[str, object] | None:
    leaf = LedgerLeaf.objects.filter(entry_id=post_mortem.ledger_entry).first()
    checkpoint = latest_checkpoint()
    if leaf is None or checkpoint is None or leaf.position >= checkpoint.size:
        return None
    return inclusion_proof(leaf.position).as_json()
