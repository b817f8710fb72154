"""Takes an upload of (subject, value) into the vault, decoded in a child process of its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings

from audits.choices import VaultAct
from audits.models import VaultAttribute
from audits.sources.decoding import decode_in_child
from audits.sources.ingest import kind_of
from audits.vault.values import LOAD_ROWS, delete_values, store_values
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.registry.access import require

LARGEST_UPLOAD = 256 * 1024 * 1024


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
    kind_of(media_type)
    with tempfile.NamedTemporaryFile(prefix="tactful-vault-") as written:
        order = {
            "task": "intake.values",
            "data": str(data),
            "media_type": media_type,
            "target": written.name,
            "column": attribute.key,
            "pepper": settings.KEYS.subject_pepper.hex(),
        }
        decode_in_child("The file", order)
        return store_values(
            attribute=attribute,
            pairs=_pairs(Path(written.name)),
            replace=replace,
            why=why.strip(),
            actor=actor,
        )


def remove_values(*, attribute: VaultAttribute, why: str, actor: Actor) -> int:
    """Remove every value of an attribute that stays declared; return of how many people."""
    require(actor, "audits.vault")
    if not why.strip():
        raise Invalid("Say why the values are removed.")
    return delete_values(attribute=attribute, act=VaultAct.REMOVE, why=why.strip(), actor=actor)


def _pairs(file: Path) -> Iterator[tuple[list[str], list[str]]]:
    with file.open(encoding="utf-8") as lines:
        while part := [json.loads(line) for line in islice(lines, LOAD_ROWS)]:
            yield [one[0] for one in part], [one[1] for one in part]
