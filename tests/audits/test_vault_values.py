"""Values of the vault: loaded with a reason, handed out, erased, gone when their time has come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audits.models import VaultAccess, VaultAttribute
from audits.subjects import pseudonym
from audits.vault.attributes import (
    allow_inferred,
    permit_plan,
    renew_attribute,
    retire_attribute,
)
from audits.vault.loading import load_values, remove_values
from audits.vault.role import as_vault
from consent.selectors.people import all_we_hold
from consent.services.subjects import erase_everywhere
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.core.ports import registered_retention_rules
from governance.ledger.models import LedgerEntry
from tests.audits.conftest import STAGE, Stage
from tests.audits.test_vault_joining import declare, load

pytestmark = pytest.mark.django_db


def held() -> dict[str, str]:
    with as_vault() as cursor:
        cursor.execute("SELECT subject, value FROM vault.value")
        return dict(cursor.fetchall())


def test_values_are_added_replaced_and_kept_under_the_pseudonym_of_outputs(
    tmp_path: Path,
) -> None:
    attribute = declare()
    assert load(attribute, "subject,value\n007,north\n008,south\n009,\n", tmp_path) == 2
    assert held() == {pseudonym("007"): "north", pseudonym("008"): "south"}
    assert load(attribute, "subject,value\n008,north\n", tmp_path) == 2
    assert held()[pseudonym("008")] == "north"
    assert load(attribute, "subject,value\n008,south\n", tmp_path, replace=True) == 1
    assert held() == {pseudonym("008"): "south"}
    attribute.refresh_from_db()
    assert attribute.subjects == 1
    acts = [(one.act, one.subjects) for one in VaultAccess.objects.order_by("id")]
    assert acts == [("load", 2), ("load", 1), ("load", 1)]
    assert LedgerEntry.objects.filter(verb="audits.vault_load").count() == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("person,value\na,b\n", "must have the columns subject and value"),
        ("subject,value\na,b\na,c\n", "comes twice"),
        ("subject,value\n,b\n", "Row 1 of the file has a value but no subject"),
        ("subject,value\na,\n", "holds no value"),
        ("subject,value\na," + "b" * 201 + "\n", "more than 200 signs"),
        ("subject,value\n" + "".join(f"{n},v{n}\n" for n in range(101)), "101 different values"),
        ("subject,value,value\na,b,c\n", "comes twice"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_taken_changes_nothing_and_says_why(
    tmp_path: Path, text: str, sentence: str
) -> None:
    attribute = declare()
    load(attribute, "subject,value\nx,north\n", tmp_path)
    with pytest.raises(Invalid, match=sentence):
        load(attribute, text, tmp_path, replace=True)
    assert held() == {pseudonym("x"): "north"}


def test_every_way_to_send_a_file_gives_the_same_values(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"subject": [1, 2], "value": [True, False]})
    pq.write_table(table, tmp_path / "v.parquet")
    with (
        pa.OSFile(str(tmp_path / "v.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    (tmp_path / "v.jsonl").write_text(
        '{"subject": 1, "value": true}\n{"subject": 2, "value": false}\n'
    )
    for name, media_type in (
        ("v.parquet", "application/vnd.apache.parquet"),
        ("v.arrow", "application/vnd.apache.arrow.stream"),
        ("v.jsonl", "application/x-ndjson"),
    ):
        attribute = declare(key=f"from-{name[2:]}")
        load_values(
            attribute=attribute,
            data=tmp_path / name,
            media_type=media_type,
            replace=False,
            why="A survey.",
            actor=STAGE,
        )
        with as_vault() as cursor:
            cursor.execute(
                "SELECT subject, value FROM vault.value WHERE attribute_id = %s", [attribute.pk]
            )
            assert dict(cursor.fetchall()) == {pseudonym("1"): "true", pseudonym("2"): "false"}


def test_access_and_erasure_answers_hold_what_the_vault_holds(tmp_path: Path) -> None:
    attribute = declare()
    load(attribute, "subject,value\nanna,north\nbert,south\n", tmp_path)
    (told,) = all_we_hold(pseudonym("anna"))["Protected attributes"]
    assert (told["attribute"], told["value"]) == ("origin", "north")
    assert told["legal_basis"] == "consent"
    assert VaultAccess.objects.filter(act="export", subjects=1).count() == 1
    erase_everywhere(subject="anna", actor=STAGE)
    assert held() == {pseudonym("bert"): "south"}
    assert "Protected attributes" not in all_we_hold(pseudonym("anna"))
    attribute.refresh_from_db()
    assert attribute.subjects == 1
    assert VaultAccess.objects.filter(act="erase", subjects=1).count() == 1


def test_values_go_when_the_attributes_time_has_come_and_no_new_ones_come_in(
    tmp_path: Path,
) -> None:
    attribute, other = declare(), declare(key="age-band")
    load(attribute, "subject,value\nanna,north\n", tmp_path)
    load(other, "subject,value\nanna,young\n", tmp_path)
    rule = next(one for one in registered_retention_rules() if one.model == "audits.VaultValue")
    assert rule.apply(database_now()) == 0
    VaultAttribute.objects.filter(pk=attribute.pk).update(expires_at=database_now())
    assert rule.apply(database_now()) == 1
    assert held() == {pseudonym("anna"): "young"}
    assert VaultAccess.objects.get(act="expire").subjects == 1
    attribute.refresh_from_db()
    with pytest.raises(Conflict, match="takes no values"):
        load(attribute, "subject,value\nanna,north\n", tmp_path)
    renewed = renew_attribute(
        attribute=attribute,
        expires_at=database_now() + timedelta(days=30),
        reason="Examined with the DPO.",
        actor=STAGE,
    )
    assert load(renewed, "subject,value\nanna,north\n", tmp_path) == 1


def test_a_retired_attribute_keeps_its_story_and_loses_its_values(tmp_path: Path) -> None:
    attribute = declare()
    load(attribute, "subject,value\nanna,north\n", tmp_path)
    retire_attribute(attribute=attribute, reason="The survey ended.", actor=STAGE)
    assert held() == {}
    attribute.refresh_from_db()
    assert attribute.retired_reason == "The survey ended."
    with pytest.raises(Conflict, match="is retired"):
        renew_attribute(
            attribute=attribute,
            expires_at=database_now() + timedelta(days=1),
            reason="Again.",
            actor=STAGE,
        )


def test_only_those_who_answer_for_privacy_manage_the_vault(
    stage: Stage, cast: Any, tmp_path: Path
) -> None:
    attribute = declare(kind="inferred")
    plan = stage.plan()
    for name in ("max", "ada", "elif", "aud", "dan"):
        actor = cast.actor(name)
        for act in (
            lambda actor=actor: declare(key="another", actor=actor),
            lambda actor=actor: remove_values(attribute=attribute, why="x", actor=actor),
            lambda actor=actor: allow_inferred(attribute=attribute, reason="x", actor=actor),
            lambda actor=actor: permit_plan(
                plan=plan, attribute=attribute, reason="x", actor=actor
            ),
        ):
            with pytest.raises(NotPermitted):
                act()
    with pytest.raises(NotPermitted):
        allow_inferred(attribute=attribute, reason="x", actor=cast.actor("root"))
    with pytest.raises(Conflict, match="inferred attributes are off"):
        permit_plan(plan=plan, attribute=attribute, reason="x", actor=cast.actor("pia"))
    with pytest.raises(Invalid, match="Say why"):
        allow_inferred(attribute=attribute, reason=" ", actor=cast.actor("pia"))
    allowed = allow_inferred(
        attribute=attribute, reason="Nobody told; validated.", actor=cast.actor("pia")
    )
    permit_plan(plan=plan, attribute=allowed, reason="The audit.", actor=cast.actor("pia"))
    with pytest.raises(Conflict, match="already"):
        permit_plan(plan=plan, attribute=allowed, reason="Twice.", actor=cast.actor("pia"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"purposes": []}, "at least one purpose"),
        ({"purposes": ["advertising"]}, "at least one purpose"),
        ({"reason": " "}, "Say why fairness"),
        ({"legal_basis": "because"}, "legal basis"),
        ({"dpia": "in a drawer"}, "dpia"),
        ({"systems": ["nowhere"]}, "no system 'nowhere'"),
        ({"kind": "guessed"}, "The kind is one of"),
        ({"key": "Über"}, "key"),
        ({"expires_at": None}, "within three years"),
    ],
)
def test_an_attribute_without_its_grounds_is_not_declared(
    change: dict[str, Any], sentence: str
) -> None:
    if "expires_at" in change:
        change = {"expires_at": database_now() + timedelta(days=1100)}
    with pytest.raises(DomainError, match=sentence):
        declare(**change)
    assert not VaultAttribute.objects.exists()
