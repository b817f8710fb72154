"""AuthZEN Authorization API 1.0: may this subject's data be personalised for this resource."""

from __future__ import annotations

from typing import Any

import msgspec

from consent.decision import doors
from consent.decision.precedence import UNAVAILABLE, Decision
from consent.slowpath import asking
from consent.slowpath.asking import BadContext, Context, Keys, View
from consent.slowpath.callers import Refused
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.http import Answer, Request

SINGLE = "/access/v1/evaluation"
BATCH = "/access/v1/evaluations"
CONFIGURATION = "/.well-known/authzen-configuration"
MOST_EVALUATIONS = 1_000
SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")


class Malformed(Exception):
    """The request does not have the standard's shape; the text says where."""


class _Question(msgspec.Struct, frozen=True):
    subject: str
    action: str
    kind: str
    key: str
    context: Context


def _member(source: dict[str, Any], name: str, needs: tuple[str, ...]) -> dict[str, str]:
    value = source.get(name)
    if not isinstance(value, dict):
        raise Malformed(f"{name} must be an object.")
    for part in needs:
        if not isinstance(value.get(part), str) or not value[part]:
            raise Malformed(f"{name}.{part} must be a non-empty text.")
    return value


def _question(source: dict[str, Any], *, header_gpc: bool) -> _Question:
    subject = _member(source, "subject", ("type", "id"))
    action = _member(source, "action", ("name",))
    resource = _member(source, "resource", ("type", "id"))
    context = source.get("context", {})
    if not isinstance(context, dict):
        raise Malformed("context must be an object.")
    read = asking.read_context({**context, "targetingKey": subject["id"]}, header_gpc=header_gpc)
    # Only a `user` has choices; any other kind of subject is answered as nobody may.
    kind = resource["type"] if subject["type"] == "user" else "other"
    return _Question(subject["id"], action["name"], kind, resource["id"], read)


def _body(request: Request) -> dict[str, Any]:
    if not request.is_json:
        raise Malformed("Send a JSON body with Content-Type application/json.")
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Malformed("The body must be an object.")
    return body


def _decide(view: View, question: _Question) -> dict[str, Any]:
    known: dict[str, Any] = {}
    decide = None
    if question.kind == "purpose" and view.caller.sees_purpose(question.key):
        known, decide = dict(view.catalogue.purposes), view.purpose
    elif question.kind == "system" and view.caller.sees_system(question.key):
        known, decide = dict(view.catalogue.systems), view.system
    if decide is None or question.key not in known or question.action != "personalize":
        return {"decision": False, "context": {"reason": "unknown_resource_or_action"}}
    decision: Decision = decide(question.key)
    return doors.authzen(decision, view.as_of)


def _answer_all(
    database: Database, keys: Keys, request: Request, questions: list[_Question]
) -> list[dict[str, Any]]:
    caller = asking.identify(database, keys, request)
    if caller.token and any(each.subject != caller.token.subject for each in questions):
        raise Refused(403, "This subject token is bound to another subject.")
    views = asking.look(
        database,
        keys,
        caller,
        [each.context for each in questions],
        systems=sorted({each.key for each in questions if each.kind == "system"}),
        purposes=sorted({each.key for each in questions if each.kind == "purpose"}),
    )
    return [_decide(view, each) for view, each in zip(views, questions, strict=True)]


def _refused(refusal: Refused) -> Answer:
    extra = (("WWW-Authenticate", 'Bearer realm="tactful"'),) if refusal.status == 401 else ()
    return Answer(refusal.status, {"error": refusal.sentence}, extra)


def evaluate(database: Database, keys: Keys, request: Request) -> Answer:
    """Answer one evaluation."""
    try:
        question = _question(_body(request), header_gpc=request.gpc)
        (answer,) = _answer_all(database, keys, request, [question])
    except (Malformed, BadContext) as error:
        return Answer(400, {"error": str(error)})
    except Refused as refusal:
        return _refused(refusal)
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


def evaluate_batch(database: Database, keys: Keys, request: Request) -> Answer:
    """Answer several evaluations; the top members are defaults of each."""
    questions: list[_Question] = []
    try:
        body = _body(request)
        listed = body.get("evaluations", [])
        options = body.get("options", {})
        if not isinstance(listed, list) or not isinstance(options, dict):
            raise Malformed("evaluations must be a list and options an object.")
        semantic = options.get("evaluations_semantic", "execute_all")
        if semantic not in SEMANTICS:
            raise Malformed(f"evaluations_semantic must be one of {', '.join(SEMANTICS)}.")
        if not listed:
            return evaluate(database, keys, request)
        if len(listed) > MOST_EVALUATIONS:
            raise Malformed(f"Ask {MOST_EVALUATIONS} evaluations at most.")
        if not all(isinstance(each, dict) for each in listed):
            raise Malformed("Each evaluation must be an object.")
        defaults: dict[str, Any] = {
            name: body[name]
            for name in ("subject", "action", "resource", "context")
            if name in body
        }
        questions = [_question({**defaults, **each}, header_gpc=request.gpc) for each in listed]
        answers = _answer_all(database, keys, request, questions)
    except (Malformed, BadContext) as error:
        return Answer(400, {"error": str(error)})
    except Refused as refusal:
        return _refused(refusal)
    except Unavailable:
        answers = [doors.authzen(UNAVAILABLE, "") for _ in questions]
    return Answer(200, {"evaluations": _cut(answers, semantic)})


def configuration(public_url: str) -> Answer:
    """The standard's description of where to ask."""
    base = public_url.rstrip("/")
    return Answer(
        200,
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": base + SINGLE,
            "access_evaluations_endpoint": base + BATCH,
        },
    )
