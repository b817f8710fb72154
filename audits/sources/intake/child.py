"""What the limited child does for this part: look at a file, rename its columns, read values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audits.sources.ingest import kind_of
from audits.sources.intake.decoding import decoded
from audits.sources.intake.profile import profile_of
from audits.sources.intake.renaming import Renaming, rename_columns
from audits.sources.intake.values import write_values


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order and return what is to be told of it."""
    data, kind = Path(order["data"]), kind_of(order["media_type"])
    if order["task"] == "intake.look":
        return profile_of(decoded(data, kind)).as_plain()
    target = Path(order["target"])
    if order["task"] == "intake.values":
        pepper = bytes.fromhex(order["pepper"])
        return {"rows": write_values(decoded(data, kind), target, order["column"], pepper)}
    renaming = Renaming(json.loads(order["incoming"]), order["prefix"], order["moment"])
    return {"media_type": rename_columns(data, kind, target, renaming)}
