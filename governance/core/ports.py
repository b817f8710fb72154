"""Ports: the few callbacks a room declares here and registers in its `AppConfig.ready`.

Everything else that crosses rooms is a signal, an event or a call downward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from django.apps import apps
from django.db import connection, transaction
from django.db.models import SET_NULL, ManyToOneRel

from governance.core.actors import Actor


class PersonalDataHolder(Protocol):
    """Whoever stores personal fields can hand them out and erase them.

    `person` is an actor reference ("user:<uuid>") or a subject pseudonym ("subject:<pseudonym>").
    """

    label: str
    models: frozenset[str]  # "app_label.ModelName" of the models it answers for

    def export(self, person: str) -> list[dict[str, Any]]: ...

    def erase(self, person: str) -> int: ...


class RetentionRule(Protocol):
    """How long the rows of one growing table stay. `apply` removes what is due, returns a count."""

    @property
    def model(self) -> str: ...  # "app_label.ModelName"

    @property
    def keep(self) -> timedelta | None: ...  # None: for ever, and `reason` says why

    @property
    def reason(self) -> str: ...

    def apply(self, now: datetime) -> int: ...


@dataclass(frozen=True)
class DeleteAfter:
    """Delete rows whose `column` is older than `keep`, a batch a statement.

    `only` is a further SQL condition written by the room, never by a user. Rows elsewhere that
    point here and may do without (SET_NULL) stay and point nowhere.
    """

    model: str
    keep: timedelta | None
    reason: str
    column: str = "created_at"
    only: str = "true"
    batch: int = 5_000

    def apply(self, now: datetime) -> int:
        if self.keep is None:
            return 0
        quote = connection.ops.quote_name
        table = quote(apps.get_model(self.model)._meta.db_table)
        pointers, removed = self._pointing_here(), 0
        due = f"SELECT ctid FROM {table} WHERE {quote(self.column)} < %s AND ({self.only})"
        # Both statements have to mean the same rows.
        due += " ORDER BY ctid LIMIT %s" if pointers else " LIMIT %s"
        given = (now - self.keep, self.batch)
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                for pointing, column, pointed in pointers:
                    cursor.execute(
                        f"UPDATE {quote(pointing)} SET {quote(column)} = NULL "
                        f"WHERE {quote(column)} IN (SELECT {quote(pointed)} FROM {table} "
                        f"WHERE ctid = ANY(ARRAY({due})))",
                        given,
                    )
                cursor.execute(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({due}))", given)
                gone = int(cursor.rowcount)
            removed += gone
            if gone < self.batch:
                return removed

    def _pointing_here(self) -> list[tuple[str, str, str]]:
        """Table, column and the column pointed to, of what may do without these rows."""
        return [
            (one.related_model._meta.db_table, one.field.column, str(one.target_field.column))
            for one in apps.get_model(self.model)._meta.get_fields(include_hidden=True)
            if isinstance(one, ManyToOneRel) and one.on_delete is SET_NULL
        ]


@dataclass(frozen=True)
class KeepForever:
    """The rows stay; `reason` says why."""

    model: str
    reason: str
    keep: timedelta | None = None

    def apply(self, now: datetime) -> int:
        return 0


@dataclass(frozen=True)
class AgendaItem:
    """One thing that waits for the one who looks."""

    title: str
    url: str
    reason: str
    due: date | datetime | None = None
    system_key: str | None = None


class AgendaSource(Protocol):
    label: str

    def items(self, actor: Actor) -> Sequence[AgendaItem]: ...


@dataclass(frozen=True)
class SearchHit:
    """One object found by the search field of the frame."""

    title: str
    url: str
    kind: str
    excerpt: str = ""


class SearchSource(Protocol):
    label: str

    def search(self, actor: Actor, query: str, limit: int) -> Sequence[SearchHit]: ...


_holders: dict[str, PersonalDataHolder] = {}
_retention: dict[str, RetentionRule] = {}
_agenda: dict[str, AgendaSource] = {}
_search: dict[str, SearchSource] = {}


def register_personal_data_holder(holder: PersonalDataHolder) -> None:
    _holders[holder.label] = holder


def registered_personal_data_holders() -> list[PersonalDataHolder]:
    return list(_holders.values())


def register_retention_rule(rule: RetentionRule) -> None:
    _retention[rule.model] = rule


def registered_retention_rules() -> list[RetentionRule]:
    return list(_retention.values())


def register_agenda_source(source: AgendaSource) -> None:
    _agenda[source.label] = source


def registered_agenda_sources() -> list[AgendaSource]:
    return list(_agenda.values())


def register_search_source(source: SearchSource) -> None:
    _search[source.label] = source


def registered_search_sources() -> list[SearchSource]:
    return list(_search.values())
