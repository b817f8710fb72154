"""The preference centre: a hosted page opened with a subject token, without JavaScript.

Everything held about the person stands in `held`, one link that turns all off in `withdraw`.
"""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from consent import selectors, services
from consent.actors import TokenActor
from consent.choices import Method
from consent.models import DataSubject
from consent.preferences import Toggle
from consent.receipts.selectors import own_receipt
from consent.selectors import people
from consent.services import complaints, interests
from consent.services.own_choices import current_notices, save_own_choices, withdraw_own_choices
from consent.tokens import SubjectToken
from consent.web.incident_notices import notices_of_incidents
from consent.web.opening import Visit, day, in_page_language, opened, visit_frame
from consent.web.texts import (
    COMPLAINTS,
    STATUSES,
    TYPES_DE,
    purpose_text,
    purpose_title,
    refusal_text,
    toggle_note,
    type_text,
)
from consent.web.told import tell_once
from governance.core.errors import DomainError
from governance.people.web.access import public_route
from governance.registry.models import System

_DONE = (
    "saved",
    "saved_on",
    "saved_off",
    "unchanged",
    "likes_removed",
    "likes_corrected",
    "likes_forgotten",
)


@public_route("opened with a signed subject token")
@require_http_methods(["GET", "POST"])
@in_page_language
def preference_centre(request: HttpRequest, language: str) -> HttpResponse:
    """Show a person's choices, or carry out what one of the page's forms says."""
    return opened(request, language, _answer)


@public_route("opened with a signed subject token")
@require_GET
@in_page_language
def receipt(request: HttpRequest, language: str, event_id: UUID) -> HttpResponse:
    """The receipt of one of the person's own choices, as a file."""

    def show(request: HttpRequest, visit: Visit) -> HttpResponse:
        if visit.own.subject is None:
            return HttpResponseRedirect(visit.place())
        found = own_receipt(visit.own.subject, event_id)
        text = json.dumps(found, indent=2, ensure_ascii=False)
        return as_file(text, "application/ld+json", f"receipt-{event_id}.jsonld")

    return opened(request, language, show)


def as_file(text: str, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _answer(request: HttpRequest, visit: Visit) -> HttpResponse:
    if request.method == "POST" and not visit.own.facts.erased:
        try:
            done = _carry_out(request, visit)
        except DomainError as refusal:
            problem, problem_language = refusal_text(refusal.sentence, visit.language)
            context = _page(request, visit) | {
                "problem": problem,
                "problem_language": problem_language,
                "typed": request.POST.get("text", ""),
                "typed_about": request.POST.get("about", ""),
            }
            return render(request, "consent/preferences.html", context, status=refusal.status)
        return HttpResponseRedirect(visit.place(done=done))
    return render(request, "consent/preferences.html", _page(request, visit))


def _carry_out(request: HttpRequest, visit: Visit) -> str:
    """Do what one form of the page asks for; returns the key of the sentence to show after."""
    form = request.POST.get("form", "choices")
    if form == "choices":
        return _save(request, visit)
    token = visit.own.token
    actor = TokenActor(token)
    if form == "complaint":
        return _complain(request, token, actor, visit.language)
    if visit.own.subject is None:
        return "unchanged"
    if form == "start_over":
        interests.start_over(subject=token.subject, actor=actor)
        return "likes_forgotten"
    try:
        chosen = UUID(request.POST.get("interest", ""))
    except ValueError:
        return "unchanged"
    if form == "remove":
        interests.remove_interest(subject=token.subject, interest_id=chosen, actor=actor)
        return "likes_removed"
    interests.correct_interest(
        subject=token.subject,
        interest_id=chosen,
        label=request.POST.get("label", ""),
        actor=actor,
    )
    return "likes_corrected"


def _complain(request: HttpRequest, token: SubjectToken, actor: TokenActor, language: str) -> str:
    nonce = request.POST.get("nonce", "")[:100]
    if not nonce or not services.consume_token(token=token, idempotency_key=nonce):
        return "complaint_sent"
    complaints.file_complaint(
        subject=token.subject,
        about=request.POST.get("about", ""),
        text=request.POST.get("text", ""),
        language=language,
        actor=actor,
    )
    return "complaint_sent"


def _save(request: HttpRequest, visit: Visit) -> str:
    own, everything = visit.own, request.POST.get("all", "")
    nonce = request.POST.get("nonce", "")[:80]
    # Each form counts once, by its button: a hasty yes does not swallow the no after it.
    nonce = nonce and f"{everything[:3]}:{nonce}"
    how: dict[str, Any] = {
        "method": Method.PREFERENCE_CENTRE,
        "gpc": visit.gpc,
        "language": visit.language,
        # What the page showed, not what is in force by now. The hint names versions, no more.
        "notices": request.POST.getlist("notice")[:20] if "notice" in request.POST else None,
    }
    if everything == "off":
        # One step says no to all, also to what no switch stands for.
        fresh = nonce and services.consume_token(token=own.token, idempotency_key=nonce)
        withdrawn = withdraw_own_choices(own, clicks=1, **how) if fresh else None
        return "saved_off" if withdrawn else "unchanged"
    shown = {toggle.key for toggle in own.toggles if toggle.on}
    wanted = own.keys if everything == "on" else own.keys & set(request.POST.getlist("type"))
    clicks = 1 if everything == "on" else 1 + len(shown ^ wanted)
    saved = save_own_choices(own, wanted=wanted, nonce=nonce, clicks=clicks, **how)
    if saved is None:
        return "unchanged"
    return "saved_on" if everything == "on" else "saved"


def _row(toggle: Toggle, language: str) -> dict[str, Any]:
    title, helps = type_text(toggle.type, language)
    purposes = [purpose_text(each, language) for each in toggle.purposes]
    return {
        "toggle": toggle,
        "title": title,
        "help": helps,
        "language": language if language == "en" or toggle.key in TYPES_DE else "en",
        "note": toggle_note(toggle, language),
        "purposes": [
            {"title": name, "description": text, "language": written}
            for name, text, written in purposes
        ],
        # One purpose that says what the switch says already tells nothing new.
        "more": len(purposes) > 1 or purposes[0][0] != title,
    }


def _page(request: HttpRequest, visit: Visit) -> dict[str, Any]:
    own, words, language = visit.own, visit.words, visit.language
    subject, done = own.subject, request.GET.get("done", "")
    filed = list(subject.complaints.order_by("-created_at")[:20]) if subject else []
    if done == "complaint_sent" and filed:
        said = words[done].format(due=day(filed[0].due_at))
    else:
        said = words[done] if done in _DONE else ""
    said_before = selectors.history_of(subject)[:50] if subject else []
    asked = people.types_to_ask_again(subject, own.toggles)
    again = [type_text(each.type, language)[0] for each in asked]
    return visit_frame(request, visit) | {
        "nonce": secrets.token_urlsafe(16),
        "rows": [_row(toggle, language) for toggle in own.toggles],
        "others": [
            {"title": title, "description": text, "language": written}
            for title, text, written in (
                purpose_text(each, language) for each in people.purposes_without_switch(own.token)
            )
        ],
        "now": _now(own.toggles, words),
        "erased": own.facts.erased,
        "gpc": visit.gpc,
        "done": said,
        "again": words["again"].format(what=", ".join(again)) if again else "",
        "told": tell_once(request, subject, language),
        "went_wrong": notices_of_incidents(language),
        "notices": people.notices_for_person(current_notices(own), language),
        "likes": likes_of(subject, words),
        "about": COMPLAINTS[language],
        "complaints": [
            {
                "about": COMPLAINTS[language][each.about],
                "text": each.text,
                "language": each.language,
                "answer": each.answer,
                "state": words["complaint_answer"].format(at=day(each.answered_at))
                if each.answered_at
                else words["complaint_waits"].format(due=day(each.due_at)),
            }
            for each in filed
        ],
        "history_count": words["held_row" if len(said_before) == 1 else "held_rows"].format(
            n=len(said_before)
        ),
        "history": [
            {
                "id": event.pk,
                "at": event.at,
                "what": purpose_title(event.purpose, language),
                "status": STATUSES[language].get(event.status, event.status),
            }
            for event in said_before
        ],
    }


def _now(toggles: tuple[Toggle, ...], words: dict[str, str]) -> str:
    """How it stands, in one sentence; nothing is said while anything is on by default."""
    on = sum(toggle.on for toggle in toggles)
    if not toggles or any(toggle.by_default or toggle.partly for toggle in toggles):
        return ""
    if on in (0, len(toggles)):
        return words["now_all"] if on else words["now_none"]
    return words["now_some"].format(on=on, all=len(toggles))


def likes_of(
    subject: DataSubject | None, words: dict[str, str], system: str = ""
) -> list[dict[str, Any]]:
    """The guesses about a person, or those of one system, with the words of their buttons."""
    if subject is None:
        return []
    found = people.interests_of(subject)
    titles = dict(System.objects.values_list("key", "title"))
    return [
        {
            "id": each.pk,
            "label": each.label,
            "source": words["likes_yours"]
            if each.standing == "confirmed"
            else words["likes_source"].format(system=titles.get(each.system_key, each.system_key)),
            "because": words["likes_because"].format(because=each.because) if each.because else "",
            "remove": words["likes_remove"].format(label=each.label),
            "correct": words["likes_correct"].format(label=each.label),
        }
        for each in (found.filter(system_key=system) if system else found)
    ]
