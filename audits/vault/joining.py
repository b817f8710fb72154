"""Adds protected attributes from the vault to the rows of one run, inside the run's engine only.

Checks, logs and joins; what it joined is gone when the input is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from audits.choices import SourceOrigin
from audits.models import Run, VaultAttribute, VaultPermit
from audits.sources.attaching import attach_columns, people_of
from audits.sources.reading import OpenInput
from audits.subjects import pseudonym
from audits.vault.rules import why_not_usable
from audits.vault.values import read_values
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Invalid

ACTOR = SystemActor("audits")
LARGEST_JOIN = 5_000_000


def join_attributes(opened: OpenInput, run: Run) -> OpenInput:
    """Return the input with a column for each of the plan's vault attributes.

    People without a value have NULL there, which methods call the group `(missing)`.

    Raises
    ------
    Invalid : with one sentence, when an attribute may not be used or cannot be joined here
    """
    keys = list(dict.fromkeys(run.plan.vault_attributes))
    if not keys:
        return opened
    attributes = _usable_attributes(run, keys)
    table, subject = _joinable(opened, run, keys)
    people = _people(table, subject)
    held = people if _stored_under_pseudonyms(run) else [pseudonym(one) for one in people]
    found = read_values(
        attributes=attributes,
        subjects=held,
        run_id=run.pk,
        why=f"Plan {run.plan.key}, window from {run.window_start:%d %B %Y}, "
        f"asked by {run.requested_by}.",
        actor=ACTOR,
    )
    columns: dict[str, dict[str, str]] = {one.key: {} for one in attributes}
    names = {one.pk: one.key for one in attributes}
    for attribute_id, person, value in found:
        columns[names[attribute_id]][person] = value
    # The values are here only now that the access log has them.
    attached = {key: [values.get(one) for one in held] for key, values in columns.items()}
    joined = attach_columns(table, subject, people, attached)
    notes = tuple(_note(one, len(columns[one.key]), len(people)) for one in attributes)
    return replace(opened, table=joined, notes=(*opened.notes, *notes))


def _usable_attributes(run: Run, keys: Sequence[str]) -> list[VaultAttribute]:
    now = database_now()
    known = {one.key: one for one in VaultAttribute.objects.filter(key__in=keys)}
    permitted = set(
        VaultPermit.objects.filter(plan=run.plan, revoked_at=None).values_list(
            "attribute_id", flat=True
        )
    )
    for key in keys:
        attribute = known.get(key)
        if attribute is None:
            raise Invalid(f"The vault has no attribute {key!r}; the plan {run.plan.key} names it.")
        problem = why_not_usable(attribute, system_key=run.plan.system.key, now=now)
        if problem:
            raise Invalid(problem)
        if attribute.pk not in permitted:
            raise Invalid(
                f"Nobody has permitted the plan {run.plan.key} to join {key!r} from the vault: "
                "a privacy lead does so on the attribute's page."
            )
        if not attribute.subjects:
            raise Invalid(f"The vault holds no value of {key!r}: load some, then run again.")
    return [known[key] for key in keys]


def _joinable(opened: OpenInput, run: Run, keys: Sequence[str]) -> tuple[Any, str]:
    """The table and its column of people, or a refusal that says why no join is possible."""
    if opened.table is None:
        raise Invalid(
            "The plan's source is an aggregated cube, which has no people to join attributes to."
        )
    table = opened.table
    engine = table.get_backend().name
    if engine != "duckdb":
        raise Invalid(
            f"Attributes of the vault are not sent to {engine}: they would leave this process. "
            "Push the outputs, or name files or S3 objects as the source."
        )
    subject = next(iter(run.plan.columns.get("subject", [])), "subject")
    if subject not in table.columns:
        raise Invalid(
            f"The outputs have no column {subject!r} of people, so no attribute can be joined."
        )
    if there := [key for key in keys if key in table.columns]:
        raise Invalid(
            f"The outputs carry a column {there[0]!r} themselves: take it out of them or out of "
            "the plan's vault attributes."
        )
    return table, subject


def _stored_under_pseudonyms(run: Run) -> bool:
    source = run.plan.source
    return source is None or source.origin == SourceOrigin.PUSHED


def _people(table: Any, subject: str) -> list[str]:
    people = people_of(table, subject, LARGEST_JOIN)
    if len(people) > LARGEST_JOIN:
        raise Invalid(
            f"The window holds more than {LARGEST_JOIN:,} people: attributes of the vault are "
            "joined for fewer; choose shorter windows."
        )
    return people


def _note(attribute: VaultAttribute, known: int, people: int) -> str:
    share = 100 * known / people if people else 0.0
    return (
        f"{attribute.title} ({attribute.get_kind_display().lower()}) was joined from the attribute "
        f"vault; it is known of {share:.0f} % of the people in the window."
    )
