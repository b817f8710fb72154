"""One question to PostgreSQL answered: caller, registry and person in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from consent.decision.facts import ANONYMOUS, Catalogue, Circumstances, PersonFacts
from consent.decision.precedence import (
    UNAVAILABLE,
    Decision,
    decide_purpose,
    decide_system,
)
from consent.identity import pseudonym_of
from consent.slowpath import reading
from consent.slowpath.callers import (
    Caller,
    caller_by_key,
    caller_by_token,
    presented_secret,
)
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.freshness import decode_as_of, encode_as_of
from consent.slowpath.http import Request
from consent.stream.capability import StreamDoor
from consent.tokens import VerifyingKeys


class BadContext(Exception):
    """The context has a member of the wrong kind; `code` is OFREP's word for it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets a decision needs."""

    subject_pepper: bytes
    fingerprint_key: bytes
    token_key: VerifyingKeys
    stream: StreamDoor | None = None
    former_peppers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """The evaluation context, read and typed."""

    subject: str = ""
    region: str = ""
    gpc: bool = False
    surface: str = ""
    as_of: str = ""


def _text(context: dict[str, Any], name: str, longest: int) -> str:
    value = context.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise BadContext("INVALID_CONTEXT", f"{name} must be a text of {longest} signs at most.")
    return value


def read_context(context: Any, *, header_gpc: bool) -> Context:
    """Read an evaluation context; unknown members are ignored, wrong kinds refused."""
    if context is None:
        context = {}
    if not isinstance(context, dict):
        raise BadContext("INVALID_CONTEXT", "context must be an object.")
    gpc = context.get("gpc", False)
    if gpc not in (True, False, None, 0, 1, "1", "true", "false", "0", ""):
        raise BadContext("INVALID_CONTEXT", "gpc must be true or false.")
    as_of = _text(context, "asOf", 64)
    if as_of and decode_as_of(as_of) is None:
        raise BadContext("INVALID_CONTEXT", "asOf is not a token of this service.")
    return Context(
        subject=_text(context, "targetingKey", 1024),
        region=_text(context, "region", 10),
        gpc=header_gpc or gpc in (True, 1, "1", "true"),
        surface=_text(context, "surface", 63),
        as_of=as_of,
    )


@dataclass(frozen=True, slots=True)
class View:
    """What was read for one question: enough to decide every flag asked about."""

    caller: Caller
    catalogue: Catalogue
    person: PersonFacts
    circumstances: Circumstances
    as_of: str

    def purpose(self, key: str) -> Decision:
        return decide_purpose(self.catalogue, key, self.person, self.circumstances)

    def system(self, key: str) -> Decision:
        return decide_system(self.catalogue, key, self.person, self.circumstances)

    def on(self, context: Context) -> View:
        """The same facts seen from another region, surface or signal."""
        moment = replace(
            self.circumstances,
            region=context.region,
            gpc=context.gpc,
            surface=context.surface,
        )
        return replace(self, circumstances=moment)


Ask = Callable[[reading.Cursor], View]


def identify(database: Database, keys: Keys, request: Request) -> Caller:
    """Return the caller; a subject token is told by its three parts and needs no database."""
    secret = presented_secret(request)
    if secret.count(".") == 2:
        return caller_by_token(request, secret, keys.token_key)
    return database.read(lambda cursor: caller_by_key(cursor, secret))


def look(
    database: Database,
    keys: Keys,
    caller: Caller,
    contexts: Sequence[Context],
    *,
    systems: Sequence[str] | None,
    purposes: Sequence[str] | None,
) -> list[View]:
    """Read what the contexts need, in one catalogue and one look at their people."""

    def ask(cursor: reading.Cursor) -> list[View]:
        # The newest transaction everybody has seen is read first: what follows is as fresh.
        as_of = encode_as_of(reading.read_as_of(cursor))
        for token in {context.as_of for context in contexts} - {""}:
            transaction = decode_as_of(token)
            if transaction is None or not reading.has_seen(cursor, transaction):
                raise Unavailable  # a later transaction than this database knows
        catalogue, now = reading.read_catalogue(cursor, systems=systems, purposes=purposes)
        names = {
            context.subject: pseudonym_of(keys.subject_pepper, context.subject)
            for context in contexts
            if context.subject
        }
        people: dict[str, PersonFacts] = {}
        if names:
            facts = reading.read_people(
                cursor,
                list(names.values()),
                fingerprint_key=keys.fingerprint_key,
                purposes=list(catalogue.purposes),
                former=[
                    [pseudonym_of(pepper, subject) for subject in names]
                    for pepper in keys.former_peppers
                ],
            )
            people = dict(zip(names, facts, strict=True))
        return [
            View(
                caller=caller,
                catalogue=catalogue,
                person=people.get(context.subject, ANONYMOUS),
                circumstances=Circumstances(
                    now=now,
                    region=context.region,
                    gpc=context.gpc,
                    surface=context.surface,
                ),
                as_of=as_of,
            )
            for context in contexts
        ]

    return database.read(ask)


__all__ = ["UNAVAILABLE", "BadContext", "Context", "Keys", "View", "identify", "look"]
