"""Opening a page for the person behind a token: language, refusal in words, what all pages carry.

The token is all that opens a page, so no cookie is read and none is set: a form that another
site sends without the token is refused, and with CSRF's cookie the pages would need one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from consent.receipts.selectors import issuer
from consent.services.complaints import LONGEST
from consent.services.own_choices import OwnChoices, read_own_choices
from consent.tokens import SubjectToken, TokenRefused, VerifyingKeys, read_token
from consent.web.texts import TEXTS, refusal_text
from governance.core.errors import DomainError

#: A page of the customer lost its token: it opens that page's widget, not these pages.
FOREIGN = "This subject token is bound to another origin."
Read = Callable[..., SubjectToken]
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Visit:
    """One request of a person: their choices, the token's text, the page's language."""

    own: OwnChoices
    token: str
    language: str
    gpc: bool

    @property
    def words(self) -> dict[str, str]:
        return TEXTS[self.language]

    def place(self, name: str = "consent:preferences", **more: str) -> str:
        """The address of one of the person's pages, with the token and the language."""
        return f"{reverse(name)}?{self.query(**more)}"

    def query(self, **more: str) -> str:
        return urlencode({"token": self.token, "lang": self.language, **more})


def page_language(request: HttpRequest) -> str:
    """The language asked for in the address, else the browser's, else English."""
    asked = request.GET.get("lang", "")
    if asked in TEXTS:
        return asked
    spoken = str(getattr(request, "LANGUAGE_CODE", "en"))[:2]
    return spoken if spoken in TEXTS else "en"


def has_signal(request: HttpRequest) -> bool:
    """Tell whether the browser sends Global Privacy Control."""
    return request.headers.get("Sec-GPC") == "1"


def frame(request: HttpRequest, language: str) -> dict[str, Any]:
    """What every page carries, also one that opens for anybody."""
    other = "de" if language == "en" else "en"
    kept = {name: value for name, value in request.GET.items() if name not in ("lang", "done")}
    who = issuer()
    return {
        "t": TEXTS[language],
        "page_language": language,
        "other_language": other,
        "other_url": f"?{urlencode({**kept, 'lang': other})}",
        "issuer": who,
        "responsible": TEXTS[language]["contact"].format(name=who.name),
    }


def visit_frame(request: HttpRequest, visit: Visit) -> dict[str, Any]:
    return frame(request, visit.language) | {
        "token": visit.token,
        "place": visit.place(),
        "query": visit.query(),
    }


def in_page_language(view: View) -> View:
    """Answer in the page's language, dates included, and without asking for a cookie."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        language = page_language(request)
        with translation.override(language):
            answer = view(request, language, *args, **kwargs)
        answer.headers["Content-Language"] = language
        return answer

    return answered


def _own_origins(request: HttpRequest) -> set[str]:
    """The origins that are ours: the published one, and the one this request came to."""
    public = urlsplit(settings.PUBLIC_URL)
    return {f"{public.scheme}://{public.netloc}", f"{request.scheme}://{request.get_host()}"}


def opened(
    request: HttpRequest,
    language: str,
    show: Callable[[HttpRequest, Visit], HttpResponse],
    *,
    read: Read = read_token,
    system: str = "",
) -> HttpResponse:
    """Open a page for the person behind the token; refuse in words, and keep what was typed."""
    text = request.POST.get("token") or request.GET.get("token", "")
    gpc = has_signal(request)
    keys: VerifyingKeys = settings.KEYS.token_public_keys
    try:
        token = read(keys, text, now=datetime.now(UTC))
        if read is read_token and token.origin not in _own_origins(request):
            return refused(request, language, FOREIGN, 403)
        own = read_own_choices(token, gpc=gpc, system=system)
        return show(request, Visit(own, text, language, gpc))
    except TokenRefused as refusal:
        return refused(request, language, str(refusal), 401)
    except DomainError as refusal:
        return refused(request, language, refusal.sentence, refusal.status)


def refused(request: HttpRequest, language: str, sentence: str, status: int) -> HttpResponse:
    """Say in the person's language why a page stays shut, and hand back what they wrote."""
    why, why_language = refusal_text(sentence, language)
    context = frame(request, language) | {
        "why": why,
        "why_language": why_language,
        "typed": request.POST.get("text", "")[:LONGEST],
    }
    return render(request, "consent/preferences_refused.html", context, status=status)


def day(moment: datetime) -> str:
    return date_format(moment, "DATE_FORMAT")
