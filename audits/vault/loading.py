"""Takes an upload of (subject, value) into the vault; subjects become pseudonyms on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.choices import VaultAct
from audits.intake.decoding import decoded, kind_of
from audits.models import VaultAttribute
from audits.subjects import pseudonym
from audits.vault.values import LOAD_ROWS, delete_values, store_values
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.registry.access import require

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_VALUE = 200
LARGEST_UPLOAD = 256 * 1024 * 1024
MOST_VALUES = 100  # an attribute of groups; a column of names or dates is something else


def load_values(
    *,
    attribute: VaultAttribute,
    data: Path,
    media_type: str,
    replace: bool,
    why: str,
    actor: Actor,
) -> int:
    """Store a file's values of an attribute; return how many people have one afterwards.

    Raises `Invalid` with one sentence when the file cannot be read; then nothing has changed.
    """
    require(actor, "audits.vault")
    if attribute.retired_at is not None or attribute.expires_at <= database_now():
        raise Conflict(f"The attribute {attribute.key} takes no values: its time has ended.")
    if not why.strip():
        raise Invalid("Say where these values come from and why they are loaded.")
    if data.stat().st_size > LARGEST_UPLOAD:
        raise Invalid("The file is larger than 256 MB: send it in parts.")
    pairs = list(_pairs(attribute, data, media_type))
    seen: set[str] = set()
    kinds: set[str] = set()
    for subjects, values in pairs:
        if twice := next((one for one in subjects if one in seen), None):
            raise Invalid(
                f"A subject comes twice in the file (its pseudonym begins with {twice[:8]})."
            )
        seen.update(subjects)
        kinds.update(values)
    if not seen:
        raise Invalid("The file holds no value.")
    if len(kinds) > MOST_VALUES:
        raise Invalid(
            f"The file has {len(kinds):,} different values; an attribute has {MOST_VALUES} at "
            "most: group them first (ages into bands, places into regions)."
        )
    return store_values(
        attribute=attribute, pairs=pairs, replace=replace, why=why.strip(), actor=actor
    )


def remove_values(*, attribute: VaultAttribute, why: str, actor: Actor) -> int:
    """Remove every value of an attribute that stays declared; return of how many people."""
    require(actor, "audits.vault")
    if not why.strip():
        raise Invalid("Say why the values are removed.")
    return delete_values(attribute=attribute, act=VaultAct.REMOVE, why=why.strip(), actor=actor)


def _pairs(
    attribute: VaultAttribute, data: Path, media_type: str
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield pseudonyms and values, part by part; rows without a value are left out."""
    for subjects, values in _texts(attribute, data, media_type):
        names, kept = [], []
        for number, (subject, value) in enumerate(zip(subjects, values, strict=True)):
            text = (value or "").strip()
            if not text:
                continue
            if not subject:
                raise Invalid(f"Row {number + 1} of the file has a value but no subject.")
            if len(text) > LONGEST_VALUE:
                raise Invalid(f"A value has more than {LONGEST_VALUE} signs.")
            names.append(pseudonym(subject))
            kept.append(text)
        if len(set(names)) != len(names):
            raise Invalid("A subject comes twice in the file.")
        yield names, kept


def _texts(
    attribute: VaultAttribute, data: Path, media_type: str
) -> Iterator[tuple[list[Any], list[Any]]]:
    import pyarrow as pa

    for batch in decoded(data, kind_of(media_type)):
        names = batch.schema.names
        value = "value" if "value" in names else attribute.key
        if "subject" not in names or value not in names:
            raise Invalid(
                f"The file must have the columns subject and value, found were {', '.join(names)}."
            )
        for part in _parts(batch.select(["subject", value])):
            try:
                yield tuple(_as_text(column) for column in part.columns)  # type: ignore[misc]
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                raise Invalid("Subjects and values are texts, numbers or yes and no.") from None


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, LOAD_ROWS):
        yield batch.slice(start, LOAD_ROWS)


def _as_text(column: pa.Array) -> list[str | None]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts
