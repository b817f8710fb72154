"""Pages and doors of the vault: grounds, permits and the log are shown, a value never is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audits.models import Plan, VaultAccess, VaultAttribute, VaultPermit
from governance.people.services import create_api_key
from tests.audits.conftest import STAGE, Stage
from tests.audits.test_vault_joining import declare, load

VALUES = b"subject,value\nanna,northern\nbert,southern\n"


@pytest.fixture
def plan(stage: Stage) -> Plan:
    made = stage.plan()
    Plan.objects.filter(pk=made.pk).update(vault_attributes=["origin"])
    return made


def page_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode().replace("&#x27;", "'")


def test_an_attribute_is_declared_loaded_permitted_and_retired_by_pages(
    plan: Plan, cast: Any
) -> None:
    cast.join("carousel")
    client = cast.sign_in(Client(), "pia")
    assert "The vault is empty" in page_of(client, reverse("audit_vault"))
    filled = {
        "title": "Origin",
        "key": "origin",
        "kind": "inferred",
        "purposes": ["fairness_audit"],
        "reason": "Nobody can see it otherwise.",
        "legal_basis": "consent",
        "article9": "explicit_consent",
        "dpia": "https://example.org/dpia",
        "expires_on": "2020-01-01",
        "systems": ["carousel"],
    }
    refused = client.post(reverse("audit_vault_new"), filled).content.decode()
    assert "within three years at most" in refused
    declare(kind="inferred", systems=["carousel"])
    place = reverse("audit_vault_attribute", args=["origin"])
    loaded = client.post(
        reverse("audit_vault_load", args=["origin"]),
        {"file": SimpleUploadedFile("v.csv", VALUES), "why": "Survey of January"},
        follow=True,
    ).content.decode()
    assert "2 people have a value" in loaded
    assert "northern" not in loaded
    permit = reverse("audit_vault_step", args=["origin", "permit"])
    told = client.post(permit, {"plan": plan.key, "reason": "Yearly"}, follow=True)
    assert "inferred attributes are off" in told.content.decode()
    client.post(reverse("audit_vault_inferred", args=["origin"]), {"reason": "Validated."})
    client.post(permit, {"plan": plan.key, "reason": "Yearly"})
    page = page_of(client, place)
    assert "Permitted" in page
    assert "Survey of January" in page
    client.post(reverse("audit_vault_step", args=["origin", "revoke"]), {"plan": plan.key})
    assert VaultPermit.objects.get().revoked_at is not None
    assert client.post(reverse("audit_vault_step", args=["origin", "paint"])).status_code == 302
    client.post(reverse("audit_vault_step", args=["origin", "retire"]), {"reason": "Over."})
    attribute = VaultAttribute.objects.get()
    assert (attribute.subjects, attribute.retired_reason) == (0, "Over.")
    assert "Over." in page_of(client, reverse("audit_vault"))


def test_who_may_see_the_vault_and_who_may_not(plan: Plan, cast: Any, tmp_path: Path) -> None:
    cast.join("carousel")
    load(declare(), VALUES.decode(), tmp_path)
    place = reverse("audit_vault_attribute", args=["origin"])
    for name, code in (("aud", 200), ("dan", 200), ("elif", 200), ("max", 403), ("eve", 403)):
        client = cast.sign_in(Client(), name)
        assert client.get(reverse("audit_vault")).status_code == code, name
        assert client.get(place).status_code == code, name
        assert client.get("/api/v1/vault/attributes").status_code == code, name
        step = reverse("audit_vault_step", args=["origin", "empty"])
        assert client.post(step, {"reason": "x"}).status_code == 403
    assert VaultAttribute.objects.get().subjects == 2


def test_a_program_declares_loads_and_reads_the_log(plan: Plan, client: Client) -> None:
    _, secret = create_api_key(name="vault", scopes=["admin", "audits:read"], actor=STAGE)
    key = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "declare-origin"}
    declared = {
        "key": "origin",
        "title": "Origin",
        "kind": "self_declared",
        "purposes": ["fairness_audit"],
        "reason": "Nobody can see it otherwise.",
        "legal_basis": "consent",
        "article9": "explicit_consent",
        "dpia": "https://example.org/dpia",
        "expires_at": "2026-01-01T00:00:00Z",
    }
    doors = "/api/v1/vault/attributes"
    refused = client.post(doors, declared, "application/json", headers=key)
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    from governance.core.clock import database_now

    declared["expires_at"] = database_now().replace(year=database_now().year + 1).isoformat()
    for _ in range(2):  # the same key acts once
        made = client.post(doors, declared, "application/json", headers=key)
        assert made.status_code == 201, made.content
    assert VaultAttribute.objects.count() == 1
    del key["Idempotency-Key"]
    place = f"{doors}/origin"
    loaded = client.post(f"{place}/values?why=Survey", VALUES, "text/csv", headers=key)
    assert loaded.json()["subjects"] == 2
    assert "northern" not in loaded.content.decode()
    permit = {"plan": plan.key, "reason": "Yearly"}
    made = client.post(f"{place}/permits", permit, "application/json", headers=key)
    assert made.status_code == 201, made.content
    again = client.post(f"{place}/permits", permit, "application/json", headers=key)
    assert again.status_code == 409
    gone = client.post(
        f"{place}/permits/revoke", {"plan": plan.key}, "application/json", headers=key
    )
    assert gone.status_code == 204
    emptied = client.post(
        f"{place}/values/remove", {"reason": "Over"}, "application/json", headers=key
    )
    assert emptied.json()["subjects"] == 0
    log = client.get(f"{place}/accesses", headers=key).json()["results"]
    assert [one["act"] for one in log] == ["remove", "load"]
    assert VaultAccess.objects.count() == 2
    inferred = client.post(
        f"{place}/allow-inferred", {"reason": "x"}, "application/json", headers=key
    )
    assert inferred.status_code == 403
