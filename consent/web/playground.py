"""The decision playground: what-if inputs on top of the registry as it is; nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pprint import pformat
from textwrap import indent
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consent.decision import doors
from consent.decision.expiry import expiry_of
from consent.decision.facts import (
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    PersonFacts,
    PurposeFacts,
)
from consent.decision.precedence import Decision, decide_purpose, decide_system, purposes_asked
from consent.decision.vocabulary import VALID_STATUSES, Outcome, Status
from consent.history import catalogue_at
from consent.selectors.notices import notices_for
from consent.slowpath import reading
from consent.web.decision_words import (
    OUTCOMES,
    REASONS,
    obligation_words,
    outcome_words,
    rule_lines,
)
from consent.web.playground_form import TOGGLE, PlaygroundForm
from governance.core.actors import Actor
from governance.core.errors import Invalid
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import PersonalizationType, Purpose
from governance.registry.selectors import find_system, surfaces_for, systems_for


def _read(key: str, at: datetime | None, actor: Actor) -> tuple[Catalogue, datetime]:
    """The registry now, with what is planned; for an earlier moment, as it stood then."""
    with connection.cursor() as cursor:
        catalogue, now = reading.read_catalogue(cursor, systems=[key], purposes=[])
    if at is None:
        return catalogue, now
    return (catalogue_at(find_system(key, actor), at) if at < now else catalogue), at


def _said(purpose: PurposeFacts, given: dict[str, Any]) -> str:
    """What the person said about a purpose: by its toggles, the strictest, else in general."""
    own = [given[TOGGLE + kind] for kind in purpose.types if given.get(TOGGLE + kind)]
    if not own:
        return str(given["choice"])
    no = [each for each in own if each not in (*VALID_STATUSES, "never")]
    said = (no or sorted(own, reverse=True))[0]
    return "" if said == "never" else str(said)


def _choice(
    purpose: PurposeFacts, given: dict[str, Any], moment: Circumstances
) -> ChoiceFacts | None:
    said = _said(purpose, given)
    if not said:
        return None
    decided = moment.now - timedelta(days=given["days_ago"] or 0)
    status = Status(said)
    return ChoiceFacts(
        status,
        1,
        decided,
        notice_version=given["notice"] or purpose.notice.current,
        gpc_at_choice=False,
        expires_at=expiry_of(purpose, moment.region, decided) if status in VALID_STATUSES else None,
    )


def _what_if(
    catalogue: Catalogue, key: str, given: dict[str, Any], moment: Circumstances
) -> tuple[Catalogue, PersonFacts]:
    """Put the form's hold onto the system and what the person said onto the purposes."""
    system = catalogue.systems[key]
    if given["hold"]:
        held = HoldFacts("what-if", Outcome(given["hold"]), "what-if")
        system = replace(system, holds=(*system.holds, held))
        catalogue = replace(catalogue, systems={**catalogue.systems, key: system})
    found = {each.key: _choice(each, given, moment) for each in catalogue.purposes.values()}
    person = PersonFacts(
        erased=given["erased"],
        restricted=given["restricted"],
        age_band=given["age"] or "unknown",
        choices={key: choice for key, choice in found.items() if choice is not None},
    )
    return catalogue, person


@dataclass(frozen=True)
class Case:
    """One what-if: the facts it stands on, and the decision."""

    key: str
    catalogue: Catalogue
    person: PersonFacts
    moment: Circumstances
    decision: Decision


def case_form(data: Mapping[str, Any] | None, actor: Actor) -> PlaygroundForm:
    """The inputs as this actor may choose them, filled in if there are any."""
    systems = [(each.key, each.title) for each in systems_for(actor)]
    return PlaygroundForm(
        data,
        systems=systems,
        surfaces=[(each.key, each.title) for each in surfaces_for(actor)],
        notices=[each.key for each in notices_for(actor) if each.is_published][:50],
        types=list(PersonalizationType.objects.all()),
        initial={"system": systems[0][0] if systems else ""},
    )


def decide_case(data: Mapping[str, Any], actor: Actor) -> Case:
    """Decide a what-if; a copied test asks here what the page asked."""
    form = case_form(data, actor)
    if not form.is_valid():
        raise Invalid(f"The case does not fit: {form.errors.as_text()}")
    given = form.cleaned_data
    key = given["system"]
    catalogue, now = _read(key, given["at"], actor)
    moment = Circumstances(
        now=now,
        region=given["region"].upper(),
        gpc=given["gpc"],
        surface=given["surface"],
    )
    catalogue, person = _what_if(catalogue, key, given, moment)
    return Case(key, catalogue, person, moment, decide_system(catalogue, key, person, moment))


_TEST = """\
import pytest

from consent.web.playground import decide_case
from governance.core.actors import SystemActor


@pytest.mark.django_db
def test_{name}() -> None:
    \"\"\"As the playground told it on {day}; the registry must be as it was then.\"\"\"
    case = decide_case(
{inputs},
        SystemActor("tests"),
    )
    assert case.decision.outcome == "{outcome}"
    assert case.decision.reason == "{reason}"
"""


def case_as_test(data: Mapping[str, Any], case: Case) -> str:
    """The shown case as a pytest test; of the inputs those that say something."""
    inputs = {name: str(value) for name, value in data.items() if value not in ("", None)}
    outcome, reason = str(case.decision.outcome), str(case.decision.reason)
    return _TEST.format(
        name=re.sub(r"\W+", "_", f"{case.key}_is_{outcome}_because_{reason}".lower()),
        day=case.moment.now.date().isoformat(),
        inputs=indent(pformat(inputs, width=88), " " * 8),
        outcome=outcome,
        reason=reason,
    )


def _purpose_rows(
    catalogue: Catalogue, key: str, person: PersonFacts, moment: Circumstances
) -> list[dict[str, Any]]:
    system = catalogue.systems[key]
    asked = purposes_asked(system, moment.surface)
    titles = dict(Purpose.objects.filter(key__in=asked).values_list("key", "title"))
    rows = []
    for each in asked:
        told = decide_purpose(catalogue, each, person, moment, on_pause=system.on_pause)
        rows.append(
            {
                "title": titles.get(each, each),
                "key": each,
                "outcome": OUTCOMES[told.outcome],
                "reason": REASONS[told.reason],
                "flag": doors.purpose_flag(each, told, ""),
                "expires_at": told.expires_at,
            }
        )
    return rows


def _context(key: str, decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision,
        "outcome": outcome_words(decision),
        "obligations": obligation_words(decision),
        "lines": rule_lines(decision),
        "answers": [
            doors.system_flag(key, decision, ""),
            doors.version_flag(key, decision, ""),
        ],
        "authzen": doors.authzen(decision, ""),
    }


@requires("consent.view")
@require_GET
def playground(request: HttpRequest) -> HttpResponse:
    """Try a decision: the rule that wins, the rules that lose, the answer at each door."""
    actor = request_actor(request)
    asked = "system" in request.GET
    form = case_form(request.GET if asked else None, actor)
    context: dict[str, Any] = {"form": form, "systems": form.has_systems}
    if asked and form.is_valid():
        case = decide_case(request.GET, actor)
        context |= _context(case.key, case.decision)
        now = case.moment.now
        context |= {
            "purposes": _purpose_rows(case.catalogue, case.key, case.person, case.moment),
            "moment": now,
            "next_change": case.catalogue.next_boundary(now)
            if form.cleaned_data["at"] is None
            else None,
            "link": request.build_absolute_uri(),
            "as_test": case_as_test(request.GET.dict(), case),
        }
    return render(request, "consent/playground.html", context)
