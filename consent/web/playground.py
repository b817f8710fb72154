"""The decision playground: what-if inputs on top of the registry as it is; nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consent.decision import doors
from consent.decision.facts import (
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    PersonFacts,
)
from consent.decision.precedence import Decision, decide_purpose, decide_system, purposes_asked
from consent.decision.truth_table import TABLE
from consent.decision.vocabulary import Outcome, Status
from consent.slowpath import reading
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import systems_for

_CHOICES = [("", "Never chose"), *[(str(each), str(each).capitalize()) for each in Status][2:]]
_HOLDS = [
    ("", "As it is"),
    ("non_profiled", "Held: non-profiled"),
    ("deny", "Held: deny"),
]


class PlaygroundForm(forms.Form):
    """The inputs of a what-if decision."""

    system = forms.ChoiceField()
    region = forms.RegexField(
        r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$",
        required=False,
        help_text="DE or US-CA; empty if unknown",
    )
    choice = forms.ChoiceField(choices=_CHOICES, required=False, label="What the person said")
    gpc = forms.BooleanField(required=False, label="Global Privacy Control is on")
    minor = forms.BooleanField(required=False, label="The person is a minor")
    restricted = forms.BooleanField(required=False, label="Processing is restricted")
    erased = forms.BooleanField(required=False, label="The person was erased")
    hold = forms.ChoiceField(choices=_HOLDS, required=False, label="Hold on the system")

    def __init__(self, *args: Any, systems: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["system"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = systems


def _what_if(
    catalogue: Catalogue, key: str, given: dict[str, Any], moment: Circumstances
) -> tuple[Catalogue, PersonFacts]:
    """Put the form's hold onto the system and its choice onto all its purposes."""
    system = catalogue.systems[key]
    if given["hold"]:
        held = HoldFacts("what-if", Outcome(given["hold"]), "what-if")
        system = replace(system, holds=(*system.holds, held))
        catalogue = replace(catalogue, systems={**catalogue.systems, key: system})
    choices = {}
    if given["choice"]:
        choices = {
            each.key: ChoiceFacts(
                Status(given["choice"]), 1, moment.now, notice_version=each.notice.current
            )
            for each in catalogue.purposes.values()
        }
    person = PersonFacts(
        erased=given["erased"],
        restricted=given["restricted"],
        age_band="minor" if given["minor"] else "unknown",
        choices=choices,
    )
    return catalogue, person


def _lines(decision: Decision) -> list[dict[str, Any]]:
    """The winning rule, then the losing ones, each with its sentence."""
    return [
        {"reason": str(reason), "row": TABLE[reason], "wins": place == 0}
        for place, reason in enumerate((decision.reason, *decision.lost))
    ]


@requires("consent.view")
@require_GET
def playground(request: HttpRequest) -> HttpResponse:
    """Try a decision: the rule that wins, the rules that lose, the answer at each door."""
    systems = [(each.key, each.title) for each in systems_for(request_actor(request))]
    asked = "system" in request.GET
    form = PlaygroundForm(
        request.GET if asked else None,
        systems=systems,
        initial={"system": systems[0][0] if systems else ""},
    )
    context: dict[str, Any] = {"form": form, "systems": systems}
    if asked and form.is_valid():
        given = form.cleaned_data
        key = given["system"]
        with connection.cursor() as cursor:
            catalogue, now = reading.read_catalogue(cursor, systems=[key], purposes=[])
        moment = Circumstances(now=now, region=given["region"].upper(), gpc=given["gpc"])
        catalogue, person = _what_if(catalogue, key, given, moment)
        decision = decide_system(catalogue, key, person, moment)
        on_pause = catalogue.systems[key].on_pause
        context |= {
            "decision": decision,
            "lines": _lines(decision),
            "answers": [
                doors.system_flag(key, decision, ""),
                doors.version_flag(key, decision, ""),
            ],
            "authzen": doors.authzen(decision, ""),
            "purposes": [
                (each, decide_purpose(catalogue, each, person, moment, on_pause=on_pause))
                for each in purposes_asked(catalogue.systems[key], "")
            ],
        }
    return render(request, "consent/playground.html", context)
