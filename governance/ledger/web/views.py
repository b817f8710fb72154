"""The Evidence pages: search the ledger, see one entry with its proof, take a bundle away."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from governance.core.clock import database_now
from governance.core.pagination import keyset_page
from governance.core.web.access import requires
from governance.ledger.bundle import bundle_lines
from governance.ledger.keys import own_verifier_key
from governance.ledger.models import LedgerEntry
from governance.ledger.proofs import inclusion_proof, latest_checkpoint
from governance.ledger.selectors import (
    entry_with_leaf,
    find_entries,
    known_object_types,
    known_verbs,
    personal_state,
    sequencing_lag,
)
from governance.ledger.tree import root_from_inclusion
from governance.ledger.web.forms import EvidenceFilter

PAGE = 50


def _filters(form: EvidenceFilter) -> list[dict[str, Any]]:
    def choice(name: str, label: str, values: Any) -> dict[str, Any]:
        options = [(value, _in_words(value)) for value in values]
        return {"name": name, "label": label, "options": options, "value": form[name].value()}

    def text(name: str, label: str) -> dict[str, Any]:
        return {"name": name, "label": label, "value": form[name].value() or ""}

    return [
        text("q", "Search"),
        choice("verb", "What was done", known_verbs()),
        choice("object_type", "To what", known_object_types()),
        text("object_id", "Its name or id"),
        text("actor", "By whom"),
        text("since", "From (YYYY-MM-DD)"),
        text("until", "To (YYYY-MM-DD)"),
    ]


def _in_words(name: str) -> str:
    """`registry.system_registered` as `System registered (registry)`."""
    room, _, act = name.rpartition(".")
    words = act.replace("_", " ").capitalize()
    return f"{words} ({room})" if room else words


@require_safe
@requires("evidence.view")
def evidence(request: HttpRequest) -> HttpResponse:
    form = EvidenceFilter(request.GET)
    page = keyset_page(find_entries(form.wanted()), request.GET.get("cursor"), PAGE)
    query = request.GET.copy()
    query.pop("cursor", None)
    narrowed = bool(query)
    next_url = ""
    if page.next_cursor:
        query["cursor"] = page.next_cursor
        next_url = f"?{query.urlencode()}"
    checkpoint = latest_checkpoint()
    context = {
        "rows": [{"entry": entry, "position": position_of(entry)} for entry in page.rows],
        "filters": _filters(form),
        "problems": [problem for errors in form.errors.values() for problem in errors],
        "narrowed": narrowed,
        "next_url": next_url,
        "checkpoint": checkpoint,
        "root": bytes(checkpoint.root).hex() if checkpoint else "",
        "verifier_key": own_verifier_key(),
        "lag": round(sequencing_lag(database_now()).total_seconds(), 1),
    }
    return render(request, "ledger/evidence.html", context)


def position_of(entry: LedgerEntry) -> int | None:
    """The entry's place in the tree; None while the sequencer has not come to it."""
    leaf = getattr(entry, "leaf", None)
    return None if leaf is None else leaf.position


@require_safe
@requires("evidence.view")
def entry_page(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    entry = entry_with_leaf(str(entry_id))
    position = position_of(entry)
    proof = None if position is None else inclusion_proof(position)
    proved = proof is not None and proof.root == root_from_inclusion(
        proof.leaf_hash, proof.position, proof.size, proof.path
    )
    about_url = f"{reverse('ledger:evidence')}?object_type={entry.object_type}"
    context = {
        "entry": entry,
        "position": position,
        "proof": proof,
        "proved": proved,
        "path": [one.hex() for one in proof.path] if proof else [],
        "leaf_hash": proof.leaf_hash.hex() if proof else "",
        "facts": json.dumps(entry.facts, indent=2, ensure_ascii=False, sort_keys=True),
        "personal": personal_state(entry),
        "about_url": f"{about_url}&object_id={entry.object_id}",
    }
    return render(request, "ledger/entry.html", context)


@require_safe
@requires("evidence.view")
def proof_file(request: HttpRequest, position: int) -> HttpResponse:
    """The proof of one entry as a file for an outsider."""
    response = JsonResponse(inclusion_proof(position).as_json(), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = f'attachment; filename="ledger-proof-{position}.json"'
    return response


@require_safe
@requires("evidence.view")
def bundle_file(request: HttpRequest) -> StreamingHttpResponse:
    """The whole ledger as a bundle, streamed."""
    response = StreamingHttpResponse(bundle_lines(), content_type="application/jsonl")
    response["Content-Disposition"] = 'attachment; filename="tactful-ledger.jsonl"'
    return response
