"""Duties to report, on an incident's page: who became aware, which duties start, what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import AwareOf, Kind
from incidents.clocks.regimes import BY_KEY, REGIMES
from incidents.models import Awareness, Incident, RegulatorClock
from incidents.selectors import (
    barred_duties,
    incident_by_reference,
    standing_awareness,
    standing_clocks,
    undecided_duties,
)
from incidents.services.awareness import correct_awareness, state_awareness
from incidents.services.clocks import DECIDES, reconsider_duty, rule_out_duties, start_clock

ASKS_FIRST = (Kind.PRIVACY, Kind.CONSENT)  # incidents that may be a breach of personal data
ZONE, COUNTRY = "Europe/Berlin", "DE"


def in_zone(moment: datetime, zone: str) -> datetime | None:
    """Return what was typed as a moment of that zone; None for a zone that nobody knows."""
    try:
        return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (KeyError, ValueError, OSError):
        return None


class MomentForm(forms.Form):
    """A form with a time that is read in the zone beside it."""

    moment = "aware_at"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        typed, zone = values.get(self.moment), values.get("zone")
        if typed is not None and zone:
            values[self.moment] = in_zone(typed, zone)
            if values[self.moment] is None:
                self.add_error("zone", f"{zone!r} is not a time zone such as Europe/Berlin.")
        return values


class AwarenessForm(MomentForm):
    """Whether a fact is so; if it is, who became aware when."""

    so = forms.TypedChoiceField(
        choices=[("", "Choose"), ("yes", "Yes, it is so"), ("no", "No, it is not so")],
        coerce=lambda given: given == "yes",
        label="Is it so?",
    )
    who = forms.CharField(
        max_length=160,
        required=False,
        label="If so: who became aware?",
        help_text="By name or function: whoever of us knew it first with reasonable certainty.",
    )
    aware_at = forms.DateTimeField(
        required=False,
        label="If so: when?",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In the time zone below. It cannot be edited later, only corrected on record.",
    )
    zone = forms.CharField(max_length=64, label="Time zone", initial=ZONE)
    statement = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), label="What does this rest on?"
    )


class StartForm(forms.Form):
    """The article's conditions, each stood for by a tick, and where the authority sits."""

    country = forms.CharField(
        max_length=2,
        label="Country of the authority",
        initial=COUNTRY,
        help_text="Two letters; its public holidays count.",
    )
    statement = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), label="Why does the duty apply?"
    )

    def __init__(self, *args: Any, conditions: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"] = forms.MultipleChoiceField(
            choices=[(one, one) for one in conditions],
            widget=forms.CheckboxSelectMultiple,
            label="This is so as well",
            required=False,
        )
        self.order_fields(["confirmed", "country", "statement"])


def clock_context(incident: Incident) -> dict[str, Any]:
    """What the incident's page shows of duties to report; a drill starts none."""
    if incident.drill:
        return {"clocks": (), "undecided": (), "awareness_questions": (), "barred": ()}
    undecided = undecided_duties(incident)
    barred = barred_duties(incident)
    unreachable = {regime.key for regime, _why in barred}
    questions, known = [], set()
    for fact in AwareOf:
        reached = [one for one in REGIMES if one.fact == fact and one.key not in unreachable]
        stated = standing_awareness(incident, fact)
        if not reached and stated is None:
            continue
        if stated is not None and stated.so:
            known.add(fact)
        questions.append(
            {
                "fact": fact.value,
                "label": fact.label,
                "stated": stated,
                "first": fact == AwareOf.DATA_BREACH and incident.kind in ASKS_FIRST,
                "earlier": incident.awareness.filter(fact=fact, correction__isnull=False),
            }
        )
    return {
        "clocks": standing_clocks(incident).prefetch_related("filings"),
        "undecided": undecided,
        "awareness_questions": questions,
        "startable": [one.key for one in undecided if one.fact in known],
        "barred": barred,
    }


@requires(DECIDES)
def awareness(request: HttpRequest, reference: str, fact: str) -> HttpResponse:
    """State that a fact is so, since when and through whom; or correct what was stated."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    if fact not in AwareOf.values:
        raise NotFound("No duty to report starts from this.")
    stated = standing_awareness(incident, fact)
    form = AwarenessForm(request.POST or None, initial=_given(stated))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if stated is None:
                state_awareness(incident=incident, fact=fact, actor=actor, **given)
            else:
                correct_awareness(awareness=stated, actor=actor, **given)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, _next_sentence(stated, so=given["so"]))
            return redirect("incident", incident.reference)
    context = {
        "form": form,
        "incident": incident,
        "stated": stated,
        "fact": AwareOf(fact),
        "regimes": [one for one in REGIMES if one.fact == fact],
        "earlier": incident.awareness.filter(fact=fact, correction__isnull=False),
    }
    return render(request, "incidents/awareness.html", context)


def _given(stated: Awareness | None) -> dict[str, Any]:
    if stated is None:
        return {}
    given: dict[str, Any] = {"so": "yes" if stated.so else "no", "who": stated.who}
    if stated.aware_at is not None:
        given["zone"] = stated.zone
        given["aware_at"] = stated.aware_at.astimezone(ZoneInfo(stated.zone)).replace(tzinfo=None)
    return given


def _next_sentence(before: Awareness | None, *, so: bool) -> str:
    if before is not None:
        return "Corrected; the earlier statement stays on record."
    if so:
        return "Stated. Now decide which duties it starts."
    return "Stated. The duties that start from it do not apply, for this reason."


@requires(DECIDES)
def start(request: HttpRequest, reference: str, regime_key: str) -> HttpResponse:
    """State that a duty applies; it counts from the moment that was stated before."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    if regime_key not in BY_KEY:
        raise NotFound("There is no such duty to report.")
    regime = BY_KEY[regime_key]
    stated = standing_awareness(incident, regime.fact)
    if stated is None:
        messages.info(request, "First state the fact that starts this duty, and since when.")
        return redirect("incident_awareness", incident.reference, regime.fact.value)
    form = StartForm(request.POST or None, conditions=regime.conditions)
    if request.method == "POST" and form.is_valid():
        try:
            start_clock(incident=incident, regime_key=regime_key, actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"{regime.article}: the clock runs.")
            return redirect("incident", incident.reference)
    context = {
        "form": form,
        "incident": incident,
        "regime": regime,
        "stated": stated,
        "barred": dict(_reasons(incident)).get(regime.key, ""),
    }
    return render(request, "incidents/clock.html", context)


def _reasons(incident: Incident) -> list[tuple[str, str]]:
    return [(regime.key, why) for regime, why in barred_duties(incident)]


@require_POST
@requires(DECIDES)
def rule_out(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    try:
        made = rule_out_duties(
            incident=incident,
            regime_keys=request.POST.getlist("regime"),
            statement=request.POST.get("statement", ""),
            actor=actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        if made:
            messages.success(request, "Recorded with its reason: these do not apply.")
        else:
            messages.error(request, "Tick the duties that do not apply.")
    return redirect("incident", incident.reference)


@require_POST
@requires(DECIDES)
def reconsider(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """Open a duty again that was ruled out."""
    incident = incident_by_reference(reference, request_actor(request))
    clock = get_object_or_404(RegulatorClock, pk=clock_id, incident=incident)
    try:
        reconsider_duty(
            clock=clock,
            statement=request.POST.get("statement", ""),
            actor=request_actor(request),
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The duty is open again; the earlier decision stays on record.")
    return redirect("incident", reference)
