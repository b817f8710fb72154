"""AuthZEN Authorization API 1.0: may this subject's data be personalised for this resource.

Evaluation, evaluations and the configuration; the three searches stand in `authzen_search`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from consent.decision import doors
from consent.decision.precedence import UNAVAILABLE, Decision
from consent.slowpath import asking
from consent.slowpath.asking import BadContext, Context, Keys, View
from consent.slowpath.callers import Caller, Refused
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.http import Answer, NotJSON, Request, parse_json

SINGLE = "/access/v1/evaluation"
BATCH = "/access/v1/evaluations"
SEARCH_RESOURCE = "/access/v1/search/resource"
SEARCH_ACTION = "/access/v1/search/action"
SEARCH_SUBJECT = "/access/v1/search/subject"
CONFIGURATION = "/.well-known/authzen-configuration"
PERSONALIZE = "personalize"
MOST_EVALUATIONS = 1_000
SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")
#: The members of an entity that must be there; a batch takes absent ones from its defaults.
NEEDS = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Malformed(Exception):
    """The request does not have the standard's shape; the text says where."""


class Question(msgspec.Struct, frozen=True):
    """One evaluation, read and typed."""

    subject: str
    action: str
    kind: str
    key: str
    context: Context


def read_entity(source: dict[str, Any], name: str, needs: tuple[str, ...]) -> dict[str, Any]:
    """Return an entity with the members it needs, each a non-empty text."""
    value = source.get(name)
    if not isinstance(value, dict):
        raise Malformed(f"{name} must be an object.")
    for part in needs:
        if not isinstance(value.get(part), str) or not value[part]:
            raise Malformed(f"{name}.{part} must be a non-empty text.")
    if not isinstance(value.get("properties", {}), dict):
        raise Malformed(f"{name}.properties must be an object.")
    return value


def read_circumstances(source: dict[str, Any], subject: str, *, header_gpc: bool) -> Context:
    """Read the context member, which is optional, for one subject."""
    context = source.get("context", {})
    if not isinstance(context, dict):
        raise Malformed("context must be an object.")
    return asking.read_context({**context, "targetingKey": subject}, header_gpc=header_gpc)


def _question(source: dict[str, Any], *, header_gpc: bool) -> Question:
    subject, action, resource = (read_entity(source, name, NEEDS[name]) for name in NEEDS)
    context = read_circumstances(source, subject["id"], header_gpc=header_gpc)
    # Only a `user` has choices, and only keys name resources: anything else nobody may.
    known = subject["type"] == "user" and KEY.fullmatch(resource["id"])
    kind = resource["type"] if known else "other"
    return Question(subject["id"], action["name"], kind, resource["id"], context)


def decide(view: View, question: Question) -> dict[str, Any]:
    """Return the evaluation of one question on the facts read for it."""
    rule = None
    if question.kind == "purpose" and view.caller.sees_purpose(question.key):
        rule = view.purpose if question.key in view.catalogue.purposes else None
    elif question.kind == "system" and view.caller.sees_system(question.key):
        rule = view.system if question.key in view.catalogue.systems else None
    if rule is None or question.action != PERSONALIZE:
        return {"decision": False, "context": {"reason": "unknown_resource_or_action"}}
    decision: Decision = rule(question.key)
    return doors.authzen(decision, view.as_of)


def identify(database: Database, keys: Keys, request: Request, subjects: Sequence[str]) -> Caller:
    """Return the caller; a browser asks about its own subject only."""
    caller = asking.identify(database, keys, request)
    if caller.token and any(each != caller.token.subject for each in subjects):
        raise Refused(403, "This subject token is bound to another subject.")
    return caller


def _answer_all(
    database: Database, keys: Keys, caller: Caller, questions: list[Question]
) -> list[dict[str, Any]]:
    if not questions:
        return []
    views = asking.look(
        database,
        keys,
        caller,
        [each.context for each in questions],
        systems=sorted({each.key for each in questions if each.kind == "system"}),
        purposes=sorted({each.key for each in questions if each.kind == "purpose"}),
    )
    return [decide(view, each) for view, each in zip(views, questions, strict=True)]


def bad_request(error: Exception) -> Answer:
    """The standard's error body is one message, as a text."""
    return Answer(400, str(error))


def refused(refusal: Refused) -> Answer:
    """401 names how to authenticate; 403 does not."""
    extra = (("WWW-Authenticate", 'Bearer realm="tactful"'),) if refusal.status == 401 else ()
    return Answer(refusal.status, refusal.sentence, extra)


def evaluate(database: Database, keys: Keys, request: Request) -> Answer:
    """Answer one evaluation."""
    try:
        question = _question(parse_json(request), header_gpc=request.gpc)
        caller = identify(database, keys, request, [question.subject])
        (answer,) = _answer_all(database, keys, caller, [question])
    except (NotJSON, Malformed, BadContext) as error:
        return bad_request(error)
    except Refused as refusal:
        return refused(refusal)
    except Unavailable:
        return Answer(200, doors.authzen(UNAVAILABLE, ""))
    return Answer(200, answer)


def _cut(answers: list[dict[str, Any]], semantic: str) -> list[dict[str, Any]]:
    """Stop after the first deny or permit when the caller asked for that."""
    stop = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(semantic)
    for place, answer in enumerate(answers):
        if stop is not None and answer["decision"] is stop:
            return answers[: place + 1]
    return answers


def merge_defaults(defaults: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """An evaluation's own entity replaces the default, save for required members it lacks."""
    merged = {**defaults, **one}
    for name, needs in NEEDS.items():
        own, given = one.get(name), defaults.get(name)
        if isinstance(own, dict) and isinstance(given, dict):
            lacking = {part: given[part] for part in needs if part not in own and part in given}
            merged[name] = {**own, **lacking}
    return merged


def _read_batch(body: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the evaluations with their defaults, and the semantics asked for."""
    listed = body.get("evaluations", [])
    options = body.get("options", {})
    if not isinstance(listed, list) or not isinstance(options, dict):
        raise Malformed("evaluations must be a list and options an object.")
    semantic = options.get("evaluations_semantic", SEMANTICS[0])
    if semantic not in SEMANTICS:
        raise Malformed(f"evaluations_semantic must be one of {', '.join(SEMANTICS)}.")
    if len(listed) > MOST_EVALUATIONS:
        raise Malformed(f"Ask {MOST_EVALUATIONS} evaluations at most.")
    if not all(isinstance(each, dict) for each in listed):
        raise Malformed("Each evaluation must be an object.")
    defaults = {name: body[name] for name in (*NEEDS, "context") if name in body}
    for name, value in defaults.items():
        if not isinstance(value, dict):
            raise Malformed(f"{name} must be an object.")
    return [merge_defaults(defaults, each) for each in listed], semantic


def evaluate_batch(database: Database, keys: Keys, request: Request) -> Answer:
    """Answer several evaluations; one that is malformed is denied alone, as the standard asks."""
    places: dict[int, Question] = {}
    try:
        sources, semantic = _read_batch(parse_json(request))
        if not sources:
            return evaluate(database, keys, request)
        answers: list[dict[str, Any]] = []
        for place, source in enumerate(sources):
            try:
                places[place] = _question(source, header_gpc=request.gpc)
                answers.append(doors.authzen(UNAVAILABLE, ""))
            except (Malformed, BadContext) as error:
                told = {"error": {"status": 400, "message": str(error)}}
                answers.append({"decision": False, "context": told})
        caller = identify(database, keys, request, [each.subject for each in places.values()])
        decided = _answer_all(database, keys, caller, list(places.values()))
        for place, answer in zip(places, decided, strict=True):
            answers[place] = answer
    except (NotJSON, Malformed, BadContext) as error:
        return bad_request(error)
    except Refused as refusal:
        return refused(refusal)
    except Unavailable:
        pass  # every question keeps the answer it began with: nothing is known, so no
    return Answer(200, {"evaluations": _cut(answers, semantic)})


def configuration(public_url: str) -> Answer:
    """The standard's description of where to ask; what is not named is not offered."""
    base = public_url.rstrip("/")
    return Answer(
        200,
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": base + SINGLE,
            "access_evaluations_endpoint": base + BATCH,
            "search_resource_endpoint": base + SEARCH_RESOURCE,
            "search_action_endpoint": base + SEARCH_ACTION,
        },
    )
