"""Attaches columns to the rows of an opened input by person, inside its engine and memory only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import ibis

PERSON = "attached_person"


def people_of(table: ibis.Table, subject: str, at_most: int) -> list[str]:
    """Return the distinct people of a table, one more than `at_most` when there are more."""
    column = table[subject].cast("string")
    listed = table.select(person=column).distinct().filter(lambda each: each.person.notnull())
    people: list[str] = listed.limit(at_most + 1).to_pyarrow()["person"].to_pylist()
    return people


def attach_columns(
    table: ibis.Table,
    subject: str,
    people: Sequence[str],
    columns: Mapping[str, Sequence[str | None]],
) -> ibis.Table:
    """Return the table with each column's value of the row's person, NULL where there is none."""
    import pyarrow as pa

    values = {name: pa.array(column, pa.string()) for name, column in columns.items()}
    held = pa.table({PERSON: pa.array(people, pa.string()), **values})
    backend = table.get_backend()
    name = f"attached_{uuid4().hex}"
    backend.con.register(name, held)
    attached = backend.table(name)
    return table.left_join(attached, table[subject].cast("string") == attached[PERSON]).drop(PERSON)
