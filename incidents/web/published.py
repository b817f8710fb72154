"""Pages and feeds of published post-mortems, which anybody may open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from consent.web.opening import frame, page_language
from governance.core.clock import database_now
from governance.core.errors import NotFound
from governance.ledger.keys import own_verifier_key
from governance.people.web.access import public_route
from incidents.choices import CorrectionState
from incidents.models import Correction, PostMortem, PostMortemAction
from incidents.post_mortem.calendar import Day, calendar
from incidents.post_mortem.proof import published_bundle, published_corrections
from incidents.post_mortem.reading import OPEN
from incidents.post_mortem.sections import BY_KEY
from incidents.selectors import LONGEST_NUMBER, published_post_mortems
from incidents.web.public_texts import WORDS

READER = "a post-mortem is published for people who have no account; drafts are never shown"
IN_A_FEED = 50
FACTS = ("started_at", "detected_at", "contained_at", "resolved_at")


def public_context(request: HttpRequest) -> dict[str, Any]:
    """The frame of a public page in the reader's language, with this page's own words."""
    language = page_language(request)
    return {**frame(request, language), "w": WORDS[language]}


@public_route(READER)
def published(request: HttpRequest) -> HttpResponse:
    """Every published post-mortem, the newest first."""
    rows = published_post_mortems().prefetch_related("corrections")
    context = {
        **public_context(request),
        "post_mortems": [
            {"post_mortem": one, "corrected_at": _corrected_at(one), "summary": _summary(one)}
            for one in rows
        ],
    }
    return render(request, "incidents/published.html", context)


def _published(reference: str) -> PostMortem:
    number = reference.upper().removeprefix("INC-")
    known = number.isdecimal() and len(number) <= LONGEST_NUMBER
    found = published_post_mortems().filter(incident__number=int(number)).first() if known else None
    if found is None:
        raise NotFound("There is no published post-mortem of that name.")
    return found


@public_route(READER)
def published_one(request: HttpRequest, reference: str) -> HttpResponse:
    """One post-mortem as it was frozen, its corrections, and the way to verify it."""
    found = _published(reference)
    context = {
        **public_context(request),
        **document_context(found.public_document or {}),
        "post_mortem": found,
        "corrections": [
            {"correction": one, "section": BY_KEY.get(one.section)}
            for one in published_corrections(found)
        ],
        "corrected_sections": set(
            published_corrections(found).exclude(section="").values_list("section", flat=True)
        ),
        "became": _became(found),
        "verifier_key": own_verifier_key(),
    }
    return render(request, "incidents/published_one.html", context)


def document_context(document: dict[str, Any]) -> dict[str, Any]:
    """What a template shows of a public document: its facts with moments that can be read."""
    facts = document.get("facts", {})
    moments = {
        name: datetime.fromisoformat(facts[name]) if facts.get(name) else None for name in FACTS
    }
    return {"document": document, "moments": moments}


def _became(found: PostMortem) -> list[dict[str, Any]]:
    """How the actions stand that the frozen text promises; those promised later are not there."""
    today = database_now().date()
    promised = found.actions.filter(created_at__lte=found.frozen_at)
    return [
        {"title": one.title, "due_on": one.due_on, "state": _state(one, today)} for one in promised
    ]


def _state(action: PostMortemAction, today: date) -> str:
    late = action.state in OPEN and action.due_on < today
    return "overdue" if late else str(action.state)


@public_route(READER)
def published_json(request: HttpRequest, reference: str) -> HttpResponse:
    """The frozen document with its proof and its corrections, for the stand-alone verifier."""
    found = _published(reference)
    response = JsonResponse(published_bundle(found), json_dumps_params={"indent": 2})
    name = f"{found.incident.reference}-post-mortem.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _home() -> str:
    return settings.PUBLIC_URL.rstrip("/")


def _address(found: PostMortem) -> str:
    return _home() + reverse("published_post_mortem", args=[found.incident.reference])


def _title(found: PostMortem) -> str:
    facts = (found.public_document or {})["facts"]
    return f"{facts['reference']} {facts['title']}"


def _summary(found: PostMortem) -> str:
    sections = (found.public_document or {})["sections"]
    return next((str(one["text"]) for one in sections if one["key"] == "summary"), "")


def _corrected_at(found: PostMortem) -> datetime | None:
    moments = [
        one.published_at
        for one in found.corrections.all()
        if one.state == CorrectionState.PUBLISHED and one.published_at
    ]
    return max(moments, default=None)


def _text(found: PostMortem) -> str:
    """The summary, and what was said beside the text since."""
    said = [
        f"Correction {one.number}: {one.text}"
        for one in found.corrections.all()
        if one.state == CorrectionState.PUBLISHED
    ]
    return "\n\n".join([_summary(found), *said])


def _newest() -> list[PostMortem]:
    return list(published_post_mortems().prefetch_related("corrections")[:IN_A_FEED])


@public_route(READER)
def atom(request: HttpRequest) -> HttpResponse:
    """Published post-mortems as Atom (RFC 4287); a correction moves `updated`."""
    feed = Atom1Feed(
        title="Post-mortems",
        link=_home() + reverse("published_post_mortems"),
        description="What went wrong, what changed.",
        feed_url=_home() + reverse("post_mortems_atom"),
    )
    for found in _newest():
        feed.add_item(
            title=_title(found),
            link=_address(found),
            description=_text(found),
            unique_id=f"urn:uuid:{found.pk}",
            pubdate=found.frozen_at,
            updateddate=_corrected_at(found) or found.frozen_at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml")


@public_route(READER)
def json_feed(request: HttpRequest) -> HttpResponse:
    """The same as JSON Feed 1.1."""
    items = []
    for found in _newest():
        changed = _corrected_at(found) or found.frozen_at
        items.append(
            {
                "id": f"urn:uuid:{found.pk}",
                "url": _address(found),
                "title": _title(found),
                "content_text": _text(found),
                "date_published": found.frozen_at.isoformat() if found.frozen_at else None,
                "date_modified": changed.isoformat() if changed else None,
                "attachments": [
                    {
                        "url": _address(found) + "document.json",
                        "mime_type": "application/json",
                        "title": "The document with its proof",
                    }
                ],
            }
        )
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Post-mortems",
        "home_page_url": _home() + reverse("published_post_mortems"),
        "feed_url": _home() + reverse("post_mortems_json"),
        "items": items,
    }
    return JsonResponse(feed, content_type="application/feed+json")


@public_route(READER)
def reviews(request: HttpRequest) -> HttpResponse:
    """The days on which published promises are due or are looked at again, as a calendar."""
    days = []
    for found in _newest():
        for action in found.actions.filter(created_at__lte=found.frozen_at):
            due = action.due_on if action.state in OPEN else action.look_again_on
            if due is None:
                continue
            asks = "Due" if action.state in OPEN else "Another person looks whether it helps"
            days.append(
                Day(
                    uid=f"{action.pk}@tactful",
                    on=due,
                    title=f"{found.incident.reference}: {action.title}",
                    text=f"{asks}. Seen by: {action.verification}",
                    url=_address(found),
                    changed_at=action.updated_at,
                )
            )
    body = calendar("Reviews of post-mortems", sorted(days, key=lambda day: (day.on, day.uid)))
    return HttpResponse(body, content_type="text/calendar; charset=utf-8")


def waiting_correction(found: PostMortem) -> Correction | None:
    """The correction that waits for a second person, if one does."""
    return found.corrections.filter(state=CorrectionState.PROPOSED).first()
