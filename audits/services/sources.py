"""Sources: where the outputs of a system are, what their columns mean, and whether they are there.

A credential is sealed before it is stored; no ledger entry and no message holds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audits.choices import SourceKind, SourceOrigin
from audits.models import Source
from audits.sources.checking import look_at
from audits.sources.credentials import check_secret, seal
from audits.sources.locations import location_as_stored, parse_location
from audits.sources.reading import SourceCheck
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.registry.models import System

Columns = Mapping[str, Sequence[str]]


@transaction.atomic
def create_source(
    *,
    system: System,
    key: str,
    title: str,
    kind: str,
    columns: Columns | None = None,
    origin: str = SourceOrigin.PUSHED,
    location: Mapping[str, Any] | None = None,
    secret: str = "",
    actor: Actor,
) -> Source:
    """Declare a stream of outputs: where it is and what its columns mean.

    `columns` names the columns of each role: `occurred_at` cuts windows, `model_version` tells
    versions apart, `observed_at` says when a label was known.
    """
    require(actor, "audits.plan", [system])
    if kind not in SourceKind.values:
        raise Invalid(f"A source is one of {', '.join(SourceKind.values)}, not {kind!r}.")
    source = Source(
        system=system,
        key=key,
        title=title,
        kind=kind,
        columns=plain_columns(columns or {}),
        origin=origin,
        location=location_as_stored(parse_location(origin, location or {})),
    )
    check_secret(origin, secret)
    source.secret = seal(secret, source.pk)
    try:
        source.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            source.save(force_insert=True)
    except ValidationError as problem:
        name, sentences = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentences[0]}") from None
    except IntegrityError:
        raise Conflict(f"The system {system.key} already has a source {key!r}.") from None
    _record("audits.source_created", source, actor, kind=kind, origin=origin)
    return source


@transaction.atomic
def change_source(
    *,
    source: Source,
    actor: Actor,
    title: str | None = None,
    columns: Columns | None = None,
    location: Mapping[str, Any] | None = None,
    secret: str | None = None,
) -> Source:
    """Change what a source says of itself; a secret not given stays as it is."""
    require(actor, "audits.plan", [source.system])
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    changed = []
    if title is not None and title != source.title:
        source.title = title
        changed.append("title")
    if columns is not None:
        source.columns = plain_columns(columns)
        changed.append("columns")
    if location is not None:
        source.location = location_as_stored(parse_location(source.origin, location))
        changed.append("location")
    if secret is not None:
        check_secret(source.origin, secret)
        source.secret = seal(secret, source.pk)
        changed.append("secret")
    if not changed:
        return source
    source.checked_at, source.problem = None, ""
    try:
        source.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as problem:
        name, sentences = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentences[0]}") from None
    source.save()
    _record("audits.source_changed", source, actor, changed=changed)
    return source


def check_source(*, source: Source, actor: Actor) -> SourceCheck:
    """Look at a source: its tables, columns, rows and times; keep when, and what was wrong."""
    require(actor, "audits.plan", [source.system])
    try:
        found = look_at(source)
    except Invalid as problem:
        found = SourceCheck(problem=problem.sentence)
    with transaction.atomic():
        now = database_now()
        Source.objects.filter(pk=source.pk).update(checked_at=now, problem=found.problem)
        _record("audits.source_checked", source, actor, rows=found.rows, usable=not found.problem)
    source.checked_at, source.problem = now, found.problem
    return found


def plain_columns(columns: Columns) -> dict[str, list[str]]:
    """Return roles with the names of their columns as lists; unknown roles are refused."""
    from methods.kinds import ROLES

    for role in columns:
        if role not in ROLES:
            raise Invalid(f"{role!r} is no role: a column is one of {', '.join(ROLES)}.")
    return {
        role: [names] if isinstance(names, str) else [str(name) for name in names]
        for role, names in columns.items()
        if names
    }


def _record(verb: str, source: Source, actor: Actor, **facts: Any) -> None:
    record_entry(
        verb=verb,
        object_type="source",
        object_id=str(source.pk),
        actor=actor,
        facts={"system": source.system.key, "key": source.key, **facts},
    )
