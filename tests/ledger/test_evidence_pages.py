"""The Evidence pages: the auditor finds an entry and takes its proof; others see nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.ledger.models import LedgerEntry
from governance.ledger.sequencer import sequence_all
from governance.ledger.services import record_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client, cast: Any) -> Client:
    cast.sign_in(client, "aud")
    return client


def write(count: int) -> list[LedgerEntry]:
    return [
        record_entry(
            verb="ledger.tested",
            object_type="thing",
            object_id=f"thing-{number}",
            actor=SystemActor("test"),
            facts={"text": "<script>alert(1)</script>"},
            personal={"name": "Ada"} if number == 0 else None,
        )
        for number in range(count)
    ]


def test_evidence_is_for_those_who_may_see_everything(client: Client, cast: Any) -> None:
    entry = write(1)[0]
    pages = [reverse("ledger:evidence"), reverse("ledger:entry", args=[entry.pk])]
    pages += [reverse("ledger:bundle"), reverse("ledger:proof", args=[0])]
    for page in pages:
        assert client.get(page).status_code == 302
    cast.sign_in(client, "eve")
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 403
        assert "Search the ledger" in answer.content.decode()


def test_filters_find_an_entry_and_its_page_escapes_what_was_written(auditor: Client) -> None:
    entry = write(3)[1]
    page = auditor.get(reverse("ledger:evidence"), {"object_id": "thing-1"}).content.decode()
    assert "thing-1" in page
    assert "thing-2" not in page
    shown = auditor.get(reverse("ledger:entry", args=[entry.pk])).content.decode()
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown
    assert "within a second" in shown  # not yet sequenced, said in words
    nothing = auditor.get(reverse("ledger:evidence"), {"actor": "user:nobody"}).content.decode()
    assert "Nothing fits these filters" in nothing


def test_long_lists_have_pages_that_keep_their_filters(auditor: Client) -> None:
    write(60)
    address = reverse("ledger:evidence")
    first = auditor.get(address, {"verb": "ledger.tested"})
    assert len(first.context["rows"]) == 50
    assert "verb=ledger.tested" in first.context["next_url"]
    second = auditor.get(address + first.context["next_url"])
    assert len(second.context["rows"]) == 10
    assert auditor.get(address, {"cursor": "nonsense"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_auditor_takes_a_proof_and_a_bundle_away(auditor: Client, cast: Any) -> None:
    from django.db import transaction

    with transaction.atomic():
        entry = write(2)[0]
    sequence_all()
    page = auditor.get(reverse("ledger:entry", args=[entry.pk])).content.decode()
    assert "Recomputed just now: the entry is in the signed tree." in page
    assert "salted hash only" in page
    entry.personal_detail.delete()
    page = auditor.get(reverse("ledger:entry", args=[entry.pk])).content.decode()
    assert "erased" in page
    entry.refresh_from_db()
    position = entry.leaf.position
    file = auditor.get(reverse("ledger:proof", args=[position]))
    assert "attachment" in file["Content-Disposition"]
    assert json.loads(file.content)["position"] == position
    lines = auditor.get(reverse("ledger:bundle")).getvalue().splitlines()
    assert json.loads(lines[0])["format"] == "tactful-ledger-bundle/1"
    assert "Ada" not in b"".join(lines).decode()
    answer = auditor.get("/api/v1/ledger/checkpoint", {"from": "1"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["consistency"]
    assert auditor.get(f"/api/v1/ledger/proof/{position}").json()["path"]
    assert auditor.get("/api/v1/ledger/proof/999").status_code == 404
    tlog = auditor.get(f"/api/v1/ledger/proof/{position}", {"as": "tlog"}).content.decode()
    assert tlog.startswith("c2sp.org/tlog-proof@v1\n")


def test_a_page_of_a_signed_in_person_carries_the_strict_headers(auditor: Client) -> None:
    answer = auditor.get(reverse("ledger:evidence"))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["Cache-Control"] == "no-store"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
