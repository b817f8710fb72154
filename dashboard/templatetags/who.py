"""Actors by name: `user:<uuid>` as the person is called, keys and the product in words.

Reads the names of people at most once a minute and process, so a long list costs no more.
"""

from __future__ import annotations

from django.core.cache import caches

from governance.people.models import User

_SECONDS = 60


def who(reference: object) -> str:
    """`{{ hold.placed_by|who }}`: a name for people; what is no reference stays as it is."""
    kind, _, name = str(reference or "").partition(":")
    match kind:
        case "user":
            return _names(name).get(name) or "a person who is no longer here"
        case "key":
            return f"API key tct_live_{name}"
        case "system":
            return f"the product ({name.replace('_', ' ')})"
    return str(reference or "")


def _names(wanted: str) -> dict[str, str]:
    process = caches["process"]
    names: dict[str, str] = process.get("names-of-people") or {}
    if wanted not in names:
        names = {str(pk): name or email for pk, name, email in _everyone()}
        process.set("names-of-people", names, _SECONDS)
    return names


def _everyone() -> list[tuple[object, str, str]]:
    return list(User.objects.values_list("pk", "name", "email"))
