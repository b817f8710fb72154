"""Why am I seeing this? The page of one place for one person: what feeds it, what decides, and
how to change it. It says what stands in the registry, and the decision as it is now."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from consent.actors import TokenActor
from consent.choices import Method
from consent.decision.precedence import decide_system, purposes_asked
from consent.decision.vocabulary import Outcome
from consent.preferences import Toggle
from consent.services import interests
from consent.services.own_choices import save_own_choices
from consent.web.incident_notices import notices_of_incidents
from consent.web.opening import Visit, in_page_language, opened, visit_frame
from consent.web.preferences import likes_of
from consent.web.texts import REASONS, type_text
from governance.core.errors import NotFound
from governance.people.web.access import public_route
from governance.registry.models import System

_IMPORTANCE = ("high", "medium", "low")
#: What teams enter about a surface has one text, in the language of the staff's pages.
REGISTRY_LANGUAGE = "en"
_DONE = ("why_on", "why_off", "likes_removed", "unchanged")


@public_route("opened with a signed subject token")
@require_http_methods(["GET", "POST"])
@in_page_language
def why(request: HttpRequest, language: str) -> HttpResponse:
    """Tell the person behind the token why a system shows them what it shows."""
    asked = request.GET.get("system", "")[:63]
    return opened(request, language, _answer, system=asked)


def _answer(request: HttpRequest, visit: Visit) -> HttpResponse:
    key = request.GET.get("system", "")
    system = System.objects.filter(key=key).prefetch_related("surfaces").first()
    facts = visit.own.catalogue.systems.get(key)
    if system is None or facts is None:
        raise NotFound(visit.words["why_unknown"])
    used = set(purposes_asked(facts, request.GET.get("surface", "")))
    toggles = [
        each for each in visit.own.toggles if used & {purpose.key for purpose in each.purposes}
    ]
    if request.method == "POST" and not visit.own.facts.erased:
        done = _carry_out(request, visit, toggles)
        return HttpResponseRedirect(visit.place("consent:why", system=key, done=done))
    return render(request, "consent/why.html", _page(request, visit, system, toggles))


def _carry_out(request: HttpRequest, visit: Visit, toggles: list[Toggle]) -> str:
    """Turn the place on or off for the person, or take one guess off; one step each."""
    own, said = visit.own, request.POST.get("say", "")
    if said == "less" and own.subject is not None:
        try:
            chosen = UUID(request.POST.get("interest", ""))
        except ValueError:
            return "unchanged"
        interests.remove_interest(
            subject=own.token.subject, interest_id=chosen, actor=TokenActor(own.token)
        )
        return "likes_removed"
    if said not in ("on", "off"):
        return "unchanged"
    here = {toggle.key for toggle in toggles}
    nonce = request.POST.get("nonce", "")[:80]
    saved = save_own_choices(
        own,
        only=here,
        wanted=here if said == "on" else (),
        nonce=nonce and f"{said}:{nonce}",
        method=Method.PREFERENCE_CENTRE,
        gpc=visit.gpc,
        language=visit.language,
        clicks=1,
    )
    return f"why_{said}" if saved else "unchanged"


def _page(
    request: HttpRequest, visit: Visit, system: System, toggles: list[Toggle]
) -> dict[str, Any]:
    words, language, own = visit.words, visit.language, visit.own
    named = request.GET.get("surface", "")
    surfaces = list(system.surfaces.all())
    surfaces = [each for each in surfaces if each.key == named] or surfaces
    place = surfaces[0].title if len(surfaces) == 1 else system.title
    parameters = sorted(
        (each for surface in surfaces for each in surface.main_parameters),
        key=lambda each: (
            _IMPORTANCE.index(each["importance"])
            if each.get("importance") in _IMPORTANCE
            else len(_IMPORTANCE)
        ),
    )
    names = ", ".join(str(each["name"]) for each in parameters)
    types = ", ".join(type_text(each.type, language)[0] for each in toggles)
    decision = decide_system(own.catalogue, system.key, own.facts, own.moment)
    done = request.GET.get("done", "")
    return visit_frame(request, visit) | {
        "nonce": secrets.token_urlsafe(16),
        "system": system,
        "went_wrong": notices_of_incidents(language, system),
        "action": f"?{visit.query(system=system.key)}",
        "done": words[done] if done in _DONE else "",
        "feeds": words["why_feeds" if types else "why_feeds_none"].format(place=place, types=types),
        "decides": words["why_decides" if names else "why_decides_none"].format(parameters=names),
        "parameters": [
            {
                "name": each["name"],
                "description": each.get("description", ""),
                "importance": words.get(f"importance_{each.get('importance', '')}", ""),
            }
            for each in parameters
        ],
        "aims": [each.objective for each in surfaces if each.objective],
        "registry_language": REGISTRY_LANGUAGE,
        "now": REASONS[language][decision.outcome].format(why=REASONS[language][decision.reason]),
        "covers": words["why_both"].format(types=types) if types else "",
        "say": _step(toggles, decision.outcome),
        "likes": likes_of(own.subject, words, system.key),
        "erased": own.facts.erased,
    }


def _step(toggles: list[Toggle], outcome: Outcome) -> str:
    """The step that would change it: off where anything is on, else on; none where none helps."""
    if not toggles or all(toggle.closed for toggle in toggles):
        return ""
    standing = any(toggle.on or toggle.by_default or toggle.partly for toggle in toggles)
    return "off" if standing or outcome is Outcome.PERSONALISE else "on"
