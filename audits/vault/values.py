"""The only module that touches the vault's values; each touch is written to the access log.

Every function works under the vault's role and logs in the transaction of what it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audits.choices import VaultAct
from audits.models import VaultAccess, VaultAttribute
from audits.vault.role import as_vault
from governance.core.actors import Actor
from governance.ledger.services import record_entry

LOAD_ROWS = 20_000
READ_SUBJECTS = 20_000

UPSERT = """
INSERT INTO vault.value (attribute_id, subject, value)
SELECT %s, * FROM unnest(%s::text[], %s::text[])
ON CONFLICT (attribute_id, subject) DO UPDATE SET value = EXCLUDED.value, loaded_at = now()
"""
READ = """
SELECT attribute_id, subject, value FROM vault.value
 WHERE attribute_id = ANY(%s) AND subject = ANY(%s)
"""


@transaction.atomic
def store_values(
    *,
    attribute: VaultAttribute,
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]],
    replace: bool,
    why: str,
    actor: Actor,
) -> int:
    """Write (pseudonyms, values) part by part; with `replace`, who is not named loses theirs.

    Returns how many people have a value afterwards. The attribute's row is locked, so that two
    loads of it come one after the other.
    """
    attribute = VaultAttribute.objects.select_for_update().get(pk=attribute.pk)
    with as_vault() as cursor:
        if replace:
            cursor.execute("DELETE FROM vault.value WHERE attribute_id = %s", [attribute.pk])
        loaded = 0
        for subjects, values in pairs:
            cursor.execute(UPSERT, [attribute.pk, list(subjects), list(values)])
            loaded += len(subjects)
        held = _count(cursor, attribute)
        cursor.execute("SELECT now()")
        (moment,) = cursor.fetchone()
    VaultAttribute.objects.filter(pk=attribute.pk).update(subjects=held, loaded_at=moment)
    _log(attribute, VaultAct.LOAD, why, loaded, actor)
    return held


@transaction.atomic
def read_values(
    *,
    attributes: Sequence[VaultAttribute],
    subjects: Sequence[str],
    run_id: UUID,
    why: str,
    actor: Actor,
) -> Iterator[tuple[UUID, str, str]]:
    """Return (attribute, pseudonym, value) of these people; logged once this has committed."""
    found: list[tuple[UUID, str, str]] = []
    wanted = [one.pk for one in attributes]
    with as_vault() as cursor:
        for start in range(0, len(subjects), READ_SUBJECTS):
            cursor.execute(READ, [wanted, list(subjects[start : start + READ_SUBJECTS])])
            found += cursor.fetchall()
    for attribute in attributes:
        count = sum(row[0] == attribute.pk for row in found)
        _log(attribute, VaultAct.RUN, why, count, actor, run_id)
    return iter(found)


@transaction.atomic
def delete_values(*, attribute: VaultAttribute, act: VaultAct, why: str, actor: Actor) -> int:
    """Remove every value of an attribute; return of how many people."""
    with as_vault() as cursor:
        cursor.execute("DELETE FROM vault.value WHERE attribute_id = %s", [attribute.pk])
        removed = int(cursor.rowcount)
    VaultAttribute.objects.filter(pk=attribute.pk).update(subjects=0)
    if removed:
        _log(attribute, act, why, removed, actor)
    return removed


@transaction.atomic
def delete_expired(now: datetime, actor: Actor) -> int:
    """Remove the values of attributes whose time has ended."""
    ended = VaultAttribute.objects.filter(Q(expires_at__lte=now) | Q(retired_at__isnull=False))
    why = "The time for which the attribute may be held has ended."
    return sum(
        delete_values(attribute=one, act=VaultAct.EXPIRE, why=why, actor=actor)
        for one in ended.filter(subjects__gt=0)
    )


@transaction.atomic
def values_of(subject: str, actor: Actor) -> list[dict[str, Any]]:
    """What the vault holds about one pseudonym, for the person's own answer."""
    with as_vault() as cursor:
        cursor.execute(
            "SELECT attribute_id, value, loaded_at FROM vault.value WHERE subject = %s", [subject]
        )
        rows = cursor.fetchall()
    attributes = VaultAttribute.objects.in_bulk([row[0] for row in rows])
    answer = []
    for attribute_id, value, loaded_at in rows:
        attribute = attributes[attribute_id]
        _log(attribute, VaultAct.EXPORT, "The person asked what is held.", 1, actor)
        answer.append(
            {
                "attribute": attribute.key,
                "title": attribute.title,
                "value": value,
                "kind": attribute.kind,
                "purposes": attribute.purposes,
                "legal_basis": attribute.legal_basis,
                "since": loaded_at.isoformat(),
                "until": attribute.expires_at.isoformat(),
            }
        )
    return answer


@transaction.atomic
def erase_subject_values(subject: str, actor: Actor) -> int:
    """Remove what the vault holds about one pseudonym."""
    with as_vault() as cursor:
        cursor.execute(
            "DELETE FROM vault.value WHERE subject = %s RETURNING attribute_id", [subject]
        )
        touched = [row[0] for row in cursor.fetchall()]
    for attribute in VaultAttribute.objects.select_for_update().filter(pk__in=touched):
        attribute.subjects = max(0, attribute.subjects - 1)
        attribute.save(update_fields=["subjects", "updated_at"])
        _log(attribute, VaultAct.ERASE, "The person was erased.", 1, actor)
    return len(touched)


def _count(cursor: Any, attribute: VaultAttribute) -> int:
    cursor.execute("SELECT count(*) FROM vault.value WHERE attribute_id = %s", [attribute.pk])
    (held,) = cursor.fetchone()
    return int(held)


def _log(
    attribute: VaultAttribute,
    act: VaultAct,
    why: str,
    subjects: int,
    actor: Actor,
    run_id: UUID | None = None,
) -> None:
    VaultAccess.objects.create(
        attribute=attribute,
        act=act,
        actor=actor.reference,
        run_id=run_id,
        why=why,
        subjects=subjects,
    )
    record_entry(
        verb=f"audits.vault_{act.value}",
        object_type="vaultattribute",
        object_id=str(attribute.pk),
        actor=actor,
        facts={
            "attribute": attribute.key,
            "subjects": subjects,
            "run": str(run_id) if run_id else None,
        },
    )
