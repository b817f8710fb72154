"""One link that turns everything off: a page with one button, and one click of a mail program.

RFC 8058: a mail program sends `List-Unsubscribe=One-Click` to the address in the mail's header.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from consent.choices import Method
from consent.services.own_choices import withdraw_own_choices
from consent.tokens import TokenRefused, read_token
from consent.web.opening import Visit, in_page_language, opened, visit_frame
from consent.web.texts import purpose_title
from consent.withdrawal_links import read_link_token
from governance.people.web.access import public_route
from governance.registry.models import Purpose

_LONGEST_LIST = 4


@public_route("opened with a signed link that can only turn off")
@require_http_methods(["GET", "HEAD", "POST"])
@in_page_language
def withdraw(request: HttpRequest, language: str) -> HttpResponse:
    """Ask once and do nothing on GET, for mail scanners open links; turn off on POST."""
    return opened(request, language, _answer, read=read_link_token)


def _answer(request: HttpRequest, visit: Visit) -> HttpResponse:
    own = visit.own
    done = ""
    if request.method == "POST" and not own.facts.erased:
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        recorded = withdraw_own_choices(
            own,
            method=Method.PREFERENCE_CENTRE,
            gpc=visit.gpc,
            language=visit.language,
            clicks=1 if one_click else 2,
        )
        done = visit.words["withdraw_done" if recorded else "withdraw_before"]
    context: dict[str, Any] = visit_frame(request, visit) | {
        "erased": own.facts.erased,
        "done": done,
        "about": _about(visit),
        "may_choose": _opens_choices(visit),
        "action": f"?{visit.query()}",
    }
    return render(request, "consent/preferences_withdraw.html", context)


def _about(visit: Visit) -> str:
    """What a link for some purposes is about; empty for one about all."""
    purposes = visit.own.token.purposes
    if not purposes:
        return ""
    found = Purpose.objects.filter(key__in=purposes[:_LONGEST_LIST]).order_by("key")
    names = [purpose_title(each, visit.language) for each in found]
    if len(purposes) > _LONGEST_LIST:
        names.append("…")
    return visit.words["withdraw_some"].format(what=", ".join(names))


def _opens_choices(visit: Visit) -> bool:
    """Tell whether the same token opens the page of choices: a mail's link does not."""
    try:
        read_token(settings.KEYS.token_public_keys, visit.token, now=visit.own.moment.now)
    except TokenRefused:
        return False
    return True
