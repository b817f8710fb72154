"""A published document as strangers take it: fetched, checked offline, word by word."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from governance.ledger.keys import own_verifier_key
from incidents.models import Incident

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_post_mortem.py"


def bundle_of(incident: Incident) -> dict[str, Any]:
    address = reverse("published_post_mortem_json", args=[incident.reference])
    bundle: dict[str, Any] = Client().get(address).json()
    return bundle


def verified(bundle: dict[str, Any], folder: Path) -> tuple[int, str]:
    file = folder / "bundle.json"
    file.write_text(json.dumps(bundle), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, VERIFIER, file, "--key", own_verifier_key()],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stdout


def words_of(part: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every text in a document."""
    if isinstance(part, str):
        yield place
    elif isinstance(part, dict):
        for name, inner in part.items():
            yield from words_of(inner, (*place, name))
    elif isinstance(part, list):
        for at, inner in enumerate(part):
            yield from words_of(inner, (*place, at))
