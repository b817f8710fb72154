"""API keys: shown once, kept as a hash, bound to scopes, ended at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.people import keys, selectors, services
from governance.people.actors import KeyActor
from governance.people.choices import Scope
from governance.people.models import ApiKey
from governance.people.permissions import declared_actions
from tests.cast import STAGE, Cast

WHOAMI = "/api/v1/whoami"


def _key(*scopes: str) -> tuple[ApiKey, str]:
    return services.create_api_key(name="shop", scopes=list(scopes) or ["gate:read"], actor=STAGE)


def test_the_secret_has_the_promised_form_and_is_kept_nowhere(db: None) -> None:
    key, secret = _key()
    assert secret.startswith(f"tct_live_{key.prefix}_")
    row = " ".join(str(value) for value in ApiKey.objects.values_list().get(pk=key.pk))
    assert secret not in row
    assert secret.rsplit("_", 1)[1] not in row


@pytest.mark.parametrize("position", [0, 10, 20, -7, -1])
def test_a_mistyped_key_is_known_by_its_checksum(position: int) -> None:
    secret, _ = keys.new_secret()
    letters = list(secret)
    letters[position] = "a" if letters[position] != "a" else "b"
    assert keys.read_key(secret) is not None
    assert keys.read_key("".join(letters)) is None


@pytest.mark.parametrize("text", ["", "tct_live_", "x" * 66, "tct_live_ä_" + "b" * 49, "_" * 66])
def test_text_that_is_no_key_is_refused(text: str) -> None:
    assert keys.read_key(text) is None


def test_both_headers_carry_a_key_but_never_two(client: Client, db: None) -> None:
    key, secret = _key()
    bearer, named = {"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}
    for headers in (bearer, named):
        answer = client.get(WHOAMI, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["reference"] == f"key:{key.prefix}"
    assert client.get(WHOAMI, headers=bearer | named).status_code == 401
    assert client.get(WHOAMI).status_code == 401
    assert client.get(f"{WHOAMI}?api_key={secret}").status_code == 401


def test_a_revoked_key_is_refused_by_the_next_request(client: Client, db: None) -> None:
    key, secret = _key()
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(WHOAMI, headers=headers).status_code == 200
    services.revoke_api_key(key=key, actor=STAGE)
    refused = client.get(WHOAMI, headers=headers)
    assert refused.status_code == 401
    assert secret not in refused.content.decode()


def test_an_ended_key_is_refused(db: None) -> None:
    key, secret = _key()
    assert selectors.find_live_key(secret) == key
    ApiKey.objects.filter(pk=key.pk).update(expires_at=database_now() - timedelta(seconds=1))
    assert selectors.find_live_key(secret) is None


def test_another_secret_with_the_same_prefix_is_refused(db: None) -> None:
    key, _ = _key()
    body = f"tct_live_{key.prefix}_{'a' * 43}"
    assert selectors.find_live_key(body + keys._checksum(body)) is None


def test_a_key_may_exactly_what_its_scopes_say(db: None) -> None:
    for scope in Scope.values:
        actor = KeyActor(ApiKey(scopes=[scope]))
        allowed = {row.key for row in declared_actions() if actor.may(row.key)}
        assert allowed == {row.key for row in declared_actions() if row.scope in (scope, "any")}


def test_a_key_made_for_some_systems_sees_only_those(db: None) -> None:
    key, _ = services.create_api_key(
        name="shop", scopes=["registry:read"], actor=STAGE, system_keys=["carousel"]
    )
    assert KeyActor(key).system_keys == frozenset({"carousel"})
    assert KeyActor(_key()[0]).system_keys is None


def test_no_key_lives_longer_than_a_year(db: None) -> None:
    key, _ = _key()
    assert key.expires_at - key.created_at <= timedelta(days=365)
    with pytest.raises(Invalid, match="365 days"):
        services.create_api_key(
            name="x",
            scopes=["gate:read"],
            expires_at=database_now() + timedelta(days=366),
            actor=STAGE,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(expires_at=key.created_at + timedelta(days=366))


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_a_key_without_a_known_scope_is_not_made(db: None, scopes: list[str]) -> None:
    with pytest.raises(Invalid, match="scope"):
        services.create_api_key(name="x", scopes=scopes, actor=STAGE)


def test_last_use_is_seen_and_costs_one_write_a_minute(client: Client, db: None) -> None:
    key, secret = _key()
    client.get(WHOAMI, headers={"X-API-Key": secret})
    key.refresh_from_db()
    assert key.last_used_at is not None
    first = key.last_used_at
    client.get(WHOAMI, headers={"X-API-Key": secret})
    key.refresh_from_db()
    assert key.last_used_at == first


def test_the_command_prints_a_secret_that_works(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("create_api_key", "shop", "--scope", "consent:check", "--scope", "gate:read")
    printed = capsys.readouterr().out.strip()
    found = selectors.find_live_key(printed)
    assert found is not None
    assert found.scopes == ["consent:check", "gate:read"]


def test_the_list_of_keys_is_for_those_who_may_see_it(client: Client, cast: Cast) -> None:
    _, admin_secret = _key("admin")
    _, other_secret = _key("consent:check")
    listed = client.get("/api/v1/api-keys", headers={"X-API-Key": admin_secret})
    assert listed.status_code == 200
    assert admin_secret not in listed.content.decode()
    assert "secret_hash" not in listed.content.decode()
    refused = client.get("/api/v1/api-keys", headers={"X-API-Key": other_secret})
    assert refused.status_code == 403
