"""OFREP and AuthZEN told from the shared table. None wherever the slow path has to answer.

The bodies are the slow path's, byte for byte, but for the freshness token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from consent.fastpath import questions
from consent.fastpath.memo import PLACE, Flag, Rendered
from consent.fastpath.people import People
from consent.fastpath.view import KnownCaller, Person, View
from consent.slowpath import authzen, ofrep
from consent.slowpath.http import encode_json
from consent.slowpath.ofrep import etag_of
from consent.stream.capability import StreamDoor, event_streams, period_of

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Told = tuple[str, Headers, bytes]  # status, headers, body
#: Answers a body, or gives None where the slow path has to.
Door = Callable[[View, KnownCaller, bytes, Environ], Told | None]

#: Of one set of systems; beyond it they are made anew.
MOST_BULKS = 2_000
OK, NOT_MODIFIED = "200 OK", "304 Not Modified"
_ALWAYS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_JSON = ("Content-Type", "application/json")


def header_gpc(environ: Environ) -> bool:
    """Global Privacy Control: a value of exactly `1` in any of several headers."""
    given = environ.get("HTTP_SEC_GPC")
    return given is not None and "1" in [each.strip() for each in given.split(",")]


def _name(environ: Environ) -> Headers:
    """The caller's own name of the request, where it may be a header."""
    given = environ.get("HTTP_X_REQUEST_ID")
    if not given or any(sign < " " or sign == "\x7f" for sign in given):
        return []
    return [("X-Request-ID", given)]


def tell(body: bytes, environ: Environ, *more: tuple[str, str]) -> Told:
    """A JSON answer with the doors' headers in the slow path's order."""
    length = ("Content-Length", str(len(body)))
    return OK, [*_ALWAYS, _JSON, length, *_name(environ), *more], body


class RenderedAll(Rendered):
    """A bulk answer; its tag changes with the period of the stream's address."""

    __slots__ = ("_etags",)

    def __init__(self, flags: list[dict[str, Any]]) -> None:
        super().__init__({"flags": flags, "metadata": {"asOf": PLACE}})
        self._etags: dict[str, str] = {}

    def etag(self, stream: StreamDoor | None) -> str:
        period = period_of(stream)
        found = self._etags.get(period)
        if found is None:
            found = etag_of(self.told["flags"], stream)
            self._etags = {period: found}
        return found


class Standards:
    """The doors of both standards over one table."""

    def __init__(self, people: People, stream: StreamDoor | None) -> None:
        self.people = people
        self.stream = stream

    def routes(self, view: View) -> dict[str, Door]:
        """Return the door behind each path of this epoch."""
        every: dict[str, Door] = {
            f"{ofrep.SINGLE}{name}": partial(self.one, flag) for name, flag in view.flags.items()
        }
        every[ofrep.BULK] = every[f"{ofrep.BULK}/"] = self.all
        every[authzen.SINGLE] = self.evaluation
        every[authzen.BATCH] = self.evaluations
        return every

    def one(
        self, flag: Flag, view: View, caller: KnownCaller, body: bytes, environ: Environ
    ) -> Told | None:
        """OFREP, one flag."""
        context = questions.read_flag_question(body).context
        subject = context.targetingKey
        if not caller.sees(flag) or (not subject and flag.kind == "purpose"):
            return None
        people = self.people
        as_of = people.as_of(context.asOf)
        person = people.find(view, subject)
        if as_of is None or person is None:
            return None
        gpc = context.gpc or ("HTTP_SEC_GPC" in environ and header_gpc(environ))
        told = people.tell(view, flag, person, context.region, gpc, context.surface)
        if told is None:
            return None
        headers = told.headers
        if "HTTP_X_REQUEST_ID" in environ:
            headers = [*headers, *_name(environ)]
        return OK, headers, as_of.join(told.parts)

    def all(self, view: View, caller: KnownCaller, body: bytes, environ: Environ) -> Told | None:
        """OFREP, every flag the caller may see; 304 where the caller holds this very answer."""
        context = questions.read_flag_question(body).context
        as_of = self.people.as_of(context.asOf)
        person = self.people.find(view, context.targetingKey)
        if as_of is None or person is None:
            return None
        told = self._all(view, caller, context, person, context.gpc or header_gpc(environ))
        if told is None:
            return None
        etag = told.etag(self.stream)
        asked = [each.strip() for each in environ.get("HTTP_IF_NONE_MATCH", "").split(",")]
        if etag in asked or f"W/{etag}" in asked:
            return NOT_MODIFIED, [*_ALWAYS, *_name(environ), ("ETag", etag)], b""
        text = as_of.join(told.parts)
        if streams := event_streams(self.stream, None, context.targetingKey):
            text = b'%b,"eventStreams":%b}' % (text[:-1], encode_json(streams))
        return tell(text, environ, ("ETag", etag))

    def _all(
        self,
        view: View,
        caller: KnownCaller,
        context: questions.Context,
        person: Person,
        gpc: bool,
    ) -> RenderedAll | None:
        surface = context.surface if context.surface in view.surfaces else ""
        named = bool(context.targetingKey)
        kept = view.bulks.setdefault(caller.systems, {})
        key = (person.word, tuple(person.codes), context.region, gpc, surface, named)
        told = kept.get(key)
        if told is None:
            every = [
                self.people.tell(view, flag, person, context.region, gpc, surface)
                for flag in view.flags.values()
                if caller.sees(flag) and (named or flag.kind == "system")
            ]
            flags = [each.told for each in every if each is not None]
            if len(flags) < len(every):
                return None
            if len(kept) >= MOST_BULKS:
                kept.clear()
            told = kept[key] = RenderedAll(flags)
        return told

    def evaluation(
        self, view: View, caller: KnownCaller, body: bytes, environ: Environ
    ) -> Told | None:
        """AuthZEN, one evaluation."""
        asked = questions.read_evaluation(body)
        as_of = self.people.as_of(asked.context.asOf)
        told = self._evaluate(view, caller, asked, environ, {})
        if as_of is None or told is None:
            return None
        headers = told.headers
        if "HTTP_X_REQUEST_ID" in environ:
            headers = [*headers, *_name(environ)]
        return OK, headers, as_of.join(told.parts)

    def _evaluate(
        self,
        view: View,
        caller: KnownCaller,
        asked: questions.Evaluation,
        environ: Environ,
        known: dict[str, Person | None],
    ) -> Rendered | None:
        subject, resource, context = asked.subject, asked.resource, asked.context
        flag = view.evaluations.get((resource.type, resource.id))
        if flag is None or subject.type != "user" or asked.action.name != authzen.PERSONALIZE:
            return None
        if not caller.sees(flag):
            return None
        person = known.get(subject.id)
        if person is None:
            person = known[subject.id] = self.people.find(view, subject.id)
            if person is None:
                return None
        gpc = context.gpc or ("HTTP_SEC_GPC" in environ and header_gpc(environ))
        return self.people.tell(view, flag, person, context.region, gpc, context.surface)

    def evaluations(
        self, view: View, caller: KnownCaller, body: bytes, environ: Environ
    ) -> Told | None:
        """AuthZEN, several evaluations in order."""
        asked = questions.read_evaluations(body)
        semantic = asked.options.evaluations_semantic
        if semantic not in authzen.SEMANTICS:
            return None
        each_asked = questions.with_defaults(asked)
        tokens = {each.context.asOf for each in each_asked}
        as_of = self.people.as_of("")
        if as_of is None or any(self.people.as_of(each) is None for each in tokens):
            return None
        stop = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(semantic)
        known: dict[str, Person | None] = {}
        told: list[bytes] = []
        for one in each_asked:
            rendered = self._evaluate(view, caller, one, environ, known)
            if rendered is None:
                return None
            told.append(as_of.join(rendered.parts))
            if rendered.told["decision"] is stop:
                break
        return tell(b'{"evaluations":[%b]}' % b",".join(told), environ)
