"""One person's page for colleagues: look up with a recorded purpose, export, restrict, erase."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consent import selectors, services
from consent.selectors import events, people
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires


def _asked(request: HttpRequest) -> dict[str, Any]:
    return {
        "subject": request.POST.get("subject", "").strip(),
        "purpose_of_access": request.POST.get("purpose_of_access", ""),
    }


def _refused(request: HttpRequest, context: dict[str, Any], refusal: DomainError) -> HttpResponse:
    messages.error(request, refusal.sentence)
    return render(request, "consent/subjects.html", context, status=refusal.status)


@requires("consent.read_subject")
@never_cache
@require_http_methods(["GET", "POST"])
def subjects(request: HttpRequest) -> HttpResponse:
    """Look one person up; who looked and what for is recorded before anything is shown."""
    context = _asked(request)
    if request.method == "POST":
        actor = request_actor(request)
        try:
            person = services.open_subject(**context, actor=actor)
        except DomainError as refusal:
            return _refused(request, context, refusal)
        held = people.all_we_hold(person.pseudonym or "")
        context |= {
            "person": person,
            "choices": selectors.choices_of(person),
            "history": events.history_of_person(person),
            "held": [(label, len(rows)) for label, rows in sorted(held.items())],
            "may_erase": actor.may("consent.erase"),
        }
    return render(request, "consent/subjects.html", context)


@requires("consent.read_subject")
@never_cache
@require_POST
def export_subject(request: HttpRequest) -> HttpResponse:
    """Everything every room holds about one person, as JSON to hand out (GDPR Article 15)."""
    context = _asked(request)
    try:
        person = services.open_subject(**context, actor=request_actor(request))
    except DomainError as refusal:
        return _refused(request, context, refusal)
    answer = JsonResponse(
        {
            "subject": context["subject"],
            "held": people.all_we_hold(person.pseudonym or ""),
        },
        encoder=DjangoJSONEncoder,
        json_dumps_params={"indent": 2},
    )
    answer["Content-Disposition"] = 'attachment; filename="person.json"'
    return answer


@requires("consent.erase")
@never_cache
@require_POST
def restrict_subject(request: HttpRequest) -> HttpResponse:
    """Restrict the processing of one person's data."""
    context = _asked(request)
    try:
        services.restrict_subject(subject=context["subject"], actor=request_actor(request))
    except DomainError as refusal:
        return _refused(request, context, refusal)
    messages.success(request, "Restricted: every decision about this person denies.")
    return HttpResponseRedirect(reverse("consent:subjects"))


@requires("consent.erase")
@never_cache
@require_POST
def erase_subject(request: HttpRequest) -> HttpResponse:
    """Erase one person after their id was typed once more."""
    context = _asked(request)
    if request.POST.get("confirmed", "").strip() != context["subject"] or not context["subject"]:
        messages.error(request, "Nothing was erased: type the person's id once more to confirm.")
        return render(request, "consent/subjects.html", context, status=422)
    try:
        services.erase_everywhere(subject=context["subject"], actor=request_actor(request))
    except DomainError as refusal:
        return _refused(request, context, refusal)
    messages.success(request, "Erased. The person stays denied; nothing leads to them any more.")
    return HttpResponseRedirect(reverse("consent:subjects"))
