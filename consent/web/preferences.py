"""The preference centre: a hosted page opened with a subject token, without JavaScript."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from consent import selectors, selectors_person, services
from consent.actors import TokenActor
from consent.choices import Method
from consent.receipts.selectors import own_receipt
from consent.services import complaints, interests
from consent.services.own_choices import OwnChoices, read_own_choices, save_own_choices
from consent.tokens import SubjectToken, TokenRefused, read_token
from consent.web.texts import COMPLAINTS, STATUSES, TEXTS, purpose_title, type_text
from governance.core.errors import DomainError
from governance.people.web.access import public_route

_DONE = (
    "saved",
    "saved_on",
    "saved_off",
    "unchanged",
    "likes_removed",
    "likes_corrected",
    "likes_forgotten",
)


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("lang", "")
    if asked in TEXTS:
        return asked
    spoken = str(getattr(request, "LANGUAGE_CODE", "en"))[:2]
    return spoken if spoken in TEXTS else "en"


def _gpc(request: HttpRequest) -> bool:
    return request.headers.get("Sec-GPC") == "1"


def _opened(
    request: HttpRequest, show: Callable[[HttpRequest, OwnChoices, str, str], HttpResponse]
) -> HttpResponse:
    """Open a page for the person behind the token; refuse in words, and keep what was typed."""
    language = _language(request)
    text = request.POST.get("token") or request.GET.get("token", "")
    try:
        token = read_token(settings.KEYS.token_public_keys, text, now=datetime.now(UTC))
    except TokenRefused as refusal:
        context = {
            "t": TEXTS[language],
            "page_language": language,
            "why": str(refusal),
            "typed": request.POST.get("text", "")[: complaints.LONGEST],
        }
        return render(request, "consent/preferences_refused.html", context, status=401)
    return show(request, read_own_choices(token, gpc=_gpc(request)), text, language)


@public_route("opened with a signed subject token")
@never_cache
@require_http_methods(["GET", "POST"])
def preference_centre(request: HttpRequest) -> HttpResponse:
    """Show a person's choices, or carry out what one of the page's forms says."""
    return _opened(request, _answer)


@public_route("opened with a signed subject token")
@never_cache
@require_GET
def held(request: HttpRequest) -> HttpResponse:
    """Everything stored about the person, to read or as a file."""

    def show(request: HttpRequest, own: OwnChoices, token: str, language: str) -> HttpResponse:
        pseudonym = own.subject.pseudonym if own.subject else None
        rooms = selectors_person.all_we_hold(pseudonym) if pseudonym else {}
        if "file" in request.GET:
            text = json.dumps(rooms, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
            return _file(text, "application/json", "held-about-me.json")
        return render(
            request,
            "consent/preferences_held.html",
            _frame(language, token) | {"rooms": rooms},
        )

    return _opened(request, show)


@public_route("opened with a signed subject token")
@never_cache
@require_GET
def receipt(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The receipt of one of the person's own choices, as a file."""

    def show(request: HttpRequest, own: OwnChoices, token: str, language: str) -> HttpResponse:
        if own.subject is None:
            return HttpResponseRedirect(_place(token, language))
        text = json.dumps(own_receipt(own.subject, event_id), indent=2, ensure_ascii=False)
        return _file(text, "application/ld+json", f"receipt-{event_id}.jsonld")

    return _opened(request, show)


def _file(text: str, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _place(token: str, language: str, **more: str) -> str:
    query = urlencode({"token": token, "lang": language, **more})
    return f"{reverse('consent:preferences')}?{query}"


def _answer(request: HttpRequest, own: OwnChoices, token: str, language: str) -> HttpResponse:
    if request.method == "POST" and not own.facts.erased:
        try:
            done = _carry_out(request, own, language)
        except DomainError as refusal:
            context = _page(request, own, token, language) | {
                "problem": refusal.sentence,
                "typed": request.POST.get("text", ""),
            }
            return render(request, "consent/preferences.html", context, status=refusal.status)
        return HttpResponseRedirect(_place(token, language, done=done))
    return render(request, "consent/preferences.html", _page(request, own, token, language))


def _carry_out(request: HttpRequest, own: OwnChoices, language: str) -> str:
    """Do what one form of the page asks for; returns the key of the sentence to show after."""
    form = request.POST.get("form", "choices")
    if form == "choices":
        return _save(request, own, language)
    actor = TokenActor(own.token)
    if form == "complaint":
        return _complain(request, own.token, actor, language)
    if own.subject is None:
        return "unchanged"
    if form == "start_over":
        interests.start_over(subject=own.token.subject, actor=actor)
        return "likes_forgotten"
    try:
        chosen = UUID(request.POST.get("interest", ""))
    except ValueError:
        return "unchanged"
    if form == "remove":
        interests.remove_interest(subject=own.token.subject, interest_id=chosen, actor=actor)
        return "likes_removed"
    interests.correct_interest(
        subject=own.token.subject,
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


def _save(request: HttpRequest, own: OwnChoices, language: str) -> str:
    everything = request.POST.get("all", "")
    if everything in ("on", "off"):
        wanted = own.keys if everything == "on" else frozenset[str]()
    else:
        wanted = own.keys & set(request.POST.getlist("type"))
    nonce = request.POST.get("nonce", "")
    saved = save_own_choices(
        own,
        wanted=wanted,
        nonce=nonce,
        method=Method.PREFERENCE_CENTRE,
        gpc=_gpc(request),
        language=language,
    )
    if saved is None:
        return "unchanged"
    return f"saved_{everything}" if everything in ("on", "off") else "saved"


def _frame(language: str, token: str) -> dict[str, Any]:
    """What every page of the person carries."""
    other = "de" if language == "en" else "en"
    return {
        "t": TEXTS[language],
        "page_language": language,
        "other_language": other,
        "other_url": f"?{urlencode({'token': token, 'lang': other})}",
        "token": token,
        "place": _place(token, language),
        "query": urlencode({"token": token, "lang": language}),
    }


def _day(moment: datetime) -> str:
    return date_format(moment, "DATE_FORMAT")


def _page(request: HttpRequest, own: OwnChoices, token: str, language: str) -> dict[str, Any]:
    words, subject = TEXTS[language], own.subject
    done = request.GET.get("done", "")
    filed = list(subject.complaints.order_by("-created_at")[:20]) if subject else []
    if done == "complaint_sent" and filed:
        said = words[done].format(due=_day(filed[0].due_at))
    else:
        said = words[done] if done in _DONE else ""
    return _frame(language, token) | {
        "nonce": secrets.token_urlsafe(16),
        "rows": [
            {
                "toggle": toggle,
                "title": type_text(toggle.type, language)[0],
                "help": type_text(toggle.type, language)[1],
            }
            for toggle in own.toggles
        ],
        "erased": own.facts.erased,
        "gpc": _gpc(request),
        "done": said,
        "notice": selectors.current_notice(language),
        "likes": [
            {
                "id": each.pk,
                "label": each.label,
                "source": _source(each.system_key, each.standing, words),
                "because": words["likes_because"].format(because=each.because)
                if each.because
                else "",
                "remove": words["likes_remove"].format(label=each.label),
                "correct": words["likes_correct"].format(label=each.label),
            }
            for each in (selectors_person.interests_of(subject) if subject else ())
        ],
        "about": COMPLAINTS[language],
        "complaints": [
            {
                "about": COMPLAINTS[language][each.about],
                "text": each.text,
                "answer": each.answer,
                "state": words["complaint_answer"].format(at=_day(each.answered_at))
                if each.answered_at
                else words["complaint_waits"].format(due=_day(each.due_at)),
            }
            for each in filed
        ],
        "history": [
            {
                "id": event.pk,
                "at": event.at,
                "what": purpose_title(event.purpose.key, event.purpose.title, language),
                "status": STATUSES[language].get(event.status, event.status),
            }
            for event in (selectors.history_of(subject)[:50] if subject else [])
        ],
    }


def _source(system_key: str, standing: str, words: dict[str, str]) -> str:
    if standing == "confirmed":
        return words["likes_yours"]
    return words["likes_source"].format(system=system_key)
