"""AuthZEN searches: which resources or actions a person is open to. People are not searched.

Tactful knows people by keyed pseudonyms and keeps no external id, so a list of who consented
cannot be given: that question is refused, and the configuration does not offer it. Whoever has
a list of their own ids filters it at `/api/v1/consent/audience`.
"""

from __future__ import annotations

from typing import Any

from consent.slowpath import asking
from consent.slowpath.asking import BadContext, Keys
from consent.slowpath.authzen import (
    KEY,
    NEEDS,
    PERSONALIZE,
    Malformed,
    Question,
    bad_request,
    decide,
    identify,
    read_circumstances,
    read_entity,
    refused,
)
from consent.slowpath.callers import Refused
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.http import Answer, NotJSON, Request, parse_json

RESOURCE_TYPES = ("purpose", "system")
NO_LIST_OF_PEOPLE = (
    "People are kept under pseudonyms, so nobody can list who may be personalised for: filter your"
    " own list of ids at /api/v1/consent/audience."
)


def _results(found: list[dict[str, Any]]) -> Answer:
    """All results at once: there are never more than the caller's purposes and systems."""
    return Answer(200, {"results": found})


def _check_page(body: dict[str, Any]) -> None:
    if not isinstance(body.get("page", {}), dict):
        raise Malformed("page must be an object.")


def _search(
    database: Database,
    keys: Keys,
    request: Request,
    *,
    kind: str,
    only: str | None,
    action: str,
    body: dict[str, Any],
) -> list[str]:
    """Return the keys of the resources of one kind that the person's data may be used for."""
    subject = read_entity(body, "subject", NEEDS["subject"])
    context = read_circumstances(body, subject["id"], header_gpc=request.gpc)
    caller = identify(database, keys, request, [subject["id"]])
    if kind not in RESOURCE_TYPES or subject["type"] != "user" or action != PERSONALIZE:
        return []
    if only is not None and not KEY.fullmatch(only):
        return []
    asked = None if only is None else [only]
    (view,) = asking.look(
        database,
        keys,
        caller,
        [context],
        systems=asked if kind == "system" else [],
        purposes=asked if kind == "purpose" else [],
    )
    known = view.catalogue.purposes if kind == "purpose" else view.catalogue.systems
    return [
        key
        for key in sorted(known)
        if decide(view, Question(subject["id"], action, kind, key, context))["decision"]
    ]


def _told(error: Exception) -> Answer:
    if isinstance(error, Refused):
        return refused(error)
    if isinstance(error, Unavailable):
        return _results([])  # nothing can be known now, so nothing is open
    return bad_request(error)


def search_resources(database: Database, keys: Keys, request: Request) -> Answer:
    """Which purposes, or which systems, may personalise for this person."""
    try:
        body = parse_json(request)
        _check_page(body)
        action = read_entity(body, "action", NEEDS["action"])["name"]
        kind = read_entity(body, "resource", ("type",))["type"]
        found = _search(database, keys, request, kind=kind, only=None, action=action, body=body)
    except (NotJSON, Malformed, BadContext, Refused, Unavailable) as error:
        return _told(error)
    return _results([{"type": kind, "id": key} for key in found])


def search_actions(database: Database, keys: Keys, request: Request) -> Answer:
    """Which actions are open for this person and resource: there is one, `personalize`."""
    try:
        body = parse_json(request)
        _check_page(body)
        resource = read_entity(body, "resource", NEEDS["resource"])
        found = _search(
            database,
            keys,
            request,
            kind=resource["type"],
            only=resource["id"],
            action=PERSONALIZE,
            body=body,
        )
    except (NotJSON, Malformed, BadContext, Refused, Unavailable) as error:
        return _told(error)
    return _results([{"name": PERSONALIZE}] if resource["id"] in found else [])


def search_subjects(database: Database, keys: Keys, request: Request) -> Answer:
    """Refused for people; a kind of subject that is never decided for has nobody to list."""
    try:
        body = parse_json(request)
        _check_page(body)
        kind = read_entity(body, "subject", ("type",))["type"]
        read_entity(body, "action", NEEDS["action"])
        read_entity(body, "resource", NEEDS["resource"])
        asking.identify(database, keys, request)
    except (NotJSON, Malformed, Refused) as error:
        return _told(error)
    except Unavailable as error:
        return _told(error)
    return Answer(403, NO_LIST_OF_PEOPLE) if kind == "user" else _results([])
