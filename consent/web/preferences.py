"""The preference centre: a hosted page opened with a subject token, without JavaScript."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from consent import preferences, selectors, services
from consent.actors import TokenActor
from consent.choices import Method
from consent.decision.facts import Circumstances, PersonFacts
from consent.decision.precedence import decide_purpose
from consent.decision.vocabulary import Reason
from consent.identity import pseudonym_of
from consent.models import ConsentState, DataSubject
from consent.slowpath import reading
from consent.tokens import SubjectToken, TokenRefused, read_token
from consent.web.texts import STATUSES, TEXTS, TYPES_DE
from governance.people.web.access import public_route
from governance.registry.models import PersonalizationType

_DONE = ("saved", "saved_on", "saved_off", "unchanged")


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("lang", "")
    if asked in TEXTS:
        return asked
    spoken = str(getattr(request, "LANGUAGE_CODE", "en"))[:2]
    return spoken if spoken in TEXTS else "en"


def _decided(
    person: PersonFacts, request: HttpRequest
) -> tuple[list[preferences.Toggle], dict[str, Reason]]:
    """The toggles as they stand for a person, and the reason of each purpose's answer."""
    with connection.cursor() as cursor:
        catalogue, now = reading.read_catalogue(cursor, systems=[], purposes=None)
    moment = Circumstances(now=now, gpc=request.headers.get("Sec-GPC") == "1")
    decisions = {key: decide_purpose(catalogue, key, person, moment) for key in catalogue.purposes}
    kinds = PersonalizationType.objects.prefetch_related("purposes").order_by("order", "key")
    toggles = [
        preferences.toggle_of(
            kind, [each for each in kind.purposes.all() if each.state == "published"], decisions
        )
        for kind in kinds
    ]
    return toggles, {key: each.reason for key, each in decisions.items()}


def _person(token: SubjectToken) -> tuple[DataSubject | None, PersonFacts]:
    pseudonym = pseudonym_of(settings.KEYS.subject_pepper, token.subject)
    with connection.cursor() as cursor:
        (facts,) = reading.read_people(
            cursor,
            [pseudonym],
            fingerprint_key=settings.KEYS.fingerprint_key,
            purposes=None,
        )
    return DataSubject.objects.filter(pseudonym=pseudonym).first(), facts


def _covered(toggles: list[preferences.Toggle], token: SubjectToken) -> list[preferences.Toggle]:
    """The toggles this token may move: those whose purposes it covers, all of them."""
    return [
        toggle
        for toggle in toggles
        if toggle.purposes and all(token.covers(each.key) for each in toggle.purposes)
    ]


@public_route("opened with a signed subject token")
@never_cache
@require_http_methods(["GET", "POST"])
def preference_centre(request: HttpRequest) -> HttpResponse:
    """Show a person's choices, or save them in one step."""
    language = _language(request)
    text = request.POST.get("token") or request.GET.get("token", "")
    try:
        token = read_token(settings.KEYS.token_key.public_key(), text, now=datetime.now(UTC))
    except TokenRefused as refusal:
        context = {"t": TEXTS[language], "page_language": language, "why": str(refusal)}
        return render(request, "consent/preferences_refused.html", context, status=401)
    subject, facts = _person(token)
    toggles, reasons = _decided(facts, request)
    toggles = _covered(toggles, token)
    if request.method == "POST" and not facts.erased:
        done = _save(request, token, subject, toggles, reasons, language)
        place = urlencode({"token": text, "lang": language, "done": done})
        return HttpResponseRedirect(f"{reverse('consent:preferences')}?{place}")
    return render(
        request,
        "consent/preferences.html",
        _page(request, language, text, subject, facts, toggles),
    )


def _page(
    request: HttpRequest,
    language: str,
    token: str,
    subject: DataSubject | None,
    facts: PersonFacts,
    toggles: list[preferences.Toggle],
) -> dict[str, Any]:
    words = TEXTS[language]
    done = request.GET.get("done", "")
    other = "de" if language == "en" else "en"
    rows = [
        {
            "toggle": toggle,
            "title": _type_text(toggle, language)[0],
            "help": _type_text(toggle, language)[1],
        }
        for toggle in toggles
    ]
    history = [
        {
            "at": event.at,
            "what": _purpose_title(event.purpose.key, event.purpose.title, language),
            "status": STATUSES[language].get(event.status, event.status),
        }
        for event in (selectors.history_of(subject)[:50] if subject else [])
    ]
    return {
        "t": words,
        "page_language": language,
        "other_language": other,
        "other_url": f"?{urlencode({'token': token, 'lang': other})}",
        "token": token,
        "nonce": secrets.token_urlsafe(16),
        "rows": rows,
        "erased": facts.erased,
        "gpc": request.headers.get("Sec-GPC") == "1",
        "done": words[done] if done in _DONE else "",
        "notice": selectors.current_notice(language),
        "history": history,
    }


def _type_text(toggle: preferences.Toggle, language: str) -> tuple[str, str]:
    if language == "de" and toggle.key in TYPES_DE:
        return TYPES_DE[toggle.key]
    return toggle.type.title, toggle.type.help


def _purpose_title(key: str, title: str, language: str) -> str:
    return TYPES_DE[key][0] if language == "de" and key in TYPES_DE else title


@transaction.atomic
def _save(
    request: HttpRequest,
    token: SubjectToken,
    subject: DataSubject | None,
    toggles: list[preferences.Toggle],
    reasons: dict[str, Reason],
    language: str,
) -> str:
    """Record what the form says; the same form sent twice is recorded once."""
    everything = request.POST.get("all", "")
    every_key = {toggle.key for toggle in toggles}
    if everything in ("on", "off"):
        wanted = every_key if everything == "on" else set()
    else:
        wanted = every_key & set(request.POST.getlist("type"))
    done = f"saved_{everything}" if everything in ("on", "off") else "saved"
    nonce = request.POST.get("nonce", "")[:100]
    if not nonce or not services.consume_token(token=token, idempotency_key=nonce):
        return done
    states = {
        state.purpose.key: state
        for state in ConsentState.objects.filter(subject=subject).select_related("purpose")
    }
    must_be_said_again = {
        key
        for key, reason in reasons.items()
        if reason in (Reason.NOTICE_OUTDATED, Reason.EXPIRED, Reason.GPC)
    }
    planned = preferences.plan_save(toggles, wanted, states, outdated=must_be_said_again)
    if not planned:
        return "unchanged"
    notice = selectors.current_notice(language)
    services.record_choices(
        subject=token.subject,
        choices=planned,
        method=Method.PREFERENCE_CENTRE,
        actor=TokenActor(token),
        gpc=request.headers.get("Sec-GPC") == "1",
        notice_version=notice.version.key if notice else None,
    )
    return done
