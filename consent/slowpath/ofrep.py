"""OFREP 0.3: purposes and systems as feature flags, one by one or all at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from consent.decision import doors
from consent.decision.facts import Catalogue
from consent.slowpath import asking
from consent.slowpath.asking import BadContext, Context, Keys, View
from consent.slowpath.callers import Caller, Refused, caller_by_token, presented_secret
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.http import Answer, NotJSON, Request, encode_json, parse_json
from consent.stream.capability import StreamDoor, event_streams, period_of

FlagName = tuple[str, str, bool]  # kind, key, asks for the version

SINGLE = "/ofrep/v1/evaluate/flags/"
BULK = "/ofrep/v1/evaluate/flags"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def _problem(status: int, key: str, code: str, sentence: str) -> Answer:
    body = {"errorCode": code, "errorDetails": sentence}
    return Answer(status, {"key": key, **body} if key else body)


def _context(request: Request) -> Context:
    try:
        body = parse_json(request)
    except NotJSON as error:
        raise BadContext("PARSE_ERROR", str(error)) from error
    return asking.read_context(body.get("context"), header_gpc=request.gpc)


def _bind(caller: Caller, context: Context) -> Context:
    """A browser asks about its own subject only."""
    if caller.token is None:
        return context
    if context.subject and context.subject != caller.token.subject:
        raise Refused(403, "This subject token is bound to another subject.")
    return replace(context, subject=caller.token.subject)


def split_key(key: str) -> FlagName | None:
    """Take a flag key apart: (purpose|system, key, asks for the version), None if neither."""
    kind, *rest = key.split(".")
    if kind not in ("purpose", "system") or not rest or not _KEY.fullmatch(rest[0]):
        return None
    if len(rest) == 1:
        return kind, rest[0], False
    return ("system", rest[0], True) if kind == "system" and rest[1:] == ["version"] else None


def _single_flag(view: View, kind: str, key: str, version: bool) -> dict[str, Any]:
    if kind == "purpose":
        return doors.purpose_flag(key, view.purpose(key), view.as_of)
    tell = doors.version_flag if version else doors.system_flag
    return tell(key, view.system(key), view.as_of)


def _unavailable_flag(kind: str, key: str, version: bool) -> dict[str, Any]:
    if kind == "purpose":
        return doors.purpose_flag(key, asking.UNAVAILABLE, "")
    tell = doors.version_flag if version else doors.system_flag
    return tell(key, asking.UNAVAILABLE, "")


def evaluate_one(database: Database, keys: Keys, request: Request, flag: str) -> Answer:
    """Answer one flag."""
    parts = split_key(flag)
    try:
        caller = asking.identify(database, keys, request)
        context = _bind(caller, _context(request))
        if parts is None:
            return _problem(404, flag, "FLAG_NOT_FOUND", f"There is no flag {flag}.")
        kind, key, _ = parts
        if kind == "purpose" and not context.subject:
            return _problem(
                400,
                flag,
                "TARGETING_KEY_MISSING",
                "A purpose is asked for a person: targetingKey.",
            )
        (view,) = asking.look(
            database,
            keys,
            caller,
            [context],
            systems=[key] if kind == "system" else [],
            purposes=[key] if kind == "purpose" else [],
        )
    except BadContext as error:
        return _problem(400, flag, error.code, error.sentence)
    except Refused as refusal:
        return Answer(refusal.status, {"errorDetails": refusal.sentence}, _challenge(refusal))
    except Unavailable:
        if parts is None:
            return _problem(404, flag, "FLAG_NOT_FOUND", f"There is no flag {flag}.")
        return Answer(200, _unavailable_flag(*parts))
    catalogue = view.catalogue
    exists = key in (catalogue.purposes if kind == "purpose" else catalogue.systems)
    if not exists or not _sees(caller, parts):
        return _problem(404, flag, "FLAG_NOT_FOUND", f"There is no flag {flag}.")
    return Answer(200, _single_flag(view, *parts))


def _challenge(refusal: Refused) -> tuple[tuple[str, str], ...]:
    return (("WWW-Authenticate", 'Bearer realm="tactful"'),) if refusal.status == 401 else ()


def etag_of(flags: list[dict[str, Any]], stream: StreamDoor | None) -> str:
    """Hash the evaluated answers; the freshness token alone changes nothing for the person.

    The period of the stream's address belongs to it: a client keeps an address with its answer,
    and gets a new one when the old ran out.
    """
    told = [
        {**flag, "metadata": {k: v for k, v in flag["metadata"].items() if k != "asOf"}}
        for flag in flags
    ]
    hashed = hashlib.sha256(encode_json(told) + period_of(stream).encode())
    return f'"{hashed.hexdigest()[:32]}"'


class KnownFlags:
    """The names of the flags last seen, so that all can be denied when nothing can be read."""

    def __init__(self) -> None:
        self._flags: tuple[FlagName, ...] = ()

    def remember(self, catalogue: Catalogue) -> None:
        self._flags = (
            *(("purpose", key, False) for key in catalogue.purposes),
            *(("system", key, version) for key in catalogue.systems for version in (False, True)),
        )

    def __iter__(self) -> Iterator[FlagName]:
        return iter(self._flags)


def _sees(caller: Caller, flag: FlagName) -> bool:
    kind, key, _ = flag
    return caller.sees_purpose(key) if kind == "purpose" else caller.sees_system(key)


def _all_denied(keys: Keys, request: Request, known: KnownFlags) -> Answer:
    """Deny every flag known by name to a browser; a key cannot be checked now, so it learns none.

    A browser keeps the flags of its last answer when it gets an error, grants included.
    """
    sentence = "Decisions are unavailable; treat every flag as off."
    secret = presented_secret(request)
    if secret.count(".") != 2 or not list(known):
        return Answer(503, {"errorDetails": sentence}, (("Retry-After", "1"),))
    caller = caller_by_token(request, secret, keys.token_key)
    told = [_unavailable_flag(*flag) for flag in known if _sees(caller, flag)]
    return Answer(200, {"flags": told}, (("ETag", etag_of(told, keys.stream)),))


def evaluate_all(database: Database, keys: Keys, request: Request, known: KnownFlags) -> Answer:
    """Answer every flag the caller may see, with an ETag over the evaluated answer."""
    try:
        caller = asking.identify(database, keys, request)
        context = _bind(caller, _context(request))
        (view,) = asking.look(database, keys, caller, [context], systems=None, purposes=None)
    except BadContext as error:
        return _problem(400, "", error.code, error.sentence)
    except Refused as refusal:
        return Answer(refusal.status, {"errorDetails": refusal.sentence}, _challenge(refusal))
    except Unavailable:
        return _all_denied(keys, request, known)
    known.remember(view.catalogue)
    flags = [
        _single_flag(view, *flag)
        for flag in known
        if _sees(caller, flag) and (flag[0] == "system" or context.subject)
    ]
    etag = etag_of(flags, keys.stream)
    # `flagConfigEtag` and `flagConfigLastModified` of a stream's event need no reading: each
    # answer is evaluated from what stands now.
    asked = [each.strip() for each in request.header("IF_NONE_MATCH").split(",")]
    if etag in asked or f"W/{etag}" in asked:
        return Answer(304, None, (("ETag", etag),))
    told: dict[str, Any] = {"flags": flags, "metadata": {"asOf": view.as_of}}
    if streams := event_streams(keys.stream, caller.token, context.subject):
        told["eventStreams"] = streams
    return Answer(200, told, (("ETag", etag),))
